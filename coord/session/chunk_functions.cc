// show_chunks, drop_chunks and the size functions.
#include <algorithm>
#include <map>

#include "coord/session/coord_functions.h"
#include "engine/base/strings.h"
#include "engine/types/datetime.h"
#include "engine/types/datetime_functions.h"
#include "engine/types/interval_text.h"
#include "engine/types/timezone.h"

namespace tsd::coord {

// A bound in the chunks' own scale: an instant, an interval back from now, or an integer. Not given: nullopt.
StatusOr<std::optional<int64_t>> CoordFunctions::ChunkBound(const sql::Relation& relation, const CallArguments& arguments, size_t index) const {
  if (arguments.IsNull(index)) return std::optional<int64_t>();
  Value value = arguments.Get(index);
  const DataType column = relation.Find(relation.hypertable->time().column)->type;
  const DateTimeContext& context = session_->text_context().datetime;
  if (column.IsInteger()) {
    if (!value.type().IsInteger()) {
      return WithHint(Error(sqlstate::kInvalidParameterValue, "invalid time argument type"), "Try casting the argument to the type of the time column.");
    }
    return std::optional<int64_t>(value.AsInteger());
  }
  // Untyped literals are read as the column's type, or as an interval.
  int64_t instant = 0;
  if (value.type().Is(TypeId::kUnknown) || value.type().IsString()) {
    StatusOr<int64_t> parsed = ParseTimestampTz(value.AsBytes(), -1, context);
    if (parsed.ok()) {
      value = Value::Integer(TypeId::kTimestampTz, *parsed);
    } else {
      ASSIGN_OR_RETURN(const Interval interval, ParseInterval(value.AsBytes(), -1));
      value = Value::IntervalValue(interval);
    }
  }
  if (value.type().Is(TypeId::kInterval)) {
    const Interval back = value.AsInterval();
    const Interval negated{-back.micros, -back.days, -back.months};
    ASSIGN_OR_RETURN(instant, AddIntervalTz(TimestampFromAbsl(session_->transaction_start()), negated, context.zone));
  } else if (value.type().Is(TypeId::kDate)) {
    instant = value.AsInteger() * kMicrosPerDay;
  } else if (value.type().Is(TypeId::kTimestamp) || value.type().Is(TypeId::kTimestampTz)) {
    instant = value.AsInteger();
  } else {
    return WithHint(Error(sqlstate::kInvalidParameterValue, "invalid time argument type"), "Try casting the argument to the type of the time column.");
  }
  if (column.Is(TypeId::kDate)) instant = instant >= 0 ? instant / kMicrosPerDay : -((-instant + kMicrosPerDay - 1) / kMicrosPerDay);
  return std::optional<int64_t>(instant);
}

StatusOr<std::vector<sql::ChunkPtr>> CoordFunctions::ChunksBetween(const sql::Relation& relation, const CallArguments& arguments, size_t older,
                                                                   size_t newer, size_t created_before, size_t created_after) const {
  ASSIGN_OR_RETURN(const std::optional<int64_t> older_than, ChunkBound(relation, arguments, older));
  ASSIGN_OR_RETURN(const std::optional<int64_t> newer_than, ChunkBound(relation, arguments, newer));
  if (!arguments.IsNull(created_before) || !arguments.IsNull(created_after)) {
    if (older_than.has_value() || newer_than.has_value()) {
      return Error(sqlstate::kInvalidParameterValue, "cannot specify \"older_than\" or \"newer_than\" together with \"created_before\" or \"created_after\"");
    }
  }
  sql::Relation by_creation = relation;  // creation times are instants, whatever the column's type
  for (sql::Column& column : by_creation.columns) {
    if (column.id == relation.hypertable->time().column) column.type = TypeId::kTimestampTz;
  }
  ASSIGN_OR_RETURN(const std::optional<int64_t> before, ChunkBound(by_creation, arguments, created_before));
  ASSIGN_OR_RETURN(const std::optional<int64_t> after, ChunkBound(by_creation, arguments, created_after));
  if (older_than.has_value() && newer_than.has_value() && *older_than < *newer_than) {
    return WithHint(Error(sqlstate::kInvalidParameterValue, "invalid time range"), "The start of the time range must be before the end.");
  }
  std::vector<sql::ChunkPtr> result;
  for (const sql::ChunkPtr& chunk : *relation.hypertable->chunks) {
    if (older_than.has_value() && chunk->range_end > *older_than) continue;
    if (newer_than.has_value() && chunk->range_start < *newer_than) continue;
    if (before.has_value() && chunk->created_at >= *before) continue;
    if (after.has_value() && chunk->created_at < *after) continue;
    result.push_back(chunk);
  }
  return result;
}

Task<Status> CoordFunctions::ShowChunks(CallArguments arguments, ResultRows* rows) {
  CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, HypertableArgument(arguments, 0));
  CO_ASSIGN_OR_RETURN(const std::vector<sql::ChunkPtr> chunks, ChunksBetween(*relation, arguments, 1, 2, 3, 4));
  for (const sql::ChunkPtr& chunk : chunks) rows->Add({Value::Integer(TypeId::kRegclass, chunk->oid)});
  co_return OkStatus();
}

Task<Status> CoordFunctions::DropChunks(CallArguments arguments, ResultRows* rows) {
  CO_RETURN_IF_ERROR(co_await session_->BeginDdl());
  CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, HypertableArgument(arguments, 0));
  if (relation->owner != session_->identity().user && !session_->IsSuperuser()) {
    co_return Error(sqlstate::kInsufficientPrivilege, StrCat("must be owner of hypertable \"", relation->name, "\""));
  }
  bool any = false;
  for (size_t index : {size_t{1}, size_t{2}, size_t{4}, size_t{5}}) any = any || !arguments.IsNull(index);
  if (!any) {
    co_return WithHint(Error(sqlstate::kInvalidParameterValue, "invalid time range for dropping chunks"),
                       "At least one of older_than and newer_than must be provided.");
  }
  CO_ASSIGN_OR_RETURN(const std::vector<sql::ChunkPtr> chunks, ChunksBetween(*relation, arguments, 1, 2, 4, 5));
  CatalogChange change;
  std::vector<ChunkId> ids;
  for (const sql::ChunkPtr& chunk : chunks) {
    ids.push_back(chunk->id);
    for (NodeId node : chunk->nodes) change.AddPendingDrop(node, chunk->id);
    const std::string name = StrCat(relation->hypertable->chunk_schema, ".", chunk->name);
    if (arguments.Bool(3, false)) session_->Notice("INFO", sqlstate::kSuccess, StrCat("dropping chunk ", name));
    rows->Add({Value::Text(name)});
  }
  if (ids.empty()) co_return OkStatus();
  change.RemoveChunks(relation->id, ids);
  session_->ApplyDdl(change);
  co_return OkStatus();
}

Task<StatusOr<std::vector<CoordFunctions::NodeSize>>> CoordFunctions::SizesByNode(sql::RelationPtr relation) {
  std::map<NodeId, NodeSize> by_node;
  for (NodeId node : relation->hypertable->data_nodes) by_node[node].node = node;
  for (const sql::ChunkPtr& chunk : *relation->hypertable->chunks) {
    for (NodeId node : chunk->nodes) {
      by_node[node].node = node;
      by_node[node].chunks.push_back(chunk);
    }
  }
  std::vector<NodeSize> result;
  for (auto& [node, part] : by_node) {
    CO_ASSIGN_OR_RETURN(std::shared_ptr<Participant> participant, session_->services_.cluster->ParticipantOf(node));
    std::vector<ChunkId> ids;
    for (const sql::ChunkPtr& chunk : part.chunks) ids.push_back(chunk->id);
    if (!ids.empty()) {
      CO_ASSIGN_OR_RETURN(part.sizes, co_await participant->SizesOf(std::move(ids)));
    }
    result.push_back(std::move(part));
  }
  co_return result;
}

Task<Status> CoordFunctions::HypertableSize(CallArguments arguments, ResultRows* rows) {
  CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, HypertableArgument(arguments, 0));
  CO_ASSIGN_OR_RETURN(const std::vector<NodeSize> sizes, co_await SizesByNode(relation));
  uint64_t total = 0;
  for (const NodeSize& size : sizes) total += size.Total();
  rows->Add({Value::Int64(static_cast<int64_t>(total))});
  co_return OkStatus();
}

// Of a hypertable: what its nodes say; each chunk once.
Task<Status> CoordFunctions::ApproximateRowCount(CallArguments arguments, ResultRows* rows) {
  if (arguments.IsNull(0)) {
    rows->Add({Value::Null(TypeId::kInt64)});
    co_return OkStatus();
  }
  const sql::RelationPtr relation = session_->catalog()->Find(TableId(static_cast<uint32_t>(arguments.Integer(0, 0))));
  uint64_t count = 0;
  if (relation && !relation->hypertable && relation->heap.IsValid()) {
    count = session_->services_.store->SizeOf(relation->heap).rows;
  } else if (relation && relation->hypertable) {
    CO_ASSIGN_OR_RETURN(const std::vector<NodeSize> sizes, co_await SizesByNode(relation));
    for (const NodeSize& size : sizes) {
      for (size_t i = 0; i < size.sizes.size(); ++i) count += size.chunks[i]->nodes.front() == size.node ? size.sizes[i].rows : 0;
    }
  }
  rows->Add({Value::Int64(static_cast<int64_t>(count))});
  co_return OkStatus();
}

namespace {

std::vector<Value> SizeRow(uint64_t bytes, const Value& node) {
  const int64_t size = static_cast<int64_t>(bytes);
  // Chunk files hold rows and their skip indexes together; there is no separate index or toast.
  return {Value::Int64(size), Value::Int64(0), Value::Int64(0), Value::Int64(size), node};
}

}  // namespace

Task<Status> CoordFunctions::HypertableDetailedSize(CallArguments arguments, ResultRows* rows) {
  CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, HypertableArgument(arguments, 0));
  CO_ASSIGN_OR_RETURN(const std::vector<NodeSize> sizes, co_await SizesByNode(relation));
  const Value local = Value::Null(TypeId::kName);
  if (relation->hypertable->distributed) rows->Add(SizeRow(0, local));
  for (const NodeSize& size : sizes) {
    rows->Add(SizeRow(size.Total(), NodeName(size.node)));
  }
  co_return OkStatus();
}

Task<Status> CoordFunctions::ChunksDetailedSize(CallArguments arguments, ResultRows* rows) {
  CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, HypertableArgument(arguments, 0));
  CO_ASSIGN_OR_RETURN(const std::vector<NodeSize> sizes, co_await SizesByNode(relation));
  for (const NodeSize& size : sizes) {
    const Value node = NodeName(size.node);
    for (size_t i = 0; i < size.sizes.size(); ++i) {
      std::vector<Value> row = {Value::Bytes(TypeId::kName, relation->hypertable->chunk_schema), Value::Bytes(TypeId::kName, size.chunks[i]->name)};
      for (const Value& value : SizeRow(size.sizes[i].bytes, node)) row.push_back(value);
      rows->Add(row);
    }
  }
  co_return OkStatus();
}

}  // namespace tsd::coord
