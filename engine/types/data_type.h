#pragma once
// SQL types as the whole system knows them. A DataType is a small value: id, typmod (PostgreSQL's encoding: varchar(n) is n + 4,
// numeric(p,s) is ((p << 16) | s) + 4, timestamp(p) is p; -1 = none) and whether it is an array of that element.
#include <cstdint>
#include <string>
#include <string_view>

namespace tsd {

enum class TypeId : uint8_t {
  kUnknown = 0,  // an untyped literal or NULL; resolved by the binder, stored as text
  kBool = 1,
  kInt16 = 2,
  kInt32 = 3,
  kInt64 = 4,
  kFloat32 = 5,
  kFloat64 = 6,
  kNumeric = 7,
  kText = 8,
  kVarchar = 9,
  kBpchar = 10,
  kName = 11,
  kChar = 12,  // "char", one byte, in catalogs
  kBytea = 13,
  kTimestamp = 14,
  kTimestampTz = 15,
  kDate = 16,
  kTime = 17,
  kInterval = 18,
  kUuid = 19,
  kJson = 20,
  kJsonb = 21,
  kOid = 22,
  kRegclass = 23,
  kRegtype = 24,
  kRegproc = 25,
  kRegnamespace = 26,
  kRegrole = 27,
  kVoid = 28,
  kRecord = 29,
  kXid = 30,
  kPgLsn = 31,
  kInet = 32,
};

/// How a column of the type lies in memory (see vector.h).
enum class PhysicalType : uint8_t {
  kBool,      // uint8_t 0 / 1
  kInt16,
  kInt32,     // also date (days since 2000-01-01)
  kInt64,     // also timestamps and time (microseconds since 2000-01-01 / midnight), oid-like types
  kFloat32,
  kFloat64,
  kInterval,  // tsd::Interval, 16 bytes
  kUuid,      // 16 bytes
  kBytes,     // variable: text-like, bytea, numeric (Numeric::Encode form), json, arrays (array.h form), record
};

struct DataType {
  TypeId id = TypeId::kUnknown;
  bool is_array = false;
  int32_t typmod = -1;

  constexpr DataType() = default;
  constexpr DataType(TypeId type) : id(type) {}  // NOLINT: a bare TypeId is a DataType
  constexpr DataType(TypeId type, bool array, int32_t modifier) : id(type), is_array(array), typmod(modifier) {}
  static constexpr DataType ArrayOf(TypeId element) { return DataType(element, true, -1); }

  /// Same type, typmod apart.
  constexpr bool SameAs(const DataType& other) const { return id == other.id && is_array == other.is_array; }
  constexpr bool operator==(const DataType& other) const = default;
  constexpr bool Is(TypeId type) const { return id == type && !is_array; }
  constexpr DataType WithoutTypmod() const { return DataType(id, is_array, -1); }
  constexpr DataType Element() const { return DataType(id, false, typmod); }

  bool IsInteger() const { return Is(TypeId::kInt16) || Is(TypeId::kInt32) || Is(TypeId::kInt64); }
  bool IsFloat() const { return Is(TypeId::kFloat32) || Is(TypeId::kFloat64); }
  bool IsNumber() const { return IsInteger() || IsFloat() || Is(TypeId::kNumeric); }
  bool IsString() const { return Is(TypeId::kText) || Is(TypeId::kVarchar) || Is(TypeId::kBpchar) || Is(TypeId::kName); }
  bool IsDateTime() const { return Is(TypeId::kTimestamp) || Is(TypeId::kTimestampTz) || Is(TypeId::kDate); }
  bool IsOidLike() const;

  PhysicalType Physical() const;
  /// Bytes of a fixed-width value; 0 for kBytes.
  size_t Width() const;
};

/// PostgreSQL's fixed OID of a type (int4 = 23, _int4 = 1007 …).
uint32_t TypeOid(DataType type);
/// kUnknown (705) for OIDs we do not know; *known tells.
DataType TypeFromOid(uint32_t oid, bool* known);
/// pg_type.typlen: bytes, or -1 for variable.
int16_t TypeLength(DataType type);
/// format_type()'s spelling: "timestamp with time zone", "character varying(10)", "integer[]".
std::string TypeName(DataType type);
/// pg_type.typname: "timestamptz", "_int4".
std::string TypeInternalName(DataType type);
/// From any spelling without typmod or array suffix ("int", "integer", "double precision", "timestamptz"); lower case.
/// False if there is no such type.
bool TypeFromName(std::string_view name, DataType* type);

}  // namespace tsd
