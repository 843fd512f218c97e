#pragma once
// SharedDictionary: the values that a column of strings has in many blocks of a file, as its writer gathers them. The blocks keep numbers only
// (kSharedDictionary); the dictionary itself is one more block of the file. One thread.
#include <deque>
#include <span>
#include <string>
#include <string_view>

#include "engine/codec/string_table.h"
#include "engine/types/vector.h"

namespace tsd::engine {

class SharedDictionary {
 public:
  size_t size() const { return table_.strings().size(); }

  /// What the dictionary would have to take in.
  struct Growth {
    size_t entries = 0;
    size_t bytes = 0;
    bool fits = false;
  };
  /// Requires: distinct strings.
  Growth Measure(std::span<const std::string_view> strings) const;
  /// The numbers of the strings. Requires: they fit.
  std::vector<int64_t> Add(std::span<const std::string_view> strings);
  /// All entries by number, as a column. Requires: size() > 0.
  Vector Entries(DataType type) const;

 private:
  StringTable table_;
  std::deque<std::string> owned_;
  size_t bytes_ = 0;
};

}  // namespace tsd::engine
