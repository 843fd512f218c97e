#include "sql/function/registry.h"

#include <map>

#include "engine/base/strings.h"
#include "sql/function/registry_builder.h"

namespace tsd::sql {

struct Registry::Index {
  std::map<std::string, const Function*, std::less<>> by_key;
  std::map<std::string, std::vector<const Function*>, std::less<>> by_name;
};

size_t Function::required() const {
  size_t count = 0;
  for (const Parameter& parameter : parameters) count += parameter.has_default ? 0 : 1;
  return count;
}

Registry::Registry() : index_(std::make_unique<Index>()) {
  RegistryBuilder builder;
  RegisterArithmetic(builder);
  RegisterNumericOperators(builder);
  RegisterComparisons(builder);
  RegisterMath(builder);
  RegisterDateTimeOperators(builder);
  RegisterDateTime(builder);
  RegisterExtract(builder);
  RegisterTimeBucket(builder);
  RegisterFormatting(builder);
  RegisterText(builder);
  RegisterTextMore(builder);
  RegisterPatterns(builder);
  RegisterArrays(builder);
  RegisterJson(builder);
  RegisterJsonOperators(builder);
  RegisterBytea(builder);
  RegisterSystem(builder);
  RegisterTimescale(builder);
  RegisterAggregates(builder);
  RegisterWindowFunctions(builder);
  RegisterTableFunctions(builder);
  functions_ = builder.Finish();
  for (const std::unique_ptr<Function>& function : functions_) {
    const bool added = index_->by_key.emplace(function->key, function.get()).second;
    // One key, one entry: two families declaring the same signature is a mistake in the source.
    TSD_CHECK(added);
    index_->by_name[function->name].push_back(function.get());
  }
}

Registry::~Registry() = default;

const Registry& Registry::Get() {
  static const Registry registry;
  return registry;
}

const Function* Registry::Find(std::string_view key) const {
  const auto found = index_->by_key.find(key);
  return found == index_->by_key.end() ? nullptr : found->second;
}

std::span<const Function* const> Registry::Named(std::string_view name) const {
  const auto found = index_->by_name.find(name);
  if (found == index_->by_name.end()) return {};
  return found->second;
}

bool IsNameOfKind(std::string_view name, FunctionKind kind) {
  for (const Function* function : Registry::Get().Named(name)) {
    if (function->kind == kind) return true;
  }
  return false;
}

Volatility VolatilityOf(std::string_view key, std::span<const DataType> arguments, const DataType& result) {
  if (IsCastKey(key)) return arguments.size() == 1 ? CastVolatility(arguments[0], result) : Volatility::kVolatile;
  if (key.starts_with("any ") || key.starts_with("all ")) key.remove_prefix(4);
  if (key == "is distinct from" || key == "subscript" || key == "slice") return Volatility::kImmutable;
  const Function* function = Registry::Get().Find(key);
  return function == nullptr ? Volatility::kVolatile : function->volatility;
}

StatusOr<std::unique_ptr<TableFunctionRun>> StartTableFunction(const ResolvedCall& call, std::span<const Value> arguments,
                                                               const ExecContext& context) {
  if (call.function == nullptr || call.function->table == nullptr) {
    return Error(sqlstate::kFeatureNotSupported,
                 StrCat("function ", call.function == nullptr ? "" : call.function->name, " is not supported here"));
  }
  return call.function->table(arguments, call.columns, context);
}

}  // namespace tsd::sql
