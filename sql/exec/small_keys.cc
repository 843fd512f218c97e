#include "sql/exec/small_keys.h"

#include <algorithm>
#include <bit>

namespace tsd::sql {
namespace {

constexpr unsigned kMaxBits = 16;
constexpr uint64_t kMaxSpan = 1 << 12;       // of a column's values that are not coded
constexpr size_t kMaxColumns = 4;
constexpr size_t kRowsToJudge = 4096;

}  // namespace

SmallKeys::SmallKeys(size_t width) : width_(width), given_up_(width > kMaxColumns), columns_(width + 1) {}

void SmallKeys::Restart() {
  columns_.assign(width_ + 1, Column());
  moved_ = true;
}

bool SmallKeys::Widen(Column& column, int64_t least, int64_t greatest) {
  if (column.seen && least >= column.least && greatest <= column.greatest) return false;
  if (column.seen) {
    least = std::min(least, column.least);
    greatest = std::max(greatest, column.greatest);
  }
  const uint64_t span = static_cast<uint64_t>(greatest) - static_cast<uint64_t>(least);
  if (span >= kMaxSpan) {
    column = Column();
    column.coded = true;
    return true;
  }
  const bool same = column.seen && least == column.least && std::bit_width(span) <= column.bits;
  column.bits = std::max(column.bits, static_cast<unsigned>(std::bit_width(span)));
  column.least = least;
  const uint64_t room = std::min((uint64_t{1} << column.bits) - 1, static_cast<uint64_t>(INT64_MAX) - static_cast<uint64_t>(least));
  column.greatest = least + static_cast<int64_t>(room);
  column.seen = true;
  return !same;
}

void SmallKeys::AddDistances(const Column& column, const uint64_t* words, size_t stride, size_t count) {
  const uint64_t least = static_cast<uint64_t>(column.least);
  const unsigned bits = column.bits;
  uint32_t* const numbers = numbers_.data();
  for (size_t i = 0; i < count; ++i) numbers[i] = numbers[i] << bits | static_cast<uint32_t>(words[i * stride] - least);
}

void SmallKeys::AddCodes(Column& column, const uint64_t* words, size_t stride, size_t count) {
  // The codes first: how many bits they take is known after them.
  codes_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const uint64_t word = words[i * stride];
    if (word != column.last_word || column.codes.empty()) {
      ++lookups_;
      column.last_word = word;
      column.last_code = column.codes.try_emplace(word, static_cast<uint32_t>(column.codes.size())).first->second;
    }
    codes_[i] = column.last_code;
  }
  const unsigned bits = static_cast<unsigned>(std::bit_width(column.codes.size() - 1));
  if (bits > column.bits) {
    column.bits = bits;
    moved_ = true;
  }
  if (column.bits > kMaxBits) return;
  for (size_t i = 0; i < count; ++i) numbers_[i] = numbers_[i] << column.bits | codes_[i];
}

/// Whether all words are at most 2^bits - 1 away from the least.
bool SmallKeys::Fit(const Column& column, const uint64_t* words, size_t stride, size_t count) {
  const uint64_t least = static_cast<uint64_t>(column.least);
  uint64_t distances = 0;
  for (size_t i = 0; i < count; ++i) distances |= words[i * stride] - least;
  return column.seen && distances >> column.bits == 0;
}

void SmallKeys::AddColumn(Column& column, const uint64_t* words, size_t stride, size_t count) {
  if (!column.coded && !Fit(column, words, stride, count)) {
    int64_t least = INT64_MAX, greatest = INT64_MIN;
    for (size_t i = 0; i < count; ++i) {
      const int64_t value = static_cast<int64_t>(words[i * stride]);
      least = std::min(least, value);
      greatest = std::max(greatest, value);
    }
    moved_ |= Widen(column, least, greatest);
  }
  column.coded ? AddCodes(column, words, stride, count) : AddDistances(column, words, stride, count);
}

/// Masks of NULLs are one more column once there is a NULL.
void SmallKeys::AddNulls(std::span<const uint32_t> nulls) {
  uint32_t any = 0;
  for (uint32_t mask : nulls) any |= mask;
  Column& column = columns_[width_];
  if (any == 0 && !column.seen && !column.coded) return;
  null_words_.assign(nulls.begin(), nulls.end());
  AddColumn(column, null_words_.data(), 1, nulls.size());
}

unsigned SmallKeys::Bits() const {
  unsigned bits = 0;
  for (const Column& column : columns_) bits += column.bits;
  return bits;
}

bool SmallKeys::TryNumber(const uint64_t* words, std::span<const uint32_t> nulls) {
  const size_t count = nulls.size();
  numbers_.assign(count, 0);
  for (size_t c = 0; c < width_; ++c) {
    AddColumn(columns_[c], words + c, width_, count);
    if (columns_[c].bits > kMaxBits) return false;
  }
  AddNulls(nulls);
  return Bits() <= kMaxBits;
}

bool SmallKeys::GiveUp() {
  const size_t width = width_;
  *this = SmallKeys(width);
  given_up_ = true;
  return false;
}

bool SmallKeys::Number(const uint64_t* words, std::span<const uint32_t> nulls) {
  if (given_up_ || nulls.empty()) return false;
  rows_ += nulls.size();
  if (rows_ > kRowsToJudge && lookups_ * 2 > rows_) return GiveUp();
  if (!TryNumber(words, nulls)) {
    // What was seen so far may not come again (hours that are over): once more without it, if that is not too often.
    Restart();
    if (!TryNumber(words, nulls)) return GiveUp();
  }
  const size_t count = size_t{1} << Bits();
  if (count > rows_) return false;  // for few rows the array would be larger than what it saves
  if (moved_) groups_.assign(count, kUnknown);
  moved_ = false;
  return true;
}

}  // namespace tsd::sql
