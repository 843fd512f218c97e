#pragma once
// What sorting compares rows by first: 64 bits a row and key whose unsigned order agrees with the key's. Mostly they settle the order; where
// not, the values decide. Made in steps of some thousand rows, so that a query that sorts millions can give way. One thread at a time.
#include <cstdint>
#include <memory>
#include <vector>

#include "sql/exec/key_codes.h"
#include "sql/exec/row_order.h"

namespace tsd::sql {

/// The prefixes of one key: the values' own bits, or, of texts and the like with few distinct values, ranks among these.
class KeyPrefix {
 public:
  /// The batch must outlive it.
  KeyPrefix(const ColumnBatch& batch, const OrderKey& key);
  /// True: all are there.
  bool Step();
  /// Requires: all are there. Equal prefixes mean equal keys; else CompareOrder decides among them.
  bool exact() const { return exact_; }
  const std::vector<uint64_t>& values() const { return values_; }

 private:
  enum class Phase : uint8_t { kSample, kCodes, kRanks, kValues, kDone };
  void TakeSample();
  void TakeCodes();
  void RankValues();
  void FillRanks();
  void FillValues();
  /// What the next step takes.
  size_t SliceEnd() const;

  const Vector& column_;
  const size_t rows_;
  const OrderKey key_;
  Phase phase_;
  size_t at_ = 0;
  bool exact_ = false;
  std::vector<uint64_t> values_;
  // Of ranks:
  std::unique_ptr<ValueDictionary> dictionary_;
  std::vector<uint32_t> codes_;
  std::vector<uint64_t> ranks_;  // by code
};

/// Those of the first key, and of the second where the first one's are exact.
class RowPrefixes {
 public:
  /// The batch must outlive it.
  RowPrefixes(const ColumnBatch& batch, const std::vector<OrderKey>& keys);
  /// True: all are there.
  bool Step();
  /// They are copied, what Visit gave to compare them stays good.
  void DropValues();

  struct OneKey {
    uint64_t first;
    uint32_t row;
  };
  struct TwoKeys {
    uint64_t first, second;
    uint32_t row;
  };
  /// Calls `visit(row_at, less)`: row_at(i) is row i as a OneKey or TwoKeys, less compares two of these; rows with equal keys stay as they
  /// came. Both are good as long as this object and the batch. Requires: all are there.
  template <typename Visitor>
  auto Visit(const Visitor& visit) const {
    const auto one = [this](size_t row) { return OneKey{first_ ? first_->values()[row] : 0, static_cast<uint32_t>(row)}; };
    const auto two = [this](size_t row) { return TwoKeys{first_->values()[row], second_->values()[row], static_cast<uint32_t>(row)}; };
    if (undecided_.empty()) {
      const auto less = [](const auto& a, const auto& b) {
        const int order = Compare(a, b);
        return order != 0 ? order < 0 : a.row < b.row;
      };
      return second_ ? visit(two, less) : visit(one, less);
    }
    const auto less = [this](const auto& a, const auto& b) {
      int order = Compare(a, b);
      if (order == 0) order = CompareOrder(undecided_, batch_, a.row, batch_, b.row);
      return order != 0 ? order < 0 : a.row < b.row;
    };
    return second_ ? visit(two, less) : visit(one, less);
  }

 private:
  static int Compare(const OneKey& a, const OneKey& b) { return a.first < b.first ? -1 : a.first > b.first ? 1 : 0; }
  static int Compare(const TwoKeys& a, const TwoKeys& b) {
    if (a.first != b.first) return a.first < b.first ? -1 : 1;
    return a.second < b.second ? -1 : a.second > b.second ? 1 : 0;
  }

  const ColumnBatch& batch_;
  std::vector<OrderKey> undecided_;  // keys that the prefixes do not settle
  std::unique_ptr<KeyPrefix> first_, second_;
  bool done_ = false;
};

}  // namespace tsd::sql
