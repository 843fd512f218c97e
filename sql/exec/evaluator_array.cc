// ANY / ALL over arrays, subscripts, ARRAY[..] and ROW(..).
#include <algorithm>

#include "engine/base/strings.h"
#include "engine/types/array.h"
#include "engine/types/record_form.h"
#include "sql/exec/evaluator_node.h"
#include "sql/function/function_context.h"
#include "sql/function/row_args.h"

namespace tsd::sql {
namespace {

/// One row of `column` as a constant vector of `rows` rows.
VectorPtr RowAsConstant(const Vector& column, size_t row, size_t rows) {
  auto one = std::make_shared<Vector>(column.type());
  one->AppendFrom(column, row);
  one->MakeConstant(rows);
  return one;
}

/// The comparison of one value with all elements, folded: TRUE, FALSE or NULL into `out`.
Status FoldOne(const Vector& left, size_t row, const ArrayValue& array, const Function& comparison, SpecialCall special,
               const KernelCall& outer, Vector& out) {
  const bool any = special == SpecialCall::kAny;
  const size_t count = array.size();
  if (count == 0) return PutBool(out, !any);
  if (left.IsNull(row) && comparison.strict) return PutNull(out);
  const VectorPtr arguments[] = {RowAsConstant(left, row, count), array.elements_ptr()};
  KernelCall call;
  call.arguments = arguments;
  call.rows = count;
  call.result = DataType(TypeId::kBool);
  call.context = outer.context;
  // No cache: it belongs to a constant pattern, and here every element is another one.
  std::shared_ptr<void> cache;
  call.cache = &cache;
  call.key = comparison.key;
  ASSIGN_OR_RETURN(VectorPtr flags, CallFunction(comparison, call));
  bool null = false;
  for (size_t i = 0; i < count; ++i) {
    if (flags->IsNull(i)) {
      null = true;
    } else if ((flags->Get<uint8_t>(i) != 0) == any) {
      return PutBool(out, any);
    }
  }
  return null ? PutNull(out) : PutBool(out, !any);
}

/// Integer subscripts of one row; false if one is NULL.
bool ReadSubscripts(const KernelCall& call, size_t row, std::vector<int64_t>* subscripts) {
  subscripts->clear();
  for (size_t i = 1; i < call.arguments.size(); ++i) {
    if (call.arguments[i]->IsNull(row)) return false;
    subscripts->push_back(call.arguments[i]->Get<int32_t>(row));
  }
  return true;
}

/// array[lower:upper, ...] with missing dimensions taken whole; PostgreSQL renumbers the result from 1.
StatusOr<ArrayValue> SliceArray(const ArrayValue& array, const std::vector<int64_t>& bounds) {
  const std::vector<ArrayDimension>& dimensions = array.dimensions();
  const size_t given = bounds.size() / 2;
  if (dimensions.empty() || given > dimensions.size()) return ArrayValue(array.element_type());
  std::vector<ArrayDimension> result;
  std::vector<int64_t> first;
  for (size_t d = 0; d < dimensions.size(); ++d) {
    int64_t low = dimensions[d].lower_bound;
    int64_t high = low + dimensions[d].length - 1;
    if (d < given) {
      low = std::max(low, bounds[d * 2]);
      high = std::min(high, bounds[d * 2 + 1]);
    }
    if (low > high) return ArrayValue(array.element_type());
    result.push_back({static_cast<int32_t>(high - low + 1), 1});
    first.push_back(low);
  }
  auto elements = std::make_shared<Vector>(array.element_type());
  std::vector<int64_t> at = first;
  while (true) {
    elements->AppendFrom(array.elements(), static_cast<size_t>(array.IndexOf(at)));
    size_t d = dimensions.size();
    while (d > 0) {
      --d;
      if (++at[d] < first[d] + result[d].length) break;
      at[d] = first[d];
      if (d == 0) return ArrayValue(std::move(result), std::move(elements));
    }
  }
}

/// Joins sub-arrays of equal shape into one with a dimension more.
StatusOr<ArrayValue> StackArrays(std::span<const VectorPtr> elements, const DataType& element_type, size_t row) {
  auto values = std::make_shared<Vector>(element_type);
  std::vector<ArrayDimension> shape;
  bool first = true;
  const Status mismatch =
      Error(sqlstate::kArraySubscriptError, "multidimensional arrays must have array expressions with matching dimensions");
  for (const VectorPtr& element : elements) {
    if (element->IsNull(row)) return mismatch;
    ASSIGN_OR_RETURN(ArrayValue part, ArrayValue::Decode(element_type, element->GetBytes(row)));
    if (first) {
      shape = part.dimensions();
    } else {
      const bool same = shape.size() == part.dimensions().size() &&
                        std::equal(shape.begin(), shape.end(), part.dimensions().begin(),
                                   [](const ArrayDimension& a, const ArrayDimension& b) { return a.length == b.length; });
      if (!same) return mismatch;
    }
    first = false;
    values->AppendRange(part.elements(), 0, part.size());
  }
  if (shape.empty()) return ArrayValue(element_type);
  if (shape.size() >= ArrayValue::kMaxDimensions) {
    return Error(sqlstate::kProgramLimitExceeded, "number of array dimensions exceeds the maximum allowed (6)");
  }
  shape.insert(shape.begin(), ArrayDimension{static_cast<int32_t>(elements.size()), 1});
  return ArrayValue(std::move(shape), std::move(values));
}

}  // namespace

StatusOr<VectorPtr> RunQuantified(const KernelCall& call, const Function& comparison, SpecialCall special) {
  const Vector& left = *call.arguments[0];
  const Vector& right = *call.arguments[1];
  const DataType element = right.type().Element().WithoutTypmod();
  auto out = std::make_shared<Vector>(DataType(TypeId::kBool));
  out->Reserve(call.rows, 0);
  std::optional<ArrayValue> constant;
  if (right.IsConstant() && !right.IsNull(0)) {
    ASSIGN_OR_RETURN(constant, ArrayValue::Decode(element, right.GetBytes(0)));
  }
  for (size_t row = 0; row < call.rows; ++row) {
    if (right.IsNull(row)) {
      out->AppendNull();
    } else if (constant.has_value()) {
      RETURN_IF_ERROR(FoldOne(left, row, *constant, comparison, special, call, *out));
    } else {
      ASSIGN_OR_RETURN(ArrayValue array, ArrayValue::Decode(element, right.GetBytes(row)));
      RETURN_IF_ERROR(FoldOne(left, row, array, comparison, special, call, *out));
    }
  }
  return VectorPtr(std::move(out));
}

StatusOr<VectorPtr> RunSubscript(const KernelCall& call) {
  const Vector& arrays = *call.arguments[0];
  const DataType element = arrays.type().Element();
  auto out = std::make_shared<Vector>(call.result);
  std::vector<int64_t> subscripts;
  for (size_t row = 0; row < call.rows; ++row) {
    if (arrays.IsNull(row) || !ReadSubscripts(call, row, &subscripts)) {
      out->AppendNull();
      continue;
    }
    ASSIGN_OR_RETURN(ArrayValue array, ArrayValue::Decode(element, arrays.GetBytes(row)));
    const int64_t index = array.IndexOf(subscripts);
    if (index < 0) {
      out->AppendNull();
    } else {
      out->AppendFrom(array.elements(), static_cast<size_t>(index));
    }
  }
  return VectorPtr(std::move(out));
}

StatusOr<VectorPtr> RunSlice(const KernelCall& call) {
  const Vector& arrays = *call.arguments[0];
  const DataType element = arrays.type().Element();
  auto out = std::make_shared<Vector>(call.result);
  std::vector<int64_t> bounds;
  for (size_t row = 0; row < call.rows; ++row) {
    if (arrays.IsNull(row) || !ReadSubscripts(call, row, &bounds)) {
      out->AppendNull();
      continue;
    }
    ASSIGN_OR_RETURN(ArrayValue array, ArrayValue::Decode(element, arrays.GetBytes(row)));
    ASSIGN_OR_RETURN(ArrayValue slice, SliceArray(array, bounds));
    out->AppendBytes(slice.Encode());
  }
  return VectorPtr(std::move(out));
}

StatusOr<VectorPtr> BuildArrays(std::span<const VectorPtr> elements, const DataType& type, size_t rows) {
  auto out = std::make_shared<Vector>(type);
  const DataType element_type = type.Element().WithoutTypmod();
  const bool nested = !elements.empty() && elements[0]->type().is_array;
  for (size_t row = 0; row < rows; ++row) {
    if (nested) {
      ASSIGN_OR_RETURN(ArrayValue array, StackArrays(elements, element_type, row));
      out->AppendBytes(array.Encode());
      continue;
    }
    auto values = std::make_shared<Vector>(element_type);
    for (const VectorPtr& element : elements) values->AppendFrom(*element, row);
    out->AppendBytes(ArrayValue::FromVector(std::move(values)).Encode());
  }
  return VectorPtr(std::move(out));
}

StatusOr<VectorPtr> CompiledExpr::Node::RunArray(const RowSet& rows, const ExecContext& context) {
  std::vector<VectorPtr> elements;
  bool constants = true;
  for (const std::unique_ptr<Node>& argument : arguments) {
    ASSIGN_OR_RETURN(VectorPtr element, argument->Run(rows, context));
    constants = constants && element->IsConstant();
    elements.push_back(std::move(element));
  }
  StatusOr<VectorPtr> built = BuildArrays(elements, type, constants ? 1 : rows.size());
  if (!built.ok() || !constants) return built;
  auto out = std::make_shared<Vector>(type);
  out->AppendFrom(**built, 0);
  out->MakeConstant(rows.size());
  return VectorPtr(std::move(out));
}

StatusOr<VectorPtr> CompiledExpr::Node::RunRow(const RowSet& rows, const ExecContext& context) {
  std::vector<VectorPtr> fields;
  for (const std::unique_ptr<Node>& argument : arguments) {
    ASSIGN_OR_RETURN(VectorPtr field, argument->Run(rows, context));
    fields.push_back(std::move(field));
  }
  auto out = std::make_shared<Vector>(type);
  std::string record;
  for (size_t row = 0; row < rows.size(); ++row) {
    record.clear();
    AppendRecord(fields, row, record);
    out->AppendBytes(record);
  }
  return VectorPtr(std::move(out));
}

}  // namespace tsd::sql
