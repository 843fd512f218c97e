// What a chunk's files say of its columns, without decoding them.
#include "engine/store/column_usage.h"

#include "engine/store/store_core.h"
#include "engine/types/text_form.h"

namespace tsd::engine {
namespace {

std::string TextOf(const Value& value) {
  Vector vector(value.type());
  value.AppendTo(vector);
  std::string text;
  FormatText(vector, 0, TextContext(), text);
  return text;
}

}  // namespace

StatusOr<std::vector<ColumnUsage>> StoreCore::ColumnsOf(ChunkId id) {
  std::vector<FileRef> files;
  {
    MutexLock lock(mutex_);
    RETURN_IF_ERROR(CheckOpen());
    const auto found = chunks_.find(id);
    if (found != chunks_.end()) files = found->second->files;
  }
  std::map<ColumnId, ColumnUsage> columns;
  std::map<ColumnId, ColumnStats> statistics;
  for (const FileRef& file : files) {
    ASSIGN_OR_RETURN(const std::shared_ptr<const ChunkReader> reader, file.file->Reader());
    for (const ChunkColumn& column : reader->columns()) {
      if (column.id == kRowIdColumn || column.id == kCommitColumn) continue;
      ColumnUsage& usage = columns[column.id];
      usage.column = column.id;
      const ColumnStats* stats = reader->FileStats(column.id);
      const auto [known, first] = statistics.try_emplace(column.id, *stats);
      if (!first) known->second.Merge(*stats);
      for (size_t group = 0; group < reader->row_group_count(); ++group) {
        usage.bytes += reader->BlockBytes(group, column.id);
        ASSIGN_OR_RETURN(const CodecId codec, reader->CodecOf(group, column.id));
        ++usage.blocks[codec];
      }
    }
  }
  std::vector<ColumnUsage> result;
  for (auto& [column, usage] : columns) {
    const ColumnStats& stats = statistics[column];
    usage.rows = stats.rows;
    usage.null_count = stats.null_count;
    usage.has_bounds = stats.has_bounds;
    if (stats.has_bounds) {
      usage.minimum = TextOf(stats.min);
      usage.maximum = TextOf(stats.max);
    }
    result.push_back(std::move(usage));
  }
  return result;
}

}  // namespace tsd::engine
