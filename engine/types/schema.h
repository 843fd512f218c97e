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

/// Columns of which no two rows may have the same values (PRIMARY KEY, UNIQUE, CREATE UNIQUE INDEX). Rows that could agree in them always
/// lie in one chunk: a hypertable's keys contain its partitioning columns.
struct UniqueKey {
  std::string name;                 // of the constraint or index, for messages
  std::string column_names;         // as messages list them: "time", host
  std::vector<ColumnId> columns;
  bool nulls_distinct = true;       // a row with a NULL in them is not compared
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
  /// What the store enforces for rows written under this schema.
  std::vector<UniqueKey> unique_keys;

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
