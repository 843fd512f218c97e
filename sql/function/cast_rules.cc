// Which casts exist and where they apply (pg_cast), type categories, common types.
#include <algorithm>

#include "engine/base/strings.h"
#include "sql/function/registry.h"

namespace tsd::sql {
namespace {

constexpr CastContext kI = CastContext::kImplicit;
constexpr CastContext kA = CastContext::kAssignment;
constexpr CastContext kE = CastContext::kExplicit;

struct CastRow {
  TypeId from;
  TypeId to;
  CastContext weakest;
};

using enum TypeId;
constexpr CastRow kCasts[] = {
    {kInt16, kInt32, kI}, {kInt16, kInt64, kI}, {kInt16, kNumeric, kI}, {kInt16, kFloat32, kI}, {kInt16, kFloat64, kI},
    {kInt32, kInt64, kI}, {kInt32, kNumeric, kI}, {kInt32, kFloat32, kI}, {kInt32, kFloat64, kI},
    {kInt64, kNumeric, kI}, {kInt64, kFloat32, kI}, {kInt64, kFloat64, kI},
    {kNumeric, kFloat32, kI}, {kNumeric, kFloat64, kI}, {kFloat32, kFloat64, kI},
    {kInt32, kInt16, kA}, {kInt64, kInt16, kA}, {kInt64, kInt32, kA},
    {kNumeric, kInt16, kA}, {kNumeric, kInt32, kA}, {kNumeric, kInt64, kA},
    {kFloat32, kInt16, kA}, {kFloat32, kInt32, kA}, {kFloat32, kInt64, kA}, {kFloat32, kNumeric, kA},
    {kFloat64, kInt16, kA}, {kFloat64, kInt32, kA}, {kFloat64, kInt64, kA}, {kFloat64, kNumeric, kA}, {kFloat64, kFloat32, kA},
    {kInt32, kBool, kE}, {kBool, kInt32, kE},
    {kText, kVarchar, kI}, {kVarchar, kText, kI}, {kBpchar, kText, kI}, {kBpchar, kVarchar, kI}, {kText, kBpchar, kI},
    {kVarchar, kBpchar, kI}, {kText, kName, kI}, {kVarchar, kName, kI}, {kBpchar, kName, kI}, {kName, kText, kI},
    {kName, kVarchar, kA}, {kName, kBpchar, kA}, {kChar, kText, kI}, {kChar, kVarchar, kA}, {kChar, kBpchar, kA},
    {kText, kChar, kA}, {kVarchar, kChar, kA}, {kBpchar, kChar, kA}, {kChar, kInt32, kE}, {kInt32, kChar, kE},
    {kText, kRegclass, kI}, {kVarchar, kRegclass, kI},
    {kDate, kTimestamp, kI}, {kDate, kTimestampTz, kI}, {kTimestamp, kTimestampTz, kI}, {kTime, kInterval, kI},
    {kTimestamp, kDate, kA}, {kTimestamp, kTime, kA}, {kTimestampTz, kDate, kA}, {kTimestampTz, kTime, kA},
    {kTimestampTz, kTimestamp, kA}, {kInterval, kTime, kA},
    {kJson, kJsonb, kA}, {kJsonb, kJson, kA},
    {kJsonb, kBool, kE}, {kJsonb, kNumeric, kE}, {kJsonb, kInt16, kE}, {kJsonb, kInt32, kE}, {kJsonb, kInt64, kE},
    {kJsonb, kFloat32, kE}, {kJsonb, kFloat64, kE},
};

bool IsRegType(TypeId id) {
  return id == kRegclass || id == kRegtype || id == kRegproc || id == kRegnamespace || id == kRegrole;
}

bool OidCast(TypeId from, TypeId to, CastContext* weakest) {
  const bool from_oid = from == kOid || IsRegType(from);
  const bool to_oid = to == kOid || IsRegType(to);
  if (to_oid && (from == kInt16 || from == kInt32 || from == kInt64)) {
    *weakest = kI;
    return true;
  }
  if (from_oid && (to == kInt32 || to == kInt64)) {
    *weakest = kA;
    return true;
  }
  if ((from == kOid && IsRegType(to)) || (IsRegType(from) && to == kOid)) {
    *weakest = kI;
    return true;
  }
  return false;
}

bool ScalarCast(TypeId from, TypeId to, CastContext context) {
  CastContext weakest;
  if (OidCast(from, to, &weakest)) return context >= weakest;
  for (const CastRow& row : kCasts) {
    if (row.from == from && row.to == to) return context >= row.weakest;
  }
  return false;
}

bool DependsOnSession(const DataType& type) {
  switch (type.id) {
    case kTimestampTz:
    case kTimestamp:
    case kDate:
    case kTime:
    case kRegclass:
    case kRegtype:
    case kRegproc:
    case kRegnamespace:
    case kRegrole: return true;
    default: return false;
  }
}

}  // namespace

std::string_view CastKey(CastContext context) {
  switch (context) {
    case CastContext::kImplicit: return kCastImplicit;
    case CastContext::kAssignment: return kCastAssignment;
    case CastContext::kExplicit: return kCastExplicit;
  }
  return kCastExplicit;
}

bool IsCastKey(std::string_view key) { return key == kCastImplicit || key == kCastAssignment || key == kCastExplicit; }

char TypeCategory(const DataType& type) {
  if (type.is_array) return 'A';
  switch (type.id) {
    case kUnknown: return 'X';
    case kBool: return 'B';
    case kInt16:
    case kInt32:
    case kInt64:
    case kFloat32:
    case kFloat64:
    case kNumeric:
    case kOid:
    case kRegclass:
    case kRegtype:
    case kRegproc:
    case kRegnamespace:
    case kRegrole: return 'N';
    case kText:
    case kVarchar:
    case kBpchar:
    case kName: return 'S';
    case kChar: return 'Z';
    case kTimestamp:
    case kTimestampTz:
    case kDate:
    case kTime: return 'D';
    case kInterval: return 'T';
    case kInet: return 'I';
    case kVoid:
    case kRecord: return 'P';
    default: return 'U';
  }
}

bool IsPreferredType(const DataType& type) {
  if (type.is_array) return false;
  switch (type.id) {
    case kBool:
    case kFloat64:
    case kOid:
    case kText:
    case kTimestampTz:
    case kInterval:
    case kInet: return true;
    default: return false;
  }
}

bool CanCast(const DataType& from, const DataType& to, CastContext context) {
  if (from.SameAs(to) || from.Is(kUnknown)) return true;
  if (to.Is(kUnknown) || to.Is(kVoid) || from.Is(kVoid)) return false;
  if (from.is_array && to.is_array) return CanCast(from.Element(), to.Element(), context);
  if (!from.is_array && !to.is_array && ScalarCast(from.id, to.id, context)) return true;
  // Any type to a string on assignment, and a string to any type explicitly, through the text forms.
  if (context >= CastContext::kAssignment && TypeCategory(to) == 'S') return true;
  if (to.Is(kRecord)) return false;
  return context == CastContext::kExplicit && TypeCategory(from) == 'S';
}

Volatility CastVolatility(const DataType& from, const DataType& to) {
  if (from.SameAs(to)) return Volatility::kImmutable;
  const bool zoned = from.id == kTimestampTz || to.id == kTimestampTz;
  const bool text = TypeCategory(from) == 'S' || TypeCategory(to) == 'S' || from.Is(kUnknown) || from.is_array || to.is_array;
  if (zoned || (text && (DependsOnSession(from) || DependsOnSession(to)))) return Volatility::kStable;
  return Volatility::kImmutable;
}

StatusOr<DataType> SelectCommonType(std::span<const DataType> types, std::string_view construct) {
  DataType chosen;
  for (const DataType& type : types) {
    if (type.Is(kUnknown)) continue;
    if (chosen.Is(kUnknown)) {
      chosen = type;
      continue;
    }
    if (chosen.SameAs(type)) {
      if (chosen.typmod != type.typmod) chosen.typmod = -1;
      continue;
    }
    if (TypeCategory(chosen) != TypeCategory(type)) {
      return Error(sqlstate::kDatatypeMismatch,
                   StrCat(construct, " types ", TypeName(chosen.WithoutTypmod()), " and ", TypeName(type.WithoutTypmod()),
                          " cannot be matched"));
    }
    if (!IsPreferredType(chosen) && CanCast(chosen, type, CastContext::kImplicit) && !CanCast(type, chosen, CastContext::kImplicit)) {
      chosen = type.WithoutTypmod();
    } else {
      chosen.typmod = -1;
    }
  }
  if (chosen.Is(kUnknown)) return DataType(kText);
  for (const DataType& type : types) {
    if (!CanCast(type, chosen, CastContext::kImplicit)) {
      return Error(sqlstate::kCannotCoerce, StrCat(construct, " could not convert type ", TypeName(type.WithoutTypmod()), " to ",
                                                   TypeName(chosen.WithoutTypmod())));
    }
  }
  return chosen;
}

}  // namespace tsd::sql
