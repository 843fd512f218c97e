#include "coord/node/known_schemas.h"

#include <gtest/gtest.h>

namespace tsd::coord {
namespace {

std::string SchemaBytes(std::string name, size_t columns) {
  auto schema = std::make_shared<TableSchema>();
  schema->id = TableId(7);
  schema->name = std::move(name);
  for (size_t i = 0; i < columns; ++i) {
    schema->columns.push_back({ColumnId(static_cast<uint16_t>(i + 1)), "c" + std::to_string(i), TypeId::kInt64, Value()});
  }
  return EncodedSchema::Of(std::move(schema))->bytes;
}

TEST(KnownSchemas, EqualBytesAreOneSchema) {
  KnownSchemas schemas;
  const StatusOr<EncodedSchemaPtr> first = schemas.Of(SchemaBytes("public.a", 2));
  const StatusOr<EncodedSchemaPtr> other = schemas.Of(SchemaBytes("public.a", 3));
  const StatusOr<EncodedSchemaPtr> again = schemas.Of(SchemaBytes("public.a", 2));
  ASSERT_TRUE(first.ok() && other.ok() && again.ok());
  EXPECT_EQ((*first)->schema, (*again)->schema);
  EXPECT_EQ((*first)->bytes, SchemaBytes("public.a", 2));
  EXPECT_EQ((*first)->schema->columns.size(), 2u);
  EXPECT_EQ((*other)->schema->columns.size(), 3u);
}

TEST(KnownSchemas, BytesThatAreNotExactlyOneSchemaAreRefused) {
  KnownSchemas schemas;
  const std::string bytes = SchemaBytes("public.a", 2);
  EXPECT_FALSE(schemas.Of("").ok());
  EXPECT_FALSE(schemas.Of(bytes.substr(0, bytes.size() - 1)).ok());
  EXPECT_FALSE(schemas.Of(bytes + '\0').ok());
  EXPECT_TRUE(schemas.Of(bytes).ok());
}

TEST(KnownSchemas, MoreThanAreKeptAreStillDecoded) {
  KnownSchemas schemas;
  const std::string padding(1 << 20, 'x');
  for (int i = 0; i < 20; ++i) {
    const StatusOr<EncodedSchemaPtr> decoded = schemas.Of(SchemaBytes(padding + std::to_string(i), 1));
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ((*decoded)->schema->name, padding + std::to_string(i));
  }
}

}  // namespace
}  // namespace tsd::coord
