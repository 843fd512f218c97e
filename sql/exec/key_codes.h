#pragma once
// Codes of key values: the pieces GroupTable is made of. A key column becomes words of 64 bits: fixed-width values of up to eight bytes
// are their own words; byte strings and everything with an equality of its own (numeric, interval, char(n), arrays …) get a dense code
// from a dictionary. NULL is a value like any other to a dictionary. One thread.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/types/column_batch.h"

namespace tsd::sql {

/// A slot of an open hash table: the upper hash bits sort out most strangers without looking at the key.
struct CodeSlot {
  uint32_t entry = 0;  // entry + 1, 0 = free
  uint32_t tag = 0;
};

inline constexpr uint32_t kNoCode = UINT32_MAX;

/// Values of one column <-> dense codes, in order of first appearance.
class ValueDictionary {
 public:
  explicit ValueDictionary(DataType type);
  size_t size() const { return values_->size(); }
  /// The code of each of `rows` (nullptr: the first `count` rows); unknown values get new codes.
  void Encode(const Vector& column, const uint32_t* rows, size_t count, uint32_t* codes);
  /// The same without adding: kNoCode for unknown values.
  void Find(const Vector& column, const uint32_t* rows, size_t count, uint32_t* codes) const;
  const std::shared_ptr<Vector>& values() const { return values_; }
  size_t MemoryBytes() const;

 private:
  template <bool kAdd>
  uint32_t CodeOf(const Vector& column, size_t row);
  bool HasCodes(const Vector& column) const {
    if (column.codes().empty() || column.codes().size() != column.size()) return false;
    return plain_bytes_ || column.entries()->type().SameAs(column.type());
  }
  void EncodeEntries(const Vector& column, const uint32_t* rows, size_t count, uint32_t* codes);
  uint64_t HashOf(const Vector& column, size_t row) const;
  bool Equal(const Vector& column, size_t row, uint32_t code) const;
  void Grow();

  const bool plain_bytes_;  // equality is that of the bytes
  std::shared_ptr<Vector> values_;
  std::vector<CodeSlot> slots_;
  uint64_t mask_ = 0;
  std::vector<uint64_t> hashes_;  // by code
  // The dictionary that the last column came from, and the codes of its entries as far as they were asked for.
  VectorPtr entries_;
  std::vector<uint32_t> entry_codes_;
};

/// True if equal values of the type are equal as 64-bit words made by LoadWords.
bool IsWordType(const DataType& type);
/// words[i * stride] = the word of row rows[i] (nullptr: row i); 0 for NULL. Floats: one NaN, one zero.
void LoadWords(const Vector& column, const uint32_t* rows, size_t count, uint64_t* words, size_t stride);
/// Appends the value a word stands for.
void AppendWord(uint64_t word, Vector& out);

/// Ors 1 into marks[i] where row i differs from row i - 1; by bytes, so that values equal in SQL's sense may get a mark too.
void MarkChanges(const Vector& column, size_t rows, uint8_t* marks);

}  // namespace tsd::sql
