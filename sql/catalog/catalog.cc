// Catalog: lookups and the byte form (cluster log, checkpoints).
#include "sql/catalog/catalog.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/base/strings.h"
#include "sql/parse/print.h"

namespace tsd::sql {
namespace {

// 2: identity columns, CHECK constraints, sequences, compression settings. 3: compression policies. 4: indexes. Older ones are still read.
constexpr uint8_t kCatalogFormat = 4;

Status DamagedCatalog() { return Error(sqlstate::kDataCorrupted, "catalog is damaged"); }

void PutType(DataType type, ByteWriter& writer) {
  writer.PutU8(static_cast<uint8_t>(type.id));
  writer.PutBool(type.is_array);
  writer.PutZigzag(type.typmod);
}

DataType GetColumnType(ByteReader& reader) {
  const uint8_t id = reader.GetU8();
  const bool is_array = reader.GetBool();
  const int64_t typmod = reader.GetZigzag();
  if (id > static_cast<uint8_t>(TypeId::kInet) || typmod < -1 || typmod > INT32_MAX) {
    reader.Fail();
    return {};
  }
  return DataType(static_cast<TypeId>(id), is_array, static_cast<int32_t>(typmod));
}

void PutNodes(const std::vector<NodeId>& nodes, ByteWriter& writer) {
  writer.PutVarint(nodes.size());
  for (NodeId node : nodes) writer.PutU32(node.value());
}

std::vector<NodeId> GetNodes(ByteReader& reader) {
  std::vector<NodeId> nodes(reader.GetCount(4));
  for (NodeId& node : nodes) node = NodeId(reader.GetU32());
  return nodes;
}

void PutColumn(const Column& column, ByteWriter& writer) {
  writer.PutU16(column.id.value());
  writer.PutString(column.name);
  PutType(column.type, writer);
  writer.PutBool(column.not_null);
  writer.PutString(column.default_sql);
  column.missing_value.Encode(writer);
  writer.PutU8(static_cast<uint8_t>(column.identity));
}

Column GetColumn(ByteReader& reader, uint8_t format) {
  Column column;
  column.id = ColumnId(reader.GetU16());
  column.name = reader.GetString();
  column.type = GetColumnType(reader);
  column.not_null = reader.GetBool();
  column.default_sql = reader.GetString();
  column.missing_value = Value::Decode(reader);
  if (format < 2) return column;
  const uint8_t identity = reader.GetU8();
  if (identity > static_cast<uint8_t>(Identity::kByDefault)) reader.Fail();
  column.identity = static_cast<Identity>(identity);
  return column;
}

void PutCompression(const Compression& compression, ByteWriter& writer) {
  writer.PutVarint(compression.segment_by.size());
  for (ColumnId column : compression.segment_by) writer.PutU16(column.value());
  writer.PutVarint(compression.order_by.size());
  for (const Compression::OrderBy& order : compression.order_by) {
    writer.PutU16(order.column.value());
    writer.PutBool(order.descending);
    writer.PutBool(order.nulls_first);
  }
}

Compression GetCompression(ByteReader& reader) {
  Compression compression;
  for (uint64_t count = reader.GetCount(2); count > 0; --count) compression.segment_by.push_back(ColumnId(reader.GetU16()));
  for (uint64_t count = reader.GetCount(4); count > 0; --count) {
    Compression::OrderBy order;
    order.column = ColumnId(reader.GetU16());
    order.descending = reader.GetBool();
    order.nulls_first = reader.GetBool();
    compression.order_by.push_back(order);
  }
  return compression;
}

void PutCheck(const CheckConstraint& check, ByteWriter& writer) {
  writer.PutString(check.name);
  writer.PutString(check.sql);
  writer.PutVarint(check.columns.size());
  for (const auto& [name, id] : check.columns) {
    writer.PutString(name);
    writer.PutU16(id.value());
  }
}

CheckConstraint GetCheck(ByteReader& reader) {
  CheckConstraint check;
  check.name = reader.GetString();
  check.sql = reader.GetString();
  for (uint64_t count = reader.GetCount(3); count > 0; --count) {
    std::string name(reader.GetString());
    check.columns.emplace_back(std::move(name), ColumnId(reader.GetU16()));
  }
  return check;
}

void PutIndex(const Index& index, ByteWriter& writer) {
  writer.PutU32(index.oid);
  writer.PutString(index.name);
  writer.PutVarint(index.columns.size());
  for (const ColumnId column : index.columns) writer.PutU16(column.value());
  writer.PutBool(index.unique);
  writer.PutBool(index.primary);
  writer.PutBool(index.nulls_distinct);
  writer.PutU32(index.constraint_oid);
}

Index GetIndex(ByteReader& reader, const Relation& relation) {
  Index index;
  index.oid = reader.GetU32();
  index.name = reader.GetString();
  for (uint64_t count = reader.GetCount(2); count > 0; --count) {
    index.columns.push_back(ColumnId(reader.GetU16()));
    if (relation.Find(index.columns.back()) == nullptr) reader.Fail();
  }
  if (index.columns.empty()) reader.Fail();
  index.unique = reader.GetBool();
  index.primary = reader.GetBool();
  index.nulls_distinct = reader.GetBool();
  index.constraint_oid = reader.GetU32();
  return index;
}

void PutSequence(const Sequence& sequence, ByteWriter& writer) {
  PutType(sequence.type, writer);
  for (int64_t number : {sequence.start, sequence.increment, sequence.minimum, sequence.maximum, sequence.cache}) writer.PutI64(number);
  writer.PutBool(sequence.cycle);
  writer.PutU32(sequence.owner_table.value());
  writer.PutU16(sequence.owner_column.value());
}

Sequence GetSequence(ByteReader& reader) {
  Sequence sequence;
  sequence.type = GetColumnType(reader);
  for (int64_t* number : {&sequence.start, &sequence.increment, &sequence.minimum, &sequence.maximum, &sequence.cache}) *number = reader.GetI64();
  sequence.cycle = reader.GetBool();
  sequence.owner_table = TableId(reader.GetU32());
  sequence.owner_column = ColumnId(reader.GetU16());
  if (sequence.increment == 0 || sequence.minimum > sequence.maximum || sequence.cache < 1) reader.Fail();
  return sequence;
}

void PutChunk(const Chunk& chunk, ByteWriter& writer) {
  writer.PutU64(chunk.id.value());
  writer.PutZigzag(chunk.number);
  writer.PutU32(chunk.oid);
  writer.PutString(chunk.name);
  writer.PutI64(chunk.range_start);
  writer.PutI64(chunk.range_end);
  writer.PutZigzag(chunk.slot_start);
  writer.PutZigzag(chunk.slot_end);
  PutNodes(chunk.nodes, writer);
  writer.PutI64(chunk.created_at);
  writer.PutU8(static_cast<uint8_t>(chunk.compression));
}

ChunkPtr GetChunk(ByteReader& reader, uint8_t format) {
  auto chunk = std::make_shared<Chunk>();
  chunk->id = ChunkId(reader.GetU64());
  chunk->number = static_cast<int32_t>(reader.GetZigzag());
  chunk->oid = reader.GetU32();
  chunk->name = reader.GetString();
  chunk->range_start = reader.GetI64();
  chunk->range_end = reader.GetI64();
  chunk->slot_start = static_cast<int>(reader.GetZigzag());
  chunk->slot_end = static_cast<int>(reader.GetZigzag());
  chunk->nodes = GetNodes(reader);
  chunk->created_at = reader.GetI64();
  if (format < 3) return chunk;
  const uint8_t compression = reader.GetU8();
  if (compression > static_cast<uint8_t>(ChunkCompression::kKeptOpen)) reader.Fail();
  chunk->compression = static_cast<ChunkCompression>(compression);
  return chunk;
}

void PutPolicy(const CompressionPolicy& policy, ByteWriter& writer) {
  for (const Interval& interval : {policy.after, policy.schedule}) {
    writer.PutI64(interval.micros);
    writer.PutZigzag(interval.days);
    writer.PutZigzag(interval.months);
  }
  writer.PutBool(policy.by_creation);
}

CompressionPolicy GetPolicy(ByteReader& reader) {
  CompressionPolicy policy;
  for (Interval* interval : {&policy.after, &policy.schedule}) {
    interval->micros = reader.GetI64();
    interval->days = static_cast<int32_t>(reader.GetZigzag());
    interval->months = static_cast<int32_t>(reader.GetZigzag());
  }
  policy.by_creation = reader.GetBool();
  return policy;
}

void PutHypertable(const Hypertable& table, ByteWriter& writer) {
  writer.PutZigzag(table.id);
  writer.PutBool(table.distributed);
  writer.PutZigzag(table.replication_factor);
  writer.PutVarint(table.dimensions.size());
  for (const Dimension& dimension : table.dimensions) {
    writer.PutZigzag(dimension.id);
    writer.PutU8(static_cast<uint8_t>(dimension.kind));
    writer.PutU16(dimension.column.value());
    writer.PutI64(dimension.interval);
    writer.PutZigzag(dimension.number_partitions);
  }
  PutNodes(table.data_nodes, writer);
  PutNodes(table.blocked_nodes, writer);
  writer.PutString(table.chunk_schema);
  writer.PutString(table.chunk_prefix);
  writer.PutVarint(table.chunks->size());
  for (const ChunkPtr& chunk : *table.chunks) PutChunk(*chunk, writer);
  writer.PutBool(table.compression.has_value());
  if (table.compression.has_value()) PutCompression(*table.compression, writer);
  writer.PutBool(table.compression_policy.has_value());
  if (table.compression_policy.has_value()) PutPolicy(*table.compression_policy, writer);
}

Hypertable GetHypertable(ByteReader& reader, uint8_t format) {
  Hypertable table;
  table.id = static_cast<int32_t>(reader.GetZigzag());
  table.distributed = reader.GetBool();
  table.replication_factor = static_cast<int16_t>(reader.GetZigzag());
  const uint64_t dimensions = reader.GetCount(13);
  for (uint64_t i = 0; i < dimensions && reader.ok(); ++i) {
    Dimension dimension;
    dimension.id = static_cast<int32_t>(reader.GetZigzag());
    const uint8_t kind = reader.GetU8();
    if (kind > static_cast<uint8_t>(DimensionKind::kSpace)) reader.Fail();
    dimension.kind = static_cast<DimensionKind>(kind);
    dimension.column = ColumnId(reader.GetU16());
    dimension.interval = reader.GetI64();
    dimension.number_partitions = static_cast<int16_t>(reader.GetZigzag());
    table.dimensions.push_back(dimension);
  }
  if (table.dimensions.empty()) reader.Fail();  // the time dimension is always there
  table.data_nodes = GetNodes(reader);
  table.blocked_nodes = GetNodes(reader);
  table.chunk_schema = reader.GetString();
  table.chunk_prefix = reader.GetString();
  std::vector<ChunkPtr> chunks;
  const uint64_t count = reader.GetCount(40);
  chunks.reserve(count);
  for (uint64_t i = 0; i < count && reader.ok(); ++i) chunks.push_back(GetChunk(reader, format));
  table.chunks = std::make_shared<ChunkSet>(std::move(chunks));
  if (format >= 2 && reader.GetBool()) table.compression = GetCompression(reader);
  if (format >= 3 && reader.GetBool()) table.compression_policy = GetPolicy(reader);
  return table;
}

void PutRelation(const Relation& relation, ByteWriter& writer) {
  writer.PutU32(relation.id.value());
  writer.PutU8(static_cast<uint8_t>(relation.kind));
  writer.PutString(relation.schema);
  writer.PutString(relation.name);
  writer.PutString(relation.owner);
  writer.PutVarint(relation.columns.size());
  for (const Column& column : relation.columns) PutColumn(column, writer);
  writer.PutU16(relation.last_column_id);
  writer.PutBool(relation.hypertable.has_value());
  if (relation.hypertable.has_value()) PutHypertable(*relation.hypertable, writer);
  writer.PutU64(relation.heap.value());
  writer.PutString(relation.view_sql);
  writer.PutString(relation.comment);
  writer.PutVarint(relation.checks.size());
  for (const CheckConstraint& check : relation.checks) PutCheck(check, writer);
  writer.PutBool(relation.sequence.has_value());
  if (relation.sequence.has_value()) PutSequence(*relation.sequence, writer);
  writer.PutVarint(relation.indexes.size());
  for (const Index& index : relation.indexes) PutIndex(index, writer);
}

RelationPtr GetRelation(ByteReader& reader, uint8_t format) {
  auto relation = std::make_shared<Relation>();
  relation->id = TableId(reader.GetU32());
  const uint8_t kind = reader.GetU8();
  if (kind > static_cast<uint8_t>(RelationKind::kSequence)) reader.Fail();
  relation->kind = static_cast<RelationKind>(kind);
  relation->schema = reader.GetString();
  relation->name = reader.GetString();
  relation->owner = reader.GetString();
  const uint64_t columns = reader.GetCount(8);
  for (uint64_t i = 0; i < columns && reader.ok(); ++i) relation->columns.push_back(GetColumn(reader, format));
  relation->last_column_id = reader.GetU16();
  if (reader.GetBool()) relation->hypertable = GetHypertable(reader, format);
  relation->heap = ChunkId(reader.GetU64());
  relation->view_sql = reader.GetString();
  relation->comment = reader.GetString();
  if (format < 2) return relation;
  const uint64_t checks = reader.GetCount(3);
  for (uint64_t i = 0; i < checks && reader.ok(); ++i) relation->checks.push_back(GetCheck(reader));
  if (reader.GetBool()) relation->sequence = GetSequence(reader);
  if ((relation->kind == RelationKind::kSequence) != relation->sequence.has_value()) reader.Fail();
  if (format < 4) return relation;
  const uint64_t indexes = reader.GetCount(12);
  for (uint64_t i = 0; i < indexes && reader.ok(); ++i) relation->indexes.push_back(GetIndex(reader, *relation));
  return relation;
}

void PutDataNode(const DataNode& node, ByteWriter& writer) {
  writer.PutU32(node.id.value());
  writer.PutU32(node.oid);
  writer.PutString(node.name);
  writer.PutString(node.host);
  writer.PutU16(node.port);
  writer.PutString(node.database);
  writer.PutString(node.owner);
  writer.PutString(node.uuid);
  writer.PutBool(node.available);
  writer.PutBool(node.available_set);
}

DataNodePtr GetDataNode(ByteReader& reader) {
  auto node = std::make_shared<DataNode>();
  node->id = NodeId(reader.GetU32());
  node->oid = reader.GetU32();
  node->name = reader.GetString();
  node->host = reader.GetString();
  node->port = reader.GetU16();
  node->database = reader.GetString();
  node->owner = reader.GetString();
  node->uuid = reader.GetString();
  node->available = reader.GetBool();
  node->available_set = reader.GetBool();
  return node;
}

void PutRole(const Role& role, ByteWriter& writer) {
  writer.PutU32(role.oid);
  writer.PutString(role.name);
  writer.PutBool(role.superuser);
  writer.PutBool(role.can_login);
  writer.PutBool(role.create_role);
  writer.PutBool(role.create_db);
  writer.PutZigzag(role.connection_limit);
}

Role GetRole(ByteReader& reader) {
  Role role;
  role.oid = reader.GetU32();
  role.name = reader.GetString();
  role.superuser = reader.GetBool();
  role.can_login = reader.GetBool();
  role.create_role = reader.GetBool();
  role.create_db = reader.GetBool();
  role.connection_limit = static_cast<int32_t>(reader.GetZigzag());
  return role;
}

void PutOids(const std::map<std::string, uint32_t>& oids, ByteWriter& writer) {
  writer.PutVarint(oids.size());
  for (const auto& [name, oid] : oids) {
    writer.PutString(name);
    writer.PutU32(oid);
  }
}

std::map<std::string, uint32_t> GetOids(ByteReader& reader) {
  std::map<std::string, uint32_t> oids;
  const uint64_t count = reader.GetCount(5);
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    std::string name(reader.GetString());
    oids[std::move(name)] = reader.GetU32();
  }
  return oids;
}

}  // namespace

const Column* Relation::Find(std::string_view column_name) const {
  for (const Column& column : columns) {
    if (column.name == column_name) return &column;
  }
  return nullptr;
}

const Column* Relation::Find(ColumnId column_id) const {
  for (const Column& column : columns) {
    if (column.id == column_id) return &column;
  }
  return nullptr;
}

const Index* Relation::FindIndex(std::string_view index_name) const {
  for (const Index& index : indexes) {
    if (index.name == index_name) return &index;
  }
  return nullptr;
}

RelationPtr Catalog::FindIndexed(const std::string& schema, std::string_view index_name) const {
  for (auto entry = relations.lower_bound({schema, ""}); entry != relations.end() && entry->first.first == schema; ++entry) {
    if (entry->second->FindIndex(index_name) != nullptr) return entry->second;
  }
  return nullptr;
}

RelationPtr Catalog::Find(const std::string& schema, const std::string& name) const {
  const auto found = relations.find({schema, name});
  return found == relations.end() ? nullptr : found->second;
}

RelationPtr Catalog::Find(TableId id) const {
  const auto found = relations_by_id.find(id);
  return found == relations_by_id.end() ? nullptr : found->second;
}

DataNodePtr Catalog::FindNode(NodeId id) const {
  for (const auto& [name, node] : nodes) {
    if (node->id == id) return node;
  }
  return nullptr;
}

void Catalog::Put(RelationPtr relation) {
  Remove(relation->id);
  relations[{relation->schema, relation->name}] = relation;
  relations_by_id[relation->id] = std::move(relation);
}

void Catalog::Remove(TableId id) {
  const auto found = relations_by_id.find(id);
  if (found == relations_by_id.end()) return;
  relations.erase({found->second->schema, found->second->name});
  relations_by_id.erase(found);
}

void Catalog::Encode(ByteWriter& writer) const {
  writer.PutU8(kCatalogFormat);
  writer.PutU64(version);
  writer.PutU64(cluster_id);
  writer.PutU32(next_oid);
  writer.PutU64(next_chunk);
  writer.PutU32(next_node);
  writer.PutZigzag(next_hypertable);
  writer.PutZigzag(next_dimension);
  writer.PutZigzag(next_chunk_number);
  writer.PutVarint(relations_by_id.size());
  for (const auto& [id, relation] : relations_by_id) PutRelation(*relation, writer);
  PutOids(schemas, writer);
  writer.PutVarint(nodes.size());
  for (const auto& [name, node] : nodes) PutDataNode(*node, writer);
  writer.PutVarint(roles.size());
  for (const auto& [name, role] : roles) PutRole(role, writer);
  PutOids(databases, writer);
  writer.PutVarint(pending_drops.size());
  for (const auto& [node, chunk] : pending_drops) {
    writer.PutU32(node.value());
    writer.PutU64(chunk.value());
  }
}

StatusOr<Catalog> Catalog::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  Catalog catalog;
  const uint8_t format = reader.GetU8();
  if (reader.ok() && (format < 1 || format > kCatalogFormat)) {
    return Error(sqlstate::kDataCorrupted, StrCat("catalog has unknown format ", static_cast<int>(format)));
  }
  catalog.version = reader.GetU64();
  catalog.cluster_id = reader.GetU64();
  catalog.next_oid = reader.GetU32();
  catalog.next_chunk = reader.GetU64();
  catalog.next_node = reader.GetU32();
  catalog.next_hypertable = static_cast<int32_t>(reader.GetZigzag());
  catalog.next_dimension = static_cast<int32_t>(reader.GetZigzag());
  catalog.next_chunk_number = static_cast<int32_t>(reader.GetZigzag());
  const uint64_t relations = reader.GetCount(16);
  for (uint64_t i = 0; i < relations && reader.ok(); ++i) {
    RelationPtr relation = GetRelation(reader, format);
    if (reader.ok()) catalog.Put(std::move(relation));
  }
  catalog.schemas = GetOids(reader);
  const uint64_t nodes = reader.GetCount(16);
  for (uint64_t i = 0; i < nodes && reader.ok(); ++i) {
    DataNodePtr node = GetDataNode(reader);
    catalog.nodes[node->name] = node;
  }
  const uint64_t roles = reader.GetCount(8);
  for (uint64_t i = 0; i < roles && reader.ok(); ++i) {
    Role role = GetRole(reader);
    std::string name = role.name;
    catalog.roles[std::move(name)] = std::move(role);
  }
  catalog.databases = GetOids(reader);
  const uint64_t drops = reader.GetCount(12);
  for (uint64_t i = 0; i < drops && reader.ok(); ++i) {
    const NodeId node(reader.GetU32());
    catalog.pending_drops.emplace_back(node, ChunkId(reader.GetU64()));
  }
  std::sort(catalog.pending_drops.begin(), catalog.pending_drops.end());
  if (!reader.ok() || !reader.AtEnd()) return DamagedCatalog();
  return catalog;
}

TableSchemaPtr StorageSchema(const Relation& relation, uint64_t cluster_id) {
  auto schema = std::make_shared<TableSchema>();
  schema->id = relation.id;
  schema->origin = cluster_id;
  schema->name = relation.QualifiedName();
  for (const Column& column : relation.columns) {
    schema->columns.push_back(ColumnSchema{column.id, column.name, column.type, column.missing_value});
  }
  for (const Index& index : relation.indexes) {
    if (!index.unique) continue;
    std::string names;
    for (const ColumnId column : index.columns) StrAppend(&names, names.empty() ? "" : ", ", parse::QuoteIdentifier(relation.Find(column)->name));
    schema->unique_keys.push_back({index.name, std::move(names), index.columns, index.nulls_distinct});
    // A row is found by its key in one row group then.
    if (index.primary && !relation.hypertable) schema->segment_by = index.columns;
  }
  if (relation.hypertable.has_value()) {
    // What the user said of compression is the order of the rows. A direction makes no difference to how well they pack.
    const std::optional<Compression>& said = relation.hypertable->compression;
    if (said && !said->segment_by.empty()) {
      schema->segment_by = said->segment_by;
    } else {
      for (size_t i = 1; i < relation.hypertable->dimensions.size(); ++i) {
        schema->segment_by.push_back(relation.hypertable->dimensions[i].column);
      }
    }
    // Scans rely on time coming first within a segment, wherever the user put it.
    const ColumnId time = relation.hypertable->time().column;
    schema->order_by.push_back(time);
    if (said) {
      for (const Compression::OrderBy& order : said->order_by) {
        if (order.column != time) schema->order_by.push_back(order.column);
      }
    }
  }
  return schema;
}

}  // namespace tsd::sql
