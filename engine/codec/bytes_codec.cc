#include "engine/codec/bytes_codec.h"

#include <absl/container/flat_hash_map.h>

#include "engine/base/hash.h"
#include "engine/codec/block_codec.h"
#include "engine/codec/integer_codec.h"
#include "engine/codec/lz4_block.h"

namespace tsd::engine {
namespace {

struct BytesHash {
  size_t operator()(std::string_view bytes) const { return Hash64(bytes); }
};

}  // namespace

void EncodeBytes(std::span<const std::string_view> values, std::string& out) {
  std::vector<int64_t> lengths(values.size());
  size_t total = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    lengths[i] = static_cast<int64_t>(values[i].size());
    total += values[i].size();
  }
  EncodeIntegers(lengths, out);
  std::string heap;
  heap.reserve(total);
  for (std::string_view value : values) heap += value;
  EncodeHeap(heap, out);
}

bool EncodeDictionary(std::span<const std::string_view> values, std::string& out) {
  const size_t limit = values.size() / 2 + 1;
  absl::flat_hash_map<std::string_view, int64_t, BytesHash> code_of;
  std::vector<std::string_view> entries;
  std::vector<int64_t> codes(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && values[i] == values[i - 1]) {  // sorted files have long runs
      codes[i] = codes[i - 1];
      continue;
    }
    const auto [position, is_new] = code_of.try_emplace(values[i], static_cast<int64_t>(entries.size()));
    if (is_new) {
      entries.push_back(values[i]);
      if (entries.size() > limit || (i >= 1024 && entries.size() > i - i / 4)) return false;
    }
    codes[i] = position->second;
  }
  ByteWriter count;
  count.PutVarint(entries.size());
  out += count.data();
  EncodeBytes(entries, out);
  EncodeIntegers(codes, out);
  return true;
}

bool DecodeBytes(ByteReader& reader, size_t count, std::vector<uint32_t>& offsets, std::string& heap) {
  std::vector<int64_t> lengths(count);
  if (!DecodeIntegers(reader, lengths) || !DecodeHeap(reader, heap)) return false;
  offsets.resize(count + 1);
  offsets[0] = 0;
  uint64_t end = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t length = static_cast<uint64_t>(lengths[i]);
    if (length > heap.size() - end) return false;
    end += length;
    offsets[i + 1] = static_cast<uint32_t>(end);
  }
  return end == heap.size();
}

bool DecodeDictionary(ByteReader& reader, size_t count, std::vector<uint32_t>& offsets, std::string& heap, size_t* distinct) {
  const uint64_t entries = reader.GetVarint();
  if (!reader.ok() || entries > kMaxBlockRows) return false;
  std::vector<uint32_t> entry_offsets;
  std::string entry_heap;
  if (!DecodeBytes(reader, entries, entry_offsets, entry_heap)) return false;
  std::vector<int64_t> codes(count);
  if (!DecodeIntegers(reader, codes)) return false;
  *distinct = entries;
  offsets.resize(count + 1);
  offsets[0] = 0;
  uint64_t end = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t code = static_cast<uint64_t>(codes[i]);
    if (code >= entries) return false;
    end += entry_offsets[code + 1] - entry_offsets[code];
    if (end > kMaxHeapBytes) return false;
    offsets[i + 1] = static_cast<uint32_t>(end);
  }
  heap.resize(end);
  if (entries == 1) {  // copies of copies: a sorted file's segment column is mostly this
    for (size_t done = 0; done < end;) {
      const size_t step = done == 0 ? entry_heap.size() : std::min<size_t>(done, end - done);
      std::memcpy(heap.data() + done, done == 0 ? entry_heap.data() : heap.data(), step);
      done += step;
    }
    return true;
  }
  for (size_t i = 0; i < count; ++i) {
    const size_t code = static_cast<size_t>(codes[i]);
    std::memcpy(heap.data() + offsets[i], entry_heap.data() + entry_offsets[code], offsets[i + 1] - offsets[i]);
  }
  return true;
}

}  // namespace tsd::engine
