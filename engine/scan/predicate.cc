#include "engine/scan/predicate.h"

namespace tsd::engine {

void ColumnCondition::Encode(ByteWriter& writer) const {
  writer.PutU16(column.value());
  writer.PutU8(static_cast<uint8_t>(op));
  writer.PutVarint(values.size());
  for (const Value& value : values) value.Encode(writer);
}

ColumnCondition ColumnCondition::Decode(ByteReader& reader) {
  ColumnCondition condition;
  condition.column = ColumnId(reader.GetU16());
  const uint8_t op = reader.GetU8();
  if (op > static_cast<uint8_t>(Op::kIsNotNull)) reader.Fail();
  condition.op = static_cast<Op>(op);
  constexpr size_t kSmallestValue = 4;  // type id, array flag, typmod, kind
  const uint64_t count = reader.GetCount(kSmallestValue);
  // A comparison without its value would be read as "no bound": refuse it here.
  const bool compares = condition.op < Op::kIn;
  const bool tests_null = condition.op > Op::kIn;
  if ((compares && count != 1) || (tests_null && count != 0)) reader.Fail();
  for (uint64_t i = 0; i < count && reader.ok(); ++i) condition.values.push_back(Value::Decode(reader));
  if (!reader.ok()) return ColumnCondition();
  return condition;
}

}  // namespace tsd::engine
