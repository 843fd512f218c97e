#pragma once
// COPY FROM in binary format: signature, header, rows of length-prefixed values. The trailer may be missing (pgx sends none). Frames may
// end anywhere, inside a length word too.
#include <string>
#include <string_view>

#include "net/pg/copy_format.h"
#include "net/pg/copy_loader.h"

namespace tsd::net::pg {

inline constexpr std::string_view kCopySignature("PGCOPY\n\377\r\n\0", 11);

class CopyBinaryReader final : public CopyReader {
 public:
  CopyBinaryReader(CopyColumns columns, const TextContext* context, size_t scan_bytes);
  Status Feed(std::string_view bytes) override;
  Status Finish() override;
  std::optional<CopyBatch> TakeBatch() override { return loader_.TakeBatch(); }

 private:
  enum class Completeness { kWhole, kMore };
  Status ScanPending();
  /// Consumes the header if it is whole.
  StatusOr<Completeness> TakeHeader(std::string_view data, size_t* position);
  StatusOr<Completeness> TakeRow(std::string_view data, size_t* position);
  Status Fail(std::string_view message);
  Status FailField(std::string_view message, size_t column);
  /// The column in which an unfinished row ends. Requires: at least one column.
  size_t CutColumn(std::string_view row) const;
  Status FlushBlock();

  const size_t column_count_;
  const size_t scan_bytes_;
  CopyLoader loader_;
  FieldBlock block_;
  size_t block_rows_ = 0;
  uint64_t row_ = 0;  // of the row last begun, 1-based
  bool header_taken_ = false;
  bool trailer_seen_ = false;
  std::string pending_;
  size_t next_scan_;
};

}  // namespace tsd::net::pg
