#include "engine/codec/string_table.h"

#include "engine/base/hash.h"

namespace tsd::engine {
namespace {
constexpr size_t kFirstSlots = 64;
}  // namespace

StringTable::StringTable() : slots_(kFirstSlots) {}

size_t StringTable::Place(std::string_view string, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  const uint32_t tag = static_cast<uint32_t>(hash >> 32);
  size_t at = hash & mask;
  while (slots_[at].number != 0 && (slots_[at].tag != tag || strings_[slots_[at].number - 1] != string)) at = (at + 1) & mask;
  return at;
}

uint32_t StringTable::Find(std::string_view string) const {
  const Slot& slot = slots_[Place(string, Hash64(string))];
  return slot.number == 0 ? kAbsent : slot.number - 1;
}

uint32_t StringTable::FindOrAdd(std::string_view string) {
  const uint64_t hash = Hash64(string);
  Slot& slot = slots_[Place(string, hash)];
  if (slot.number != 0) return slot.number - 1;
  const uint32_t number = static_cast<uint32_t>(strings_.size());
  slot = {number + 1, static_cast<uint32_t>(hash >> 32)};
  strings_.push_back(string);
  hashes_.push_back(hash);
  if (strings_.size() * 2 > slots_.size()) Grow();
  return number;
}

void StringTable::Grow() {
  slots_.assign(slots_.size() * 4, Slot());
  for (size_t number = 0; number < hashes_.size(); ++number) {
    size_t at = hashes_[number] & (slots_.size() - 1);
    while (slots_[at].number != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {static_cast<uint32_t>(number) + 1, static_cast<uint32_t>(hashes_[number] >> 32)};
  }
}

}  // namespace tsd::engine
