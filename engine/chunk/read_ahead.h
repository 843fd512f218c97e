#pragma once
// ReadAhead: which blocks of one column to ask the disk for before they are read. A scan reads a column's blocks one after the other (several
// threads together, so not quite in order), but they lie apart, between those of other columns: the system's own read-ahead does not see it.
// Once blocks had to be waited for in a row, those that follow are asked for, more at a time as it goes on; a lookup here and there asks for none.
// Pure; one thread at a time.
#include <cstddef>
#include <cstdint>

namespace tsd::engine {

class ReadAhead {
 public:
  struct Blocks {
    size_t begin = 0;
    size_t end = 0;  // not included
  };
  static constexpr size_t kMostAhead = 64;

  /// A block of `count` is read; `waits`: it is not in memory. The blocks to ask for now; none mostly.
  Blocks Next(size_t block, size_t count, bool waits);

 private:
  static constexpr size_t kNear = 8;        // threads are at most so far apart
  static constexpr size_t kFirstAhead = 8;

  size_t last_ = SIZE_MAX - kNear;  // read; none
  size_t ahead_ = 0;                // how many are asked for at a time; 0: none are
  size_t asked_end_ = 0;            // the first that was not asked for
};

}  // namespace tsd::engine
