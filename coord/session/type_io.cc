#include "coord/session/type_io.h"

#include <iterator>

#include "engine/base/strings.h"

namespace tsd::coord {
namespace {

struct Prefix {
  TypeId type;
  const char* prefix;
};
// The first stands for all arrays. The order fixes the OIDs.
constexpr Prefix kPrefixes[] = {
    {TypeId::kVoid, "array_"},          {TypeId::kBool, "bool"},        {TypeId::kInt16, "int2"},       {TypeId::kInt32, "int4"},
    {TypeId::kInt64, "int8"},           {TypeId::kFloat32, "float4"},   {TypeId::kFloat64, "float8"},   {TypeId::kNumeric, "numeric_"},
    {TypeId::kText, "text"},            {TypeId::kVarchar, "varchar"},  {TypeId::kBpchar, "bpchar"},    {TypeId::kName, "name"},
    {TypeId::kChar, "char"},            {TypeId::kBytea, "bytea"},      {TypeId::kTimestamp, "timestamp_"}, {TypeId::kTimestampTz, "timestamptz_"},
    {TypeId::kDate, "date_"},           {TypeId::kTime, "time_"},       {TypeId::kInterval, "interval_"},   {TypeId::kUuid, "uuid_"},
    {TypeId::kJson, "json_"},           {TypeId::kJsonb, "jsonb_"},     {TypeId::kOid, "oid"},          {TypeId::kRegclass, "regclass"},
    {TypeId::kRegtype, "regtype"},      {TypeId::kRegproc, "regproc"},  {TypeId::kRegnamespace, "regnamespace"}, {TypeId::kRegrole, "regrole"},
    {TypeId::kRecord, "record_"},       {TypeId::kXid, "xid"},          {TypeId::kPgLsn, "pg_lsn_"},    {TypeId::kInet, "inet_"},
    {TypeId::kUnknown, "unknown"},      {TypeId::kVoid, "void_"}};
constexpr const char* kSuffixes[] = {"in", "out", "recv", "send"};
constexpr uint32_t kFirstOid = 810'000'000;

}  // namespace

uint32_t TypeIoOid(DataType type, TypeIo io) {
  uint32_t index = 0;
  if (!type.is_array) {
    for (index = 1; index < std::size(kPrefixes) && kPrefixes[index].type != type.id;) ++index;
    if (index == std::size(kPrefixes)) return 0;
  }
  return kFirstOid + index * static_cast<uint32_t>(std::size(kSuffixes)) + static_cast<uint32_t>(io);
}

uint32_t TypeIoOidOf(std::string_view name) {
  std::string candidate;
  for (const uint32_t oid : AllTypeIoOids()) {
    if (TypeIoName(oid, &candidate) && candidate == name) return oid;
  }
  return 0;
}

bool TypeIoName(uint32_t oid, std::string* name) {
  const uint32_t index = oid - kFirstOid;
  if (oid < kFirstOid || index >= std::size(kPrefixes) * std::size(kSuffixes)) return false;
  *name = StrCat(kPrefixes[index / std::size(kSuffixes)].prefix, kSuffixes[index % std::size(kSuffixes)]);
  return true;
}

std::vector<uint32_t> AllTypeIoOids() {
  std::vector<uint32_t> oids;
  for (uint32_t i = 0; i < std::size(kPrefixes) * std::size(kSuffixes); ++i) oids.push_back(kFirstOid + i);
  return oids;
}

}  // namespace tsd::coord
