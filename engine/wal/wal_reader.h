#pragma once
// Reads a log's records in order, from a position to its end. Used by Wal::Open (recovery) and by tools; works on a log no Wal has open.
//
// The end: the first frame of the last segment that is torn. Unsynced bytes may be torn in any order, so whole frames may lie behind
// the tear; a frame behind it that says the torn place had been synced before is proof of damage: XX001 with file and offset, like any
// bad frame below the start of a later segment. One thread.
#include <functional>
#include <string>
#include <vector>

#include "engine/env/env.h"
#include "engine/wal/wal_format.h"

namespace tsd::engine {

struct WalRecord {
  Lsn lsn;
  uint8_t type = 0;
  std::string_view payload;  // valid during the call that handed it out
};
using WalVisitor = std::function<Status(const WalRecord&)>;

struct WalSegment {
  uint64_t number = 0;
  Lsn start_lsn;
};

struct WalScanResult {
  std::vector<WalSegment> segments;        // needed ones, ascending; the last is the tail
  std::vector<std::string> obsolete_files; // wholly below `from`, or a last segment that was never used
  Lsn end;                                 // where the next record goes
  uint64_t last_number = 0;                // highest number of any segment file
  uint64_t records = 0;
  bool tail_torn = false;                  // bytes behind `end` in the last segment
  bool closed_cleanly = false;             // ended with an end frame
};

/// Visits every record with lsn >= from. An error of the visitor ends the scan with it. Changes no file.
/// A directory without segments gives end = kFirstLsn, or XX001 if `from` lies above.
StatusOr<WalScanResult> ScanWal(Env& env, const std::string& directory, Lsn from, const WalVisitor& visitor);

}  // namespace tsd::engine
