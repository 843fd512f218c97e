#include "engine/wal/segment_writer.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/fault.h"
#include "engine/base/log.h"
#include "engine/base/strings.h"

namespace tsd::engine {
namespace {
// A file grows in these steps while groups are small: then a sync writes data only, which takes half the time. A large group would only
// be written twice.
constexpr uint64_t kReserveBytes = 256 << 10;
constexpr uint64_t kSmallGroupBytes = 64 << 10;
}  // namespace

StatusOr<SegmentWriter> SegmentWriter::Create(Env& env, std::string directory, uint64_t segment_bytes, Reservation reservation,
                                              const std::vector<WalSegment>& kept, uint64_t number, Lsn start) {
  SegmentWriter writer(env, std::move(directory), segment_bytes, reservation, start);
  for (const WalSegment& segment : kept) {
    ASSIGN_OR_RETURN(const uint64_t bytes, env.FileSize(writer.PathOf(segment.number)));
    writer.segments_.push_back(Segment{segment.number, segment.start_lsn, bytes});
  }
  RETURN_IF_ERROR(writer.OpenSegment(number));
  return writer;
}

std::string SegmentWriter::PathOf(uint64_t number) const { return StrCat(directory_, "/", SegmentName(number)); }

Status SegmentWriter::OpenSegment(uint64_t number) {
  ASSIGN_OR_RETURN(file_, env_->NewLogFile(PathOf(number)));
  RETURN_IF_ERROR(file_->Append(EncodeSegmentHeader(SegmentHeader{number, end_})));
  RETURN_IF_ERROR(file_->Sync(0));
  TSD_FAULT_POINT("wal.segment_created");
  RETURN_IF_ERROR(env_->SyncDirectory(directory_));
  TSD_FAULT_POINT("wal.segment_durable");
  segments_.push_back(Segment{number, end_, kSegmentHeaderBytes});
  return OkStatus();
}

Status SegmentWriter::StartSegment() {
  RETURN_IF_ERROR(Sync());
  if (segments_.back().bytes == kSegmentHeaderBytes) return OkStatus();
  RETURN_IF_ERROR(file_->Close());
  return OpenSegment(segments_.back().number + 1);
}

Status SegmentWriter::Write(uint8_t type, Lsn lsn, std::string_view payload, uint64_t payload_hash) {
  TSD_CHECK(lsn == end_);
  const uint64_t bytes = FrameBytes(payload.size());
  const uint64_t used = segments_.back().bytes;
  if (used > kSegmentHeaderBytes && used + bytes > segment_bytes_) RETURN_IF_ERROR(StartSegment());

  char header[kFrameHeaderBytes];
  EncodeFrameHeader(FrameHeader{static_cast<uint32_t>(payload.size()), type, lsn, durable_}, payload_hash, header);
  constexpr char kPadding[kFrameAlignment] = {};
  RETURN_IF_ERROR(file_->Append(std::string_view(header, sizeof(header))));
  RETURN_IF_ERROR(file_->Append(payload));
  RETURN_IF_ERROR(file_->Append(std::string_view(kPadding, bytes - kFrameHeaderBytes - payload.size())));
  segments_.back().bytes += bytes;
  end_ = Lsn(end_.value() + bytes);
  return OkStatus();
}

uint64_t SegmentWriter::SpaceAhead() const {
  const uint64_t used = segments_.back().bytes;
  if (reservation_ == Reservation::kNone || end_.value() - durable_.value() > kSmallGroupBytes || used >= segment_bytes_) return 0;
  return std::min(kReserveBytes, segment_bytes_ - used);
}

Status SegmentWriter::Sync() {
  if (durable_ == end_) return OkStatus();
  TSD_FAULT_POINT("wal.before_sync");
  RETURN_IF_ERROR(file_->Sync(SpaceAhead()));
  TSD_FAULT_POINT("wal.after_sync");
  durable_ = end_;
  return OkStatus();
}

Status SegmentWriter::DropSegmentsBelow(Lsn lsn) {
  size_t count = 0;
  while (count + 1 < segments_.size() && segments_[count + 1].start <= lsn) ++count;
  if (count == 0) return OkStatus();
  for (size_t i = 0; i < count; ++i) {
    const Status status = env_->DeleteFile(PathOf(segments_[i].number));
    // A file that stays is only space: the next start tries again.
    if (!status.ok()) log::Warning("could not drop a log segment: ", status.ToString());
  }
  TSD_FAULT_POINT("wal.segments_deleted");
  RETURN_IF_ERROR(env_->SyncDirectory(directory_));
  TSD_FAULT_POINT("wal.segments_dropped");
  segments_.erase(segments_.begin(), segments_.begin() + static_cast<ptrdiff_t>(count));
  return OkStatus();
}

Status SegmentWriter::Close() {
  RETURN_IF_ERROR(Sync());
  return file_->Close();
}

uint64_t SegmentWriter::total_bytes() const {
  uint64_t bytes = 0;
  for (const Segment& segment : segments_) bytes += segment.bytes;
  return bytes;
}

}  // namespace tsd::engine
