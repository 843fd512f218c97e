#include "engine/types/schema.h"

namespace tsd {

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
  for (const std::vector<ColumnId>* keys : {&segment_by, &order_by}) {
    writer.PutVarint(keys->size());
    for (ColumnId key : *keys) writer.PutVarint(key.value());
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
  for (std::vector<ColumnId>* keys : {&schema->segment_by, &schema->order_by}) {
    const uint64_t key_count = reader.GetCount(1);
    for (uint64_t i = 0; i < key_count && reader.ok(); ++i) keys->push_back(ColumnId(static_cast<uint16_t>(reader.GetVarint())));
  }
  if (!reader.ok()) return Error(sqlstate::kDataCorrupted, "malformed table schema");
  return TableSchemaPtr(std::move(schema));
}

}  // namespace tsd
