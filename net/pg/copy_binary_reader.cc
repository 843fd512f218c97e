#include "net/pg/copy_binary_reader.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/base/strings.h"

namespace tsd::net::pg {
namespace {

constexpr size_t kFixedHeaderBytes = 11 + 4 + 4;
constexpr uint32_t kOidsFlag = 1u << 16;
constexpr int32_t kMaxFieldBytes = 0x3fffffff;

uint32_t ReadLength(const char* bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return __builtin_bswap32(value);
}

}  // namespace

CopyBinaryReader::CopyBinaryReader(CopyColumns columns, const TextContext* context, size_t scan_bytes)
    : column_count_(columns.types.size()),
      scan_bytes_(scan_bytes),
      loader_(std::move(columns), FieldForm::kBinary, context),
      block_(std::max<size_t>(column_count_, 1)),
      next_scan_(scan_bytes) {}

Status CopyBinaryReader::Feed(std::string_view bytes) {
  if (trailer_seen_ && !bytes.empty()) return Fail("received copy data after EOF marker");
  pending_.append(bytes);
  return pending_.size() >= next_scan_ ? ScanPending() : OkStatus();
}

Status CopyBinaryReader::Finish() {
  RETURN_IF_ERROR(ScanPending());
  if (!header_taken_) {
    if (pending_.size() < kCopySignature.size()) return Fail("COPY file signature not recognized");
    if (pending_.size() < kFixedHeaderBytes - 4) return Fail("invalid COPY file header (missing flags)");
    if (pending_.size() < kFixedHeaderBytes) return Fail("invalid COPY file header (missing length)");
    return Fail("invalid COPY file header (wrong length)");
  }
  // A lone byte where a field count should be counts as the end, as it does for PostgreSQL.
  if (pending_.size() >= 2) {
    ++row_;
    return FailField("unexpected EOF in COPY data", CutColumn(pending_));
  }
  loader_.Finish();
  return OkStatus();
}

Status CopyBinaryReader::Fail(std::string_view message) {
  RETURN_IF_ERROR(FlushBlock());
  const Status error = Error(sqlstate::kBadCopyFileFormat, message);
  return header_taken_ ? WithWhere(error, CopyRowContext(loader_.columns(), row_)) : error;
}

Status CopyBinaryReader::FailField(std::string_view message, size_t column) {
  RETURN_IF_ERROR(FlushBlock());
  return WithWhere(Error(sqlstate::kBadCopyFileFormat, message),
                   StrCat(CopyRowContext(loader_.columns(), row_), ", column ", loader_.columns().names[column]));
}

size_t CopyBinaryReader::CutColumn(std::string_view row) const {
  ByteReader reader(row);
  reader.GetBeU16();
  for (size_t c = 0; c + 1 < column_count_; ++c) {
    const int32_t size = static_cast<int32_t>(reader.GetBeU32());
    if (size > 0) reader.GetBytes(static_cast<size_t>(size));
    if (!reader.ok()) return c;
  }
  return column_count_ - 1;
}

Status CopyBinaryReader::FlushBlock() {
  const size_t rows = block_rows_;
  block_rows_ = 0;
  return loader_.Load(block_, rows);
}

Status CopyBinaryReader::ScanPending() {
  size_t position = 0;
  Completeness progress = Completeness::kWhole;
  if (!header_taken_) {
    ASSIGN_OR_RETURN(progress, TakeHeader(pending_, &position));
  }
  while (progress == Completeness::kWhole && !trailer_seen_) {
    ASSIGN_OR_RETURN(progress, TakeRow(pending_, &position));
    if (block_rows_ == FieldBlock::kRows) RETURN_IF_ERROR(FlushBlock());
  }
  RETURN_IF_ERROR(FlushBlock());
  pending_.erase(0, position);
  if (trailer_seen_ && !pending_.empty()) return Fail("received copy data after EOF marker");
  // An unfinished row is looked at again only when the input has doubled: linear time for huge rows.
  next_scan_ = std::max(scan_bytes_, 2 * pending_.size());
  return OkStatus();
}

StatusOr<CopyBinaryReader::Completeness> CopyBinaryReader::TakeHeader(std::string_view data, size_t* position) {
  const std::string_view signature = data.substr(0, kCopySignature.size());
  if (signature != kCopySignature.substr(0, signature.size())) return Fail("COPY file signature not recognized");
  if (data.size() < kFixedHeaderBytes) return Completeness::kMore;
  ByteReader reader(data.substr(kCopySignature.size()));
  const uint32_t flags = reader.GetBeU32();
  if ((flags & kOidsFlag) != 0) return Fail("invalid COPY file header (WITH OIDS)");
  if ((flags >> 16) != 0) return Fail("unrecognized critical flags in COPY file header");
  const uint32_t extension = reader.GetBeU32();
  if (static_cast<int32_t>(extension) < 0) return Fail("invalid COPY file header (missing length)");
  if (data.size() - kFixedHeaderBytes < extension) return Completeness::kMore;
  *position = kFixedHeaderBytes + extension;
  header_taken_ = true;
  return Completeness::kWhole;
}

StatusOr<CopyBinaryReader::Completeness> CopyBinaryReader::TakeRow(std::string_view data, size_t* position) {
  const char* at = data.data() + *position;
  const char* const end = data.data() + data.size();
  if (end - at < 2) return Completeness::kMore;
  const int16_t count = static_cast<int16_t>((static_cast<unsigned char>(at[0]) << 8) | static_cast<unsigned char>(at[1]));
  at += 2;
  if (count == -1) {
    trailer_seen_ = true;
    *position += 2;
    ++row_;
    return Completeness::kWhole;
  }
  if (count < 0 || static_cast<size_t>(count) != column_count_) {
    ++row_;
    return Fail(StrCat("row field count is ", count, ", expected ", column_count_));
  }
  for (size_t c = 0; c < column_count_; ++c) {
    if (end - at < 4) return Completeness::kMore;
    const int32_t size = static_cast<int32_t>(ReadLength(at));
    at += 4;
    CopyField& field = block_.at(c, block_rows_);
    if (size == -1) {
      field = CopyField();
      continue;
    }
    if (size < 0 || size > kMaxFieldBytes) {
      ++row_;
      return FailField("invalid field size", c);
    }
    if (end - at < size) return Completeness::kMore;
    field = CopyField{at, static_cast<uint32_t>(size)};
    at += size;
  }
  block_.line(block_rows_) = ++row_;
  ++block_rows_;
  *position = static_cast<size_t>(at - data.data());
  return Completeness::kWhole;
}

}  // namespace tsd::net::pg
