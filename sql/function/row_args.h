#pragma once
// RowArgs: one row's arguments as a RowKernel sees them. Accessors read by physical type and check nothing: the registry entry's declared
// types say which one fits. Results are appended through the Put functions, which return OK for use in a return statement.
#include <string_view>

#include "engine/base/status.h"
#include "engine/types/array.h"
#include "engine/types/numeric.h"
#include "engine/types/vector.h"
#include "sql/function/registry.h"

namespace tsd::sql {

struct RowArgs {
  const KernelCall* call;
  size_t row;

  size_t count() const { return call->arguments.size(); }
  const Vector& column(size_t i) const { return *call->arguments[i]; }
  const DataType& type(size_t i) const { return call->arguments[i]->type(); }
  const ExecContext& context() const { return *call->context; }
  bool IsNull(size_t i) const { return column(i).IsNull(row); }

  bool Bool(size_t i) const { return column(i).Get<uint8_t>(row) != 0; }
  int16_t I16(size_t i) const { return column(i).Get<int16_t>(row); }
  int32_t I32(size_t i) const { return column(i).Get<int32_t>(row); }
  int64_t I64(size_t i) const { return column(i).Get<int64_t>(row); }
  float F32(size_t i) const { return column(i).Get<float>(row); }
  double F64(size_t i) const { return column(i).Get<double>(row); }
  Interval Ival(size_t i) const { return column(i).Get<Interval>(row); }
  std::string_view Text(size_t i) const { return column(i).GetBytes(row); }
  StatusOr<Numeric> Num(size_t i) const { return Numeric::Decode(column(i).GetBytes(row)); }
  StatusOr<ArrayValue> Array(size_t i) const { return ArrayValue::Decode(type(i).Element(), column(i).GetBytes(row)); }
};

inline Status PutNull(Vector& out) {
  out.AppendNull();
  return OkStatus();
}
template <typename T>
Status Put(Vector& out, T value) {
  out.Append<T>(value);
  return OkStatus();
}
inline Status PutBool(Vector& out, bool value) { return Put<uint8_t>(out, value ? 1 : 0); }
inline Status PutText(Vector& out, std::string_view text) {
  out.AppendBytes(text);
  return OkStatus();
}
inline Status PutNumeric(Vector& out, const Numeric& value) {
  out.AppendBytes(value.Encode());
  return OkStatus();
}
inline Status PutNumeric(Vector& out, const StatusOr<Numeric>& value) {
  if (!value.ok()) return value.status();
  return PutNumeric(out, *value);
}
template <typename T>
Status PutOr(Vector& out, const StatusOr<T>& value) {
  if (!value.ok()) return value.status();
  out.Append<T>(*value);
  return OkStatus();
}

}  // namespace tsd::sql
