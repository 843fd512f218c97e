#pragma once
// The log's files on the writing side: frames into the current segment, rotation, deletion. Used by Wal's job, one
// call at a time. After an error no further call is allowed but destruction.
#include <memory>
#include <string>
#include <vector>

#include "engine/env/env.h"
#include "engine/wal/wal_reader.h"

namespace tsd::engine {

/// Whether files get space before it is needed: then a sync is twice as fast, and a file is larger than what it holds.
enum class Reservation : uint8_t { kAhead, kNone };

class SegmentWriter {
 public:
  /// Starts segment `number` at `start` behind the `kept` ones.
  static StatusOr<SegmentWriter> Create(Env& env, std::string directory, uint64_t segment_bytes, Reservation reservation,
                                        const std::vector<WalSegment>& kept, uint64_t number, Lsn start);

  /// Requires: lsn is where the frame before ended. Stays in memory until Sync, unless there is much of it.
  Status Write(uint8_t type, Lsn lsn, std::string_view payload, uint64_t payload_hash);
  /// Everything written is durable. No effect if it is already.
  Status Sync();
  /// Syncs and goes on in a new segment, unless the current one is empty.
  Status StartSegment();
  Status DropSegmentsBelow(Lsn lsn);
  Status Close();

  Lsn end_lsn() const { return end_; }
  Lsn durable_lsn() const { return durable_; }
  uint64_t total_bytes() const;

 private:
  struct Segment {
    uint64_t number;
    Lsn start;
    uint64_t bytes;
  };
  SegmentWriter(Env& env, std::string directory, uint64_t segment_bytes, Reservation reservation, Lsn start)
      : env_(&env), directory_(std::move(directory)), segment_bytes_(segment_bytes), reservation_(reservation), end_(start), durable_(start) {}
  Status OpenSegment(uint64_t number);
  uint64_t SpaceAhead() const;
  std::string PathOf(uint64_t number) const;

  Env* env_;
  std::string directory_;
  uint64_t segment_bytes_;
  Reservation reservation_;
  std::vector<Segment> segments_;  // ascending; the last is current
  std::unique_ptr<LogFile> file_;
  Lsn end_;
  Lsn durable_;
};

}  // namespace tsd::engine
