#pragma once
// A table's columns as the store needs them. Column ids are attnums: stable, never reused.
#include <memory>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/ids.h"
#include "engine/base/status.h"
#include "engine/types/data_type.h"
#include "engine/types/value.h"

namespace tsd {

struct ColumnSchema {
  ColumnId id;
  std::string name;
  DataType type;
  /// What rows written before the column existed hold (ADD COLUMN ... DEFAULT).
  Value missing_value;
};

/// Immutable once shared.
struct TableSchema {
  TableId id;
  uint64_t origin = 0;  // the owning access node's cluster id: two access nodes may use the same TableId on one data node
  std::string name;     // for messages: "public.cpu"
  std::vector<ColumnSchema> columns;
  /// Chunk files are sorted by these, then by order_by; rows that agree in all of them are one segment. The space keys unless the user
  /// said otherwise. May be empty.
  std::vector<ColumnId> segment_by;
  /// Within a segment, ascending (a descending order asked for is the same file read backwards). The first is the time. May be empty.
  std::vector<ColumnId> order_by;

  const ColumnSchema* Find(ColumnId id) const {
    for (const ColumnSchema& column : columns) {
      if (column.id == id) return &column;
    }
    return nullptr;
  }
  void Encode(ByteWriter& writer) const;
  static StatusOr<std::shared_ptr<const TableSchema>> Decode(ByteReader& reader);
};
using TableSchemaPtr = std::shared_ptr<const TableSchema>;

}  // namespace tsd
