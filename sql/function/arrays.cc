// Array functions and operators.
#include <algorithm>

#include "engine/base/strings.h"
#include "engine/types/compare.h"
#include "engine/types/record_form.h"
#include "engine/types/text_form.h"
#include "sql/function/function_context.h"
#include "sql/function/registry_builder.h"
#include "sql/function/row_args.h"
#include "sql/function/text_value.h"
#include "sql/function/utf8.h"

namespace tsd::sql {
namespace {

Status PutArray(Vector& out, const ArrayValue& array) { return PutText(out, array.Encode()); }

/// Of the result type's element, for appending rows of the arguments.
std::shared_ptr<Vector> NewElements(const DataType& array_type) {
  return std::make_shared<Vector>(array_type.Element().WithoutTypmod());
}

Status NotOneDimensional(std::string_view message) { return Error(sqlstate::kFeatureNotSupported, message); }

// ---- shape ----
Status Cardinality(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const ArrayValue array, a.Array(0));
  return Put<int32_t>(out, static_cast<int32_t>(array.size()));
}
Status Dimensions(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const ArrayValue array, a.Array(0));
  const size_t count = array.dimensions().size();
  return count == 0 ? PutNull(out) : Put<int32_t>(out, static_cast<int32_t>(count));
}
enum class Bound : uint8_t { kLength, kLower, kUpper };
template <Bound kBound>
Status BoundOf(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const ArrayValue array, a.Array(0));
  const int32_t number = a.I32(1);
  if (number < 1 || static_cast<size_t>(number) > array.dimensions().size()) return PutNull(out);
  const ArrayDimension& dimension = array.dimensions()[static_cast<size_t>(number) - 1];
  switch (kBound) {
    case Bound::kLength: return Put<int32_t>(out, dimension.length);
    case Bound::kLower: return Put<int32_t>(out, dimension.lower_bound);
    case Bound::kUpper: return Put<int32_t>(out, dimension.lower_bound + dimension.length - 1);
  }
  return PutNull(out);
}
Status DimensionsText(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const ArrayValue array, a.Array(0));
  if (array.dimensions().empty()) return PutNull(out);
  std::string text;
  for (const ArrayDimension& d : array.dimensions()) StrAppend(&text, "[", d.lower_bound, ":", d.lower_bound + d.length - 1, "]");
  return PutText(out, text);
}

// ---- building ----
Status Append(const RowArgs& a, Vector& out) {
  std::shared_ptr<Vector> elements = NewElements(a.call->result);
  int32_t lower = 1;
  if (!a.IsNull(0)) {
    ASSIGN_OR_RETURN(const ArrayValue array, a.Array(0));
    if (array.dimensions().size() > 1) return Error(sqlstate::kDatatypeMismatch, "argument must be empty or one-dimensional array");
    if (!array.dimensions().empty()) lower = array.dimensions()[0].lower_bound;
    elements->AppendRange(array.elements(), 0, array.size());
  }
  elements->AppendFrom(a.column(1), a.row);
  const int32_t length = static_cast<int32_t>(elements->size());
  return PutArray(out, ArrayValue({{length, lower}}, std::move(elements)));
}
Status Prepend(const RowArgs& a, Vector& out) {
  std::shared_ptr<Vector> elements = NewElements(a.call->result);
  elements->AppendFrom(a.column(0), a.row);
  int32_t lower = 1;
  if (!a.IsNull(1)) {
    ASSIGN_OR_RETURN(const ArrayValue array, a.Array(1));
    if (array.dimensions().size() > 1) return Error(sqlstate::kDatatypeMismatch, "argument must be empty or one-dimensional array");
    if (!array.dimensions().empty()) lower = array.dimensions()[0].lower_bound;
    elements->AppendRange(array.elements(), 0, array.size());
  }
  const int32_t length = static_cast<int32_t>(elements->size());
  return PutArray(out, ArrayValue({{length, lower}}, std::move(elements)));
}
Status Cat(const RowArgs& a, Vector& out) {
  if (a.IsNull(0) && a.IsNull(1)) return PutNull(out);
  if (a.IsNull(0)) return PutText(out, a.Text(1));
  if (a.IsNull(1)) return PutText(out, a.Text(0));
  ASSIGN_OR_RETURN(const ArrayValue left, a.Array(0));
  ASSIGN_OR_RETURN(const ArrayValue right, a.Array(1));
  if (left.dimensions().empty()) return PutText(out, a.Text(1));
  if (right.dimensions().empty()) return PutText(out, a.Text(0));
  const size_t left_dims = left.dimensions().size();
  const size_t right_dims = right.dimensions().size();
  const Status mismatch = Error(sqlstate::kArraySubscriptError, "cannot concatenate incompatible arrays");
  std::vector<ArrayDimension> shape = left_dims >= right_dims ? left.dimensions() : right.dimensions();
  const size_t skip_left = left_dims >= right_dims ? 1 : 0;
  const size_t skip_right = right_dims >= left_dims ? 1 : 0;
  if (left_dims - skip_left != right_dims - skip_right) return mismatch;
  for (size_t i = 0; i + skip_left < left_dims; ++i) {
    if (left.dimensions()[i + skip_left].length != right.dimensions()[i + skip_right].length) return mismatch;
  }
  shape[0].length = (skip_left != 0 ? left.dimensions()[0].length : 1) + (skip_right != 0 ? right.dimensions()[0].length : 1);
  if (skip_left != 0) shape[0].lower_bound = left.dimensions()[0].lower_bound;
  std::shared_ptr<Vector> elements = NewElements(a.call->result);
  elements->AppendRange(left.elements(), 0, left.size());
  elements->AppendRange(right.elements(), 0, right.size());
  return PutArray(out, ArrayValue(std::move(shape), std::move(elements)));
}
Status Fill(const RowArgs& a, Vector& out) {
  if (a.IsNull(1)) return Error(sqlstate::kNullValueNotAllowed, "dimension array or low bound array cannot be null");
  ASSIGN_OR_RETURN(const ArrayValue lengths, a.Array(1));
  if (lengths.size() > ArrayValue::kMaxDimensions) return Error(sqlstate::kProgramLimitExceeded, "number of array dimensions exceeds the maximum allowed (6)");
  if (lengths.elements().HasNulls()) return Error(sqlstate::kNullValueNotAllowed, "dimension values cannot be null");
  std::vector<ArrayDimension> shape;
  int64_t total = lengths.size() == 0 ? 0 : 1;
  for (size_t i = 0; i < lengths.size(); ++i) {
    const int32_t length = lengths.elements().Get<int32_t>(i);
    if (length < 0 || (total = total * length) > (1 << 24)) return Error(sqlstate::kProgramLimitExceeded, "array size exceeds the maximum allowed");
    shape.push_back({length, 1});
  }
  std::shared_ptr<Vector> elements = NewElements(a.call->result);
  for (int64_t i = 0; i < total; ++i) elements->AppendFrom(a.column(0), a.row);
  return total == 0 ? PutArray(out, ArrayValue(elements->type())) : PutArray(out, ArrayValue(std::move(shape), std::move(elements)));
}
bool SameOrBothNull(const Vector& elements, size_t i, const Vector& value, size_t row) { return RowsEqualOrBothNull(elements, i, value, row); }
Status Remove(const RowArgs& a, Vector& out) {
  if (a.IsNull(0)) return PutNull(out);
  ASSIGN_OR_RETURN(const ArrayValue array, a.Array(0));
  if (array.dimensions().size() > 1) return NotOneDimensional("removing elements from multidimensional arrays is not supported");
  std::shared_ptr<Vector> elements = NewElements(a.call->result);
  for (size_t i = 0; i < array.size(); ++i) {
    if (!SameOrBothNull(array.elements(), i, a.column(1), a.row)) elements->AppendFrom(array.elements(), i);
  }
  if (elements->size() == 0) return PutArray(out, ArrayValue(elements->type()));
  const int32_t length = static_cast<int32_t>(elements->size());
  return PutArray(out, ArrayValue({{length, array.dimensions()[0].lower_bound}}, std::move(elements)));
}
Status ArrayReplace(const RowArgs& a, Vector& out) {
  if (a.IsNull(0)) return PutNull(out);
  ASSIGN_OR_RETURN(const ArrayValue array, a.Array(0));
  std::shared_ptr<Vector> elements = NewElements(a.call->result);
  for (size_t i = 0; i < array.size(); ++i) {
    if (SameOrBothNull(array.elements(), i, a.column(1), a.row)) {
      elements->AppendFrom(a.column(2), a.row);
    } else {
      elements->AppendFrom(array.elements(), i);
    }
  }
  return PutArray(out, ArrayValue(array.dimensions(), std::move(elements)));
}

// ---- search ----
Status ArrayPosition(const RowArgs& a, Vector& out) {
  if (a.IsNull(0)) return PutNull(out);
  ASSIGN_OR_RETURN(const ArrayValue array, a.Array(0));
  if (array.dimensions().size() > 1) return NotOneDimensional("searching for elements in multidimensional arrays is not supported");
  if (array.dimensions().empty()) return PutNull(out);
  const int64_t lower = array.dimensions()[0].lower_bound;
  int64_t start = 0;
  if (a.count() > 2) {
    if (a.IsNull(2)) return Error(sqlstate::kNullValueNotAllowed, "initial position must not be null");
    start = std::max<int64_t>(0, a.I32(2) - lower);
  }
  for (size_t i = static_cast<size_t>(start); i < array.size(); ++i) {
    if (SameOrBothNull(array.elements(), i, a.column(1), a.row)) return Put<int32_t>(out, static_cast<int32_t>(lower + static_cast<int64_t>(i)));
  }
  return PutNull(out);
}
Status Positions(const RowArgs& a, Vector& out) {
  if (a.IsNull(0)) return PutNull(out);
  ASSIGN_OR_RETURN(const ArrayValue array, a.Array(0));
  if (array.dimensions().size() > 1) return NotOneDimensional("searching for elements in multidimensional arrays is not supported");
  auto found = std::make_shared<Vector>(DataType(TypeId::kInt32));
  for (size_t i = 0; i < array.size(); ++i) {
    if (SameOrBothNull(array.elements(), i, a.column(1), a.row)) {
      found->Append<int32_t>(array.dimensions()[0].lower_bound + static_cast<int32_t>(i));
    }
  }
  return PutArray(out, ArrayValue::FromVector(std::move(found)));
}
bool Contains(const Vector& elements, const Vector& value, size_t row) {
  if (value.IsNull(row)) return false;
  for (size_t i = 0; i < elements.size(); ++i) {
    if (!elements.IsNull(i) && CompareRows(elements, i, value, row) == 0) return true;
  }
  return false;
}
StatusOr<bool> ContainsAll(const RowArgs& a, size_t whole, size_t part) {
  ASSIGN_OR_RETURN(const ArrayValue all, a.Array(whole));
  ASSIGN_OR_RETURN(const ArrayValue some, a.Array(part));
  for (size_t i = 0; i < some.size(); ++i) {
    if (!Contains(all.elements(), some.elements(), i)) return false;
  }
  return true;
}
Status ContainsRow(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const bool contains, ContainsAll(a, 0, 1));
  return PutBool(out, contains);
}
Status ContainedRow(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const bool contains, ContainsAll(a, 1, 0));
  return PutBool(out, contains);
}
Status OverlapRow(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const ArrayValue left, a.Array(0));
  ASSIGN_OR_RETURN(const ArrayValue right, a.Array(1));
  for (size_t i = 0; i < right.size(); ++i) {
    if (Contains(left.elements(), right.elements(), i)) return PutBool(out, true);
  }
  return PutBool(out, false);
}

// ---- text ----
Status ToText(const RowArgs& a, Vector& out) {
  if (a.IsNull(0) || a.IsNull(1)) return PutNull(out);
  ASSIGN_OR_RETURN(const ArrayValue array, a.Array(0));
  const bool show_nulls = a.count() > 2 && !a.IsNull(2);
  const TextContext context = TextContextOf(a.context());
  std::string text;
  bool first = true;
  for (size_t i = 0; i < array.size(); ++i) {
    const bool null = array.elements().IsNull(i);
    if (null && !show_nulls) continue;
    if (!first) text += a.Text(1);
    first = false;
    if (null) {
      text += a.Text(2);
    } else {
      FormatText(array.elements(), i, context, text);
    }
  }
  return PutText(out, text);
}
Status FromText(const RowArgs& a, Vector& out) {
  if (a.IsNull(0)) return PutNull(out);
  const std::string_view text = a.Text(0);
  auto elements = std::make_shared<Vector>(DataType(TypeId::kText));
  const auto put = [&](std::string_view piece) {
    if (a.count() > 2 && !a.IsNull(2) && piece == a.Text(2)) {
      elements->AppendNull();
    } else {
      elements->AppendBytes(piece);
    }
  };
  if (text.empty()) return PutArray(out, ArrayValue(DataType(TypeId::kText)));
  if (a.IsNull(1)) {
    for (size_t at = 0; at < text.size(); at += CharLength(text, at)) put(text.substr(at, CharLength(text, at)));
  } else if (a.Text(1).empty()) {
    put(text);
  } else {
    const std::string_view separator = a.Text(1);
    size_t begin = 0;
    for (size_t at = text.find(separator); at != std::string_view::npos; at = text.find(separator, begin)) {
      put(text.substr(begin, at - begin));
      begin = at + separator.size();
    }
    put(text.substr(begin));
  }
  return PutArray(out, ArrayValue::FromVector(std::move(elements)));
}
Status TrimEnd(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const ArrayValue array, a.Array(0));
  const int64_t length = array.dimensions().empty() ? 0 : array.dimensions()[0].length;
  const int64_t count = a.I32(1);
  if (count < 0 || count > length) {
    return Error(sqlstate::kArraySubscriptError, StrCat("number of elements to trim must be between 0 and ", length));
  }
  if (array.dimensions().size() > 1) return NotOneDimensional("trimming multidimensional arrays is not supported");
  std::shared_ptr<Vector> elements = NewElements(a.call->result);
  elements->AppendRange(array.elements(), 0, static_cast<size_t>(length - count));
  return PutArray(out, ArrayValue::FromVector(std::move(elements)));
}


/// (record).field: the binder knows which field it is, and says its type with a NULL.
Status RecordField(const RowArgs& a, Vector& out) {
  if (!a.IsNull(0)) return AppendRecordField(a.Text(0), static_cast<size_t>(std::max(0, a.I32(1))), out);
  out.AppendNull();
  return OkStatus();
}

}  // namespace

void RegisterArrays(RegistryBuilder& builder) {
  builder.Row("cardinality", "anyarray", "int4", Cardinality);
  builder.Row("array_ndims", "anyarray", "int4", Dimensions);
  builder.Row("array_dims", "anyarray", "text", DimensionsText);
  builder.Row("array_length", "anyarray,int4", "int4", BoundOf<Bound::kLength>);
  builder.Row("array_lower", "anyarray,int4", "int4", BoundOf<Bound::kLower>);
  builder.Row("array_upper", "anyarray,int4", "int4", BoundOf<Bound::kUpper>);
  for (std::string_view name : {"array_append", "||"}) {
    NotStrict(builder.Row(name, "anycompatiblearray,anycompatible", "anycompatiblearray", Append));
  }
  for (std::string_view name : {"array_prepend", "||"}) {
    NotStrict(builder.Row(name, "anycompatible,anycompatiblearray", "anycompatiblearray", Prepend));
  }
  for (std::string_view name : {"array_cat", "||"}) {
    NotStrict(builder.Row(name, "anycompatiblearray,anycompatiblearray", "anycompatiblearray", Cat));
  }
  NotStrict(builder.Row("array_fill", "anyelement,_int4", "anyarray", Fill));
  NotStrict(builder.Row("array_remove", "anycompatiblearray,anycompatible", "anycompatiblearray", Remove));
  NotStrict(builder.Row("array_replace", "anycompatiblearray,anycompatible,anycompatible", "anycompatiblearray", ArrayReplace));
  NotStrict(builder.Row("array_position", "anycompatiblearray,anycompatible", "int4", ArrayPosition));
  NotStrict(builder.Row("array_position", "anycompatiblearray,anycompatible,int4", "int4", ArrayPosition));
  NotStrict(builder.Row("array_positions", "anycompatiblearray,anycompatible", "_int4", Positions));
  builder.Row("@>", "anyarray,anyarray", "bool", ContainsRow);
  builder.Row("<@", "anyarray,anyarray", "bool", ContainedRow);
  builder.Row("&&", "anyarray,anyarray", "bool", OverlapRow);
  Stable(NotStrict(builder.Row("array_to_string", "anyarray,text", "text", ToText)));
  Stable(NotStrict(builder.Row("array_to_string", "anyarray,text,text", "text", ToText)));
  NotStrict(builder.Row("string_to_array", "text,text", "_text", FromText));
  NotStrict(builder.Row("string_to_array", "text,text,text", "_text", FromText));
  NotStrict(builder.Row("record_field", "record,int4,anyelement", "anyelement", RecordField)).schema = "tsd_internal";
  builder.Row("trim_array", "anyarray,int4", "anyarray", TrimEnd);
}

}  // namespace tsd::sql
