#pragma once
// SmallKeys: keys of few different values (region and status; device and hour) as numbers below 2^16, made from each column's distance from its
// least value or from a code, so that a plain array leads from a row to its group: no hash, no comparison. A way round GroupTable's hash
// table, filled from it; it gives itself up where keys take too many values for that to pay. One thread.
#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <span>
#include <vector>

namespace tsd::sql {

class SmallKeys {
 public:
  static constexpr uint32_t kUnknown = UINT32_MAX;

  explicit SmallKeys(size_t width);
  /// Keys are `width` words each, one after another, with a mask of their NULLs. False: there is no such number for some of them; else
  /// numbers()[i] is key i's, and group() of it what was last noted, kUnknown for a number that was not met yet.
  bool Number(const uint64_t* words, std::span<const uint32_t> nulls);
  const uint32_t* numbers() const { return numbers_.data(); }
  uint32_t& group(uint32_t number) { return groups_[number]; }
  /// That so many keys of the batch had to be looked up after all.
  void NoteLookups(size_t count) { lookups_ += count; }
  size_t MemoryBytes() const { return (groups_.capacity() + numbers_.capacity() + codes_.capacity() + 2 * null_words_.capacity()) * 4; }

 private:
  struct Column {
    bool coded = false;
    unsigned bits = 0;
    // Not coded: the distance from `least`.
    bool seen = false;
    int64_t least = 0, greatest = 0;
    // Coded: in order of appearance.
    absl::flat_hash_map<uint64_t, uint32_t> codes;
    uint64_t last_word = 0;
    uint32_t last_code = 0;
  };
  bool TryNumber(const uint64_t* words, std::span<const uint32_t> nulls);
  /// Widens the column's range, or makes it coded; true if numbers made before are void.
  bool Widen(Column& column, int64_t least, int64_t greatest);
  static bool Fit(const Column& column, const uint64_t* words, size_t stride, size_t count);
  void AddDistances(const Column& column, const uint64_t* words, size_t stride, size_t count);
  void AddCodes(Column& column, const uint64_t* words, size_t stride, size_t count);
  void AddColumn(Column& column, const uint64_t* words, size_t stride, size_t count);
  void AddNulls(std::span<const uint32_t> nulls);
  unsigned Bits() const;
  void Restart();
  /// Lets everything go, for good. False.
  bool GiveUp();

  size_t width_;
  bool given_up_ = false;
  bool moved_ = true;            // the columns' bits are not what groups_ was made for
  std::vector<Column> columns_;  // one a word, and the NULLs
  std::vector<uint32_t> numbers_, groups_;
  std::vector<uint32_t> codes_;        // of the batch at hand
  std::vector<uint64_t> null_words_;  // of the batch at hand
  size_t rows_ = 0;
  size_t lookups_ = 0;  // of keys or codes, by hash
};

}  // namespace tsd::sql
