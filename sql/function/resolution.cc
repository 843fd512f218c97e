// Overload resolution: PostgreSQL's rules (manual, chapter 10): exact match, implicit casts, preferred types, unknown literals.
#include <algorithm>
#include <optional>

#include "engine/base/strings.h"
#include "sql/exec/evaluator_node.h"
#include "sql/function/registry.h"

namespace tsd::sql {
namespace {

constexpr std::string_view kNoMatchHint =
    "No function matches the given name and argument types. You might need to add explicit type casts.";
constexpr std::string_view kNotUniqueHint = "Could not choose a best candidate function. You might need to add explicit type casts.";

/// One overload laid out against the given arguments: `declared[i]` is what given argument i meets.
struct Candidate {
  const Function* function;
  std::vector<ParameterType> declared;
  std::vector<int> order;   // per parameter (variadic ones repeated): given index or -1
  int variadic_from = -1;
};

bool IsUnknown(const DataType& type) { return type.Is(TypeId::kUnknown); }

/// An array parameter that collects: its element type.
ParameterType ElementOf(const ParameterType& array) {
  switch (array.pseudo) {
    case PseudoType::kAnyArray: return {DataType(), PseudoType::kAnyElement};
    case PseudoType::kAnyCompatibleArray: return {DataType(), PseudoType::kAnyCompatible};
    case PseudoType::kNone: return {array.type.Element(), PseudoType::kNone};
    default: return array;
  }
}

/// VARIADIC of an array type collects the arguments; of any other type it repeats.
bool Collects(const ParameterType& type) {
  return type.pseudo == PseudoType::kAnyArray || type.pseudo == PseudoType::kAnyCompatibleArray || type.type.is_array;
}

bool AcceptsAlone(const DataType& from, const ParameterType& to) {
  switch (to.pseudo) {
    case PseudoType::kNone: return CanCast(from, to.type, CastContext::kImplicit);
    case PseudoType::kAny:
    case PseudoType::kAnyElement:
    case PseudoType::kAnyCompatible: return true;
    case PseudoType::kAnyArray:
    case PseudoType::kAnyCompatibleArray: return from.is_array || IsUnknown(from);
    case PseudoType::kAnyNonArray:
    case PseudoType::kAnyCompatibleNonArray: return !from.is_array;
  }
  return false;
}

bool IsElementFamily(PseudoType pseudo) {
  return pseudo == PseudoType::kAnyElement || pseudo == PseudoType::kAnyArray || pseudo == PseudoType::kAnyNonArray;
}
bool IsCompatibleFamily(PseudoType pseudo) {
  return pseudo == PseudoType::kAnyCompatible || pseudo == PseudoType::kAnyCompatibleArray ||
         pseudo == PseudoType::kAnyCompatibleNonArray;
}
bool IsArrayPseudo(PseudoType pseudo) { return pseudo == PseudoType::kAnyArray || pseudo == PseudoType::kAnyCompatibleArray; }

/// What the pseudo-types stand for. False: the arguments contradict each other.
struct Polymorphic {
  std::optional<DataType> element;     // anyelement
  std::optional<DataType> compatible;  // anycompatible

  bool Bind(std::span<const DataType> types, std::span<const ParameterType> declared) {
    std::vector<DataType> compatibles;
    for (size_t i = 0; i < types.size(); ++i) {
      if (IsUnknown(types[i])) continue;
      const DataType base = IsArrayPseudo(declared[i].pseudo) ? types[i].Element().WithoutTypmod() : types[i].WithoutTypmod();
      if (IsElementFamily(declared[i].pseudo)) {
        if (element.has_value() && !element->SameAs(base)) return false;
        element = base;
      } else if (IsCompatibleFamily(declared[i].pseudo)) {
        compatibles.push_back(base);
      }
    }
    if (!compatibles.empty()) {
      StatusOr<DataType> common = SelectCommonType(compatibles, "");
      if (!common.ok()) return false;
      compatible = common->WithoutTypmod();
    }
    return true;
  }

  /// nullopt: nothing determines it.
  std::optional<DataType> Resolve(const ParameterType& type) const {
    if (type.pseudo == PseudoType::kNone) return type.type;
    std::optional<DataType> base;
    if (IsElementFamily(type.pseudo)) base = element;
    if (IsCompatibleFamily(type.pseudo)) base = compatible.value_or(DataType(TypeId::kText));
    if (!base.has_value()) return std::nullopt;
    if (!IsArrayPseudo(type.pseudo)) return base;
    if (base->is_array) return std::nullopt;
    return DataType::ArrayOf(base->id);
  }
};

bool Accepts(const Candidate& candidate, std::span<const DataType> types) {
  for (size_t i = 0; i < types.size(); ++i) {
    if (!AcceptsAlone(types[i], candidate.declared[i])) return false;
  }
  Polymorphic polymorphic;
  return polymorphic.Bind(types, candidate.declared);
}

bool IsExact(const DataType& given, const ParameterType& declared) {
  return declared.pseudo == PseudoType::kNone && declared.type.SameAs(given);
}
bool IsPreferredIn(char category, const ParameterType& declared) {
  return declared.pseudo == PseudoType::kNone && TypeCategory(declared.type) == category && IsPreferredType(declared.type);
}
char DeclaredCategory(const ParameterType& declared) {
  return declared.pseudo == PseudoType::kNone ? TypeCategory(declared.type) : 'P';
}

/// Keeps the candidates with the highest score.
template <typename Score>
void KeepBest(std::vector<const Candidate*>& candidates, Score score) {
  int best = -1;
  std::vector<const Candidate*> kept;
  for (const Candidate* candidate : candidates) {
    const int value = score(*candidate);
    if (value > best) {
      best = value;
      kept.clear();
    }
    if (value == best) kept.push_back(candidate);
  }
  candidates = std::move(kept);
}

/// Rule 4.e: a category for every unknown argument, strings winning; candidates of other categories go.
void KeepByUnknownCategories(std::vector<const Candidate*>& candidates, std::span<const DataType> types) {
  std::vector<char> category(types.size(), 0);
  std::vector<bool> preferred(types.size(), false);
  for (size_t i = 0; i < types.size(); ++i) {
    if (!IsUnknown(types[i])) continue;
    bool conflict = false;
    for (const Candidate* candidate : candidates) {
      const char current = DeclaredCategory(candidate->declared[i]);
      const bool is_preferred = IsPreferredIn(current, candidate->declared[i]);
      if (category[i] == 0) {
        category[i] = current;
        preferred[i] = is_preferred;
      } else if (current == category[i]) {
        preferred[i] = preferred[i] || is_preferred;
      } else if (current == 'S') {
        category[i] = current;
        preferred[i] = is_preferred;
      } else {
        conflict = true;
      }
    }
    if (conflict && category[i] != 'S') return;
  }
  std::vector<const Candidate*> kept;
  for (const Candidate* candidate : candidates) {
    bool keep = true;
    for (size_t i = 0; i < types.size() && keep; ++i) {
      if (!IsUnknown(types[i])) continue;
      keep = DeclaredCategory(candidate->declared[i]) == category[i] &&
             (!preferred[i] || IsPreferredIn(category[i], candidate->declared[i]));
    }
    if (keep) kept.push_back(candidate);
  }
  if (!kept.empty()) candidates = std::move(kept);
}

/// nullptr: no single best one.
const Candidate* SelectBest(std::vector<const Candidate*> candidates, std::span<const DataType> types) {
  if (candidates.size() == 1) return candidates.front();
  KeepBest(candidates, [&](const Candidate& candidate) {
    int score = 0;
    for (size_t i = 0; i < types.size(); ++i) score += !IsUnknown(types[i]) && IsExact(types[i], candidate.declared[i]) ? 1 : 0;
    return score;
  });
  if (candidates.size() == 1) return candidates.front();
  KeepBest(candidates, [&](const Candidate& candidate) {
    int score = 0;
    for (size_t i = 0; i < types.size(); ++i) {
      if (IsUnknown(types[i])) continue;
      const bool good = IsExact(types[i], candidate.declared[i]) || IsPreferredIn(TypeCategory(types[i]), candidate.declared[i]);
      score += good ? 1 : 0;
    }
    return score;
  });
  if (candidates.size() == 1) return candidates.front();
  const size_t unknowns = static_cast<size_t>(std::count_if(types.begin(), types.end(), IsUnknown));
  if (unknowns == 0) return nullptr;
  KeepByUnknownCategories(candidates, types);
  if (candidates.size() == 1) return candidates.front();
  if (unknowns == types.size()) return nullptr;

  // Rule 4.f: all known arguments of one type: suppose the unknown ones are too.
  DataType known;
  for (const DataType& type : types) {
    if (IsUnknown(type)) continue;
    if (!IsUnknown(known) && !known.SameAs(type)) return nullptr;
    known = type;
  }
  const std::vector<DataType> supposed(types.size(), known);
  const Candidate* found = nullptr;
  for (const Candidate* candidate : candidates) {
    if (!Accepts(*candidate, supposed)) continue;
    if (found != nullptr) return nullptr;
    found = candidate;
  }
  return found;
}

/// Lays the given arguments out against a function's parameters; false if number or names do not fit.
bool LayOut(const Function& function, const ArgumentList& given, Candidate* candidate) {
  candidate->function = &function;
  const size_t count = given.types.size();
  const std::vector<Parameter>& parameters = function.parameters;
  size_t positional = 0;
  while (positional < count && (given.names.empty() || given.names[positional].empty())) ++positional;
  candidate->declared.resize(count);

  if (function.variadic && !given.variadic && count >= parameters.size() && positional == count) {
    const size_t fixed = parameters.size() - 1;
    const bool collects = Collects(parameters.back().type);
    for (size_t i = 0; i < count; ++i) {
      candidate->declared[i] = i < fixed ? parameters[i].type : collects ? ElementOf(parameters.back().type) : parameters.back().type;
      candidate->order.push_back(static_cast<int>(i));
    }
    if (collects) candidate->variadic_from = static_cast<int>(fixed);
    return true;
  }
  if (given.variadic && !function.variadic) return false;
  if (count > parameters.size()) return false;
  candidate->order.assign(parameters.size(), -1);
  for (size_t i = 0; i < count; ++i) {
    size_t target = i;
    if (i >= positional) {
      const auto found = std::find_if(parameters.begin(), parameters.end(),
                                      [&](const Parameter& parameter) { return !parameter.name.empty() && parameter.name == given.names[i]; });
      if (found == parameters.end()) return false;
      target = static_cast<size_t>(found - parameters.begin());
    }
    if (candidate->order[target] != -1) return false;
    candidate->order[target] = static_cast<int>(i);
    candidate->declared[i] = parameters[target].type;
  }
  for (size_t p = 0; p < parameters.size(); ++p) {
    if (candidate->order[p] == -1 && !parameters[p].has_default) return false;
  }
  return true;
}

StatusOr<ResolvedCall> Settle(const Candidate& candidate, std::span<const DataType> types) {
  const Function& function = *candidate.function;
  Polymorphic polymorphic;
  polymorphic.Bind(types, candidate.declared);
  ResolvedCall call;
  call.function = &function;
  call.argument_order = candidate.order;
  call.variadic_from = candidate.variadic_from;
  for (size_t p = 0; p < candidate.order.size(); ++p) {
    const int given = candidate.order[p];
    const ParameterType declared = given >= 0 ? candidate.declared[static_cast<size_t>(given)] : function.parameters[p].type;
    if (declared.pseudo == PseudoType::kAny) {
      call.argument_types.push_back(given >= 0 ? types[static_cast<size_t>(given)].WithoutTypmod() : DataType(TypeId::kText));
      continue;
    }
    const std::optional<DataType> type = polymorphic.Resolve(declared);
    if (!type.has_value()) {
      return Error(sqlstate::kDatatypeMismatch, "could not determine polymorphic type because input has type unknown");
    }
    call.argument_types.push_back(*type);
  }
  const std::optional<DataType> result = polymorphic.Resolve(function.result);
  if (!result.has_value()) {
    return Error(sqlstate::kDatatypeMismatch, "could not determine polymorphic type because input has type unknown");
  }
  call.result = *result;
  if (function.kind == FunctionKind::kTable) {
    call.columns = function.columns;
    if (call.columns.empty()) call.columns.push_back({function.name, call.result});
  }
  return call;
}

/// "integer, text" for error texts.
std::string TypeList(const ArgumentList& arguments) {
  std::string text;
  for (size_t i = 0; i < arguments.types.size(); ++i) {
    StrAppend(&text, i > 0 ? ", " : "");
    if (!arguments.names.empty() && !arguments.names[i].empty()) StrAppend(&text, arguments.names[i], " => ");
    StrAppend(&text, TypeName(arguments.types[i].WithoutTypmod()));
  }
  return text;
}

bool SchemaFits(std::string_view asked, const Function& function) {
  if (!asked.empty()) return asked == function.schema;
  return function.schema == "pg_catalog" || function.schema == "public";
}

/// The one candidate that fits; nullptr with *ambiguous telling whether several do.
const Candidate* Choose(const std::vector<Candidate>& candidates, std::span<const DataType> types, bool* ambiguous) {
  *ambiguous = false;
  for (const Candidate& candidate : candidates) {
    bool exact = true;
    for (size_t i = 0; i < types.size() && exact; ++i) exact = IsExact(types[i], candidate.declared[i]);
    if (exact) return &candidate;
  }
  std::vector<const Candidate*> fitting;
  for (const Candidate& candidate : candidates) {
    if (Accepts(candidate, types)) fitting.push_back(&candidate);
  }
  if (fitting.empty()) return nullptr;
  const Candidate* best = SelectBest(fitting, types);
  *ambiguous = best == nullptr;
  return best;
}

}  // namespace

StatusOr<ResolvedCall> ResolveFunction(std::string_view schema, std::string_view name, const ArgumentList& arguments) {
  std::vector<Candidate> candidates;
  for (const Function* function : Registry::Get().Named(name)) {
    Candidate candidate;
    if (SchemaFits(schema, *function) && LayOut(*function, arguments, &candidate)) candidates.push_back(std::move(candidate));
  }
  // Of overloads that differ only in defaults or in being variadic, the one with fewer made-up arguments comes first.
  std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& left, const Candidate& right) {
    return std::pair(left.variadic_from >= 0, left.order.size()) < std::pair(right.variadic_from >= 0, right.order.size());
  });
  bool ambiguous = false;
  const Candidate* best = Choose(candidates, arguments.types, &ambiguous);
  if (best != nullptr) return Settle(*best, arguments.types);
  const std::string shown = StrCat("function ", schema.empty() ? "" : StrCat(schema, "."), name, "(", TypeList(arguments), ")");
  if (ambiguous) return WithHint(Error(sqlstate::kAmbiguousFunction, StrCat(shown, " is not unique")), kNotUniqueHint);
  return WithHint(Error(sqlstate::kUndefinedFunction, StrCat(shown, " does not exist")), kNoMatchHint);
}

bool CallTypesFit(const Function& function, std::span<const DataType> arguments, const DataType& result) {
  const size_t declared_count = function.parameters.size();
  const bool repeats = function.variadic && !Collects(function.parameters.back().type);
  if (repeats ? arguments.size() + 1 < declared_count : arguments.size() != declared_count) return false;
  std::vector<ParameterType> declared;
  for (size_t i = 0; i < arguments.size(); ++i) {
    declared.push_back(function.parameters[std::min(i, declared_count - 1)].type);
    const ParameterType& type = declared.back();
    const DataType& given = arguments[i];
    if (type.pseudo == PseudoType::kNone && (type.type.Physical() != given.Physical() || type.type.is_array != given.is_array)) return false;
    if (IsArrayPseudo(type.pseudo) && !given.is_array) return false;
  }
  Polymorphic polymorphic;
  if (!polymorphic.Bind(arguments, declared)) return false;
  // After casting all anycompatible arguments are of one layout, whatever SelectCommonType would make of them.
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!IsCompatibleFamily(declared[i].pseudo) || !polymorphic.compatible.has_value()) continue;
    const DataType base = IsArrayPseudo(declared[i].pseudo) ? arguments[i].Element() : arguments[i];
    if (base.Physical() != polymorphic.compatible->Physical()) return false;
  }
  const std::optional<DataType> settled = polymorphic.Resolve(function.result);
  return settled.has_value() && settled->Physical() == result.Physical() && settled->is_array == result.is_array;
}

StatusOr<ResolvedCall> ResolveAggregate(std::string_view name, std::span<const DataType> types, bool star) {
  if (star) {
    ResolvedCall call;
    call.function = name == "count" ? Registry::Get().Find("count()") : nullptr;
    if (call.function == nullptr) {
      return WithHint(Error(sqlstate::kUndefinedFunction, StrCat("function ", name, "() does not exist")), kNoMatchHint);
    }
    call.result = DataType(TypeId::kInt64);
    return call;
  }
  ArgumentList arguments;
  arguments.types = types;
  ASSIGN_OR_RETURN(ResolvedCall call, ResolveFunction("", name, arguments));
  if (call.function->kind != FunctionKind::kAggregate) {
    return Error(sqlstate::kWrongObjectType, StrCat(name, "(", TypeList(arguments), ") is not an aggregate function"));
  }
  return call;
}

StatusOr<ResolvedCall> ResolveOperator(std::string_view op, const DataType* left, const DataType& right) {
  std::vector<DataType> types;
  if (left != nullptr) types.push_back(*left);
  types.push_back(right);
  ArgumentList arguments;
  arguments.types = types;
  std::vector<Candidate> candidates;
  for (const Function* function : Registry::Get().Named(op)) {
    Candidate candidate;
    if (function->parameters.size() == types.size() && LayOut(*function, arguments, &candidate)) {
      candidates.push_back(std::move(candidate));
    }
  }
  // An operator with one unknown side is first looked for with both sides of the known type.
  std::vector<DataType> supposed = types;
  if (types.size() == 2) {
    if (IsUnknown(types[0])) supposed[0] = types[1];
    if (IsUnknown(types[1])) supposed[1] = types[0];
  }
  for (const Candidate& candidate : candidates) {
    bool exact = true;
    for (size_t i = 0; i < supposed.size() && exact; ++i) exact = !IsUnknown(supposed[i]) && IsExact(supposed[i], candidate.declared[i]);
    if (exact) return Settle(candidate, supposed);
  }
  bool ambiguous = false;
  const Candidate* best = Choose(candidates, types, &ambiguous);
  if (best != nullptr) return Settle(*best, types);
  const std::string shown = StrCat("operator ", ambiguous ? "is not unique: " : "does not exist: ",
                                   left == nullptr ? "" : StrCat(TypeName(left->WithoutTypmod()), " "), op, " ",
                                   TypeName(right.WithoutTypmod()));
  if (ambiguous) {
    return WithHint(Error(sqlstate::kAmbiguousFunction, shown),
                    "Could not choose a best candidate operator. You might need to add explicit type casts.");
  }
  return WithHint(Error(sqlstate::kUndefinedFunction, shown),
                  types.size() == 2 ? "No operator matches the given name and argument types. You might need to add explicit type casts."
                                    : "No operator matches the given name and argument type. You might need to add an explicit type cast.");
}

}  // namespace tsd::sql
