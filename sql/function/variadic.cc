#include "sql/function/variadic.h"

#include "engine/types/value.h"

namespace tsd::sql {

Status SpreadLastArgument(const RowArgs& args, RowKernel kernel, NullArray null_array, Vector& out) {
  const size_t last = args.count() - 1;
  if (args.IsNull(last) && null_array == NullArray::kGivesNull) return PutNull(out);
  std::vector<VectorPtr> arguments;
  for (size_t i = 0; i < last; ++i) arguments.push_back(Value::FromVector(args.column(i), args.row).ToConstant(1));
  if (!args.IsNull(last)) {
    ASSIGN_OR_RETURN(const ArrayValue array, args.Array(last));
    for (size_t i = 0; i < array.size(); ++i) arguments.push_back(Value::FromVector(array.elements(), i).ToConstant(1));
  }
  KernelCall call = *args.call;
  call.arguments = arguments;
  call.rows = 1;
  return kernel(RowArgs{&call, 0}, out);
}

}  // namespace tsd::sql
