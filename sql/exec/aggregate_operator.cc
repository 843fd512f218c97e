#include "sql/exec/aggregate_operator.h"

#include <algorithm>
#include <numeric>

#include "engine/types/compare.h"
#include "sql/function/registry.h"

namespace tsd::sql {
namespace {

VectorPtr IdsColumn(std::span<const uint32_t> ids) {
  auto column = std::make_shared<Vector>(DataType(TypeId::kInt64));
  column->ResizeFixed(ids.size());
  int64_t* values = column->mutable_values<int64_t>();
  for (size_t i = 0; i < ids.size(); ++i) values[i] = ids[i];
  return column;
}

std::vector<uint32_t> IdsOf(const Vector& column) {
  std::vector<uint32_t> ids(column.size());
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<uint32_t>(column.Get<int64_t>(i));
  return ids;
}

// Key column that tells grouping sets apart, equal ones too: the set's number above a bit for each group that is not in it.
VectorPtr MaskColumn(const AggregateNode& node, size_t number, size_t rows) {
  const std::vector<size_t>& set = node.grouping_sets[number];
  int64_t mask = static_cast<int64_t>(number) << AggregateNode::kMaxMaskedGroups;
  for (size_t i = 0; i < node.groups.size(); ++i) {
    if (std::find(set.begin(), set.end(), i) == set.end()) mask |= int64_t{1} << i;
  }
  return Vector::Flatten(Value::Int64(mask).ToConstant(rows));
}

/// percentile_cont and its like: WITHIN GROUP's key is the last argument, and the state sorts it.
bool IsOrderedSet(const AggregateCall& call) {
  const Function* function = Registry::Get().Find(call.function);
  return function != nullptr && function->ordered_set && !call.order_by.empty();
}

}  // namespace

StatusOr<OperatorPtr> AggregateOperator::Make(OperatorPtr child, const AggregateNode& node, const std::vector<PlanColumn>& input,
                                              Options options, const ExecContext& context) {
  std::unique_ptr<AggregateOperator> result(new AggregateOperator(std::move(child), node, std::move(options), context));
  RETURN_IF_ERROR(result->Prepare(input));
  return OperatorPtr(std::move(result));
}

Status AggregateOperator::Prepare(const std::vector<PlanColumn>& input) {
  ASSIGN_OR_RETURN(groups_, CompileAll(node_.groups, input));
  for (const AggregateCall& spec : node_.aggregates) {
    Call call;
    ASSIGN_OR_RETURN(call.arguments, CompileAll(spec.arguments, input));
    if (spec.filter != nullptr) {
      ASSIGN_OR_RETURN(call.filter, CompileOver(spec.filter, input));
    }
    std::vector<DataType> types;
    for (const auto& argument : call.arguments) types.push_back(argument->type());
    if (spec.distinct && spec.order_by.empty()) {
      std::vector<DataType> distinct = types;
      if (!IsPlain()) distinct.push_back(TypeId::kInt64);
      call.distinct = std::make_unique<DistinctRows>(std::move(distinct), context_);
    }
    types.insert(types.begin(), TypeId::kInt64);
    const bool sorts = !spec.order_by.empty() && !IsOrderedSet(spec);
    for (const SortKey& key : sorts ? std::span<const SortKey>(spec.order_by) : std::span<const SortKey>()) {
      ASSIGN_OR_RETURN(const size_t position, PositionOf(input, key.column));
      call.order.push_back({types.size(), key.descending, key.nulls_first});
      call.order_inputs.push_back(position);
      types.push_back(input[position].type);
    }
    if (sorts) call.buffer = std::make_unique<BatchBuilder>(types);
    calls_.push_back(std::move(call));
  }
  RETURN_IF_ERROR(MakeStates());
  RETURN_IF_ERROR(AskForRuns(input));
  if (node_.newest_group >= 0 && options_.bound != nullptr) {
    newest_.emplace(static_cast<size_t>(node_.newest_group), static_cast<size_t>(node_.newest_limit), options_.bound);
  }
  return OkStatus();
}

Status AggregateOperator::AskForRuns(const std::vector<PlanColumn>& input) {
  if (TakesStates() || options_.scan == nullptr || !options_.scan->GivesRuns()) return OkStatus();
  std::vector<AggregateState::RunNeed> needs;
  for (const Call& call : calls_) needs.push_back(call.state->NeedOfRuns());
  ASSIGN_OR_RETURN(runs_asked_, PlanRuns(node_, input, needs));
  return OkStatus();
}

Status AggregateOperator::TakeRuns(const engine::RowRuns& runs) {
  const size_t count = runs.rows.size();
  GroupIds groups{nullptr, count};
  if (!IsPlain()) {
    std::vector<VectorPtr> keys;
    for (const auto& group : runs_asked_->groups) {
      ASSIGN_OR_RETURN(VectorPtr key, EvaluateFlat(*group, runs.keys, context_));
      keys.push_back(std::move(key));
    }
    table_->Resolve(keys, count, &ids_);
    for (Call& call : calls_) call.state->Resize(table_->size());
    groups.ids = ids_.data();
  }
  for (size_t i = 0; i < calls_.size(); ++i) {
    const int column = runs_asked_->arguments[i];
    const engine::RunColumn* argument = column < 0 ? nullptr : &runs.columns[static_cast<size_t>(column)];
    RETURN_IF_ERROR(calls_[i].state->UpdateRuns(argument, runs.rows, groups));
  }
  return MakeRoom();
}

Status AggregateOperator::MakeStates() {
  std::vector<DataType> key_types;
  for (const auto& group : groups_) key_types.push_back(group->type());
  if (HasMask()) key_types.push_back(TypeId::kInt64);
  if (!IsPlain()) table_ = std::make_unique<GroupTable>(key_types);
  for (size_t i = 0; i < calls_.size(); ++i) {
    const AggregateCall& spec = node_.aggregates[i];
    ASSIGN_OR_RETURN(calls_[i].state, MakeAggregate(spec.function, spec.argument_types, spec.result_type));
    if (IsOrderedSet(spec) && spec.order_by.front().descending) calls_[i].state->SetDescending();
    if (IsPlain()) calls_[i].state->Resize(1);
  }
  at_ = 0;
  return OkStatus();
}

size_t AggregateOperator::HeldBytes() const {
  size_t bytes = table_ != nullptr ? table_->MemoryBytes() : 0;
  for (const Call& call : calls_) {
    bytes += call.state->MemoryBytes();
    if (call.buffer != nullptr) bytes += call.buffer->MemoryBytes();
  }
  return bytes;
}

Status AggregateOperator::MakeRoom() {
  const size_t bytes = HeldBytes();
  Status status = memory_.SetOrSpill(bytes);
  if (status.ok() || IsPlain() || !memory_.AreWorthSpilling(bytes)) return status;
  bool movable = true;
  for (Call& call : calls_) {
    movable = movable && call.distinct == nullptr && call.buffer == nullptr;
    if (call.distinct == nullptr || !call.distinct->HoldsRows() || context_.spill == nullptr) continue;
    RETURN_IF_ERROR(call.distinct->Spill());
    status = memory_.Set(bytes);
    if (status.ok()) return status;
  }
  if (!movable) return memory_.Set(bytes);
  newest_.reset();
  if (GivesStates()) {
    stage_ = Stage::kFlushing;
    at_ = 0;
    return OkStatus();
  }
  if (context_.spill == nullptr) return status;
  BeginSpilling();
  return OkStatus();
}

StatusOr<ColumnBatch> AggregateOperator::StatesOf(size_t begin, size_t end) {
  ColumnBatch batch(end - begin);
  for (VectorPtr& key : table_->Keys(begin, end)) batch.Add(std::move(key));
  for (Call& call : calls_) {
    auto column = std::make_shared<Vector>(call.state->PartialType());
    RETURN_IF_ERROR(call.state->Partial(begin, end, *column));
    batch.Add(std::move(column));
  }
  return batch;
}

void AggregateOperator::BeginSpilling() {
  stage_ = Stage::kSpilling;
  at_ = 0;
}

Status AggregateOperator::SpillSomeGroups() {
  const size_t end = std::min(table_->size(), at_ + kDefaultBatchRows);
  if (at_ < end) {
    ASSIGN_OR_RETURN(const ColumnBatch batch, StatesOf(at_, end));
    if (partitions_ == nullptr) {
      std::vector<DataType> types;
      for (const VectorPtr& column : batch.columns()) types.push_back(column->type());
      partitions_ = std::make_unique<SpillPartitions>(std::move(types), SpillPartitions::kUsualCount, context_);
    }
    const std::span<const VectorPtr> keys(batch.columns().data(), KeyCount());
    RETURN_IF_ERROR(partitions_->Write(batch, PartitionsByKey(keys, batch.rows(), partitions_->count())));
    at_ = end;
    if (at_ < table_->size()) return OkStatus();
  }
  RETURN_IF_ERROR(MakeStates());
  RETURN_IF_ERROR(memory_.Set(HeldBytes()));
  const bool input_over = child_ == nullptr;
  stage_ = input_over ? Stage::kEmitting : Stage::kReading;
  return input_over ? partitions_->Finish() : OkStatus();
}

Status AggregateOperator::LoadSomeOfPartition() {
  ASSIGN_OR_RETURN(const ColumnBatch batch, partitions_->Read(next_partition_ - 1, next_batch_++));
  if (batch.empty()) {
    stage_ = Stage::kEmitting;
    return OkStatus();
  }
  const std::vector<VectorPtr> keys(batch.columns().begin(), batch.columns().begin() + static_cast<ptrdiff_t>(KeyCount()));
  table_->Resolve(keys, batch.rows(), &ids_);
  for (size_t i = 0; i < calls_.size(); ++i) {
    calls_[i].state->Resize(table_->size());
    RETURN_IF_ERROR(calls_[i].state->Merge(batch.column(KeyCount() + i), GroupIds{ids_.data(), batch.rows()}));
  }
  return memory_.Set(HeldBytes());
}

Status AggregateOperator::BufferOrdered(Call& call, const ColumnBatch& batch, const std::vector<VectorPtr>& arguments,
                                        const std::vector<uint32_t>& ids, const std::vector<uint32_t>* selection) {
  ColumnBatch rows(batch.rows());
  rows.Add(IdsColumn(ids));
  for (const VectorPtr& argument : arguments) rows.Add(Vector::Flatten(argument));
  for (size_t position : call.order_inputs) rows.Add(batch.column_ptr(position));
  if (selection != nullptr) {
    call.buffer->AppendSelected(rows, *selection);
  } else {
    call.buffer->Append(rows);
  }
  return CheckColumnSizes(*call.buffer, rows.column_count());
}

Status AggregateOperator::UpdateCall(Call& call, const AggregateCall& spec, const ColumnBatch& batch, const std::vector<uint32_t>& ids) {
  // Rows that a filter chose are not the runs' rows any more.
  const GroupIds groups = IsPlain()        ? GroupIds{nullptr, batch.rows()}
                          : &ids == &ids_ ? GroupIds{ids.data(), batch.rows(), runs_}
                                           : GroupIds{ids.data(), batch.rows()};
  std::vector<VectorPtr> arguments;
  std::vector<uint32_t> selection;
  const bool filtered = call.filter != nullptr;
  if (filtered) {
    RETURN_IF_ERROR(call.filter->EvaluateFilter(batch, context_, &selection));
    if (selection.empty()) return OkStatus();
  }
  if (filtered && selection.size() < batch.rows()) {
    // Arguments of rows that the filter drops are not evaluated: they may fail.
    const ColumnBatch kept = batch.Gather(selection);
    std::vector<uint32_t> kept_ids;
    for (uint32_t row : selection) kept_ids.push_back(IsPlain() ? 0 : ids[row]);
    AggregateCall unfiltered = spec;
    std::unique_ptr<CompiledExpr> filter = std::move(call.filter);
    const Status status = UpdateCall(call, unfiltered, kept, kept_ids);
    call.filter = std::move(filter);
    return status;
  }
  for (const auto& argument : call.arguments) {
    ASSIGN_OR_RETURN(VectorPtr column, argument->Evaluate(batch, context_));
    arguments.push_back(std::move(column));
  }
  if (call.buffer != nullptr) {
    std::vector<uint32_t> zeros;
    if (IsPlain()) zeros.assign(batch.rows(), 0);
    return BufferOrdered(call, batch, arguments, IsPlain() ? zeros : ids, nullptr);
  }
  return call.distinct == nullptr ? call.state->Update(arguments, groups) : UpdateDistinct(call, arguments, groups);
}

Status AggregateOperator::UpdateDistinct(Call& call, const std::vector<VectorPtr>& arguments, GroupIds groups) {
  ColumnBatch rows(groups.rows);
  for (const VectorPtr& argument : arguments) rows.Add(Vector::Flatten(argument));
  if (groups.ids != nullptr) rows.Add(IdsColumn(std::span(groups.ids, groups.rows)));
  std::vector<uint32_t> fresh;
  RETURN_IF_ERROR(call.distinct->Take(rows, &fresh));
  return call.state->UpdateSelected(arguments, groups, fresh);
}

StatusOr<bool> AggregateOperator::FeedDistinct(Call& call) {
  ASSIGN_OR_RETURN(const ColumnBatch rows, call.distinct->Next());
  if (rows.empty()) return true;
  std::vector<VectorPtr> arguments(rows.columns().begin(), rows.columns().begin() + static_cast<ptrdiff_t>(call.arguments.size()));
  std::vector<uint32_t> ids;
  if (!IsPlain()) ids = IdsOf(rows.column(call.arguments.size()));
  RETURN_IF_ERROR(call.state->Update(arguments, GroupIds{IsPlain() ? nullptr : ids.data(), rows.rows()}));
  return false;
}

Status AggregateOperator::TakeSet(const ColumnBatch& batch, std::vector<VectorPtr> keys) {
  if (!IsPlain()) {
    table_->Resolve(keys, batch.rows(), &ids_, &runs_);
    for (Call& call : calls_) call.state->Resize(table_->size());
    if (newest_.has_value()) newest_->Update(*table_);
  }
  for (size_t i = 0; i < calls_.size(); ++i) {
    Call& call = calls_[i];
    if (TakesStates()) {
      ASSIGN_OR_RETURN(VectorPtr state, EvaluateFlat(*call.arguments[0], batch, context_));
      RETURN_IF_ERROR(call.state->Merge(*state, GroupIds{IsPlain() ? nullptr : ids_.data(), batch.rows()}));
    } else {
      RETURN_IF_ERROR(UpdateCall(call, node_.aggregates[i], batch, ids_));
    }
  }
  return OkStatus();
}

Status AggregateOperator::Take(const ColumnBatch& batch) {
  std::vector<VectorPtr> keys;
  for (const auto& group : groups_) {
    ASSIGN_OR_RETURN(VectorPtr key, EvaluateFlat(*group, batch, context_));
    keys.push_back(std::move(key));
  }
  if (!HasMask()) {
    RETURN_IF_ERROR(TakeSet(batch, std::move(keys)));
    return MakeRoom();
  }
  for (size_t number = 0; number < node_.grouping_sets.size(); ++number) {
    const std::vector<size_t>& set = node_.grouping_sets[number];
    std::vector<VectorPtr> set_keys = keys;
    for (size_t i = 0; i < set_keys.size(); ++i) {
      if (std::find(set.begin(), set.end(), i) == set.end()) {
        set_keys[i] = Vector::Flatten(Vector::AllNull(keys[i]->type(), batch.rows()));
      }
    }
    set_keys.push_back(MaskColumn(node_, number, batch.rows()));
    RETURN_IF_ERROR(TakeSet(batch, std::move(set_keys)));
  }
  return MakeRoom();
}

StatusOr<bool> AggregateOperator::FeedOrdered(Call& call, const AggregateCall& spec) {
  if (ordered_ == nullptr) {
    ordered_ = std::make_unique<OrderedRows>();
    ordered_->rows = call.buffer->Finish();
    ordered_->sorter.emplace(ordered_->rows, call.order);
  }
  OrderedRows& ordered = *ordered_;
  if (ordered.sorter.has_value()) {
    if (!ordered.sorter->Step()) return false;
    ordered.order = ordered.sorter->Take();
    ordered.sorter.reset();
  }
  if (ordered.at == ordered.order.size()) {
    ordered_.reset();
    return true;
  }
  const size_t arguments = call.arguments.size();
  const size_t end = std::min(ordered.order.size(), ordered.at + kDefaultBatchRows);
  ColumnBatch part = ordered.rows.Gather(std::span<const uint32_t>(ordered.order).subspan(ordered.at, end - ordered.at));
  ordered.at = end;
  if (spec.distinct) {
    // Of equal arguments of a group, the first in order.
    const std::vector<VectorPtr> keys(part.columns().begin(), part.columns().begin() + static_cast<ptrdiff_t>(arguments + 1));
    if (ordered.seen == nullptr) {
      std::vector<DataType> types;
      for (const VectorPtr& key : keys) types.push_back(key->type());
      ordered.seen = std::make_unique<GroupTable>(types);
    }
    size_t known = ordered.seen->size();
    std::vector<uint32_t> seen_ids, first;
    ordered.seen->Resolve(keys, part.rows(), &seen_ids);
    for (size_t row = 0; row < seen_ids.size(); ++row) {
      if (seen_ids[row] < known) continue;
      first.push_back(static_cast<uint32_t>(row));
      known = seen_ids[row] + size_t{1};
    }
    part = part.Gather(first);
  }
  const std::vector<uint32_t> ids = IdsOf(part.column(0));
  std::vector<VectorPtr> columns;
  for (size_t i = 0; i < arguments; ++i) columns.push_back(part.column_ptr(i + 1));
  RETURN_IF_ERROR(call.state->Update(columns, GroupIds{IsPlain() ? nullptr : ids.data(), part.rows()}));
  return false;
}

void AggregateOperator::EndInput() {
  child_.reset();
  if (HasMask() && !GivesStates()) {
    // An empty grouping set yields a row even without input.
    for (size_t number = 0; number < node_.grouping_sets.size(); ++number) {
      if (!node_.grouping_sets[number].empty()) continue;
      std::vector<VectorPtr> keys;
      for (const auto& group : groups_) keys.push_back(Vector::Flatten(Vector::AllNull(group->type(), 1)));
      keys.push_back(MaskColumn(node_, number, 1));
      std::vector<uint32_t> ids;
      table_->Resolve(keys, 1, &ids);
      for (Call& call : calls_) call.state->Resize(table_->size());
    }
  }
  stage_ = Stage::kFeeding;
}

Status AggregateOperator::Work() {
  if (stage_ == Stage::kSpilling) return SpillSomeGroups();
  if (stage_ == Stage::kLoading) return LoadSomeOfPartition();
  if (fed_ < calls_.size()) {
    Call& call = calls_[fed_];
    bool done = true;
    if (call.buffer != nullptr) {
      ASSIGN_OR_RETURN(done, FeedOrdered(call, node_.aggregates[fed_]));
    } else if (call.distinct != nullptr) {
      ASSIGN_OR_RETURN(done, FeedDistinct(call));
    }
    if (done) ++fed_;
  } else if (partitions_ != nullptr) {
    BeginSpilling();
  } else {
    stage_ = Stage::kEmitting;
    at_ = 0;
  }
  return OkStatus();
}

Status AggregateOperator::Emit(ColumnBatch* out) {
  const size_t end = std::min(GroupCount(), at_ + kDefaultBatchRows);
  ColumnBatch batch(end - at_);
  if (!IsPlain()) {
    std::vector<VectorPtr> keys = table_->Keys(at_, end);
    for (size_t i = 0; i < groups_.size(); ++i) batch.Add(keys[i]);
    for (size_t i = 0; i < calls_.size(); ++i) {
      auto column = std::make_shared<Vector>(node_.output[groups_.size() + i].type);
      RETURN_IF_ERROR(GivesStates() ? calls_[i].state->Partial(at_, end, *column) : calls_[i].state->Finish(at_, end, *column));
      batch.Add(std::move(column));
    }
    if (HasMask()) batch.Add(keys.back());
  } else {
    for (size_t i = 0; i < calls_.size(); ++i) {
      auto column = std::make_shared<Vector>(node_.output[i].type);
      RETURN_IF_ERROR(GivesStates() ? calls_[i].state->Partial(0, 1, *column) : calls_[i].state->Finish(0, 1, *column));
      batch.Add(std::move(column));
    }
  }
  at_ = end;
  *out = std::move(batch);
  return OkStatus();
}

StatusOr<Pull> AggregateOperator::PullInput() {
  ColumnBatch batch;
  if (!runs_asked_.has_value()) {
    ASSIGN_OR_RETURN(const Pull pull, child_->Next(&batch));
    if (pull == Pull::kRows) RETURN_IF_ERROR(Take(batch));
    return pull;
  }
  TableScanOperator::RunExchange& exchange = runs_asked_->exchange;
  exchange.runs.reset();
  ASSIGN_OR_RETURN(const Pull pull, options_.scan->NextPart(&batch, &exchange));
  if (pull == Pull::kRows) RETURN_IF_ERROR(exchange.runs.has_value() ? TakeRuns(*exchange.runs) : Take(batch));
  return pull;
}

StatusOr<Pull> AggregateOperator::Next(ColumnBatch* out) {
  while (true) {
    RETURN_IF_ERROR(CheckCancelled(context_));
    if (stage_ == Stage::kReading) {
      ASSIGN_OR_RETURN(const Pull pull, PullInput());
      if (pull == Pull::kBlocked) return pull;
      if (pull == Pull::kDone) EndInput();
      continue;
    }
    if (stage_ != Stage::kFlushing && stage_ != Stage::kEmitting) {
      RETURN_IF_ERROR(Work());
      NoteWork(context_);
      if (TurnIsOver(context_)) return Pull::kBlocked;
      continue;
    }
    if (at_ < GroupCount()) {
      RETURN_IF_ERROR(Emit(out));
      return Pull::kRows;
    }
    if (stage_ == Stage::kFlushing) {
      RETURN_IF_ERROR(MakeStates());
      RETURN_IF_ERROR(memory_.Set(HeldBytes()));
      stage_ = Stage::kReading;
    } else if (partitions_ != nullptr && next_partition_ < partitions_->count()) {
      RETURN_IF_ERROR(MakeStates());
      ++next_partition_;
      next_batch_ = 0;
      stage_ = Stage::kLoading;
    } else {
      return Pull::kDone;
    }
  }
}

}  // namespace tsd::sql
