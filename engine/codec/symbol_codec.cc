#include "engine/codec/symbol_codec.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cstring>
#include <memory>
#include <vector>

namespace tsd::engine {
namespace {

constexpr size_t kMaxSymbols = 255;
constexpr uint8_t kEscape = 255;
constexpr size_t kMaxLength = 8;
constexpr size_t kSampleBytes = 4096;
constexpr size_t kSamplePieces = 16;
constexpr int kRounds = 4;
constexpr size_t kHashSlots = 1024;
constexpr uint16_t kNone = 0xffff;

struct Symbol {
  uint64_t bytes = 0;  // little-endian, zeros above the length
  uint8_t length = 0;
  bool operator==(const Symbol&) const = default;
  template <typename H>
  friend H AbslHashValue(H state, const Symbol& symbol) {
    return H::combine(std::move(state), symbol.bytes, symbol.length);
  }
};

constexpr uint64_t Mask(size_t length) { return length >= 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * length)) - 1; }

uint64_t LoadUpTo8(const char* from, size_t available) {
  uint64_t word = 0;
  std::memcpy(&word, from, std::min<size_t>(8, available));
  return word;
}

/// Symbols with the means to find the longest that a text begins with.
class Table {
 public:
  Table() {
    one_.fill(kNone);
    two_.assign(65536, kNone);
    slots_.fill(kNone);
  }
  const std::vector<Symbol>& symbols() const { return symbols_; }
  /// False if it would hide behind another of the same beginning.
  bool Add(const Symbol& symbol) {
    const uint16_t code = static_cast<uint16_t>(symbols_.size());
    if (symbol.length == 1) {
      one_[symbol.bytes] = code;
    } else if (symbol.length == 2) {
      two_[symbol.bytes] = code;
    } else {
      uint16_t& slot = slots_[Slot(symbol.bytes)];
      if (slot != kNone) return false;
      slot = code;
    }
    symbols_.push_back(symbol);
    return true;
  }
  /// kNone: the first byte must escape.
  uint16_t Longest(uint64_t word, size_t available) const {
    if (const uint16_t code = slots_[Slot(word)]; code != kNone) {
      const Symbol& symbol = symbols_[code];
      if (symbol.length <= available && (word & Mask(symbol.length)) == symbol.bytes) return code;
    }
    if (available >= 2 && two_[word & 0xffff] != kNone) return two_[word & 0xffff];
    return one_[word & 0xff];
  }

 private:
  static size_t Slot(uint64_t word) { return ((word & Mask(3)) * 2971215073u >> 15) % kHashSlots; }

  std::vector<Symbol> symbols_;
  std::array<uint16_t, 256> one_;
  std::vector<uint16_t> two_;
  std::array<uint16_t, kHashSlots> slots_;  // symbols of three bytes and more, by their first three
};

std::string Sample(std::string_view bytes) {
  if (bytes.size() <= kSampleBytes) return std::string(bytes);
  std::string sample;
  constexpr size_t kPiece = kSampleBytes / kSamplePieces;
  for (size_t i = 0; i < kSamplePieces; ++i) sample += bytes.substr((bytes.size() - kPiece) * i / (kSamplePieces - 1), kPiece);
  return sample;
}

/// At least a fifth of the pairs of neighbours came before: else no symbol is worth its table. Random bytes have a thirtieth.
bool PairsRepeat(std::string_view sample) {
  std::bitset<65536> seen;
  size_t repeated = 0;
  for (size_t at = 1; at < sample.size(); ++at) {
    const size_t pair = static_cast<uint8_t>(sample[at - 1]) << 8 | static_cast<uint8_t>(sample[at]);
    repeated += seen[pair];
    seen.set(pair);
  }
  return repeated * 5 >= sample.size();
}

struct Candidate {
  uint32_t gain = 0;
  Symbol symbol;
  /// Of a heap: the best is on top; no two are equal, so that a block has one form.
  bool operator<(const Candidate& other) const {
    if (gain != other.gain) return gain < other.gain;
    return symbol.length != other.symbol.length ? symbol.length < other.symbol.length : symbol.bytes > other.symbol.bytes;
  }
};

/// Each round codes the sample with the symbols so far and keeps, of them and of neighbours put together, those that save most.
/// Null: pairs of bytes, which come first, gain next to nothing, so that longer symbols will not either.
std::unique_ptr<Table> Train(const std::string& sample) {
  auto table = std::make_unique<Table>();
  for (int round = 0; round < kRounds; ++round) {
    absl::flat_hash_map<Symbol, uint32_t> gains;
    gains.reserve(sample.size());
    Symbol last;
    size_t coded = 0;
    for (size_t at = 0; at < sample.size();) {
      const uint64_t word = LoadUpTo8(sample.data() + at, sample.size() - at);
      const uint16_t code = table->Longest(word, sample.size() - at);
      const Symbol symbol = code == kNone ? Symbol{word & 0xff, 1} : table->symbols()[code];
      // A byte that escapes costs two: alone it is worth as much as a pair.
      coded += code == kNone ? 2 : 1;
      gains[symbol] += symbol.length;
      if (last.length != 0 && last.length + symbol.length <= kMaxLength) {
        const Symbol both{last.bytes | symbol.bytes << (8 * last.length), static_cast<uint8_t>(last.length + symbol.length)};
        gains[both] += both.length;
      }
      last = symbol;
      at += symbol.length;
    }
    if (round > 0 && coded + coded / 16 > sample.size()) return nullptr;
    std::vector<Candidate> candidates;
    candidates.reserve(gains.size());
    for (const auto& [symbol, gain] : gains) {
      if (gain > 2u * symbol.length || round + 1 < kRounds) candidates.push_back({symbol.length == 1 ? 8 * gain : gain, symbol});
    }
    std::make_heap(candidates.begin(), candidates.end());
    auto next = std::make_unique<Table>();
    while (!candidates.empty() && next->symbols().size() < kMaxSymbols) {
      std::pop_heap(candidates.begin(), candidates.end());
      next->Add(candidates.back().symbol);
      candidates.pop_back();
    }
    table = std::move(next);
  }
  return table;
}

}  // namespace

bool EncodeSymbols(std::string_view bytes, size_t limit, std::string& out) {
  const std::string sample = Sample(bytes);
  if (!PairsRepeat(sample)) return false;
  const std::unique_ptr<Table> table = Train(sample);
  if (table == nullptr) return false;
  const std::vector<Symbol>& symbols = table->symbols();
  std::string codes(2 * bytes.size(), '\0');
  char* to = codes.data();
  for (size_t at = 0; at < bytes.size();) {
    const size_t left = bytes.size() - at;
    const uint16_t code = table->Longest(LoadUpTo8(bytes.data() + at, left), left);
    if (code == kNone) {
      *to++ = static_cast<char>(kEscape);
      *to++ = bytes[at++];
    } else {
      *to++ = static_cast<char>(code);
      at += symbols[code].length;
    }
    if (static_cast<size_t>(to - codes.data()) > limit) return false;
  }
  codes.resize(static_cast<size_t>(to - codes.data()));
  ByteWriter writer;
  writer.PutU8(static_cast<uint8_t>(symbols.size()));
  for (const Symbol& symbol : symbols) {
    writer.PutU8(symbol.length);
    writer.PutBytes(std::string_view(reinterpret_cast<const char*>(&symbol.bytes), symbol.length));
  }
  writer.PutString(codes);
  if (writer.size() >= limit) return false;
  out += writer.data();
  return true;
}

bool DecodeSymbols(ByteReader& reader, std::string& out) {
  uint64_t bytes[256] = {};
  uint8_t lengths[256] = {};
  const size_t count = reader.GetU8();
  if (count > kMaxSymbols) return false;
  for (size_t i = 0; i < count; ++i) {
    lengths[i] = reader.GetU8();
    if (lengths[i] == 0 || lengths[i] > kMaxLength) return false;
    const std::string_view symbol = reader.GetBytes(lengths[i]);
    std::memcpy(&bytes[i], symbol.data(), symbol.size());
  }
  const std::string_view codes = reader.GetString();
  if (!reader.ok()) return false;
  size_t at = 0;
  size_t to = 0;
  // Whole words while there is room for one, byte by byte at the end.
  while (at < codes.size()) {
    const uint8_t code = static_cast<uint8_t>(codes[at++]);
    if (code == kEscape) {
      if (at == codes.size() || to == out.size()) return false;
      out[to++] = codes[at++];
      continue;
    }
    const size_t length = lengths[code];
    if (length == 0 || length > out.size() - to) return false;
    if (out.size() - to >= 8) {
      std::memcpy(out.data() + to, &bytes[code], 8);
    } else {
      std::memcpy(out.data() + to, &bytes[code], length);
    }
    to += length;
  }
  return to == out.size();
}

}  // namespace tsd::engine
