#include "engine/codec/bytes_codec.h"

#include <algorithm>
#include <cstring>

#include "engine/codec/bitpack.h"
#include "engine/codec/integer_codec.h"
#include "engine/codec/lz4_block.h"
#include "engine/codec/string_table.h"

namespace tsd::engine {
namespace {

/// A dictionary elsewhere in the file does not pay for a few rows.
constexpr size_t kWorthSharing = 1024;
/// Strings are copied so many bytes at a time where they are short and there is room.
constexpr size_t kCopyBytes = 16;

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

size_t TotalBytes(std::span<const std::string_view> values) {
  size_t bytes = 0;
  for (std::string_view value : values) bytes += value.size();
  return bytes;
}

/// What strings take as a heap with lengths, about.
size_t BytesCost(size_t bytes, size_t count) { return bytes * 5 / 8 + count / 2; }

/// What codes take, about: packed, or in runs.
size_t CodesCost(size_t count, size_t runs, size_t entries) {
  const size_t bits = BitLength(entries - 1);
  return std::min(count * bits, runs * (bits + 8)) / 8;
}

void EncodeOwnDictionary(std::span<const std::string_view> entries, std::span<const int64_t> codes, std::string& out) {
  ByteWriter count;
  count.PutVarint(entries.size());
  out += count.data();
  EncodeBytes(entries, out);
  EncodeIntegers(codes, out);
}

}  // namespace

CodecId EncodeStrings(std::span<const std::string_view> values, SharedDictionary* shared, std::string& out) {
  StringTable table;
  std::vector<int64_t> codes(values.size());
  size_t runs = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && values[i] == values[i - 1]) {
      codes[i] = codes[i - 1];
    } else {
      codes[i] = static_cast<int64_t>(table.FindOrAdd(values[i]));
      ++runs;
    }
  }
  const std::vector<std::string_view>& entries = table.strings();
  const size_t own = BytesCost(TotalBytes(entries), entries.size()) + CodesCost(values.size(), runs, entries.size());
  const size_t none = BytesCost(TotalBytes(values), values.size());
  if (shared != nullptr && entries.size() > 1) {
    const SharedDictionary::Growth growth = shared->Measure(entries);
    const size_t cost = BytesCost(growth.bytes, growth.entries) + CodesCost(values.size(), runs, shared->size() + growth.entries);
    if (growth.fits && cost < none && (cost < own || (cost == own && values.size() >= kWorthSharing))) {
      const std::vector<int64_t> numbers = shared->Add(entries);
      for (int64_t& code : codes) code = numbers[static_cast<size_t>(code)];
      EncodeIntegers(codes, out);
      return CodecId::kSharedDictionary;
    }
  }
  if (own < none || entries.size() == 1) {
    EncodeOwnDictionary(entries, codes, out);
    return CodecId::kDictionary;
  }
  EncodeBytes(values, out);
  return CodecId::kBytes;
}

bool DecodeBytes(ByteReader& reader, size_t count, ByteList& out) {
  std::vector<int64_t> lengths(count);
  if (!DecodeIntegers(reader, lengths) || !DecodeHeap(reader, out.heap)) return false;
  out.offsets.resize(count + 1);
  out.offsets[0] = 0;
  uint64_t end = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t length = static_cast<uint64_t>(lengths[i]);
    if (length > out.heap.size() - end) return false;
    end += length;
    out.offsets[i + 1] = static_cast<uint32_t>(end);
  }
  return end == out.heap.size();
}

bool DecodeEntries(ByteReader& reader, ByteList& out) {
  const uint64_t entries = reader.GetVarint();
  return reader.ok() && entries <= kMaxBlockRows && DecodeBytes(reader, entries, out);
}

bool GatherStrings(std::span<const uint32_t> entry_offsets, std::string_view entry_heap, std::span<const uint16_t> codes, ByteList& out) {
  out.offsets.resize(codes.size() + 1);
  out.offsets[0] = 0;
  uint64_t end = 0;
  uint32_t* const offsets = out.offsets.data();
  for (size_t i = 0; i < codes.size(); ++i) {
    end += entry_offsets[codes[i] + 1] - entry_offsets[codes[i]];
    offsets[i + 1] = static_cast<uint32_t>(end);
  }
  if (end > kMaxHeapBytes) return false;
  out.heap.resize(end + kCopyBytes);
  char* const to = out.heap.data();
  if (entry_offsets.size() == 2) {  // copies of copies: a sorted file's segment column is mostly this
    for (size_t done = 0; done < end;) {
      const size_t step = done == 0 ? entry_heap.size() : std::min<size_t>(done, end - done);
      std::memcpy(to + done, done == 0 ? entry_heap.data() : to, step);
      done += step;
    }
  } else {
    for (size_t i = 0; i < codes.size(); ++i) {
      const size_t from = entry_offsets[codes[i]];
      const size_t length = entry_offsets[codes[i] + 1] - from;
      if (length <= kCopyBytes && from + kCopyBytes <= entry_heap.size()) {
        std::memcpy(to + offsets[i], entry_heap.data() + from, kCopyBytes);
      } else {
        std::memcpy(to + offsets[i], entry_heap.data() + from, length);
      }
    }
  }
  out.heap.resize(end);
  return true;
}

}  // namespace tsd::engine
