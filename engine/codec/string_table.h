#pragma once
// StringTable: distinct strings <-> dense numbers in order of first appearance, for writers of dictionaries. One thread.
#include <cstdint>
#include <string_view>
#include <vector>

namespace tsd::engine {

class StringTable {
 public:
  static constexpr uint32_t kAbsent = UINT32_MAX;

  StringTable();
  /// kAbsent for an unknown string.
  uint32_t Find(std::string_view string) const;
  /// The string's number, a new one if it is unknown: then its bytes have to outlive the table.
  uint32_t FindOrAdd(std::string_view string);
  const std::vector<std::string_view>& strings() const { return strings_; }

 private:
  struct Slot {
    uint32_t number = 0;  // + 1; 0 = free
    uint32_t tag = 0;     // of the hash: sorts out most strangers
  };
  /// Where the string is, or would be.
  size_t Place(std::string_view string, uint64_t hash) const;
  void Grow();

  std::vector<std::string_view> strings_;
  std::vector<uint64_t> hashes_;
  std::vector<Slot> slots_;
};

}  // namespace tsd::engine
