#include "sql/exec/row_sorter.h"

#include <algorithm>
#include <bit>

namespace tsd::sql {
namespace {

constexpr size_t kCopiedRows = size_t{1} << 15;  // of a step
constexpr size_t kComparisons = size_t{1} << 15;  // of a step of a partition
constexpr size_t kLeafRows = size_t{1} << 12;   // sorted in one step

}  // namespace

class RowSorter::Pass {
 public:
  virtual ~Pass() = default;
  /// True: the rows are copied from the prefixes.
  virtual bool Copy() = 0;
  virtual bool Step() = 0;
  virtual std::vector<uint32_t> Take() = 0;
};

template <typename RowAt, typename Less>
class RowSorter::PassOf final : public Pass {
 public:
  PassOf(RowAt row_at, Less less, size_t rows) : row_at_(row_at), less_(less), row_count_(rows) { rows_.reserve(rows); }

  bool Copy() override {
    for (size_t end = std::min(row_count_, rows_.size() + kCopiedRows); rows_.size() < end;) rows_.push_back(row_at_(rows_.size()));
    if (rows_.size() < row_count_) return false;
    // The partitions of a good sort are halved so often; a bad one is left to std::sort.
    todo_.push_back({0, row_count_, 2 * static_cast<int>(std::bit_width(row_count_))});
    return true;
  }
  bool Step() override {
    if (!todo_.empty()) {
      Sort();
      return false;
    }
    for (size_t end = std::min(row_count_, order_.size() + kCopiedRows); order_.size() < end;) order_.push_back(rows_[order_.size()].row);
    return order_.size() == row_count_;
  }
  std::vector<uint32_t> Take() override { return std::move(order_); }

 private:
  using Row = decltype(std::declval<RowAt>()(size_t{0}));
  struct Range {
    size_t begin, end;
    int splits;  // that may follow
  };

  void Sort() {
    const Range range = todo_.back();
    const auto begin = rows_.begin() + static_cast<ptrdiff_t>(range.begin);
    if (range.end - range.begin <= kLeafRows || range.splits == 0) {
      todo_.pop_back();
      std::sort(begin, rows_.begin() + static_cast<ptrdiff_t>(range.end), less_);
    } else if (Partition(range)) {
      todo_.pop_back();
      // The rows up to high_ are not above the pivot, those from low_ on not below it.
      todo_.push_back({low_, range.end, range.splits - 1});
      todo_.push_back({range.begin, high_ + 1, range.splits - 1});
      partitioning_ = false;
    }
    if (todo_.empty()) order_.reserve(row_count_);
  }

  /// False: it goes on where it was.
  bool Partition(const Range& range) {
    if (!partitioning_) {
      partitioning_ = true;
      low_ = range.begin;
      high_ = range.end - 1;
      pivot_ = Pivot(range);
    }
    Row* const rows = rows_.data();
    size_t low = low_, high = high_;  // high >= range.begin: a row that is not above the pivot stops it, if only the pivot itself
    bool done = false;
    for (size_t left = kComparisons; !done && left > 0;) {
      while (left > 0 && less_(rows[low], pivot_)) ++low, --left;
      while (left > 0 && less_(pivot_, rows[high])) --high, --left;
      if (left == 0) break;
      if (low < high) {
        std::swap(rows[low], rows[high]);
        ++low, --high, --left;
      }
      done = low >= high;
    }
    if (done && low == high) {
      if (less_(rows[low], pivot_)) ++low; else --high;
    }
    low_ = low;
    high_ = high;
    return done;
  }

  /// The middle of three middles, spread over the range.
  Row Pivot(const Range& range) const {
    const size_t eighth = (range.end - range.begin - 1) / 8;
    const auto middle = [this](const Row& a, const Row& b, const Row& c) {
      if (less_(a, b)) return less_(b, c) ? b : less_(a, c) ? c : a;
      return less_(a, c) ? a : less_(b, c) ? c : b;
    };
    const auto at = [&](size_t i) -> const Row& { return rows_[range.begin + i * eighth]; };
    return middle(middle(at(0), at(1), at(2)), middle(at(3), at(4), at(5)), middle(at(6), at(7), at(8)));
  }

  const RowAt row_at_;
  const Less less_;
  const size_t row_count_;
  std::vector<Row> rows_;
  std::vector<Range> todo_;  // the last one first
  // Of todo_.back(), once begun:
  bool partitioning_ = false;
  size_t low_ = 0, high_ = 0;
  Row pivot_{};
  std::vector<uint32_t> order_;
};

RowSorter::RowSorter(const ColumnBatch& batch, const std::vector<OrderKey>& keys) : row_count_(batch.rows()), prefixes_(batch, keys) {}
RowSorter::~RowSorter() = default;

bool RowSorter::Step() {
  if (copied_) return pass_->Step();
  if (pass_ != nullptr) {
    copied_ = pass_->Copy();
    if (copied_) prefixes_.DropValues();
    return false;
  }
  if (!prefixes_.Step()) return false;
  pass_ = prefixes_.Visit([this](auto row_at, auto less) -> std::unique_ptr<Pass> {
    return std::make_unique<PassOf<decltype(row_at), decltype(less)>>(row_at, less, row_count_);
  });
  return false;
}

std::vector<uint32_t> RowSorter::Take() { return pass_->Take(); }

}  // namespace tsd::sql
