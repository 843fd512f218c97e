#pragma once
// The scan of a table's chunks at a snapshot: chunk files, memtable blocks and the reader's own staged rows, one after the other, without
// order among them. Blocks that the predicate excludes are skipped; the usual block, visible as a whole and without deleted rows, passes
// through unfiltered. Called by StoreCore::OpenScan; the result is used by one thread at a time and needs no lock.
//
// X1 A row is handed out once if its commit timestamp is <= the snapshot's (or it is the reader's own) and no visible delete mark names it.
#include <memory>
#include <vector>

#include "engine/store/chunk_view.h"
#include "engine/store/reader.h"

namespace tsd::engine {

/// Requires: spec.columns are columns of spec.schema; views were taken at spec.snapshot, one a chunk.
std::unique_ptr<TableScan> NewTableScan(ScanSpec spec, std::vector<ChunkView> views);

}  // namespace tsd::engine
