#pragma once
// ColumnUsage: how a chunk's files hold one column: for tsd.column_stats. A value; any thread.
#include <map>
#include <string>

#include "engine/base/ids.h"
#include "engine/codec/block_codec.h"

namespace tsd::engine {

struct ColumnUsage {
  ColumnId column;
  uint64_t rows = 0, null_count = 0;   // of all rows in files, deleted ones too
  uint64_t bytes = 0;                  // encoded
  std::map<CodecId, uint64_t> blocks;  // by codec
  bool has_bounds = false;
  std::string minimum, maximum;        // as text
};

}  // namespace tsd::engine
