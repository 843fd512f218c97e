#pragma once
// Cuts the input of a COPY FROM into pieces of whole rows. A piece can be read (copy_reader.h) without any other, by any thread; cutting is
// all that must happen in order, so it only looks for row ends: a small part of what reading costs. CopyData payloads may end anywhere.
// What is kept of the input is the piece being collected. One thread at a time.
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/types/column_batch.h"
#include "net/pg/copy_format.h"

namespace tsd::net::pg {

enum class CopyLineEnd : uint8_t { kUnknown, kNewline, kReturn, kReturnNewline };

/// Whole rows of the input, or what cannot be cut into rows: the reader says why.
struct CopyPiece {
  std::string bytes;
  uint64_t first_line = 1;                        // of the input; in binary: number of the first row
  CopyLineEnd line_end = CopyLineEnd::kUnknown;   // what the rows before ended with
  bool is_first = false;                          // a header comes first, if there is one
};

/// A piece is complete with the first row that reaches one of these.
struct CopyPieceSize {
  size_t rows = kDefaultBatchRows;  // lines, if a row has several
  size_t bytes = size_t{4} << 20;
};

class CopySplitter {
 public:
  virtual ~CopySplitter() = default;
  /// An error (with its CONTEXT in `where`) comes after all pieces.
  virtual Status Feed(std::string_view bytes) = 0;
  /// The input is complete: what is left is a piece too. There is at least one.
  virtual void Finish() = 0;
  std::optional<CopyPiece> TakePiece();

 protected:
  /// What a piece leaves behind is moved: larger payloads are taken in parts of this size.
  static constexpr size_t kFeedBytes = size_t{64} << 10;
  /// The first `size` bytes of `pending`, which keeps the others.
  static std::string TakeFront(std::string& pending, size_t size);

  std::deque<CopyPiece> ready_;
};

std::unique_ptr<CopySplitter> MakeCopySplitter(std::shared_ptr<const CopySource> source, CopyPieceSize size = {});

}  // namespace tsd::net::pg
