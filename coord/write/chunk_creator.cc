#include "coord/write/chunk_creator.h"

#include "engine/base/fault.h"
#include "engine/base/strings.h"
#include "engine/types/datetime.h"

namespace tsd::coord {
namespace {

bool Overlaps(const sql::Chunk& chunk, const ChunkKey& key) {
  return chunk.range_start < key.range_end && key.range_start < chunk.range_end && chunk.slot_start < key.slot_end &&
         key.slot_start < chunk.slot_end;
}

bool HasOverlap(const sql::Relation& relation, const ChunkKey& key) {
  for (const sql::ChunkPtr& chunk : relation.hypertable->chunks->chunks) {
    if (Overlaps(*chunk, key)) return true;
  }
  return false;
}

Status NoTable() { return Error(sqlstate::kUndefinedTable, "the table was dropped while it was written to"); }

}  // namespace

StatusOr<sql::Chunk> ChunkCreator::MakeChunk(const sql::Catalog& catalog, const sql::Relation& relation, const ChunkKey& key) {
  sql::Chunk chunk;
  ASSIGN_OR_RETURN(chunk.nodes, PlaceChunk(catalog, relation, key));
  chunk.id = log_.AllocateChunk();
  chunk.number = log_.AllocateChunkNumber();
  chunk.oid = log_.AllocateOid();
  chunk.name = StrCat(relation.hypertable->chunk_prefix, "_", chunk.number, "_chunk");
  chunk.range_start = key.range_start;
  chunk.range_end = key.range_end;
  chunk.slot_start = key.slot_start;
  chunk.slot_end = key.slot_end;
  chunk.created_at = TimestampFromAbsl(clock_.Now());
  return chunk;
}

Task<Status> ChunkCreator::Ensure(std::shared_ptr<Transaction> transaction, TableId table, ChunkKey key) {
  sql::RelationPtr published = log_.Current()->Find(table);
  if (!published || !published->hypertable) {
    // The hypertable was created by this very transaction: so are its chunks.
    if (!transaction->catalog()) co_return NoTable();
    sql::RelationPtr own = transaction->catalog()->Find(table);
    if (!own || !own->hypertable) co_return NoTable();
    if (HasOverlap(*own, key)) co_return OkStatus();
    CO_ASSIGN_OR_RETURN(const sql::Chunk chunk, MakeChunk(*transaction->catalog(), *own, key));
    CatalogChange change;
    change.AddChunk(table, chunk);
    auto next = std::make_shared<sql::Catalog>(*transaction->catalog());
    CO_RETURN_IF_ERROR(change.ApplyTo(*next));
    transaction->change().Append(change);
    transaction->SetCatalog(std::move(next));
    co_return OkStatus();
  }
  co_await creating_.Lock();
  Status status;
  published = log_.Current()->Find(table);
  if (!published || !published->hypertable) {
    status = NoTable();
  } else if (!HasOverlap(*published, key)) {
    StatusOr<sql::Chunk> chunk = MakeChunk(*log_.Current(), *published, key);
    status = chunk.status();
    if (chunk.ok()) {
      CatalogChange change;
      change.AddChunk(table, *chunk);
      Future<Status> committed = log_.Commit(std::move(change));
      status = co_await committed;
      TSD_FAULT_POINT("chunk.created");
    }
  }
  creating_.Unlock();
  co_return status;
}

}  // namespace tsd::coord
