#pragma once
// Loops over fixed-width columns for kernels. Inner loops have a constant trip count and restricted pointers, so that g++ -O2 turns
// simple bodies into vector code. NULL slots are computed too: bodies must be safe on any value; validity is combined apart.
#include <memory>
#include <utility>

#include "engine/base/status.h"
#include "sql/function/registry.h"

namespace tsd::sql {

/// out's validity = rows where all arguments are present. Requires: out has call.rows rows.
void CombineValidity(const KernelCall& call, Vector& out);
/// Any argument NULL in that row.
inline bool AnyNull(const KernelCall& call, size_t row) {
  for (const VectorPtr& argument : call.arguments) {
    if (argument->IsNull(row)) return true;
  }
  return false;
}

inline std::shared_ptr<Vector> MakeResult(const KernelCall& call) {
  auto out = std::make_shared<Vector>(call.result);
  out->ResizeFixed(call.rows);
  return out;
}

inline constexpr size_t kLoopBlock = 64;

template <typename F>
inline void ForBlocks(size_t rows, F body) {
  size_t i = 0;
  for (; i + kLoopBlock <= rows; i += kLoopBlock) {
    for (size_t j = 0; j < kLoopBlock; ++j) body(i + j);
  }
  for (; i < rows; ++i) body(i);
}

/// out[i] = f(a[i])
template <typename R, typename A, typename F>
VectorPtr MapUnary(const KernelCall& call, F f) {
  auto out = MakeResult(call);
  R* __restrict target = out->mutable_values<R>();
  const Vector& left = *call.arguments[0];
  const A* __restrict a = left.values<A>();
  ForBlocks(left.IsConstant() ? 1 : call.rows, [=](size_t i) { target[i] = f(a[i]); });
  CombineValidity(call, *out);
  return out;
}

/// out[i] = f(a[i], b[i]), either side maybe constant.
template <typename R, typename A, typename B, typename F>
VectorPtr MapBinary(const KernelCall& call, F f) {
  auto out = MakeResult(call);
  R* __restrict target = out->mutable_values<R>();
  const Vector& left = *call.arguments[0];
  const Vector& right = *call.arguments[1];
  const A* __restrict a = left.values<A>();
  const B* __restrict b = right.values<B>();
  if (left.IsConstant() && right.IsConstant()) {
    for (size_t i = 0; i < call.rows; ++i) target[i] = f(*a, *b);
  } else if (right.IsConstant()) {
    const B constant = *b;
    ForBlocks(call.rows, [=](size_t i) { target[i] = f(a[i], constant); });
  } else if (left.IsConstant()) {
    const A constant = *a;
    ForBlocks(call.rows, [=](size_t i) { target[i] = f(constant, b[i]); });
  } else {
    ForBlocks(call.rows, [=](size_t i) { target[i] = f(a[i], b[i]); });
  }
  CombineValidity(call, *out);
  return out;
}

/// As MapBinary; f(a, b, bad) ors something non-zero into `bad` where it fails. Then the first failing row that is not NULL decides the
/// error, made by error(a, b).
template <typename R, typename A, typename B, typename Bad, typename F, typename E>
StatusOr<VectorPtr> MapChecked(const KernelCall& call, F f, E error) {
  auto out = MakeResult(call);
  R* __restrict target = out->mutable_values<R>();
  const Vector& left = *call.arguments[0];
  const Vector& right = *call.arguments[1];
  const A* __restrict a = left.values<A>();
  const B* __restrict b = right.values<B>();
  Bad bad = 0;
  if (left.IsConstant() && right.IsConstant()) {
    for (size_t i = 0; i < call.rows; ++i) target[i] = f(*a, *b, bad);
  } else if (right.IsConstant()) {
    const B constant = *b;
    ForBlocks(call.rows, [=, &bad](size_t i) { target[i] = f(a[i], constant, bad); });
  } else if (left.IsConstant()) {
    const A constant = *a;
    ForBlocks(call.rows, [=, &bad](size_t i) { target[i] = f(constant, b[i], bad); });
  } else {
    ForBlocks(call.rows, [=, &bad](size_t i) { target[i] = f(a[i], b[i], bad); });
  }
  if (bad != 0) {
    for (size_t row = 0; row < call.rows; ++row) {
      if (AnyNull(call, row)) continue;
      Bad one = 0;
      const A x = left.Get<A>(row);
      const B y = right.Get<B>(row);
      f(x, y, one);
      if (one != 0) return error(x, y);
    }
  }
  CombineValidity(call, *out);
  return VectorPtr(std::move(out));
}

}  // namespace tsd::sql
