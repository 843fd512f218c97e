#include "engine/codec/shared_dictionary.h"

#include "engine/codec/block_codec.h"

namespace tsd::engine {
namespace {
/// A reader keeps the dictionary in memory while it needs any of the blocks.
constexpr size_t kMaxDictionaryBytes = 1 << 20;
}  // namespace

SharedDictionary::Growth SharedDictionary::Measure(std::span<const std::string_view> strings) const {
  Growth growth;
  for (std::string_view string : strings) {
    if (table_.Find(string) != StringTable::kAbsent) continue;
    ++growth.entries;
    growth.bytes += string.size();
  }
  growth.fits = size() + growth.entries <= kMaxBlockRows && bytes_ + growth.bytes <= kMaxDictionaryBytes;
  return growth;
}

std::vector<int64_t> SharedDictionary::Add(std::span<const std::string_view> strings) {
  std::vector<int64_t> numbers;
  numbers.reserve(strings.size());
  for (std::string_view string : strings) {
    uint32_t number = table_.Find(string);
    if (number == StringTable::kAbsent) {
      number = table_.FindOrAdd(owned_.emplace_back(string));
      bytes_ += string.size();
    }
    numbers.push_back(static_cast<int64_t>(number));
  }
  return numbers;
}

Vector SharedDictionary::Entries(DataType type) const {
  Vector entries(type);
  entries.Reserve(size(), bytes_);
  for (std::string_view string : table_.strings()) entries.AppendBytes(string);
  return entries;
}

}  // namespace tsd::engine
