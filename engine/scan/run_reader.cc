#include "engine/scan/run_reader.h"

#include <algorithm>
#include <cmath>

#include "engine/scan/row_filter.h"
#include "engine/scan/row_kernels.h"
#include "engine/scan/run_columns.h"
#include "engine/types/datetime.h"

namespace tsd::engine {
namespace {

using Op = ColumnCondition::Op;

/// Shorter runs cost more than their rows do.
constexpr int64_t kWorthRows = 8;

/// Number of the cell of a value.
__int128 CellOf(int64_t value, const RunRequest::Key& key) {
  const __int128 distance = static_cast<__int128>(value) - key.origin;
  const __int128 cell = distance / key.width;
  return distance % key.width < 0 ? cell - 1 : cell;
}

class RunReader {
 public:
  RunReader(const ScanUnit& unit, const ScanSpec& spec, const RunRequest& request, CodeFilter& code_filter, ScanStats& stats)
      : reader_(*unit.reader), group_(unit.group), rows_(reader_.rows_in(group_)), spec_(spec), request_(request), code_filter_(code_filter), stats_(stats), end_(rows_) {
    if (!reader_.order().order_by.empty() && reader_.IsOneSegment(group_)) sorted_ = reader_.order().order_by.front();
  }

  StatusOr<std::optional<RowRuns>> Read() {
    if (!ColumnsFit() || !KeysFit()) return std::optional<RowRuns>();
    ASSIGN_OR_RETURN(const bool decided, ApplyConditions());
    if (!decided) return std::optional<RowRuns>();
    RowRuns runs;
    if (begin_ < end_) RETURN_IF_ERROR(Cut(runs));
    if (spans_.empty()) {
      stats_.blocks_skipped += std::max<size_t>(1, request_.columns.size());
      return std::optional<RowRuns>(std::move(runs));
    }
    RETURN_IF_ERROR(AddKeys(runs));
    for (const RunRequest::Column& column : request_.columns) {
      RunColumn values;
      ASSIGN_OR_RETURN(const bool known, ReadValues(column, runs.rows, values));
      if (!known) return std::optional<RowRuns>();
      runs.columns.push_back(std::move(values));
    }
    return std::optional<RowRuns>(std::move(runs));
  }

 private:
  const BlockSummaries* Summaries(size_t column) const { return reader_.Summaries(spec_.columns[column]); }
  DataType TypeOf(size_t column) const { return spec_.schema->Find(spec_.columns[column])->type; }
  bool IsUniform(size_t column) const { return Summaries(column)->IsUniform(group_, rows_); }

  /// The file has all columns, of the types they have now.
  bool ColumnsFit() const {
    const auto fits = [this](size_t column) { return Summaries(column) != nullptr && Summaries(column)->lows().type() == TypeOf(column); };
    return std::all_of(request_.keys.begin(), request_.keys.end(), [&](const RunRequest::Key& key) { return fits(key.column); }) &&
           std::all_of(request_.columns.begin(), request_.columns.end(), [&](const RunRequest::Column& column) { return fits(column.column); });
  }

  /// Every key is one value, or the time in cells that are worth it.
  bool KeysFit() const {
    for (const RunRequest::Key& key : request_.keys) {
      if (IsUniform(key.column)) continue;
      const BlockSummaries& summaries = *Summaries(key.column);
      if (key.width <= 0 || !IsSorted(spec_.columns[key.column]) || !summaries.HasBounds(group_)) return false;
      const int64_t first = summaries.lows().Get<int64_t>(group_), last = summaries.highs().Get<int64_t>(group_);
      if (!IsFiniteTimestamp(first) || !IsFiniteTimestamp(last)) return false;  // in no cell
      if ((CellOf(last, key) - CellOf(first, key)) * kWorthRows > rows_) return false;
    }
    return true;
  }

  /// An ascending 64-bit column without NULLs.
  bool IsSorted(ColumnId id) const {
    const BlockSummaries* summaries = reader_.Summaries(id);
    return sorted_ == id && summaries->NullCount(group_) == 0 && summaries->lows().type().Physical() == PhysicalType::kInt64;
  }

  void NoteRead(ColumnId id) {
    ++stats_.blocks_read;
    stats_.bytes_read += reader_.BlockBytes(group_, id);
  }
  VectorPtr FindRead(ColumnId id) const {
    for (const auto& [column, values] : read_) {
      if (column == id) return values;
    }
    return nullptr;
  }
  StatusOr<VectorPtr> ReadColumn(ColumnId id) {
    VectorPtr values = FindRead(id);
    if (values != nullptr) return values;
    ASSIGN_OR_RETURN(values, reader_.ReadColumn(group_, id));
    NoteRead(id);
    read_.emplace_back(id, values);
    return values;
  }
  Status ReadTimes() {
    ASSIGN_OR_RETURN(times_, ReadColumn(*sorted_));
    return OkStatus();
  }

  /// False if some condition cannot be decided here.
  StatusOr<bool> ApplyConditions() {
    std::vector<const ColumnCondition*> by_row;
    for (const ColumnCondition& condition : spec_.predicate.conditions) {
      if (reader_.MustMatch(group_, condition)) continue;
      const BlockSummaries* summaries = reader_.Summaries(condition.column);
      if (summaries == nullptr || summaries->lows().type() != spec_.schema->Find(condition.column)->type) return false;
      if (!CanFilter(summaries->lows().type(), condition)) return false;
      if (IsSorted(condition.column) && condition.op < Op::kIn && !condition.values[0].IsNull()) {
        RETURN_IF_ERROR(ReadTimes());
        Narrow(condition.op, condition.values[0].AsInteger());
      } else {
        by_row.push_back(&condition);
      }
    }
    for (const ColumnCondition* condition : by_row) {
      if (begin_ >= end_) break;
      if (keep_.empty()) keep_.assign(rows_, 1);
      ASSIGN_OR_RETURN(const bool tested, TestEncoded(*condition));
      if (tested) continue;
      ASSIGN_OR_RETURN(const VectorPtr values, ReadColumn(condition->column));
      FilterRows(*values, *condition, keep_);
    }
    return true;
  }

  StatusOr<bool> TestEncoded(const ColumnCondition& condition) {
    if (FindRead(condition.column) != nullptr) return false;
    const DataType type = spec_.schema->Find(condition.column)->type;
    bool tested = false;
    if (CodeFilter::MayApply(type, condition)) {
      ASSIGN_OR_RETURN(tested, code_filter_.Filter(reader_, group_, condition, keep_));
    } else if (const std::optional<DoubleTest> test = DoubleTestOf(type, condition); test.has_value()) {
      ASSIGN_OR_RETURN(tested, reader_.TestRows(group_, condition.column, *test, keep_.data()));
    }
    if (tested) NoteRead(condition.column);
    return tested;
  }

  void Narrow(Op op, int64_t bound) {
    const int64_t* times = times_->values<int64_t>();
    const auto below = [&] { return static_cast<size_t>(std::lower_bound(times, times + rows_, bound) - times); };
    const auto up_to = [&] { return static_cast<size_t>(std::upper_bound(times, times + rows_, bound) - times); };
    if (op == Op::kGreaterEqual || op == Op::kEqual) begin_ = std::max(begin_, below());
    if (op == Op::kGreater) begin_ = std::max(begin_, up_to());
    if (op == Op::kLess) end_ = std::min(end_, below());
    if (op == Op::kLessEqual || op == Op::kEqual) end_ = std::min(end_, up_to());
  }

  /// Makes spans_ of the rows in [begin_, end_), without those that have no row left.
  Status Cut(RowRuns& runs) {
    std::vector<const RunRequest::Key*> grids;
    for (const RunRequest::Key& key : request_.keys) {
      if (key.width > 0 && !IsUniform(key.column)) grids.push_back(&key);
    }
    if (!grids.empty()) RETURN_IF_ERROR(ReadTimes());
    for (size_t begin = begin_; begin < end_;) {
      size_t end = end_;
      for (const RunRequest::Key* grid : grids) end = std::min(end, CellEnd(*grid, begin, end));
      const size_t kept = keep_.empty() ? end - begin : CountKept(keep_.data() + begin, end - begin);
      if (kept != 0) {
        spans_.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end)});
        runs.rows.push_back(static_cast<uint32_t>(kept));
      }
      begin = end;
    }
    return OkStatus();
  }

  /// The first row in (begin, end] that lies in another cell than row `begin`.
  size_t CellEnd(const RunRequest::Key& grid, size_t begin, size_t end) const {
    const int64_t* times = times_->values<int64_t>();
    const __int128 next = (CellOf(times[begin], grid) + 1) * grid.width + grid.origin;
    if (next > times[end - 1]) return end;
    return static_cast<size_t>(std::lower_bound(times + begin, times + end, static_cast<int64_t>(next)) - times);
  }

  Status AddKeys(RowRuns& runs) {
    runs.keys.SetRows(spans_.size());
    for (const RunRequest::Key& key : request_.keys) {
      auto values = std::make_shared<Vector>(TypeOf(key.column));
      if (IsUniform(key.column)) {
        for (size_t i = 0; i < spans_.size(); ++i) values->AppendFrom(Summaries(key.column)->lows(), group_);
      } else {
        for (const RowSpan& span : spans_) values->Append<int64_t>(times_->Get<int64_t>(span.begin));
      }
      runs.keys.Add(std::move(values));
    }
    return OkStatus();
  }

  /// False if the column's runs have no sums or bounds that can be told.
  StatusOr<bool> ReadValues(const RunRequest::Column& wanted, const std::vector<uint32_t>& kept, RunColumn& out) {
    const ColumnId id = spec_.columns[wanted.column];
    const bool all = spans_.size() == 1 && kept[0] == rows_;
    if (all && AddSummary(reader_.BlockStats(group_, id), TypeOf(wanted.column), wanted, out)) {
      ++stats_.blocks_summarised;
      return true;
    }
    const bool has_nulls = Summaries(wanted.column)->NullCount(group_) != 0;
    if (!wanted.sums && !wanted.bounds && !has_nulls) {
      out.counts = kept;
      return true;
    }
    if (!CanSummarise(TypeOf(wanted.column), wanted)) return false;
    if (wanted.sums && !wanted.bounds && !has_nulls && FindRead(id) == nullptr) {
      out.float_sums.resize(spans_.size());
      ASSIGN_OR_RETURN(const bool summed, reader_.SumRows(group_, id, spans_, keep_, out.float_sums.data()));
      if (summed) {
        NoteRead(id);
        out.counts = kept;
        return AllFinite(out);
      }
      out.float_sums.clear();
    }
    ASSIGN_OR_RETURN(const VectorPtr values, ReadColumn(id));
    SummariseSpans(*values, spans_, keep_, wanted, out);
    return AllFinite(out);
  }

  static bool AllFinite(const RunColumn& column) {
    return std::all_of(column.float_sums.begin(), column.float_sums.end(), [](double sum) { return std::isfinite(sum); });
  }

  const ChunkReader& reader_;
  const size_t group_;
  const uint32_t rows_;
  const ScanSpec& spec_;
  const RunRequest& request_;
  CodeFilter& code_filter_;
  ScanStats& stats_;
  std::optional<ColumnId> sorted_;
  VectorPtr times_;
  size_t begin_ = 0, end_;         // rows that the conditions on the time leave
  std::vector<uint8_t> keep_;      // of all rows, if other conditions have a say
  std::vector<std::pair<ColumnId, VectorPtr>> read_;
  std::vector<RowSpan> spans_;
};

}  // namespace

StatusOr<std::optional<RowRuns>> ReadRuns(const ScanUnit& unit, const ScanSpec& spec, const RunRequest& request, CodeFilter& code_filter,
                                          ScanStats& stats) {
  return RunReader(unit, spec, request, code_filter, stats).Read();
}

}  // namespace tsd::engine
