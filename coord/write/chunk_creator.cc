#include "coord/write/chunk_creator.h"

#include <algorithm>

#include "engine/base/fault.h"
#include "engine/base/strings.h"
#include "engine/types/datetime.h"

namespace tsd::coord {
namespace {

template <typename Box>
bool Overlaps(const Box& box, const ChunkKey& key) {
  return box.range_start < key.range_end && key.range_start < box.range_end && box.slot_start < key.slot_end && key.slot_start < box.slot_end;
}

bool HasOverlap(const sql::Relation& relation, const ChunkKey& key) {
  const sql::ChunkSet::Range near = relation.hypertable->chunks->Near(key.range_start, key.range_end - 1);
  return std::any_of(near.begin(), near.end(), [&](const sql::ChunkPtr& chunk) { return Overlaps(*chunk, key); });
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

StatusOr<CatalogChange> ChunkCreator::MakeMissing(const sql::Catalog& catalog, const sql::Relation& relation, std::vector<ChunkKey> keys) {
  CatalogChange change;
  std::sort(keys.begin(), keys.end());
  std::vector<ChunkKey> made;  // those that may reach as far as the next key
  for (const ChunkKey& key : keys) {
    std::erase_if(made, [&](const ChunkKey& earlier) { return earlier.range_end <= key.range_start; });
    const bool taken = std::ranges::any_of(made, [&](const ChunkKey& earlier) { return Overlaps(earlier, key); });
    if (taken || HasOverlap(relation, key)) continue;
    made.push_back(key);
    ASSIGN_OR_RETURN(const sql::Chunk chunk, MakeChunk(catalog, relation, key));
    change.AddChunk(relation.id, chunk);
  }
  return change;
}

Task<Status> ChunkCreator::Ensure(std::shared_ptr<Transaction> transaction, TableId table, std::vector<ChunkKey> keys) {
  sql::RelationPtr published = log_.Current()->Find(table);
  if (!transaction->change().empty()) {
    const sql::CatalogPtr view = transaction->CatalogOver(log_.Current());
    sql::RelationPtr own = view->Find(table);
    if (!own || !own->hypertable) co_return NoTable();
    std::erase_if(keys, [&](const ChunkKey& key) { return HasOverlap(*own, key); });
    // A chunk of a hypertable that this very transaction made, or in place of one that it dropped, comes with the transaction.
    std::vector<ChunkKey> with_transaction;
    std::erase_if(keys, [&](const ChunkKey& key) {
      const bool comes = !published || !published->hypertable || HasOverlap(*published, key);
      if (comes) with_transaction.push_back(key);
      return comes;
    });
    CO_ASSIGN_OR_RETURN(const CatalogChange change, MakeMissing(*view, *own, with_transaction));
    if (!change.empty()) transaction->AddChange(change);
    if (keys.empty()) co_return OkStatus();
  }
  if (!published || !published->hypertable) co_return NoTable();
  co_await creating_.Lock();
  Status status;
  published = log_.Current()->Find(table);
  if (!published || !published->hypertable) {
    status = NoTable();
  } else {
    StatusOr<CatalogChange> change = MakeMissing(*log_.Current(), *published, keys);
    status = change.status();
    if (change.ok() && !change->empty()) {
      Future<Status> committed = log_.Commit(*std::move(change));
      status = co_await committed;
      TSD_FAULT_POINT("chunk.created");
    }
  }
  creating_.Unlock();
  co_return status;
}

}  // namespace tsd::coord
