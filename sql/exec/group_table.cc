#include "sql/exec/group_table.h"

#include <algorithm>
#include <cstring>

#include "engine/base/hash.h"

namespace tsd::sql {
namespace {

constexpr size_t kFirstSlots = 256;
constexpr size_t kMaskedColumns = 32;  // word columns beyond have no NULL bit and go through a dictionary
constexpr size_t kPrefetchDistance = 8;
constexpr size_t kPrefetchSlots = 1 << 14;  // smaller tables lie in the cache

}  // namespace

GroupTable::GroupTable(std::vector<DataType> types) : slots_(kFirstSlots), mask_(kFirstSlots - 1), small_keys_(types.size()) {
  for (DataType& type : types) {
    Column column{type, nullptr};
    if (!IsWordType(type) || columns_.size() >= kMaskedColumns) column.dictionary = std::make_unique<ValueDictionary>(type);
    columns_.push_back(std::move(column));
  }
}

void GroupTable::FindRuns(const std::vector<VectorPtr>& keys, size_t rows) {
  starts_.clear();
  if (rows == 0) return;
  marks_.assign(rows, 0);
  marks_[0] = 1;
  for (const VectorPtr& key : keys) MarkChanges(*key, rows, marks_.data());
  size_t count = 0;
  for (size_t i = 0; i < rows; ++i) count += marks_[i];
  if (count * 2 > rows) return;
  starts_.resize(count);
  size_t at = 0;
  size_t i = 0;
  for (; i + 8 <= rows; i += 8) {
    uint64_t eight;
    std::memcpy(&eight, marks_.data() + i, 8);
    if (eight == 0) continue;
    for (size_t j = i; j < i + 8; ++j) {
      if (marks_[j] != 0) starts_[at++] = static_cast<uint32_t>(j);
    }
  }
  for (; i < rows; ++i) {
    if (marks_[i] != 0) starts_[at++] = static_cast<uint32_t>(i);
  }
}

void GroupTable::HashWords(const uint64_t* words, const uint32_t* nulls, size_t count, uint64_t* hashes) const {
  const size_t width = columns_.size();
  if (width == 1) {
    for (size_t i = 0; i < count; ++i) hashes[i] = MixHash(words[i] + nulls[i]);
    return;
  }
  for (size_t i = 0; i < count; ++i) {
    uint64_t hash = nulls[i];
    for (size_t c = 0; c < width; ++c) {
      const unsigned __int128 product =
          static_cast<unsigned __int128>(hash ^ words[i * width + c] ^ 0x9e3779b97f4a7c15ULL) * 0xe7037ed1a0b428dbULL;
      hash = static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
    }
    hashes[i] = MixHash(hash);
  }
}

bool GroupTable::Equal(uint32_t group, const uint64_t* words, uint32_t nulls) const {
  const size_t width = columns_.size();
  const uint64_t* own = words_.data() + group * width;
  uint64_t difference = nulls_[group] ^ nulls;
  for (size_t c = 0; c < width; ++c) difference |= own[c] ^ words[c];
  return difference == 0;
}

void GroupTable::Grow() {
  const size_t width = columns_.size();
  slots_.assign(slots_.size() * 2, CodeSlot());
  mask_ = slots_.size() - 1;
  std::vector<uint64_t> hashes(size_);
  HashWords(words_.data(), nulls_.data(), size_, hashes.data());
  TSD_CHECK(words_.size() == size_ * width);
  for (size_t group = 0; group < size_; ++group) {
    uint64_t at = hashes[group] & mask_;
    while (slots_[at].entry != 0) at = (at + 1) & mask_;
    slots_[at] = {static_cast<uint32_t>(group) + 1, static_cast<uint32_t>(hashes[group] >> 32)};
  }
}

uint32_t GroupTable::FindOrAdd(uint64_t hash, const uint64_t* words, uint32_t nulls) {
  const uint32_t tag = static_cast<uint32_t>(hash >> 32);
  uint64_t at = hash & mask_;
  while (slots_[at].entry != 0) {
    if (slots_[at].tag == tag && Equal(slots_[at].entry - 1, words, nulls)) return slots_[at].entry - 1;
    at = (at + 1) & mask_;
  }
  const uint32_t group = static_cast<uint32_t>(size_++);
  slots_[at] = {group + 1, tag};
  words_.insert(words_.end(), words, words + columns_.size());
  nulls_.push_back(nulls);
  if (size_ * 2 > slots_.size()) Grow();
  return group;
}

void GroupTable::LoadKeys(const std::vector<VectorPtr>& keys, const uint32_t* rows, size_t count) {
  const size_t width = columns_.size();
  batch_words_.resize(count * width);
  batch_nulls_.assign(count, 0);
  for (size_t c = 0; c < width; ++c) {
    if (columns_[c].dictionary != nullptr) {
      codes_.resize(count);
      columns_[c].dictionary->Encode(*keys[c], rows, count, codes_.data());
      for (size_t i = 0; i < count; ++i) batch_words_[i * width + c] = codes_[i];
      continue;
    }
    LoadWords(*keys[c], rows, count, batch_words_.data() + c, width);
    if (!keys[c]->HasNulls()) continue;
    for (size_t i = 0; i < count; ++i) {
      if (keys[c]->IsNull(rows == nullptr ? i : rows[i])) batch_nulls_[i] |= uint32_t{1} << c;
    }
  }
}

void GroupTable::ResolveSmall(size_t count, uint32_t* ids) {
  const uint32_t* const numbers = small_keys_.numbers();
  const size_t width = columns_.size();
  size_t lookups = 0;
  for (size_t i = 0; i < count; ++i) {
    uint32_t& group = small_keys_.group(numbers[i]);
    if (group == SmallKeys::kUnknown) {
      ++lookups;
      uint64_t hash;
      HashWords(batch_words_.data() + i * width, batch_nulls_.data() + i, 1, &hash);
      group = FindOrAdd(hash, batch_words_.data() + i * width, batch_nulls_[i]);
    }
    ids[i] = group;
  }
  small_keys_.NoteLookups(lookups);
}

void GroupTable::ResolveRows(const std::vector<VectorPtr>& keys, const uint32_t* rows, size_t count, uint32_t* ids) {
  if (IsDictionaryOnly()) {
    columns_[0].dictionary->Encode(*keys[0], rows, count, ids);
    size_ = columns_[0].dictionary->size();
    return;
  }
  LoadKeys(keys, rows, count);
  if (small_keys_.Number(batch_words_.data(), std::span(batch_nulls_.data(), count))) return ResolveSmall(count, ids);
  batch_hashes_.resize(count);
  HashWords(batch_words_.data(), batch_nulls_.data(), count, batch_hashes_.data());
  const size_t width = columns_.size();
  const uint64_t* words = batch_words_.data();
  for (size_t i = 0; i < count; ++i) {
    if (slots_.size() >= kPrefetchSlots && i + kPrefetchDistance < count) {
      __builtin_prefetch(&slots_[batch_hashes_[i + kPrefetchDistance] & mask_]);
    }
    ids[i] = FindOrAdd(batch_hashes_[i], words + i * width, batch_nulls_[i]);
  }
}

void GroupTable::Resolve(const std::vector<VectorPtr>& keys, size_t rows, std::vector<uint32_t>* ids, std::vector<GroupRun>* runs) {
  constexpr size_t kWorthRuns = 8;  // rows a run
  ids->resize(rows);
  if (runs != nullptr) runs->clear();
  if (rows == 0) return;
  if (columns_.empty()) {
    size_ = 1;
    std::fill(ids->begin(), ids->end(), 0);
    if (runs != nullptr) runs->push_back({static_cast<uint32_t>(rows), 0});
    return;
  }
  FindRuns(keys, rows);
  if (starts_.empty()) return ResolveRows(keys, nullptr, rows, ids->data());
  start_ids_.resize(starts_.size());
  ResolveRows(keys, starts_.data(), starts_.size(), start_ids_.data());
  const bool report = runs != nullptr && starts_.size() * kWorthRuns <= rows;
  if (report) runs->reserve(starts_.size());
  for (size_t i = 0; i < starts_.size(); ++i) {
    const uint32_t end = i + 1 < starts_.size() ? starts_[i + 1] : static_cast<uint32_t>(rows);
    std::fill(ids->begin() + starts_[i], ids->begin() + end, start_ids_[i]);
    if (report) runs->push_back({end, start_ids_[i]});
  }
}

void GroupTable::Lookup(const std::vector<VectorPtr>& keys, size_t rows, std::vector<uint32_t>* ids) const {
  ids->assign(rows, kNone);
  if (size_ == 0 || rows == 0) return;
  if (columns_.empty()) {
    std::fill(ids->begin(), ids->end(), 0);
    return;
  }
  if (IsDictionaryOnly()) return columns_[0].dictionary->Find(*keys[0], nullptr, rows, ids->data());
  const size_t width = columns_.size();
  std::vector<uint64_t> words(rows * width), hashes(rows);
  std::vector<uint32_t> nulls(rows, 0), codes(rows);
  std::vector<uint8_t> unknown(rows, 0);
  for (size_t c = 0; c < width; ++c) {
    if (columns_[c].dictionary != nullptr) {
      columns_[c].dictionary->Find(*keys[c], nullptr, rows, codes.data());
      for (size_t i = 0; i < rows; ++i) {
        words[i * width + c] = codes[i];
        unknown[i] |= codes[i] == kNoCode ? 1 : 0;
      }
      continue;
    }
    LoadWords(*keys[c], nullptr, rows, words.data() + c, width);
    for (size_t i = 0; i < rows && keys[c]->HasNulls(); ++i) nulls[i] |= keys[c]->IsNull(i) ? uint32_t{1} << c : 0;
  }
  HashWords(words.data(), nulls.data(), rows, hashes.data());
  for (size_t i = 0; i < rows; ++i) {
    if (unknown[i] != 0) continue;
    const uint32_t tag = static_cast<uint32_t>(hashes[i] >> 32);
    for (uint64_t at = hashes[i] & mask_; slots_[at].entry != 0; at = (at + 1) & mask_) {
      if (slots_[at].tag != tag || !Equal(slots_[at].entry - 1, words.data() + i * width, nulls[i])) continue;
      (*ids)[i] = slots_[at].entry - 1;
      break;
    }
  }
}

std::vector<VectorPtr> GroupTable::Keys(size_t begin, size_t end) const {
  std::vector<VectorPtr> keys;
  const size_t width = columns_.size();
  for (size_t c = 0; c < width; ++c) {
    const Column& column = columns_[c];
    if (IsDictionaryOnly()) {
      keys.push_back(Vector::Slice(column.dictionary->values(), begin, end));
      continue;
    }
    auto values = std::make_shared<Vector>(column.type);
    if (column.dictionary != nullptr) {
      std::vector<uint32_t> codes(end - begin);
      for (size_t group = begin; group < end; ++group) codes[group - begin] = static_cast<uint32_t>(words_[group * width + c]);
      values->AppendSelected(*column.dictionary->values(), codes);
    } else {
      values->Reserve(end - begin, 0);
      for (size_t group = begin; group < end; ++group) {
        if ((nulls_[group] >> c & 1) != 0) {
          values->AppendNull();
        } else {
          AppendWord(words_[group * width + c], *values);
        }
      }
    }
    keys.push_back(std::move(values));
  }
  return keys;
}

size_t GroupTable::MemoryBytes() const {
  size_t bytes = slots_.size() * sizeof(CodeSlot) + words_.capacity() * 8 + nulls_.capacity() * 4 + small_keys_.MemoryBytes();
  for (const Column& column : columns_) {
    if (column.dictionary != nullptr) bytes += column.dictionary->MemoryBytes();
  }
  return bytes;
}

}  // namespace tsd::sql
