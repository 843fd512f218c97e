#pragma once
// The shape of COPY's binary format: a signature, a header with an extension, rows of length-prefixed values (-1 for NULL), a trailer that
// may be missing (pgx sends none). Pure; any thread.
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "net/pg/copy_format.h"

namespace tsd::net::pg {

inline constexpr std::string_view kCopySignature("PGCOPY\n\377\r\n\0", 11);

/// Bytes of the header that `data` begins with; 0: some are missing. 22P04 as soon as it cannot become one.
StatusOr<size_t> BinaryHeaderSize(std::string_view data);
/// Why a header that ends with `data` is none.
Status RefuseCutHeader(std::string_view data);

struct BinaryRow {
  enum class Kind : uint8_t {
    kWhole,
    kCut,       // its end is missing, in `column` or, if that is 0, before
    kTrailer,
    kBadCount,  // it has `count` fields
    kBadSize,   // of `column`
  };
  Kind kind;
  size_t column = 0;
  int count = 0;
  size_t size = 0;  // bytes of a whole row or trailer
};

/// Goes from row to row. Rows mostly have the lengths of the one before: to compare all of them at known places is faster than to go from
/// one to the next. One thread at a time.
class BinaryRowWalker {
 public:
  explicit BinaryRowWalker(size_t columns) : values_(columns) {}
  /// The row at the beginning of `data`.
  BinaryRow Walk(std::string_view data);

  struct Value {
    uint32_t begin = 0;  // in the row
    uint32_t size = 0;
    uint32_t size_word = 0;  // as it lies in the row
    bool is_null() const { return size_word == 0xffffffff; }
  };
  /// Of the row that was walked last. Requires: it is whole.
  const std::vector<Value>& values() const { return values_; }

 private:
  BinaryRow WalkEach(std::string_view data);

  std::vector<Value> values_;  // one a column
  size_t row_bytes_ = 0;       // of the row that values_ are of; 0: there is none
};

}  // namespace tsd::net::pg
