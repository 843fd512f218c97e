// Expected OIDs and names are PostgreSQL 15's pg_type and format_type().
#include "engine/types/data_type.h"

#include <gtest/gtest.h>

namespace tsd {
namespace {

TEST(DataType, OidsAreThoseOfPostgres) {
  EXPECT_EQ(TypeOid(TypeId::kBool), 16u);
  EXPECT_EQ(TypeOid(TypeId::kInt64), 20u);
  EXPECT_EQ(TypeOid(TypeId::kTimestampTz), 1184u);
  EXPECT_EQ(TypeOid(TypeId::kNumeric), 1700u);
  EXPECT_EQ(TypeOid(DataType::ArrayOf(TypeId::kInt32)), 1007u);
  EXPECT_EQ(TypeOid(DataType::ArrayOf(TypeId::kJson)), 199u);
  EXPECT_EQ(TypeOid(TypeId::kRegrole), 4096u);
  EXPECT_EQ(TypeOid(TypeId::kPgLsn), 3220u);
  EXPECT_EQ(TypeOid(TypeId::kUnknown), 705u);
}

TEST(DataType, OidsRoundTrip) {
  for (int id = 0; id <= static_cast<int>(TypeId::kInet); ++id) {
    for (bool is_array : {false, true}) {
      const DataType type(static_cast<TypeId>(id), is_array, -1);
      const uint32_t oid = TypeOid(type);
      if (oid == 0) continue;  // no array of that type
      bool known = false;
      EXPECT_EQ(TypeFromOid(oid, &known), type);
      EXPECT_TRUE(known);
    }
  }
  bool known = true;
  EXPECT_EQ(TypeFromOid(0, &known), DataType(TypeId::kUnknown));
  EXPECT_FALSE(known);
  TypeFromOid(999'999, &known);
  EXPECT_FALSE(known);
}

TEST(DataType, Names) {
  EXPECT_EQ(TypeName(DataType(TypeId::kVarchar, false, 14)), "character varying(10)");
  EXPECT_EQ(TypeName(DataType(TypeId::kVarchar, true, 14)), "character varying(10)[]");
  EXPECT_EQ(TypeName(DataType(TypeId::kNumeric, false, ((10 << 16) | 2) + 4)), "numeric(10,2)");
  EXPECT_EQ(TypeName(DataType(TypeId::kNumeric, false, ((10 << 16) | (-2 & 2047)) + 4)), "numeric(10,-2)");
  EXPECT_EQ(TypeName(DataType(TypeId::kTimestampTz, false, 3)), "timestamp(3) with time zone");
  EXPECT_EQ(TypeName(DataType(TypeId::kTime, false, 3)), "time(3) without time zone");
  EXPECT_EQ(TypeName(DataType(TypeId::kInterval, false, (32767 << 16) | 3)), "interval(3)");
  EXPECT_EQ(TypeName(TypeId::kTimestampTz), "timestamp with time zone");
  EXPECT_EQ(TypeName(TypeId::kChar), "\"char\"");
  EXPECT_EQ(TypeName(DataType::ArrayOf(TypeId::kInt32)), "integer[]");
  EXPECT_EQ(TypeInternalName(DataType::ArrayOf(TypeId::kInt32)), "_int4");
}

TEST(DataType, FromName) {
  DataType type;
  for (const auto& [name, id] : {std::pair{"int", TypeId::kInt32}, {"integer", TypeId::kInt32}, {"int8", TypeId::kInt64}, {"bigint", TypeId::kInt64},
                                 {"double precision", TypeId::kFloat64}, {"float", TypeId::kFloat64}, {"real", TypeId::kFloat32},
                                 {"timestamptz", TypeId::kTimestampTz}, {"timestamp with time zone", TypeId::kTimestampTz},
                                 {"timestamp", TypeId::kTimestamp}, {"decimal", TypeId::kNumeric}, {"character varying", TypeId::kVarchar},
                                 {"char", TypeId::kBpchar}, {"boolean", TypeId::kBool}}) {
    ASSERT_TRUE(TypeFromName(name, &type)) << name;
    EXPECT_EQ(type, DataType(id)) << name;
  }
  EXPECT_TRUE(TypeFromName("_text", &type));
  EXPECT_EQ(type, DataType::ArrayOf(TypeId::kText));
  EXPECT_FALSE(TypeFromName("string", &type));
  EXPECT_FALSE(TypeFromName("", &type));
  EXPECT_FALSE(TypeFromName("_", &type));
}

TEST(DataType, ForeignIdsHaveALayout) {
  const DataType foreign(static_cast<TypeId>(200));
  EXPECT_EQ(foreign.Physical(), PhysicalType::kBytes);
  EXPECT_EQ(foreign.Width(), 0u);
  EXPECT_EQ(TypeOid(foreign), 705u);
}

}  // namespace
}  // namespace tsd
