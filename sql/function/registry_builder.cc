#include "sql/function/registry_builder.h"

#include <array>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/strings.h"

namespace tsd::sql {
namespace {

constexpr std::pair<std::string_view, PseudoType> kPseudoTypes[] = {
    {"any", PseudoType::kAny},
    {"anyelement", PseudoType::kAnyElement},
    {"anyarray", PseudoType::kAnyArray},
    {"anynonarray", PseudoType::kAnyNonArray},
    {"anycompatible", PseudoType::kAnyCompatible},
    {"anycompatiblearray", PseudoType::kAnyCompatibleArray},
    {"anycompatiblenonarray", PseudoType::kAnyCompatibleNonArray},
};

/// "[name ]type[=default]"
Parameter ParseParameter(std::string_view text) {
  Parameter parameter;
  const size_t equals = text.find('=');
  if (equals != std::string_view::npos) {
    parameter.has_default = true;
    parameter.default_text = std::string(text.substr(equals + 1));
    parameter.default_null = parameter.default_text == "null";
    text = text.substr(0, equals);
  }
  const size_t space = text.find(' ');
  if (space != std::string_view::npos) {
    parameter.name = std::string(text.substr(0, space));
    text = text.substr(space + 1);
  }
  parameter.type = ParseParameterType(text);
  return parameter;
}

}  // namespace

ParameterType ParseParameterType(std::string_view text) {
  for (const auto& [name, pseudo] : kPseudoTypes) {
    if (name == text) return ParameterType{DataType(), pseudo};
  }
  ParameterType type;
  // "char" is the one-byte type here; TypeFromName reads it as SQL's character.
  if (text == "char") {
    type.type = TypeId::kChar;
    return type;
  }
  const bool known = TypeFromName(text, &type.type);
  TSD_CHECK(known);
  return type;
}

std::string ParameterTypeName(const ParameterType& type) {
  for (const auto& [name, pseudo] : kPseudoTypes) {
    if (pseudo == type.pseudo) return std::string(name);
  }
  return TypeInternalName(type.type);
}

Function& RegistryBuilder::Add(std::string_view name, std::string_view parameters, std::string_view result) {
  auto function = std::make_unique<Function>();
  function->schema = "pg_catalog";
  function->name = std::string(name);
  function->result = ParseParameterType(result);
  function->key = StrCat(name, "(");
  while (!parameters.empty()) {
    const size_t comma = parameters.find(',');
    std::string_view piece = parameters.substr(0, comma);
    parameters = comma == std::string_view::npos ? std::string_view() : parameters.substr(comma + 1);
    if (piece.starts_with("variadic ")) {
      function->variadic = true;
      piece.remove_prefix(9);
    }
    function->parameters.push_back(ParseParameter(piece));
    StrAppend(&function->key, function->parameters.size() > 1 ? "," : "", function->variadic ? "variadic " : "",
              ParameterTypeName(function->parameters.back().type));
  }
  function->key += ")";
  functions_.push_back(std::move(function));
  return *functions_.back();
}

Function& RegistryBuilder::Row(std::string_view name, std::string_view parameters, std::string_view result, RowKernel kernel) {
  Function& function = Add(name, parameters, result);
  function.row = kernel;
  return function;
}

Function& RegistryBuilder::Columns(std::string_view name, std::string_view parameters, std::string_view result, Kernel kernel) {
  Function& function = Add(name, parameters, result);
  function.kernel = kernel;
  return function;
}

Function& RegistryBuilder::Context(std::string_view name, std::string_view parameters, std::string_view result) {
  Function& function = Add(name, parameters, result);
  function.context = true;
  function.volatility = Volatility::kStable;
  return function;
}

Function& RegistryBuilder::Aggregate(std::string_view name, std::string_view parameters, std::string_view result,
                                     AggregateFactory factory) {
  Function& function = Add(name, parameters, result);
  function.kind = FunctionKind::kAggregate;
  function.aggregate = factory;
  function.strict = false;
  return function;
}

Function& RegistryBuilder::Window(std::string_view name, std::string_view parameters, std::string_view result) {
  Function& function = Add(name, parameters, result);
  function.kind = FunctionKind::kWindow;
  function.strict = false;
  return function;
}

Function& RegistryBuilder::Table(std::string_view name, std::string_view parameters, std::string_view result, TableStart start,
                                 std::vector<OutputColumn> columns) {
  Function& function = Add(name, parameters, result);
  function.kind = FunctionKind::kTable;
  function.table = start;
  function.context = start == nullptr;
  function.columns = std::move(columns);
  return function;
}

}  // namespace tsd::sql
