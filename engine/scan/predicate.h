#pragma once
// What a scan may use to skip blocks: a conjunction of simple conditions on columns. Necessary, not sufficient: the executor applies the
// exact filter again. Values have the column's type.
#include <vector>

#include "engine/base/ids.h"
#include "engine/types/value.h"

namespace tsd::engine {

struct ColumnCondition {
  enum class Op : uint8_t { kEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kIn, kIsNull, kIsNotNull };
  ColumnId column;
  Op op = Op::kEqual;
  std::vector<Value> values;  // one; several for kIn; none for the null tests

  void Encode(ByteWriter& writer) const;
  static ColumnCondition Decode(ByteReader& reader);
};

struct ScanPredicate {
  std::vector<ColumnCondition> conditions;
};

}  // namespace tsd::engine
