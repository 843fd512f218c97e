#include "coord/cluster/catalog_change.h"

#include <algorithm>
#include <iterator>
#include <map>

namespace tsd::coord {
namespace {

using sql::Catalog;
using sql::Chunk;

// A part of a catalog is encoded as a catalog that holds only that part, so that there is one codec for catalog entries.
std::string EncodePart(const Catalog& part) {
  ByteWriter writer;
  part.Encode(writer);
  return std::move(writer).Take();
}

void EncodeChunk(const Chunk& chunk, ByteWriter& writer) {
  writer.PutU64(chunk.id.value());
  writer.PutVarint(static_cast<uint64_t>(chunk.number));
  writer.PutVarint(chunk.oid);
  writer.PutString(chunk.name);
  writer.PutI64(chunk.range_start);
  writer.PutI64(chunk.range_end);
  writer.PutVarint(static_cast<uint64_t>(chunk.slot_start));
  writer.PutVarint(static_cast<uint64_t>(chunk.slot_end));
  writer.PutVarint(chunk.nodes.size());
  for (NodeId node : chunk.nodes) writer.PutVarint(node.value());
  writer.PutI64(chunk.created_at);
}

Chunk DecodeChunk(ByteReader& reader) {
  Chunk chunk;
  chunk.id = ChunkId(reader.GetU64());
  chunk.number = static_cast<int32_t>(reader.GetVarint());
  chunk.oid = static_cast<uint32_t>(reader.GetVarint());
  chunk.name = std::string(reader.GetString());
  chunk.range_start = reader.GetI64();
  chunk.range_end = reader.GetI64();
  chunk.slot_start = static_cast<int>(reader.GetVarint());
  chunk.slot_end = static_cast<int>(reader.GetVarint());
  const uint64_t nodes = reader.GetCount(1);
  for (uint64_t i = 0; i < nodes; ++i) chunk.nodes.push_back(NodeId(static_cast<uint32_t>(reader.GetVarint())));
  chunk.created_at = reader.GetI64();
  return chunk;
}

// Ids seen in the log push the allocators: an id is never handed out twice, whatever transaction it came from.
void NoteOid(Catalog& catalog, uint32_t oid) { catalog.next_oid = std::max(catalog.next_oid, oid + 1); }

void NoteHypertable(Catalog& catalog, const sql::Hypertable& hypertable) {
  catalog.next_hypertable = std::max(catalog.next_hypertable, hypertable.id + 1);
  for (const sql::Dimension& dimension : hypertable.dimensions) {
    catalog.next_dimension = std::max(catalog.next_dimension, dimension.id + 1);
  }
}

template <typename Edit>
void EditChunks(Catalog& catalog, TableId table, const Edit& edit) {
  const sql::RelationPtr relation = catalog.Find(table);
  if (!relation || !relation->hypertable) return;  // dropped meanwhile
  auto chunks = std::make_shared<sql::ChunkSet>(*relation->hypertable->chunks);
  edit(*chunks);
  auto next = std::make_shared<sql::Relation>(*relation);
  next->hypertable->chunks = std::move(chunks);
  catalog.Put(std::move(next));
}

Status Malformed() { return Error(sqlstate::kDataCorrupted, "malformed edit in the catalog log"); }

void ApplyRelation(Catalog& catalog, const sql::Relation& changed) {
  auto next = std::make_shared<sql::Relation>(changed);
  sql::RelationPtr before = catalog.Find(changed.id);
  if (before && before->hypertable && next->hypertable && before->hypertable->id == next->hypertable->id) {
    next->hypertable->chunks = before->hypertable->chunks;
  }
  if (before && (before->schema != next->schema || before->name != next->name)) catalog.Remove(before->id);
  NoteOid(catalog, next->id.value());
  for (const sql::Index& index : next->indexes) NoteOid(catalog, std::max(index.oid, index.constraint_oid));
  catalog.next_chunk = std::max(catalog.next_chunk, next->heap.value() + 1);
  if (next->hypertable) NoteHypertable(catalog, *next->hypertable);
  catalog.Put(std::move(next));
}

void ApplyChunks(Catalog& catalog, TableId table, std::vector<sql::ChunkPtr> added) {
  for (const sql::ChunkPtr& chunk : added) {
    catalog.next_chunk = std::max(catalog.next_chunk, chunk->id.value() + 1);
    catalog.next_chunk_number = std::max(catalog.next_chunk_number, chunk->number + 1);
    NoteOid(catalog, chunk->oid);
  }
  EditChunks(catalog, table, [&](sql::ChunkSet& chunks) { chunks.Put(std::move(added)); });
}

void ApplyCompression(Catalog& catalog, TableId table, const std::vector<std::pair<ChunkId, sql::ChunkCompression>>& said) {
  EditChunks(catalog, table, [&](sql::ChunkSet& chunks) {
    std::map<ChunkId, sql::ChunkPtr> changed;
    for (const auto& [id, compression] : said) {
      const sql::ChunkPtr found = chunks.Find(id);
      if (!found) continue;  // dropped meanwhile
      auto next = std::make_shared<Chunk>(*found);
      next->compression = compression;
      changed[id] = std::move(next);
    }
    std::vector<sql::ChunkPtr> put;
    for (auto& [id, chunk] : changed) put.push_back(std::move(chunk));
    chunks.Put(std::move(put));
  });
}

}  // namespace

void CatalogChange::Add(Kind kind, ByteWriter writer) { edits_.push_back({kind, std::move(writer).Take()}); }

void CatalogChange::PutRelation(const sql::Relation& relation) {
  sql::Relation bare = relation;
  if (bare.hypertable) bare.hypertable->chunks = std::make_shared<sql::ChunkSet>();
  Catalog part;
  part.Put(std::make_shared<const sql::Relation>(std::move(bare)));
  edits_.push_back({Kind::kPutRelation, EncodePart(part)});
}

void CatalogChange::RemoveRelation(TableId id) {
  ByteWriter writer;
  writer.PutVarint(id.value());
  Add(Kind::kRemoveRelation, std::move(writer));
}

void CatalogChange::AddChunk(TableId table, const Chunk& chunk) {
  ByteWriter writer;
  writer.PutVarint(table.value());
  EncodeChunk(chunk, writer);
  Add(Kind::kAddChunk, std::move(writer));
}

void CatalogChange::RemoveChunks(TableId table, const std::vector<ChunkId>& chunks) {
  ByteWriter writer;
  writer.PutVarint(table.value());
  writer.PutVarint(chunks.size());
  for (ChunkId chunk : chunks) writer.PutU64(chunk.value());
  Add(Kind::kRemoveChunks, std::move(writer));
}

void CatalogChange::SetCompression(TableId table, ChunkId chunk, sql::ChunkCompression compression) {
  ByteWriter writer;
  writer.PutVarint(table.value());
  writer.PutU64(chunk.value());
  writer.PutU8(static_cast<uint8_t>(compression));
  Add(Kind::kSetCompression, std::move(writer));
}

void CatalogChange::PutNode(const sql::DataNode& node) {
  Catalog part;
  part.nodes[node.name] = std::make_shared<const sql::DataNode>(node);
  edits_.push_back({Kind::kPutNode, EncodePart(part)});
}

void CatalogChange::PutRole(const sql::Role& role) {
  Catalog part;
  part.roles[role.name] = role;
  edits_.push_back({Kind::kPutRole, EncodePart(part)});
}

void CatalogChange::RemoveNode(const std::string& name) {
  ByteWriter writer;
  writer.PutString(name);
  Add(Kind::kRemoveNode, std::move(writer));
}

void CatalogChange::RemoveRole(const std::string& name) {
  ByteWriter writer;
  writer.PutString(name);
  Add(Kind::kRemoveRole, std::move(writer));
}

void CatalogChange::PutSchema(const std::string& name, uint32_t oid) {
  ByteWriter writer;
  writer.PutString(name);
  writer.PutVarint(oid);
  Add(Kind::kPutSchema, std::move(writer));
}

void CatalogChange::RemoveSchema(const std::string& name) {
  ByteWriter writer;
  writer.PutString(name);
  Add(Kind::kRemoveSchema, std::move(writer));
}

void CatalogChange::PutDatabase(const std::string& name, uint32_t oid) {
  ByteWriter writer;
  writer.PutString(name);
  writer.PutVarint(oid);
  Add(Kind::kPutDatabase, std::move(writer));
}

void CatalogChange::RemoveDatabase(const std::string& name) {
  ByteWriter writer;
  writer.PutString(name);
  Add(Kind::kRemoveDatabase, std::move(writer));
}

void CatalogChange::AddPendingDrop(NodeId node, ChunkId chunk) {
  ByteWriter writer;
  writer.PutVarint(node.value());
  writer.PutU64(chunk.value());
  Add(Kind::kAddPendingDrop, std::move(writer));
}

void CatalogChange::DropStorage(const sql::Relation& relation) {
  if (relation.kind != sql::RelationKind::kTable) return;
  if (!relation.hypertable) {
    if (relation.heap.IsValid()) AddPendingDrop(NodeId(), relation.heap);
    return;
  }
  for (const sql::ChunkPtr& chunk : *relation.hypertable->chunks) {
    for (NodeId node : chunk->nodes) AddPendingDrop(node, chunk->id);
  }
}

void CatalogChange::DropSchema(const sql::Catalog& catalog, const std::string& name) {
  for (auto entry = catalog.relations.lower_bound({name, ""}); entry != catalog.relations.end() && entry->first.first == name; ++entry) {
    DropStorage(*entry->second);
    RemoveRelation(entry->second->id);
  }
  RemoveSchema(name);
}

void CatalogChange::RemovePendingDrop(NodeId node, ChunkId chunk) {
  ByteWriter writer;
  writer.PutVarint(node.value());
  writer.PutU64(chunk.value());
  Add(Kind::kRemovePendingDrop, std::move(writer));
}

void CatalogChange::SetClusterId(uint64_t cluster_id) {
  ByteWriter writer;
  writer.PutU64(cluster_id);
  Add(Kind::kSetClusterId, std::move(writer));
}

void CatalogChange::Append(const CatalogChange& later) {
  edits_.insert(edits_.end(), later.edits_.begin(), later.edits_.end());
}

Status CatalogChange::Apply(const Edit& edit, Catalog& catalog) {
  ByteReader reader(edit.bytes);
  switch (edit.kind) {
    case Kind::kPutRelation:
    case Kind::kPutNode:
    case Kind::kPutRole: {
      ASSIGN_OR_RETURN(Catalog part, Catalog::Decode(edit.bytes));
      for (const auto& [name, relation] : part.relations) ApplyRelation(catalog, *relation);
      for (const auto& [name, role] : part.roles) {
        NoteOid(catalog, role.oid);
        catalog.roles[name] = role;
      }
      for (const auto& [name, node] : part.nodes) {
        NoteOid(catalog, node->oid);
        catalog.next_node = std::max(catalog.next_node, node->id.value() + 1);
        // A renamed node keeps its id.
        std::erase_if(catalog.nodes, [&](const auto& entry) { return entry.second->id == node->id; });
        catalog.nodes[name] = node;
      }
      return OkStatus();
    }
    case Kind::kRemoveRelation: catalog.Remove(TableId(static_cast<uint32_t>(reader.GetVarint()))); break;
    case Kind::kRemoveChunks: {
      const TableId table(static_cast<uint32_t>(reader.GetVarint()));
      std::vector<ChunkId> removed;
      for (uint64_t count = reader.GetCount(8); count > 0; --count) removed.push_back(ChunkId(reader.GetU64()));
      if (reader.ok()) EditChunks(catalog, table, [&](sql::ChunkSet& chunks) { chunks.Erase(removed); });
      break;
    }
    case Kind::kRemoveNode: catalog.nodes.erase(std::string(reader.GetString())); break;
    case Kind::kRemoveRole: catalog.roles.erase(std::string(reader.GetString())); break;
    case Kind::kPutSchema:
    case Kind::kPutDatabase: {
      const std::string name(reader.GetString());
      const uint32_t oid = static_cast<uint32_t>(reader.GetVarint());
      NoteOid(catalog, oid);
      (edit.kind == Kind::kPutSchema ? catalog.schemas : catalog.databases)[name] = oid;
      break;
    }
    case Kind::kRemoveSchema: catalog.schemas.erase(std::string(reader.GetString())); break;
    case Kind::kRemoveDatabase: catalog.databases.erase(std::string(reader.GetString())); break;
    case Kind::kAddChunk:
    case Kind::kSetCompression:
    case Kind::kAddPendingDrop:
    case Kind::kRemovePendingDrop: break;  // in runs: see below
    case Kind::kSetClusterId:
      catalog.cluster_id = reader.GetU64();
      // A data node's store holds chunks of its access node's beside its own tables' heaps: each cluster numbers them in a range of its own.
      catalog.next_chunk = std::max(catalog.next_chunk, (catalog.cluster_id >> 33 << 32) + 1);
      break;
  }
  return reader.ok() ? OkStatus() : Malformed();
}

StatusOr<size_t> CatalogChange::ApplyChunkRun(size_t first, Catalog& catalog) const {
  const Kind kind = edits_[first].kind;
  TableId table;
  std::vector<sql::ChunkPtr> added;
  std::vector<std::pair<ChunkId, sql::ChunkCompression>> compression;
  size_t next = first;
  for (; next < edits_.size() && edits_[next].kind == kind; ++next) {
    ByteReader reader(edits_[next].bytes);
    const TableId of(static_cast<uint32_t>(reader.GetVarint()));
    if (next > first && of != table) break;
    table = of;
    if (kind == Kind::kAddChunk) {
      added.push_back(std::make_shared<const Chunk>(DecodeChunk(reader)));
    } else {
      const ChunkId chunk(reader.GetU64());
      const uint8_t said = reader.GetU8();
      if (said > static_cast<uint8_t>(sql::ChunkCompression::kKeptOpen)) reader.Fail();
      compression.emplace_back(chunk, static_cast<sql::ChunkCompression>(said));
    }
    if (!reader.ok()) return Malformed();
  }
  if (kind == Kind::kAddChunk) {
    ApplyChunks(catalog, table, std::move(added));
  } else {
    ApplyCompression(catalog, table, compression);
  }
  return next;
}

StatusOr<size_t> CatalogChange::ApplyDropRun(size_t first, Catalog& catalog) const {
  const Kind kind = edits_[first].kind;
  std::vector<std::pair<NodeId, ChunkId>> drops;
  size_t next = first;
  for (; next < edits_.size() && edits_[next].kind == kind; ++next) {
    ByteReader reader(edits_[next].bytes);
    const NodeId node(static_cast<uint32_t>(reader.GetVarint()));
    drops.emplace_back(node, ChunkId(reader.GetU64()));
    if (!reader.ok()) return Malformed();
  }
  std::sort(drops.begin(), drops.end());
  drops.erase(std::unique(drops.begin(), drops.end()), drops.end());
  const auto& before = catalog.pending_drops;
  std::vector<std::pair<NodeId, ChunkId>> after;
  if (kind == Kind::kAddPendingDrop) {
    std::set_union(before.begin(), before.end(), drops.begin(), drops.end(), std::back_inserter(after));
  } else {
    std::set_difference(before.begin(), before.end(), drops.begin(), drops.end(), std::back_inserter(after));
  }
  catalog.pending_drops = std::move(after);
  return next;
}

Status CatalogChange::ApplyTo(Catalog& catalog) const {
  for (size_t i = 0; i < edits_.size();) {
    switch (edits_[i].kind) {
      case Kind::kAddChunk:
      case Kind::kSetCompression: {
        ASSIGN_OR_RETURN(i, ApplyChunkRun(i, catalog));
        break;
      }
      case Kind::kAddPendingDrop:
      case Kind::kRemovePendingDrop: {
        ASSIGN_OR_RETURN(i, ApplyDropRun(i, catalog));
        break;
      }
      default: RETURN_IF_ERROR(Apply(edits_[i++], catalog));
    }
  }
  return OkStatus();
}

void CatalogChange::Encode(ByteWriter& writer) const {
  writer.PutVarint(edits_.size());
  for (const Edit& edit : edits_) {
    writer.PutU8(static_cast<uint8_t>(edit.kind));
    writer.PutString(edit.bytes);
  }
}

StatusOr<CatalogChange> CatalogChange::Decode(ByteReader& reader) {
  CatalogChange change;
  for (uint64_t count = reader.GetCount(2); count > 0; --count) {
    const uint8_t kind = reader.GetU8();
    std::string bytes(reader.GetString());
    if (kind < static_cast<uint8_t>(Kind::kPutRelation) || kind > static_cast<uint8_t>(Kind::kSetCompression)) reader.Fail();
    if (reader.ok()) change.edits_.push_back({static_cast<Kind>(kind), std::move(bytes)});
  }
  if (!reader.ok()) return Error(sqlstate::kDataCorrupted, "malformed change in the catalog log");
  return change;
}

}  // namespace tsd::coord
