#include "engine/types/value.h"

namespace tsd {

Value Value::Null(DataType type) {
  Value value;
  value.type_ = type;
  return value;
}
Value Value::Integer(DataType type, int64_t number) {
  Value value;
  value.type_ = type;
  value.data_ = number;
  return value;
}
Value Value::Double(DataType type, double number) {
  Value value;
  value.type_ = type;
  value.data_ = number;
  return value;
}
Value Value::Bytes(DataType type, std::string bytes) {
  Value value;
  value.type_ = type;
  value.data_ = std::move(bytes);
  return value;
}
Value Value::IntervalValue(Interval interval) {
  Value value;
  value.type_ = TypeId::kInterval;
  value.data_ = interval;
  return value;
}
Value Value::UuidValue(Uuid uuid) {
  Value value;
  value.type_ = TypeId::kUuid;
  value.data_ = uuid;
  return value;
}
Value Value::Bool(bool value) { return Integer(TypeId::kBool, value ? 1 : 0); }
Value Value::Int16(int16_t value) { return Integer(TypeId::kInt16, value); }
Value Value::Int32(int32_t value) { return Integer(TypeId::kInt32, value); }
Value Value::Int64(int64_t value) { return Integer(TypeId::kInt64, value); }
Value Value::Float32(float value) { return Double(TypeId::kFloat32, value); }
Value Value::Float64(double value) { return Double(TypeId::kFloat64, value); }
Value Value::Text(std::string value) { return Bytes(TypeId::kText, std::move(value)); }
Value Value::Oid(uint32_t value) { return Integer(TypeId::kOid, value); }

Value Value::FromVector(const Vector& vector, size_t row) {
  if (vector.IsNull(row)) return Null(vector.type());
  switch (vector.type().Physical()) {
    case PhysicalType::kBool: return Integer(vector.type(), vector.Get<uint8_t>(row));
    case PhysicalType::kInt16: return Integer(vector.type(), vector.Get<int16_t>(row));
    case PhysicalType::kInt32: return Integer(vector.type(), vector.Get<int32_t>(row));
    case PhysicalType::kInt64: return Integer(vector.type(), vector.Get<int64_t>(row));
    case PhysicalType::kFloat32: return Double(vector.type(), vector.Get<float>(row));
    case PhysicalType::kFloat64: return Double(vector.type(), vector.Get<double>(row));
    case PhysicalType::kInterval: return IntervalValue(vector.Get<Interval>(row));
    case PhysicalType::kUuid: return UuidValue(vector.Get<Uuid>(row));
    case PhysicalType::kBytes: return Bytes(vector.type(), std::string(vector.GetBytes(row)));
  }
  return Null(vector.type());
}

void Value::AppendTo(Vector& vector) const {
  if (IsNull()) {
    vector.AppendNull();
    return;
  }
  switch (vector.type().Physical()) {
    case PhysicalType::kBool: vector.Append<uint8_t>(AsBool() ? 1 : 0); break;
    case PhysicalType::kInt16: vector.Append<int16_t>(static_cast<int16_t>(AsInteger())); break;
    case PhysicalType::kInt32: vector.Append<int32_t>(static_cast<int32_t>(AsInteger())); break;
    case PhysicalType::kInt64: vector.Append<int64_t>(AsInteger()); break;
    case PhysicalType::kFloat32: vector.Append<float>(static_cast<float>(AsDouble())); break;
    case PhysicalType::kFloat64: vector.Append<double>(AsDouble()); break;
    case PhysicalType::kInterval: vector.Append<Interval>(AsInterval()); break;
    case PhysicalType::kUuid: vector.Append<Uuid>(AsUuid()); break;
    case PhysicalType::kBytes: vector.AppendBytes(AsBytes()); break;
  }
}

VectorPtr Value::ToConstant(size_t rows) const {
  auto vector = std::make_shared<Vector>(type_);
  AppendTo(*vector);
  vector->MakeConstant(rows);
  return vector;
}

void Value::Encode(ByteWriter& writer) const {
  writer.PutU8(static_cast<uint8_t>(type_.id));
  writer.PutBool(type_.is_array);
  writer.PutZigzag(type_.typmod);
  writer.PutU8(static_cast<uint8_t>(data_.index()));
  switch (data_.index()) {
    case 1: writer.PutZigzag(AsInteger()); break;
    case 2: writer.PutF64(AsDouble()); break;
    case 3: writer.PutString(AsBytes()); break;
    case 4: {
      const Interval interval = AsInterval();
      writer.PutZigzag(interval.months);
      writer.PutZigzag(interval.days);
      writer.PutZigzag(interval.micros);
      break;
    }
    case 5: writer.PutBytes(std::string_view(reinterpret_cast<const char*>(std::get<Uuid>(data_).bytes), 16)); break;
    default: break;
  }
}

Value Value::Decode(ByteReader& reader) {
  Value value;
  value.type_.id = static_cast<TypeId>(reader.GetU8());
  value.type_.is_array = reader.GetBool();
  value.type_.typmod = static_cast<int32_t>(reader.GetZigzag());
  const uint8_t kind = reader.GetU8();
  // A peer's value must have the layout its type promises, or a later AppendTo would throw.
  const PhysicalType physical = value.type_.Physical();
  auto expect = [&](bool fits) {
    if (!fits) reader.Fail();
    return fits;
  };
  switch (kind) {
    case 0: break;
    case 1:
      if (expect(physical == PhysicalType::kBool || physical == PhysicalType::kInt16 || physical == PhysicalType::kInt32 ||
                 physical == PhysicalType::kInt64)) {
        value.data_ = reader.GetZigzag();
      }
      break;
    case 2:
      if (expect(physical == PhysicalType::kFloat32 || physical == PhysicalType::kFloat64)) value.data_ = reader.GetF64();
      break;
    case 3:
      if (expect(physical == PhysicalType::kBytes)) value.data_ = std::string(reader.GetString());
      break;
    case 4:
      if (expect(physical == PhysicalType::kInterval)) {
        Interval interval;
        interval.months = static_cast<int32_t>(reader.GetZigzag());
        interval.days = static_cast<int32_t>(reader.GetZigzag());
        interval.micros = reader.GetZigzag();
        value.data_ = interval;
      }
      break;
    case 5:
      if (expect(physical == PhysicalType::kUuid)) {
        Uuid uuid;
        const std::string_view bytes = reader.GetBytes(16);
        if (bytes.size() == 16) std::memcpy(uuid.bytes, bytes.data(), 16);
        value.data_ = uuid;
      }
      break;
    default: reader.Fail();
  }
  if (!reader.ok()) return Value();
  return value;
}

bool Value::SameAs(const Value& other) const {
  ByteWriter left, right;
  Encode(left);
  other.Encode(right);
  return left.data() == right.data();
}

}  // namespace tsd
