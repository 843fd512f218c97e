#include "engine/wal/wal_reader.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/base/strings.h"

namespace tsd::engine {
namespace {

struct SegmentFile {
  std::string name;
  std::string path;
  SegmentHeader header;
};

Status LogDamageAt(const std::string& path, uint64_t offset, std::string_view what) {
  return Error(sqlstate::kDataCorrupted, StrCat("write-ahead log is damaged in file \"", path, "\" at offset ", offset, ": ", what));
}

/// Reserved space behind the last frame.
bool OnlyZeros(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

class Scanner {
 public:
  Scanner(Env& env, const std::string& directory, Lsn from, const WalVisitor& visitor)
      : env_(env), directory_(directory), from_(std::max(from, kFirstLsn)), visitor_(visitor) {}

  StatusOr<WalScanResult> Run() {
    RETURN_IF_ERROR(FindSegments());
    RETURN_IF_ERROR(DropObsolete());
    result_.end = files_.empty() ? kFirstLsn : files_.front().header.start_lsn;
    for (size_t i = 0; i < files_.size(); ++i) {
      result_.segments.push_back(WalSegment{files_[i].header.number, files_[i].header.start_lsn});
      if (i + 1 < files_.size()) {
        RETURN_IF_ERROR(ScanInner(files_[i], files_[i + 1].header.start_lsn));
      } else {
        RETURN_IF_ERROR(ScanTail(files_[i]));
      }
    }
    return std::move(result_);
  }

 private:
  Status FindSegments() {
    ASSIGN_OR_RETURN(const std::vector<std::string> names, env_.ListDirectory(directory_));
    for (const std::string& name : names) {
      const std::optional<uint64_t> number = SegmentNumber(name);
      if (!number.has_value()) {
        // What an interrupted atomic replacement left.
        if (name.ends_with(".tmp") && SegmentNumber(std::string_view(name).substr(0, name.size() - 4))) result_.obsolete_files.push_back(name);
        continue;
      }
      result_.last_number = std::max(result_.last_number, *number);
      SegmentFile file{name, StrCat(directory_, "/", name), {}};
      ASSIGN_OR_RETURN(const bool used, ReadHeader(*number, file));
      if (used) {
        files_.push_back(std::move(file));
      } else {
        result_.obsolete_files.push_back(name);
      }
    }
    std::sort(files_.begin(), files_.end(),
              [](const SegmentFile& a, const SegmentFile& b) { return a.header.number < b.header.number; });
    for (size_t i = 1; i < files_.size(); ++i) {
      if (files_[i].header.start_lsn < files_[i - 1].header.start_lsn) return LogDamageAt(files_[i].path, 0, "segments are out of order");
    }
    return OkStatus();
  }

  /// False for a segment whose creation a crash interrupted: no frame was written to it, because its header was not yet durable.
  StatusOr<bool> ReadHeader(uint64_t number, SegmentFile& file) {
    ASSIGN_OR_RETURN(const std::shared_ptr<RandomAccessFile> handle, env_.OpenRandomAccess(file.path));
    ASSIGN_OR_RETURN(const std::string bytes, handle->Read(0, std::min<uint64_t>(handle->size(), kSegmentHeaderBytes)));
    StatusOr<SegmentHeader> header = DecodeSegmentHeader(bytes);
    if (!header.ok()) {
      if (HasSqlState(header.status(), sqlstate::kDataCorrupted)) {
        ASSIGN_OR_RETURN(const std::string behind, handle->Read(bytes.size(), handle->size() - bytes.size()));
        if (OnlyZeros(behind)) return false;
      }
      return WithPrefix(header.status(), StrCat("file \"", file.path, "\" at offset 0: "));
    }
    if (header->number != number) return LogDamageAt(file.path, 0, StrCat("the file says it is segment ", header->number));
    file.header = *header;
    return true;
  }

  Status DropObsolete() {
    while (files_.size() >= 2 && files_[1].header.start_lsn <= from_) {
      result_.obsolete_files.push_back(files_.front().name);
      files_.erase(files_.begin());
    }
    const Lsn begin = files_.empty() ? kFirstLsn : files_.front().header.start_lsn;
    if (begin > from_) {
      return Error(sqlstate::kDataCorrupted, StrCat("write-ahead log in \"", directory_, "\" begins at ", begin.value(), " but is needed from ",
                                                    from_.value(), ": a segment is missing"));
    }
    if (files_.empty() && from_ > kFirstLsn) {
      return Error(sqlstate::kDataCorrupted,
                   StrCat("write-ahead log in \"", directory_, "\" has no segments but is needed from ", from_.value()));
    }
    return OkStatus();
  }

  Status Hand(const Frame& frame) {
    if (frame.header.type < kFirstUserType || frame.header.lsn < from_) return OkStatus();
    ++result_.records;
    return visitor_(WalRecord{frame.header.lsn, frame.header.type, frame.payload});
  }

  /// Hands out the frames up to `limit` or the first bad one; *offset is where it stopped.
  Status Walk(const SegmentFile& file, std::string_view bytes, Lsn limit, uint64_t* offset, Lsn* lsn) {
    *offset = kSegmentHeaderBytes;
    *lsn = file.header.start_lsn;
    while (*lsn < limit && *offset < bytes.size()) {
      const std::optional<Frame> frame = DecodeFrame(bytes.substr(*offset), *lsn);
      if (!frame.has_value()) break;
      const uint64_t size = FrameBytes(frame->header.length);
      if (frame->header.type == kEndFrame) {
        // Not counted: the mark itself may not be durable, and the next segment takes its place.
        result_.closed_cleanly = OnlyZeros(bytes.substr(*offset + size));
        return OkStatus();
      }
      RETURN_IF_ERROR(Hand(*frame));
      *offset += size;
      *lsn = Lsn(lsn->value() + size);
    }
    return OkStatus();
  }

  Status ScanInner(const SegmentFile& file, Lsn limit) {
    ASSIGN_OR_RETURN(const std::string bytes, env_.ReadFile(file.path));
    uint64_t offset;
    Lsn lsn;
    result_.closed_cleanly = false;
    RETURN_IF_ERROR(Walk(file, bytes, limit, &offset, &lsn));
    if (lsn != limit) return LogDamageAt(file.path, offset, "a record is missing or its checksum is wrong");
    result_.end = limit;
    return OkStatus();
  }

  Status ScanTail(const SegmentFile& file) {
    ASSIGN_OR_RETURN(const std::string bytes, env_.ReadFile(file.path));
    uint64_t offset;
    Lsn lsn;
    result_.closed_cleanly = false;
    RETURN_IF_ERROR(Walk(file, bytes, kMaxLsn, &offset, &lsn));
    result_.end = lsn;
    if (result_.closed_cleanly || OnlyZeros(std::string_view(bytes).substr(std::min<uint64_t>(offset, bytes.size())))) return OkStatus();
    result_.tail_torn = true;
    return ProveTorn(file, bytes, offset, lsn);
  }

  /// A whole frame behind the tear that was written when the torn place had been synced shows that this is no torn tail.
  Status ProveTorn(const SegmentFile& file, std::string_view bytes, uint64_t tear_offset, Lsn tear) {
    for (uint64_t offset = tear_offset + kFrameAlignment; offset + kFrameHeaderBytes <= bytes.size(); offset += kFrameAlignment) {
      const Lsn expected(tear.value() + (offset - tear_offset));
      ByteReader peek(bytes.substr(offset + 8, 8));
      if (peek.GetU64() != expected.value()) continue;
      const std::optional<Frame> frame = DecodeFrame(bytes.substr(offset), expected);
      if (frame.has_value() && frame->header.durable_lsn > tear) {
        return LogDamageAt(file.path, tear_offset, StrCat("records follow that were written after this place was synced (at offset ", offset, ")"));
      }
    }
    return OkStatus();
  }

  static constexpr Lsn kMaxLsn{UINT64_MAX};

  Env& env_;
  const std::string& directory_;
  const Lsn from_;
  const WalVisitor& visitor_;
  std::vector<SegmentFile> files_;
  WalScanResult result_;
};

}  // namespace

StatusOr<WalScanResult> ScanWal(Env& env, const std::string& directory, Lsn from, const WalVisitor& visitor) {
  return Scanner(env, directory, from, visitor).Run();
}

}  // namespace tsd::engine
