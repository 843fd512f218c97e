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
  if (!transaction->change().empty()) {
    const sql::CatalogPtr view = transaction->CatalogOver(log_.Current());
    sql::RelationPtr own = view->Find(table);
    if (!own || !own->hypertable) co_return NoTable();
    if (HasOverlap(*own, key)) co_return OkStatus();
    // A chunk of a hypertable that this very transaction made, or in place of one that it dropped, comes with the transaction.
    if (!published || !published->hypertable || HasOverlap(*published, key)) {
      CO_ASSIGN_OR_RETURN(const sql::Chunk chunk, MakeChunk(*view, *own, key));
      CatalogChange change;
      change.AddChunk(table, chunk);
      transaction->AddChange(change);
      co_return OkStatus();
    }
  }
  if (!published || !published->hypertable) co_return NoTable();
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
