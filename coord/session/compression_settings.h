#pragma once
// ALTER TABLE .. SET (timescaledb.compress, timescaledb.compress_segmentby = '..', timescaledb.compress_orderby = '..'): read and checked.
// Pure; any thread.
#include <vector>

#include "sql/catalog/catalog.h"
#include "sql/parse/ast.h"

namespace tsd::coord {

/// `options`: those of space "timescaledb". Sets or clears relation->hypertable->compression. 42703, 22023, TS001.
Status SetCompression(const std::vector<sql::parse::Option>& options, sql::Relation* relation);

}  // namespace tsd::coord
