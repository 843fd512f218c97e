#pragma once
// Which rows of a chunk have the keys of rows that are about to be written there. Looks at a KeyView, taken at once under the store's mutex;
// reads files, so it is called without it. Whether a match counts is judged afterwards, under the mutex (unique_write.cc).
#include <vector>

#include "engine/store/transaction.h"
#include "engine/store/unique_keys.h"

namespace tsd::engine {

/// The rows of a chunk, whoever wrote them, that may have one of the keys.
struct KeyView {
  struct Block {
    RowBlockPtr block;
    size_t key;              // index into the schema's unique_keys
    KeyOfBlockPtr values;
    TransactionPtr owner;    // null: committed
    uint32_t level = 0;      // of the owner's statement
    bool unchecked = false;  // its owner is looking for its keys himself
    Timestamp commit;        // of all rows, unless the block has a column of them
  };
  struct File {
    ChunkFilePtr file;
    TransactionPtr owner;
    std::vector<RowRange> ranges;  // of the owner's statements
    Timestamp commit;
  };
  std::vector<Block> blocks;
  std::vector<File> files;
  DeleteRuns deletes;

  bool IsDeleted(uint64_t row_id) const { return FindDelete(deletes, row_id).has_value(); }
};

struct KeyMatch {
  uint32_t position = 0;     // of the row to be written
  size_t key = 0;
  uint64_t row_id = 0;       // of the row that is there
  TransactionPtr owner;
  uint32_t level = 0;
  bool unchecked = false;
  Timestamp commit;
  // Where it is: in a block, or in a file.
  RowBlockPtr block;
  ChunkFilePtr file;
  size_t group = 0;
  uint32_t row = 0;          // of the block or the row group
};

/// The values of a key of the schema in a block; remembered by the block. Requires: the key's columns are the schema's.
StatusOr<KeyOfBlockPtr> KeyOf(const RowBlock& block, const TableSchema& schema, const UniqueKey& key);

/// The first row that has the key of an earlier one.
std::optional<uint32_t> FirstRepeated(KeyOfBlock& key);

/// By position, then by key. Without rows that are deleted in the view. `own`: the keys of the rows to be written.
StatusOr<std::vector<KeyMatch>> FindKeyMatches(const TableSchema& schema, const std::vector<KeyOfBlockPtr>& own, const KeyView& view);

/// The matched rows, whole, one each match.
StatusOr<ColumnBatch> RowsOfMatches(const TableSchema& schema, std::span<const KeyMatch> matches);

}  // namespace tsd::engine
