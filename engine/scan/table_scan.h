#pragma once
// The scan of a table's chunks at a snapshot: chunk files, memtable blocks and the reader's own staged rows, one row group or block after
// the other. What the predicate excludes is skipped; conditions on columns are checked before the other columns are read; the usual row
// group, visible as a whole and without deleted rows, passes through unfiltered. Called by StoreCore::OpenScans; each result is used by one
// thread at a time and needs no lock.
//
// X1 A row is handed out once if its commit timestamp is <= the snapshot's (or it is the reader's own) and no visible delete mark names it.
#include <memory>
#include <vector>

#include "engine/store/chunk_view.h"
#include "engine/store/reader.h"

namespace tsd::engine {

class ViewSource;

/// Requires: spec.columns are columns of spec.schema; views are taken at spec.snapshot, one a chunk; parts >= 1.
StatusOr<std::vector<std::unique_ptr<TableScan>>> NewTableScans(ScanSpec spec, std::unique_ptr<ViewSource> views, size_t parts);
std::unique_ptr<TableScan> NewTableScan(ScanSpec spec, std::vector<ChunkView> views);

}  // namespace tsd::engine
