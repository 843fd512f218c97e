#include "engine/types/schema.h"

#include <algorithm>

namespace tsd {
namespace {

void PutColumnIds(const std::vector<ColumnId>& ids, ByteWriter& writer) {
  writer.PutVarint(ids.size());
  for (const ColumnId id : ids) writer.PutVarint(id.value());
}

std::vector<ColumnId> GetColumnIds(ByteReader& reader) {
  std::vector<ColumnId> ids;
  const uint64_t count = reader.GetCount(1);
  for (uint64_t i = 0; i < count && reader.ok(); ++i) ids.push_back(ColumnId(static_cast<uint16_t>(reader.GetVarint())));
  return ids;
}

}  // namespace

void TableSchema::Encode(ByteWriter& writer) const {
  writer.PutVarint(id.value());
  writer.PutU64(origin);
  writer.PutString(name);
  writer.PutVarint(columns.size());
  for (const ColumnSchema& column : columns) {
    writer.PutVarint(column.id.value());
    writer.PutString(column.name);
    Value type_carrier = Value::Null(column.type);
    type_carrier.Encode(writer);
    column.missing_value.Encode(writer);
  }
  PutColumnIds(segment_by, writer);
  PutColumnIds(order_by, writer);
  writer.PutVarint(unique_keys.size());
  for (const UniqueKey& key : unique_keys) {
    writer.PutString(key.name);
    writer.PutString(key.column_names);
    PutColumnIds(key.columns, writer);
    writer.PutU8(key.nulls_distinct ? 1 : 0);
  }
}

StatusOr<TableSchemaPtr> TableSchema::Decode(ByteReader& reader) {
  auto schema = std::make_shared<TableSchema>();
  schema->id = TableId(static_cast<uint32_t>(reader.GetVarint()));
  schema->origin = reader.GetU64();
  schema->name = std::string(reader.GetString());
  const uint64_t column_count = reader.GetCount(4);
  for (uint64_t i = 0; i < column_count && reader.ok(); ++i) {
    ColumnSchema column;
    column.id = ColumnId(static_cast<uint16_t>(reader.GetVarint()));
    column.name = std::string(reader.GetString());
    column.type = Value::Decode(reader).type();
    column.missing_value = Value::Decode(reader);
    schema->columns.push_back(std::move(column));
  }
  schema->segment_by = GetColumnIds(reader);
  schema->order_by = GetColumnIds(reader);
  const uint64_t key_count = reader.GetCount(4);
  for (uint64_t i = 0; i < key_count && reader.ok(); ++i) {
    UniqueKey key;
    key.name = std::string(reader.GetString());
    key.column_names = std::string(reader.GetString());
    key.columns = GetColumnIds(reader);
    key.nulls_distinct = reader.GetU8() != 0;
    const bool known = !key.columns.empty() && std::all_of(key.columns.begin(), key.columns.end(),
                                                          [&](ColumnId column) { return schema->Find(column) != nullptr; });
    if (!known) return Error(sqlstate::kDataCorrupted, "malformed table schema");
    schema->unique_keys.push_back(std::move(key));
  }
  if (!reader.ok()) return Error(sqlstate::kDataCorrupted, "malformed table schema");
  return TableSchemaPtr(std::move(schema));
}

}  // namespace tsd
