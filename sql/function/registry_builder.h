#pragma once
// RegistryBuilder: how the families of functions (Register… below) declare their entries. Parameters are written
// "interval,timestamptz,timezone text,origin timestamptz=null": optional name, internal type name, optional default; a leading "variadic"
// marks the last one. Used once, while the Registry is built.
#include <memory>
#include <string_view>
#include <vector>

#include "sql/function/registry.h"

namespace tsd::sql {

class RegistryBuilder {
 public:
  Function& Row(std::string_view name, std::string_view parameters, std::string_view result, RowKernel kernel);
  Function& Columns(std::string_view name, std::string_view parameters, std::string_view result, Kernel kernel);
  /// Implemented by the FunctionContext; stable.
  Function& Context(std::string_view name, std::string_view parameters, std::string_view result);
  Function& Aggregate(std::string_view name, std::string_view parameters, std::string_view result, AggregateFactory factory);
  Function& Window(std::string_view name, std::string_view parameters, std::string_view result);
  /// `start` is nullptr for those of the FunctionContext's side (PLAN's TableFunctionProvider).
  Function& Table(std::string_view name, std::string_view parameters, std::string_view result, TableStart start,
                  std::vector<OutputColumn> columns = {});

  std::vector<std::unique_ptr<Function>> Finish() { return std::move(functions_); }

 private:
  Function& Add(std::string_view name, std::string_view parameters, std::string_view result);
  std::vector<std::unique_ptr<Function>> functions_;
};

/// "int4", "_text", "anyelement". Requires: a known type (checked).
ParameterType ParseParameterType(std::string_view text);
std::string ParameterTypeName(const ParameterType& type);

/// stable / volatile / not strict, for the end of a declaration.
inline Function& Stable(Function& function) {
  function.volatility = Volatility::kStable;
  return function;
}
inline Function& VolatileCall(Function& function) {
  function.volatility = Volatility::kVolatile;
  return function;
}
inline Function& NotStrict(Function& function) {
  function.strict = false;
  return function;
}

void RegisterArithmetic(RegistryBuilder& builder);
void RegisterNumericOperators(RegistryBuilder& builder);
void RegisterComparisons(RegistryBuilder& builder);
void RegisterMath(RegistryBuilder& builder);
void RegisterDateTimeOperators(RegistryBuilder& builder);
void RegisterDateTime(RegistryBuilder& builder);
void RegisterExtract(RegistryBuilder& builder);
void RegisterTimeBucket(RegistryBuilder& builder);
void RegisterFormatting(RegistryBuilder& builder);
void RegisterText(RegistryBuilder& builder);
void RegisterTextMore(RegistryBuilder& builder);
void RegisterPatterns(RegistryBuilder& builder);
void RegisterArrays(RegistryBuilder& builder);
void RegisterJson(RegistryBuilder& builder);
void RegisterJsonOperators(RegistryBuilder& builder);
void RegisterBytea(RegistryBuilder& builder);
void RegisterSystem(RegistryBuilder& builder);
void RegisterTimescale(RegistryBuilder& builder);
void RegisterAggregates(RegistryBuilder& builder);
void RegisterWindowFunctions(RegistryBuilder& builder);
void RegisterTableFunctions(RegistryBuilder& builder);

}  // namespace tsd::sql
