#include "sql/exec/window_operator.h"

#include <algorithm>
#include <optional>

#include "sql/exec/aggregate_state.h"
#include "sql/exec/limit_operator.h"
#include "sql/exec/row_sorter.h"
#include "sql/exec/window_frame.h"

namespace tsd::sql {
namespace {

constexpr size_t kMaxFrameRows = size_t{1} << 16;  // frame rows fed to an aggregate in one go

struct CompiledCall {
  const WindowCall* spec = nullptr;
  std::vector<std::unique_ptr<CompiledExpr>> arguments;
  std::unique_ptr<CompiledExpr> filter;
  // Over the sorted rows:
  std::vector<VectorPtr> values;
  std::vector<bool> passes;          // FILTER; empty: all
  WindowFrameInput frame;
  std::shared_ptr<Vector> result;    // as far as it is computed; null: not prepared
};

/// An aggregate over frames that only grow: one state, fed as they do.
struct GrowingFrame {
  std::unique_ptr<AggregateState> state;
  size_t fed = 0, last_end = SIZE_MAX;
  std::shared_ptr<Vector> last;  // what the frame that ends there gave
};

StatusOr<int64_t> FrameOffset(const ExprPtr& expr, const char* word, const ExecContext& context) {
  if (expr == nullptr) return 0;
  ASSIGN_OR_RETURN(const Value value, EvaluateConstant(*expr, context));
  if (value.IsNull()) return Error(sqlstate::kNullValueNotAllowed, StrCat("frame ", word, " offset must not be null"));
  if (value.AsInteger() < 0) {
    return Error(sqlstate::kInvalidParameterValue, StrCat("frame ", word, " offset must not be negative"));
  }
  return value.AsInteger();
}

class WindowOperator final : public Operator {
 public:
  WindowOperator(OperatorPtr child, const WindowNode& node, std::vector<CompiledCall> calls, std::vector<OrderKey> partition,
                 std::vector<OrderKey> order, const ExecContext& context)
      : node_(node), calls_(std::move(calls)), partition_(std::move(partition)), order_(std::move(order)), context_(context),
        collector_(std::move(child), TypesOf(node.children[0]->output), context), memory_(context), gathered_(TypesOf(node.children[0]->output)) {}

  StatusOr<Pull> Next(ColumnBatch* out) override {
    if (!collected_) {
      ASSIGN_OR_RETURN(const Pull pull, collector_.Run());
      if (pull == Pull::kBlocked) return pull;
      RETURN_IF_ERROR(BeginSort());
      collected_ = true;
    }
    if (!sorted_) {
      ASSIGN_OR_RETURN(sorted_, SortRows());
      if (!sorted_) return Pull::kBlocked;
    }
    if (!computed_) {
      ASSIGN_OR_RETURN(computed_, Compute());
      if (!computed_) return Pull::kBlocked;
    }
    return emitter_.Next(out) ? Pull::kRows : Pull::kDone;
  }
  std::string Name() const override { return "WindowAgg"; }

 private:
  Status BeginSort() {
    unsorted_ = collector_.Take();
    std::vector<OrderKey> keys = partition_;
    keys.insert(keys.end(), order_.begin(), order_.end());
    if (keys.empty()) {
      rows_ = std::move(unsorted_);
    } else {
      RETURN_IF_ERROR(memory_.Set(unsorted_.rows() * RowSorter::BytesARow(keys)));
      sorter_.emplace(unsorted_, keys);
    }
    return OkStatus();
  }

  /// False: the turn is over; goes on where it was when called again.
  StatusOr<bool> SortRows() {
    while (sorter_.has_value()) {
      RETURN_IF_ERROR(CheckCancelled(context_));
      if (sorter_->Step()) {
        order_of_rows_ = sorter_->Take();
        sorter_.reset();
      }
      NoteWork(context_);
      if (TurnIsOver(context_)) return false;
    }
    while (gathered_.rows() < order_of_rows_.size()) {
      RETURN_IF_ERROR(CheckCancelled(context_));
      const size_t begin = gathered_.rows();
      gathered_.AppendSelected(unsorted_, std::span<const uint32_t>(order_of_rows_).subspan(begin, std::min(order_of_rows_.size() - begin, kDefaultBatchRows)));
      if (!MayGoOn(kDefaultBatchRows)) return false;
    }
    if (!order_of_rows_.empty()) {
      rows_ = gathered_.Finish();
      unsorted_ = ColumnBatch();
      order_of_rows_ = {};
    }
    RETURN_IF_ERROR(memory_.Set(rows_.MemoryBytes() * 2));
    while (partitioned_ < rows_.rows()) {
      FindPartitions(std::min(rows_.rows(), partitioned_ + kDefaultBatchRows));
      if (!MayGoOn(kDefaultBatchRows)) return false;
    }
    return true;
  }

  /// False: the turn is over; goes on where it was when called again.
  StatusOr<bool> Compute() {
    if (rows_.empty()) return true;
    for (; call_ < calls_.size(); ++call_) {
      CompiledCall& call = calls_[call_];
      if (call.result == nullptr) {
        RETURN_IF_ERROR(Prepare(call));
        call.result = std::make_shared<Vector>(call.spec->result_type);
      }
      while (partition_at_ < partitions_.size()) {
        const WindowPartition& partition = partitions_[partition_at_];
        RETURN_IF_ERROR(CheckCancelled(context_));
        if (call.spec->aggregate) {
          ASSIGN_OR_RETURN(const bool done, Aggregate(call, partition, *call.result));
          if (!done) return false;
        } else {
          RETURN_IF_ERROR(Rank(call, partition, *call.result));
        }
        row_at_ = 0;
        ++partition_at_;
        if (!MayGoOn(partition.end - partition.begin)) return false;
      }
      partition_at_ = 0;
    }
    ColumnBatch result = rows_;
    for (CompiledCall& call : calls_) result.Add(std::move(call.result));
    emitter_.Reset(std::move(result));
    return true;
  }

  /// `rows` more are done. False: the turn is over.
  bool MayGoOn(size_t rows) {
    since_asked_ += rows;
    if (since_asked_ < kDefaultBatchRows) return true;
    since_asked_ = 0;
    NoteWork(context_);
    return !TurnIsOver(context_);
  }

  /// Of the rows before `end`.
  void FindPartitions(size_t end) {
    for (size_t& row = partitioned_; row < end; ++row) {
      if (row == 0 || CompareOrder(partition_, rows_, row - 1, rows_, row) != 0) {
        partitions_.emplace_back();
        partitions_.back().begin = row;
        partitions_.back().group_begins.push_back(row);
      } else if (CompareOrder(order_, rows_, row - 1, rows_, row) != 0) {
        partitions_.back().group_begins.push_back(row);
      }
      WindowPartition& partition = partitions_.back();
      partition.end = row + 1;
      partition.group_of.push_back(static_cast<uint32_t>(partition.group_begins.size() - 1));
    }
  }

  Status Prepare(CompiledCall& call) {
    for (auto& argument : call.arguments) {
      ASSIGN_OR_RETURN(VectorPtr column, EvaluateFlat(*argument, rows_, context_));
      call.values.push_back(std::move(column));
    }
    if (call.filter != nullptr) {
      std::vector<uint32_t> selection;
      RETURN_IF_ERROR(call.filter->EvaluateFilter(rows_, context_, &selection));
      call.passes.assign(rows_.rows(), false);
      for (uint32_t row : selection) call.passes[row] = true;
    }
    const WindowFrameSpec& spec = call.spec->frame;
    call.frame.spec = &spec;
    ASSIGN_OR_RETURN(call.frame.start_offset, FrameOffset(spec.start_offset, "starting", context_));
    ASSIGN_OR_RETURN(call.frame.end_offset, FrameOffset(spec.end_offset, "ending", context_));
    const std::vector<PlanColumn>& input = node_.children[0]->output;
    for (const auto& [id, slot] : {std::pair(call.spec->range_start, &call.frame.range_start), std::pair(call.spec->range_end, &call.frame.range_end)}) {
      if (id < 0) continue;
      ASSIGN_OR_RETURN(const size_t position, PositionOf(input, id));
      *slot = &rows_.column(position);
    }
    if (!order_.empty()) {
      call.frame.key = &rows_.column(order_[0].column);
      call.frame.descending = order_[0].descending;
    }
    return OkStatus();
  }

  StatusOr<std::unique_ptr<AggregateState>> NewState(const CompiledCall& call) const {
    return MakeAggregate(call.spec->function, call.spec->argument_types, call.spec->result_type);
  }

  Status Feed(const CompiledCall& call, AggregateState& state, const std::vector<uint32_t>& rows, const std::vector<uint32_t>* ids) const {
    if (rows.empty()) return OkStatus();
    std::vector<VectorPtr> columns;
    for (const VectorPtr& value : call.values) columns.push_back(Vector::Gather(value, rows));
    return state.Update(columns, GroupIds{ids != nullptr ? ids->data() : nullptr, rows.size()});
  }

  /// False: the turn is over; row_at_ tells where.
  StatusOr<bool> Aggregate(const CompiledCall& call, const WindowPartition& partition, Vector& out) {
    const WindowFrameSpec& spec = call.spec->frame;
    if (spec.start == FrameEdge::kUnboundedPreceding && spec.exclude == FrameExclude::kNothing) return Running(call, partition, out);
    // Each row's frame becomes a group of its own.
    size_t row = partition.begin + row_at_;
    while (row < partition.end) {
      std::vector<uint32_t> rows, ids;
      const size_t first = row;
      while (row < partition.end && (rows.size() < kMaxFrameRows || row == first) && row - first < kDefaultBatchRows) {
        const FrameRange frame = FrameOf(call.frame, partition, row);
        for (size_t other = frame.begin; other < frame.end; ++other) {
          if (!call.passes.empty() && !call.passes[other]) continue;
          if (IsExcluded(spec.exclude, partition, row, other)) continue;
          rows.push_back(static_cast<uint32_t>(other));
          ids.push_back(static_cast<uint32_t>(row - first));
        }
        ++row;
      }
      RETURN_IF_ERROR(CheckCancelled(context_));
      ASSIGN_OR_RETURN(auto state, NewState(call));
      state->Resize(row - first);
      RETURN_IF_ERROR(Feed(call, *state, rows, &ids));
      RETURN_IF_ERROR(state->Finish(0, row - first, out));
      row_at_ = row - partition.begin;
      if (row < partition.end && !MayGoOn(std::max(rows.size(), row - first))) return false;
    }
    return true;
  }

  StatusOr<bool> Running(const CompiledCall& call, const WindowPartition& partition, Vector& out) {
    if (row_at_ == 0) {
      growing_ = GrowingFrame();
      ASSIGN_OR_RETURN(growing_.state, NewState(call));
      growing_.state->Resize(1);
      growing_.fed = partition.begin;
    }
    for (size_t row = partition.begin + row_at_; row < partition.end; ++row) {
      const size_t end = FrameOf(call.frame, partition, row).end;
      if (end != growing_.last_end) RETURN_IF_ERROR(Grow(call, end, out.type()));
      out.AppendFrom(*growing_.last, 0);
      if (++row_at_ % kDefaultBatchRows == 0 && row + 1 < partition.end && !MayGoOn(kDefaultBatchRows)) return false;
    }
    return true;
  }

  Status Grow(const CompiledCall& call, size_t end, const DataType& type) {
    std::vector<uint32_t> rows;
    for (size_t& fed = growing_.fed; fed < end; ++fed) {
      if (call.passes.empty() || call.passes[fed]) rows.push_back(static_cast<uint32_t>(fed));
    }
    RETURN_IF_ERROR(Feed(call, *growing_.state, rows, nullptr));
    growing_.last = std::make_shared<Vector>(type);
    growing_.last_end = end;
    return growing_.state->Finish(0, 1, *growing_.last);
  }

  Status Rank(const CompiledCall& call, const WindowPartition& partition, Vector& out) const {
    const std::string& name = call.spec->function;
    const size_t size = partition.end - partition.begin;
    if (name == "ntile") return Ntile(call, partition, out);
    if (name == "lag" || name == "lead") return Shift(call, partition, name == "lag" ? -1 : 1, out);
    if (name == "first_value" || name == "last_value" || name == "nth_value") return Pick(call, partition, out);
    for (size_t i = 0; i < size; ++i) {
      const uint32_t group = partition.group_of[i];
      const size_t group_begin = partition.GroupBegin(group) - partition.begin;
      const size_t group_end = partition.GroupEnd(group) - partition.begin;
      if (name == "row_number") {
        out.Append<int64_t>(static_cast<int64_t>(i) + 1);
      } else if (name == "rank") {
        out.Append<int64_t>(static_cast<int64_t>(group_begin) + 1);
      } else if (name == "dense_rank") {
        out.Append<int64_t>(static_cast<int64_t>(group) + 1);
      } else if (name == "percent_rank") {
        out.Append<double>(size <= 1 ? 0.0 : static_cast<double>(group_begin) / static_cast<double>(size - 1));
      } else if (name == "cume_dist") {
        out.Append<double>(static_cast<double>(group_end) / static_cast<double>(size));
      } else {
        return Error(sqlstate::kFeatureNotSupported, StrCat("window function ", name, " is not supported"));
      }
    }
    return OkStatus();
  }

  Status Ntile(const CompiledCall& call, const WindowPartition& partition, Vector& out) const {
    const size_t size = partition.end - partition.begin;
    const Vector& buckets = *call.values[0];
    if (buckets.IsNull(partition.begin)) {
      for (size_t i = 0; i < size; ++i) out.AppendNull();
      return OkStatus();
    }
    const int32_t count = buckets.Get<int32_t>(partition.begin);
    if (count <= 0) return Error(sqlstate::kInvalidArgumentForNtile, "argument of ntile must be greater than zero");
    // The first size % count buckets have one row more.
    const size_t each = size / static_cast<size_t>(count);
    const size_t bigger = size % static_cast<size_t>(count);
    size_t bucket = 1, used = 0;
    for (size_t i = 0; i < size; ++i) {
      if (used == each + (bucket <= bigger ? 1 : 0)) {
        ++bucket;
        used = 0;
      }
      ++used;
      out.Append<int32_t>(static_cast<int32_t>(bucket));
    }
    return OkStatus();
  }

  Status Shift(const CompiledCall& call, const WindowPartition& partition, int direction, Vector& out) const {
    const Vector& values = *call.values[0];
    for (size_t row = partition.begin; row < partition.end; ++row) {
      int64_t offset = 1;
      if (call.values.size() > 1) {
        if (call.values[1]->IsNull(row)) {
          out.AppendNull();
          continue;
        }
        offset = call.values[1]->Get<int32_t>(row);
      }
      const int64_t target = static_cast<int64_t>(row) + direction * offset;
      if (target >= static_cast<int64_t>(partition.begin) && target < static_cast<int64_t>(partition.end)) {
        out.AppendFrom(values, static_cast<size_t>(target));
      } else if (call.values.size() > 2) {
        out.AppendFrom(*call.values[2], row);
      } else {
        out.AppendNull();
      }
    }
    return OkStatus();
  }

  /// first_value, last_value, nth_value: over the frame.
  Status Pick(const CompiledCall& call, const WindowPartition& partition, Vector& out) const {
    const std::string& name = call.spec->function;
    const FrameExclude exclude = call.spec->frame.exclude;
    for (size_t row = partition.begin; row < partition.end; ++row) {
      const FrameRange frame = FrameOf(call.frame, partition, row);
      size_t found = SIZE_MAX;
      if (name == "last_value") {
        for (size_t other = frame.end; other-- > frame.begin && found == SIZE_MAX;) {
          if (!IsExcluded(exclude, partition, row, other)) found = other;
        }
      } else {
        int64_t left = 1;
        if (name == "nth_value") {
          if (call.values[1]->IsNull(row)) {
            out.AppendNull();
            continue;
          }
          left = call.values[1]->Get<int32_t>(row);
          if (left <= 0) return Error(sqlstate::kInvalidArgumentForNthValue, "argument of nth_value must be greater than zero");
        }
        if (exclude == FrameExclude::kNothing) {
          const size_t target = frame.begin + static_cast<size_t>(left) - 1;
          if (target < frame.end) found = target;
        } else {
          for (size_t other = frame.begin; other < frame.end && found == SIZE_MAX; ++other) {
            if (!IsExcluded(exclude, partition, row, other) && --left == 0) found = other;
          }
        }
      }
      if (found == SIZE_MAX) {
        out.AppendNull();
      } else {
        out.AppendFrom(*call.values[0], found);
      }
    }
    return OkStatus();
  }

  const WindowNode& node_;
  std::vector<CompiledCall> calls_;
  std::vector<OrderKey> partition_, order_;
  const ExecContext& context_;
  Collector collector_;
  MemoryHold memory_;
  bool collected_ = false, sorted_ = false, computed_ = false;
  // While rows are sorted:
  ColumnBatch unsorted_;
  std::optional<RowSorter> sorter_;
  std::vector<uint32_t> order_of_rows_;
  BatchBuilder gathered_;
  size_t partitioned_ = 0;                           // rows whose partitions are known
  size_t call_ = 0, partition_at_ = 0, row_at_ = 0;  // where Compute is; row_at_: in the partition
  size_t since_asked_ = 0;                           // rows
  GrowingFrame growing_;                             // of the partition at hand
  ColumnBatch rows_;
  std::vector<WindowPartition> partitions_;
  BatchEmitter emitter_;
};

}  // namespace

StatusOr<OperatorPtr> MakeWindow(OperatorPtr child, const WindowNode& node, const ExecContext& context) {
  const std::vector<PlanColumn>& input = node.children[0]->output;
  std::vector<OrderKey> partition, order;
  for (int id : node.partition) {
    ASSIGN_OR_RETURN(const size_t position, PositionOf(input, id));
    partition.push_back({position, false, false});
  }
  for (const SortKey& key : node.order) {
    ASSIGN_OR_RETURN(const size_t position, PositionOf(input, key.column));
    order.push_back({position, key.descending, key.nulls_first});
  }
  std::vector<CompiledCall> calls;
  for (const WindowCall& spec : node.calls) {
    CompiledCall call;
    call.spec = &spec;
    ASSIGN_OR_RETURN(call.arguments, CompileAll(spec.arguments, input));
    if (spec.filter != nullptr) {
      ASSIGN_OR_RETURN(call.filter, CompileOver(spec.filter, input));
    }
    calls.push_back(std::move(call));
  }
  return OperatorPtr(std::make_unique<WindowOperator>(std::move(child), node, std::move(calls), std::move(partition), std::move(order), context));
}

}  // namespace tsd::sql
