#pragma once
// The log's bytes as constants and pure functions; engine/FORMAT.md draws them. Any thread.
//
// A log is a sequence of segments wal-<number>.log. A segment is a header and frames; a frame never spans segments.
// An LSN counts the bytes of frames only, over all segments: the frame at file offset o of a segment has
// LSN = header.start_lsn + o - kSegmentHeaderBytes, and a segment starts where the frames of the one before it end.
// So the header of segment n + 1 vouches for every byte of segment n below its start_lsn, and an LSN in a frame that is not its
// position marks foreign or stale bytes.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/ids.h"
#include "engine/base/status.h"

namespace tsd::engine {

inline constexpr char kSegmentMagic[] = "TSDWAL\r\n";  // eight bytes without the NUL
inline constexpr uint32_t kWalVersion = 1;
inline constexpr size_t kSegmentHeaderBytes = 64;
inline constexpr size_t kFrameHeaderBytes = 32;
inline constexpr size_t kFrameAlignment = 8;
inline constexpr size_t kMaxRecordBytes = size_t{64} << 20;  // payload of one record
inline constexpr Lsn kFirstLsn{64};                          // of an empty log
/// Frame types below kFirstUserType are the log's own and never handed out.
inline constexpr uint8_t kEndFrame = 0;  // the mark of an orderly close: everything before it was synced; last in its segment, takes no LSN of its own
inline constexpr uint8_t kFirstUserType = 1;

struct SegmentHeader {
  uint64_t number = 0;
  Lsn start_lsn;
};
std::string EncodeSegmentHeader(const SegmentHeader& header);
/// XX001 / 0A000 (unknown version); the message does not name the file, the caller does.
StatusOr<SegmentHeader> DecodeSegmentHeader(std::string_view bytes);

struct FrameHeader {
  uint32_t length = 0;  // payload bytes
  uint8_t type = 0;
  Lsn lsn;
  Lsn durable_lsn;  // everything below was synced when this frame was written
};
/// `payload_hash` = Hash64(payload).
void EncodeFrameHeader(const FrameHeader& header, uint64_t payload_hash, char* out);
constexpr uint64_t FrameBytes(uint64_t payload_bytes) {
  return (kFrameHeaderBytes + payload_bytes + kFrameAlignment - 1) / kFrameAlignment * kFrameAlignment;
}

struct Frame {
  FrameHeader header;
  std::string_view payload;
};
/// The frame at the beginning of `bytes` if it is whole, its checksum holds and its LSN is `expected`.
std::optional<Frame> DecodeFrame(std::string_view bytes, Lsn expected);

std::string SegmentName(uint64_t number);
std::optional<uint64_t> SegmentNumber(std::string_view file_name);

}  // namespace tsd::engine
