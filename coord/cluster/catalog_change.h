#pragma once
// CatalogChange: a delta between two catalog versions, the unit that is logged. Edits are small and independent of what else changed
// meanwhile, so that a long DDL transaction and a chunk creation do not undo each other. Ids come from ClusterCatalog's allocators, never
// from a copy of the catalog. Pure data; any thread.
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/status.h"
#include "sql/catalog/catalog.h"

namespace tsd::coord {

class CatalogChange {
 public:
  /// Adds or replaces; the chunks of a hypertable that exists already are kept as they are.
  void PutRelation(const sql::Relation& relation);
  void RemoveRelation(TableId id);
  void AddChunk(TableId table, const sql::Chunk& chunk);
  void RemoveChunks(TableId table, const std::vector<ChunkId>& chunks);
  void SetCompression(TableId table, ChunkId chunk, sql::ChunkCompression compression);
  void PutNode(const sql::DataNode& node);
  void RemoveNode(const std::string& name);
  void PutRole(const sql::Role& role);
  void RemoveRole(const std::string& name);
  void PutSchema(const std::string& name, uint32_t oid);
  void RemoveSchema(const std::string& name);
  /// The schema with all in it, and their storage.
  void DropSchema(const sql::Catalog& catalog, const std::string& name);
  void PutDatabase(const std::string& name, uint32_t oid);
  void RemoveDatabase(const std::string& name);
  void AddPendingDrop(NodeId node, ChunkId chunk);
  /// Pending drops of all of the relation's chunks.
  void DropStorage(const sql::Relation& relation);
  void RemovePendingDrop(NodeId node, ChunkId chunk);
  void SetClusterId(uint64_t cluster_id);

  bool empty() const { return edits_.empty(); }
  size_t size() const { return edits_.size(); }
  /// Forgets the edits from the `size`th on.
  void Truncate(size_t size) { edits_.resize(size); }
  void Append(const CatalogChange& later);
  void Clear() { edits_.clear(); }

  /// Applies the edits in order. XX001 on malformed edits (a damaged log).
  Status ApplyTo(sql::Catalog& catalog) const;

  void Encode(ByteWriter& writer) const;
  static StatusOr<CatalogChange> Decode(ByteReader& reader);

 private:
  enum class Kind : uint8_t {
    kPutRelation = 1, kRemoveRelation, kAddChunk, kRemoveChunks, kPutNode, kRemoveNode, kPutRole, kRemoveRole,
    kPutSchema, kRemoveSchema, kPutDatabase, kRemoveDatabase, kAddPendingDrop, kRemovePendingDrop, kSetClusterId, kSetCompression,
  };
  struct Edit {
    Kind kind;
    std::string bytes;
  };
  void Add(Kind kind, ByteWriter writer);
  static Status Apply(const Edit& edit, sql::Catalog& catalog);
  // Many edits of one kind in a row are applied at once, as there may be a hundred thousand of them. The index after the run.
  StatusOr<size_t> ApplyChunkRun(size_t first, sql::Catalog& catalog) const;
  StatusOr<size_t> ApplyDropRun(size_t first, sql::Catalog& catalog) const;

  std::vector<Edit> edits_;
};

}  // namespace tsd::coord
