#include "coord/write/storage_schemas.h"

#include <gtest/gtest.h>

namespace tsd::coord {
namespace {

sql::Relation Table(uint32_t id) {
  sql::Relation relation;
  relation.id = TableId(id);
  relation.schema = "public";
  relation.name = "t";
  sql::Column column;
  column.id = ColumnId(1);
  column.name = "v";
  column.type = TypeId::kInt64;
  relation.columns.push_back(column);
  return relation;
}

sql::RelationPtr Shared(sql::Relation relation) { return std::make_shared<const sql::Relation>(std::move(relation)); }

TEST(StorageSchemas, VersionsOfARelationWithTheSameColumnsShareOne) {
  StorageSchemas schemas;
  const sql::RelationPtr table = Shared(Table(1));
  const EncodedSchemaPtr first = schemas.Of(table, 9);
  EXPECT_EQ(schemas.Of(table, 9), first);
  sql::Relation commented = *table;
  commented.comment = "something else";
  EXPECT_EQ(schemas.Of(Shared(commented), 9), first);
  EXPECT_EQ(first->schema->origin, 9u);
}

TEST(StorageSchemas, AnotherColumnTableOrClusterIsAnotherSchema) {
  StorageSchemas schemas;
  const sql::RelationPtr table = Shared(Table(1));
  const EncodedSchemaPtr first = schemas.Of(table, 9);
  sql::Relation wider = *table;
  wider.columns.push_back(wider.columns[0]);
  wider.columns[1].id = ColumnId(2);
  EXPECT_EQ(schemas.Of(Shared(wider), 9)->schema->columns.size(), 2u);
  EXPECT_EQ(schemas.Of(table, 9)->schema->columns.size(), 1u);  // an older version, as a transaction may still see it
  EXPECT_EQ(schemas.Of(Shared(Table(2)), 9)->schema->id, TableId(2));
  EXPECT_EQ(schemas.Of(table, 10)->schema->origin, 10u);
}

}  // namespace
}  // namespace tsd::coord
