// Type names and relations by name.
#include "sql/bind/binder_core.h"
#include "sql/parse/print.h"

namespace tsd::sql {
namespace {

StatusOr<int32_t> Modifier(const parse::TypeName& name, size_t index) {
  const auto* literal = parse::TryAs<parse::LiteralExpr>(name.modifiers[index].get());
  if (literal == nullptr || literal->literal != parse::LiteralKind::kInteger) {
    return ErrorAt(sqlstate::kInvalidParameterValue, "type modifiers must be simple constants or identifiers", name.position);
  }
  const bool negative = literal->text.starts_with('-');
  int64_t value = 0;
  for (size_t i = negative ? 1 : 0; i < literal->text.size(); ++i) {
    value = std::min<int64_t>(value * 10 + (literal->text[i] - '0'), INT32_MAX);
  }
  return static_cast<int32_t>(negative ? -value : value);
}

Status ApplyModifiers(const parse::TypeName& name, DataType* type) {
  constexpr int32_t kMaxLength = 10485760;
  if (name.modifiers.empty()) return OkStatus();
  ASSIGN_OR_RETURN(const int32_t first, Modifier(name, 0));
  switch (type->id) {
    case TypeId::kVarchar:
    case TypeId::kBpchar: {
      const char* spelled = type->id == TypeId::kVarchar ? "varchar" : "char";
      if (name.modifiers.size() > 1) return ErrorAt(sqlstate::kInvalidParameterValue, "invalid type modifier", name.position);
      if (first < 1) {
        return ErrorAt(sqlstate::kInvalidParameterValue, StrCat("length for type ", spelled, " must be at least 1"), name.position);
      }
      if (first > kMaxLength) {
        return ErrorAt(sqlstate::kInvalidParameterValue, StrCat("length for type ", spelled, " cannot exceed ", kMaxLength), name.position);
      }
      type->typmod = first + 4;
      return OkStatus();
    }
    case TypeId::kNumeric: {
      int32_t scale = 0;
      if (name.modifiers.size() > 1) {
        ASSIGN_OR_RETURN(scale, Modifier(name, 1));
      }
      if (first < 1 || first > 1000) {
        return ErrorAt(sqlstate::kInvalidParameterValue, StrCat("NUMERIC precision ", first, " must be between 1 and 1000"), name.position);
      }
      if (scale > 1000) {
        return ErrorAt(sqlstate::kInvalidParameterValue, StrCat("NUMERIC scale ", scale, " must be between -1000 and 1000"), name.position);
      }
      type->typmod = ((first << 16) | (scale & 0x7ff)) + 4;
      return OkStatus();
    }
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
    case TypeId::kTime: type->typmod = std::min(first, 6); return OkStatus();
    case TypeId::kInterval: type->typmod = std::min(first, 6); return OkStatus();  // see IntervalTypmod
    default: break;
  }
  return ErrorAt(sqlstate::kSyntaxError, StrCat("type modifier is not allowed for type \"", name.name.name, "\""), name.position);
}

/// PostgreSQL's: bits of the fields written (year to month), then the digits of seconds.
int32_t IntervalTypmod(const parse::TypeName& name, int32_t precision) {
  constexpr std::pair<uint8_t, int32_t> kBits[] = {{parse::kIntervalYear, 1 << 2},  {parse::kIntervalMonth, 1 << 1},
                                                   {parse::kIntervalDay, 1 << 3},   {parse::kIntervalHour, 1 << 10},
                                                   {parse::kIntervalMinute, 1 << 11}, {parse::kIntervalSecond, 1 << 12}};
  int32_t fields = 0;
  for (const auto& [written, bit] : kBits) fields |= (name.interval_fields & written) != 0 ? bit : 0;
  if (fields == 0 && precision < 0) return -1;
  return (fields == 0 ? 0x7fff : fields) << 16 | (precision < 0 ? 0xffff : precision);
}

}  // namespace

StatusOr<DataType> ResolveTypeName(const parse::TypeName& name, BindContext&) {
  DataType type;
  std::string spelled = name.name.name;
  const bool known_schema = name.name.schema.empty() || name.name.schema == "pg_catalog";
  if (known_schema && (spelled == "float" || spelled == "decimal")) spelled = spelled == "float" ? "float8" : "numeric";
  bool array = name.IsArray();
  bool found = known_schema && TypeFromName(spelled, &type);
  if (found && spelled == "char") type = TypeId::kChar;  // the quoted one: the parser made char(n) bpchar
  if (!found && known_schema && spelled.size() > 1 && spelled[0] == '_') {
    found = TypeFromName(spelled.substr(1), &type);
    array = array || found;
  }
  if (!found || type.Is(TypeId::kUnknown)) {
    if (name.name.schema.empty() || known_schema) {
      return ErrorAt(sqlstate::kUndefinedObject, StrCat("type \"", name.name.name, "\" does not exist"), name.position);
    }
    return ErrorAt(sqlstate::kUndefinedObject, StrCat("type \"", name.name.schema, ".", name.name.name, "\" does not exist"), name.position);
  }
  RETURN_IF_ERROR(ApplyModifiers(name, &type));
  if (type.Is(TypeId::kInterval)) type.typmod = IntervalTypmod(name, type.typmod);
  type.is_array = array || type.is_array;
  return type;
}

StatusOr<RelationPtr> ResolveRelation(const parse::ObjectName& name, BindContext& context) {
  const auto find = [&](const std::string& schema) -> RelationPtr {
    if (context.virtual_tables != nullptr) {
      if (RelationPtr found = context.virtual_tables->Find(schema, name.name)) return found;
    }
    RelationPtr found = context.catalog != nullptr ? context.catalog->Find(schema, name.name) : nullptr;
    if (found) context.resolved.push_back(found);
    return found;
  };
  if (!name.schema.empty()) {
    if (RelationPtr found = find(name.schema == "pg_temp" ? context.temporary_schema : name.schema)) return found;
    return ErrorAt(sqlstate::kUndefinedTable, StrCat("relation \"", name.schema, ".", name.name, "\" does not exist"), name.position);
  }
  const auto listed = [&](std::string_view schema) { return std::ranges::find(context.search_path, schema) != context.search_path.end(); };
  if (!context.temporary_schema.empty() && !listed(context.temporary_schema)) {
    if (RelationPtr found = find(context.temporary_schema)) return found;
  }
  if (!listed("pg_catalog")) {
    if (RelationPtr found = find("pg_catalog")) return found;
  }
  for (const std::string& schema : context.search_path) {
    if (RelationPtr found = find(schema == "$user" ? context.user : schema)) return found;
  }
  return ErrorAt(sqlstate::kUndefinedTable, StrCat("relation \"", name.name, "\" does not exist"), name.position);
}

}  // namespace tsd::sql
