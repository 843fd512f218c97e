#include "engine/types/data_type.h"

#include <array>

#include "engine/base/strings.h"

namespace tsd {
namespace {

struct TypeRow {
  TypeId id;
  uint32_t oid;
  uint32_t array_oid;  // 0 = no array type
  int16_t length;      // pg_type.typlen
  PhysicalType physical;
  std::string_view internal_name;
  std::string_view sql_name;
};

// Ordered by TypeId, so that the id is the index.
constexpr std::array<TypeRow, 33> kTypes = {{
    {TypeId::kUnknown, 705, 0, -2, PhysicalType::kBytes, "unknown", "unknown"},
    {TypeId::kBool, 16, 1000, 1, PhysicalType::kBool, "bool", "boolean"},
    {TypeId::kInt16, 21, 1005, 2, PhysicalType::kInt16, "int2", "smallint"},
    {TypeId::kInt32, 23, 1007, 4, PhysicalType::kInt32, "int4", "integer"},
    {TypeId::kInt64, 20, 1016, 8, PhysicalType::kInt64, "int8", "bigint"},
    {TypeId::kFloat32, 700, 1021, 4, PhysicalType::kFloat32, "float4", "real"},
    {TypeId::kFloat64, 701, 1022, 8, PhysicalType::kFloat64, "float8", "double precision"},
    {TypeId::kNumeric, 1700, 1231, -1, PhysicalType::kBytes, "numeric", "numeric"},
    {TypeId::kText, 25, 1009, -1, PhysicalType::kBytes, "text", "text"},
    {TypeId::kVarchar, 1043, 1015, -1, PhysicalType::kBytes, "varchar", "character varying"},
    {TypeId::kBpchar, 1042, 1014, -1, PhysicalType::kBytes, "bpchar", "character"},
    {TypeId::kName, 19, 1003, 64, PhysicalType::kBytes, "name", "name"},
    {TypeId::kChar, 18, 1002, 1, PhysicalType::kBytes, "char", "\"char\""},
    {TypeId::kBytea, 17, 1001, -1, PhysicalType::kBytes, "bytea", "bytea"},
    {TypeId::kTimestamp, 1114, 1115, 8, PhysicalType::kInt64, "timestamp", "timestamp without time zone"},
    {TypeId::kTimestampTz, 1184, 1185, 8, PhysicalType::kInt64, "timestamptz", "timestamp with time zone"},
    {TypeId::kDate, 1082, 1182, 4, PhysicalType::kInt32, "date", "date"},
    {TypeId::kTime, 1083, 1183, 8, PhysicalType::kInt64, "time", "time without time zone"},
    {TypeId::kInterval, 1186, 1187, 16, PhysicalType::kInterval, "interval", "interval"},
    {TypeId::kUuid, 2950, 2951, 16, PhysicalType::kUuid, "uuid", "uuid"},
    {TypeId::kJson, 114, 199, -1, PhysicalType::kBytes, "json", "json"},
    {TypeId::kJsonb, 3802, 3807, -1, PhysicalType::kBytes, "jsonb", "jsonb"},
    {TypeId::kOid, 26, 1028, 4, PhysicalType::kInt64, "oid", "oid"},
    {TypeId::kRegclass, 2205, 2210, 4, PhysicalType::kInt64, "regclass", "regclass"},
    {TypeId::kRegtype, 2206, 2211, 4, PhysicalType::kInt64, "regtype", "regtype"},
    {TypeId::kRegproc, 24, 1008, 4, PhysicalType::kInt64, "regproc", "regproc"},
    {TypeId::kRegnamespace, 4089, 4090, 4, PhysicalType::kInt64, "regnamespace", "regnamespace"},
    {TypeId::kRegrole, 4096, 4097, 4, PhysicalType::kInt64, "regrole", "regrole"},
    {TypeId::kVoid, 2278, 0, 4, PhysicalType::kBytes, "void", "void"},
    {TypeId::kRecord, 2249, 2287, -1, PhysicalType::kBytes, "record", "record"},
    {TypeId::kXid, 28, 1011, 4, PhysicalType::kInt64, "xid", "xid"},
    {TypeId::kPgLsn, 3220, 3221, 8, PhysicalType::kInt64, "pg_lsn", "pg_lsn"},
    {TypeId::kInet, 869, 1041, -1, PhysicalType::kBytes, "inet", "inet"},
}};

constexpr bool IndexedById() {
  for (size_t i = 0; i < kTypes.size(); ++i) {
    if (static_cast<size_t>(kTypes[i].id) != i) return false;
  }
  return true;
}
static_assert(IndexedById());

/// A type id may come from a peer's bytes: an id out of range reads as unknown.
const TypeRow& RowOf(TypeId id) {
  const size_t index = static_cast<size_t>(id);
  return index < kTypes.size() ? kTypes[index] : kTypes[0];
}

struct Alias {
  std::string_view name;
  TypeId id;
};
constexpr Alias kAliases[] = {
    {"int", TypeId::kInt32},
    {"decimal", TypeId::kNumeric},
    {"dec", TypeId::kNumeric},
    {"float", TypeId::kFloat64},
    {"char", TypeId::kBpchar},  // the SQL spelling; "char" in quotes is another type
};

/// The "(...)" that format_type() prints between the words of a type's name.
std::string ModifierText(DataType type) {
  const int32_t typmod = type.typmod;
  if (typmod < 0) return "";
  switch (type.id) {
    case TypeId::kVarchar:
    case TypeId::kBpchar: return typmod >= 4 ? StrCat("(", typmod - 4, ")") : "";
    case TypeId::kNumeric: {
      if (typmod < 4) return "";
      const int32_t raw = typmod - 4;
      // The scale is eleven bits, signed.
      const int32_t scale = ((raw & 0x7ff) ^ 1024) - 1024;
      return StrCat("(", (raw >> 16) & 0xffff, ",", scale, ")");
    }
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
    case TypeId::kTime: return StrCat("(", typmod, ")");
    case TypeId::kInterval: {
      const int32_t precision = typmod & 0xffff;
      return precision <= 6 ? StrCat("(", precision, ")") : "";
    }
    default: return "";
  }
}

}  // namespace

bool DataType::IsOidLike() const {
  if (is_array) return false;
  switch (id) {
    case TypeId::kOid:
    case TypeId::kRegclass:
    case TypeId::kRegtype:
    case TypeId::kRegproc:
    case TypeId::kRegnamespace:
    case TypeId::kRegrole:
    case TypeId::kXid: return true;
    default: return false;
  }
}

PhysicalType DataType::Physical() const { return is_array ? PhysicalType::kBytes : RowOf(id).physical; }

size_t DataType::Width() const {
  switch (Physical()) {
    case PhysicalType::kBool: return 1;
    case PhysicalType::kInt16: return 2;
    case PhysicalType::kInt32: return 4;
    case PhysicalType::kInt64: return 8;
    case PhysicalType::kFloat32: return 4;
    case PhysicalType::kFloat64: return 8;
    case PhysicalType::kInterval: return 16;
    case PhysicalType::kUuid: return 16;
    case PhysicalType::kBytes: return 0;
  }
  return 0;
}

uint32_t TypeOid(DataType type) {
  const TypeRow& row = RowOf(type.id);
  return type.is_array ? row.array_oid : row.oid;
}

DataType TypeFromOid(uint32_t oid, bool* known) {
  *known = true;
  for (const TypeRow& row : kTypes) {
    if (row.oid == oid) return row.id;
    if (row.array_oid == oid && oid != 0) return DataType::ArrayOf(row.id);
  }
  *known = false;
  return TypeId::kUnknown;
}

int16_t TypeLength(DataType type) { return type.is_array ? int16_t{-1} : RowOf(type.id).length; }

std::string TypeName(DataType type) {
  const std::string_view name = RowOf(type.id).sql_name;
  const std::string modifier = ModifierText(type);
  std::string result;
  const bool zoned_words = type.id == TypeId::kTimestamp || type.id == TypeId::kTimestampTz || type.id == TypeId::kTime;
  if (zoned_words && !modifier.empty()) {
    // "timestamp(3) with time zone": the modifier follows the first word.
    const size_t space = name.find(' ');
    result = StrCat(name.substr(0, space), modifier, name.substr(space));
  } else {
    result = StrCat(name, modifier);
  }
  if (type.is_array) result += "[]";
  return result;
}

std::string TypeInternalName(DataType type) {
  const std::string_view name = RowOf(type.id).internal_name;
  return type.is_array ? StrCat("_", name) : std::string(name);
}

bool TypeFromName(std::string_view name, DataType* type) {
  for (const Alias& alias : kAliases) {
    if (alias.name == name) {
      *type = alias.id;
      return true;
    }
  }
  for (const TypeRow& row : kTypes) {
    if (row.internal_name == name || row.sql_name == name) {
      *type = row.id;
      return true;
    }
    if (name.size() > 1 && name[0] == '_' && row.array_oid != 0 && row.internal_name == name.substr(1)) {
      *type = DataType::ArrayOf(row.id);
      return true;
    }
  }
  return false;
}

}  // namespace tsd
