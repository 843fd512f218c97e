#include "sql/plan/plan_codec.h"

#include <algorithm>
#include <utility>

#include "engine/base/bytes.h"
#include "engine/base/strings.h"
#include "sql/plan/plan_validate.h"

namespace tsd::sql {
namespace {

constexpr uint8_t kFormat = 2;
constexpr int kMaxNodes = 10'000;

Status Refused(const PlanNode& plan) {
  return Error(sqlstate::kFeatureNotSupported, StrCat("plan node ", static_cast<int>(plan.kind), " cannot be sent to a data node"));
}
Status Damaged(std::string_view what) { return Error(sqlstate::kProtocolViolation, StrCat("malformed plan fragment: ", what)); }

// ---- encoding ----

class PlanEncoder {
 public:
  explicit PlanEncoder(ByteWriter& writer) : writer_(writer) {}

  Status Put(const PlanNode& plan) {
    writer_.PutU8(static_cast<uint8_t>(plan.kind));
    writer_.PutVarint(plan.output.size());
    for (const PlanColumn& column : plan.output) {
      writer_.PutZigzag(column.id);
      writer_.PutString(column.name);
      PutType(column.type);
    }
    RETURN_IF_ERROR(PutOwn(plan));
    writer_.PutVarint(plan.children.size());
    for (const PlanPtr& child : plan.children) RETURN_IF_ERROR(Put(*child));
    return OkStatus();
  }

 private:
  void PutType(const DataType& type) {
    writer_.PutU8(static_cast<uint8_t>(type.id));
    writer_.PutBool(type.is_array);
    writer_.PutZigzag(type.typmod);
  }
  void PutExpr(const ExprPtr& expr) {
    writer_.PutBool(expr != nullptr);
    if (expr != nullptr) EncodeExpr(*expr, writer_);
  }
  void PutExprs(const std::vector<ExprPtr>& exprs) {
    writer_.PutVarint(exprs.size());
    for (const ExprPtr& expr : exprs) PutExpr(expr);
  }
  void PutKeys(const std::vector<SortKey>& keys) {
    writer_.PutVarint(keys.size());
    for (const SortKey& key : keys) {
      writer_.PutZigzag(key.column);
      writer_.PutBool(key.descending);
      writer_.PutBool(key.nulls_first);
    }
  }
  void PutIds(const std::vector<int>& ids) {
    writer_.PutVarint(ids.size());
    for (int id : ids) writer_.PutZigzag(id);
  }

  Status PutOwn(const PlanNode& plan) {
    switch (plan.kind) {
      case PlanKind::kScan: PutScan(static_cast<const ScanNode&>(plan)); return OkStatus();
      case PlanKind::kValues: {
        const auto& values = PlanAs<ValuesNode>(plan);
        if (!values.ready.empty()) return Error(sqlstate::kInternalError, "rows that are values already are not sent");
        writer_.PutVarint(values.rows.size());
        for (const auto& row : values.rows) PutExprs(row);
        return OkStatus();
      }
      case PlanKind::kFilter: PutExpr(PlanAs<FilterNode>(plan).condition); return OkStatus();
      case PlanKind::kProject: PutExprs(PlanAs<ProjectNode>(plan).expressions); return OkStatus();
      case PlanKind::kAggregate: PutAggregate(PlanAs<AggregateNode>(plan)); return OkStatus();
      case PlanKind::kDistinct: return OkStatus();
      case PlanKind::kDistinctOn: PutIds(PlanAs<DistinctOnNode>(plan).keys); return OkStatus();
      case PlanKind::kSort: PutKeys(PlanAs<SortNode>(plan).keys); return OkStatus();
      case PlanKind::kTopN: {
        const auto& top = PlanAs<TopNNode>(plan);
        PutKeys(top.keys);
        writer_.PutI64(top.limit);
        writer_.PutI64(top.offset);
        writer_.PutBool(top.with_ties);
        return OkStatus();
      }
      case PlanKind::kLimit: {
        const auto& limit = PlanAs<LimitNode>(plan);
        PutExpr(limit.limit);
        PutExpr(limit.offset);
        PutKeys(limit.ties);
        return OkStatus();
      }
      case PlanKind::kJoin: {
        const auto& join = PlanAs<JoinNode>(plan);
        writer_.PutU8(static_cast<uint8_t>(join.join));
        PutExprs(join.left_keys);
        PutExprs(join.right_keys);
        PutExpr(join.residual);
        return OkStatus();
      }
      case PlanKind::kSetOperation: {
        const auto& node = PlanAs<SetOperationNode>(plan);
        writer_.PutU8(static_cast<uint8_t>(node.operation));
        writer_.PutBool(node.all);
        return OkStatus();
      }
      default: return Refused(plan);
    }
  }

  void PutScan(const ScanNode& scan) {
    scan.schema->Encode(writer_);
    writer_.PutVarint(scan.columns.size());
    for (ColumnId column : scan.columns) writer_.PutU16(column.value());
    writer_.PutU8(static_cast<uint8_t>(scan.row_ids));
    writer_.PutVarint(scan.predicate.conditions.size());
    for (const ColumnCondition& condition : scan.predicate.conditions) condition.Encode(writer_);
    PutExprs(scan.filters);
    writer_.PutU8(static_cast<uint8_t>(scan.order));
    writer_.PutBool(scan.only);
    writer_.PutBool(scan.exact_predicate);
    writer_.PutBool(scan.last_of_segment);
    writer_.PutVarint(scan.chunks.size());
    // Neighbours were mostly made one after the other: a byte each instead of eight.
    uint64_t previous = 0;
    for (ChunkId chunk : scan.chunks) writer_.PutZigzag(static_cast<int64_t>(chunk.value() - std::exchange(previous, chunk.value())));
    writer_.PutVarint(scan.chunk_ranges.size());
    for (const auto& [start, end] : scan.chunk_ranges) {
      writer_.PutI64(start);
      writer_.PutI64(end);
    }
  }

  void PutAggregate(const AggregateNode& node) {
    writer_.PutU8(static_cast<uint8_t>(node.phase));
    PutExprs(node.groups);
    writer_.PutVarint(node.aggregates.size());
    for (const AggregateCall& call : node.aggregates) {
      writer_.PutString(call.function);
      PutExprs(call.arguments);
      writer_.PutVarint(call.argument_types.size());
      for (const DataType& type : call.argument_types) PutType(type);
      writer_.PutBool(call.distinct);
      PutExpr(call.filter);
      PutKeys(call.order_by);
      PutType(call.result_type);
    }
    writer_.PutVarint(node.grouping_sets.size());
    for (const auto& set : node.grouping_sets) {
      writer_.PutVarint(set.size());
      for (size_t index : set) writer_.PutVarint(index);
    }
    writer_.PutZigzag(node.newest_group);
    writer_.PutI64(node.newest_limit);
  }

  ByteWriter& writer_;
};

// ---- decoding ----

class PlanDecoder {
 public:
  explicit PlanDecoder(ByteReader& reader) : reader_(reader) {}

  StatusOr<PlanPtr> Get(int depth) {
    if (depth > kMaxPlanDepth || ++nodes_ > kMaxNodes) return Damaged("too many nodes");
    const uint8_t kind = reader_.GetU8();
    std::vector<PlanColumn> output;
    RETURN_IF_ERROR(GetColumns(&output));
    ASSIGN_OR_RETURN(PlanPtr plan, GetOwn(static_cast<PlanKind>(kind)));
    plan->output = std::move(output);
    const uint64_t children = reader_.GetCount(3);
    if (!reader_.ok() || children > 2) return Damaged("children");
    for (uint64_t i = 0; i < children; ++i) {
      ASSIGN_OR_RETURN(PlanPtr child, Get(depth + 1));
      plan->children.push_back(std::move(child));
    }
    return plan;
  }

 private:
  bool GetType(DataType* type) {
    const uint8_t id = reader_.GetU8();
    type->is_array = reader_.GetBool();
    const int64_t typmod = reader_.GetZigzag();
    if (!reader_.ok() || id > static_cast<uint8_t>(TypeId::kInet) || typmod < -1 || typmod > INT32_MAX) return false;
    type->id = static_cast<TypeId>(id);
    type->typmod = static_cast<int32_t>(typmod);
    return true;
  }
  Status GetColumns(std::vector<PlanColumn>* columns) {
    const uint64_t count = reader_.GetCount(5);
    for (uint64_t i = 0; i < count; ++i) {
      PlanColumn column;
      column.id = static_cast<int>(reader_.GetZigzag());
      column.name = reader_.GetString();
      if (!GetType(&column.type)) return Damaged("type");
      columns->push_back(std::move(column));
    }
    return reader_.ok() ? OkStatus() : Damaged("columns");
  }
  enum class Null : uint8_t { kAllowed, kRefused };
  Status GetExpr(Null null, ExprPtr* expr) {
    if (!reader_.GetBool()) {
      return reader_.ok() && null == Null::kAllowed ? OkStatus() : Damaged("expression");
    }
    ASSIGN_OR_RETURN(*expr, DecodeExpr(reader_));
    return OkStatus();
  }
  Status GetExprs(std::vector<ExprPtr>* exprs) {
    const uint64_t count = reader_.GetCount(2);
    for (uint64_t i = 0; i < count; ++i) {
      ExprPtr expr;
      RETURN_IF_ERROR(GetExpr(Null::kRefused, &expr));
      exprs->push_back(std::move(expr));
    }
    return reader_.ok() ? OkStatus() : Damaged("expressions");
  }
  void GetKeys(std::vector<SortKey>* keys) {
    const uint64_t count = reader_.GetCount(3);
    for (uint64_t i = 0; i < count; ++i) {
      SortKey key;
      key.column = static_cast<int>(reader_.GetZigzag());
      key.descending = reader_.GetBool();
      key.nulls_first = reader_.GetBool();
      keys->push_back(key);
    }
  }
  template <typename Enum>
  bool GetEnum(Enum last, Enum* value) {
    const uint8_t raw = reader_.GetU8();
    *value = static_cast<Enum>(raw);
    return reader_.ok() && raw <= static_cast<uint8_t>(last);
  }

  StatusOr<PlanPtr> GetOwn(PlanKind kind) {
    switch (kind) {
      case PlanKind::kScan: return GetScan();
      case PlanKind::kValues: {
        auto node = std::make_shared<ValuesNode>();
        const uint64_t rows = reader_.GetCount(1);
        for (uint64_t i = 0; i < rows && reader_.ok(); ++i) {
          node->rows.emplace_back();
          RETURN_IF_ERROR(GetExprs(&node->rows.back()));
        }
        return PlanPtr(std::move(node));
      }
      case PlanKind::kFilter: {
        auto node = std::make_shared<FilterNode>();
        RETURN_IF_ERROR(GetExpr(Null::kRefused, &node->condition));
        return PlanPtr(std::move(node));
      }
      case PlanKind::kProject: {
        auto node = std::make_shared<ProjectNode>();
        RETURN_IF_ERROR(GetExprs(&node->expressions));
        return PlanPtr(std::move(node));
      }
      case PlanKind::kAggregate: return GetAggregate();
      case PlanKind::kDistinct: return PlanPtr(std::make_shared<DistinctNode>());
      case PlanKind::kDistinctOn: {
        auto node = std::make_shared<DistinctOnNode>();
        const uint64_t count = reader_.GetCount(1);
        for (uint64_t i = 0; i < count; ++i) node->keys.push_back(static_cast<int>(reader_.GetZigzag()));
        return PlanPtr(std::move(node));
      }
      case PlanKind::kSort: {
        auto node = std::make_shared<SortNode>();
        GetKeys(&node->keys);
        return PlanPtr(std::move(node));
      }
      case PlanKind::kTopN: {
        auto node = std::make_shared<TopNNode>();
        GetKeys(&node->keys);
        node->limit = reader_.GetI64();
        node->offset = reader_.GetI64();
        node->with_ties = reader_.GetBool();
        if (node->limit < 0 || node->offset < 0) return Damaged("limit");
        return PlanPtr(std::move(node));
      }
      case PlanKind::kLimit: {
        auto node = std::make_shared<LimitNode>();
        RETURN_IF_ERROR(GetExpr(Null::kAllowed, &node->limit));
        RETURN_IF_ERROR(GetExpr(Null::kAllowed, &node->offset));
        GetKeys(&node->ties);
        for (const ExprPtr& expr : {node->limit, node->offset}) {
          if (expr != nullptr && !expr->type.Is(TypeId::kInt64)) return Damaged("limit");
        }
        return PlanPtr(std::move(node));
      }
      case PlanKind::kJoin: {
        auto node = std::make_shared<JoinNode>();
        if (!GetEnum(JoinType::kAntiNotIn, &node->join)) return Damaged("join");
        RETURN_IF_ERROR(GetExprs(&node->left_keys));
        RETURN_IF_ERROR(GetExprs(&node->right_keys));
        RETURN_IF_ERROR(GetExpr(Null::kAllowed, &node->residual));
        return PlanPtr(std::move(node));
      }
      case PlanKind::kSetOperation: {
        auto node = std::make_shared<SetOperationNode>();
        if (!GetEnum(SetOperationType::kExcept, &node->operation)) return Damaged("set operation");
        node->all = reader_.GetBool();
        return PlanPtr(std::move(node));
      }
      default: return Damaged("node kind");
    }
  }

  StatusOr<PlanPtr> GetScan() {
    auto node = std::make_shared<ScanNode>();
    ASSIGN_OR_RETURN(node->schema, TableSchema::Decode(reader_));
    const uint64_t columns = reader_.GetCount(2);
    for (uint64_t i = 0; i < columns; ++i) node->columns.push_back(ColumnId(reader_.GetU16()));
    if (!GetEnum(RowIds::kWith, &node->row_ids)) return Damaged("row ids");
    const uint64_t conditions = reader_.GetCount(2);
    for (uint64_t i = 0; i < conditions && reader_.ok(); ++i) {
      node->predicate.conditions.push_back(ColumnCondition::Decode(reader_));
    }
    if (!reader_.ok()) return Damaged("predicate");
    RETURN_IF_ERROR(GetExprs(&node->filters));
    if (!GetEnum(ChunkOrder::kNewestFirst, &node->order)) return Damaged("order");
    node->only = reader_.GetBool();
    node->exact_predicate = reader_.GetBool();
    node->last_of_segment = reader_.GetBool();
    const uint64_t chunks = reader_.GetCount(1);
    uint64_t chunk = 0;
    for (uint64_t i = 0; i < chunks; ++i) {
      chunk += static_cast<uint64_t>(reader_.GetZigzag());
      node->chunks.push_back(ChunkId(chunk));
    }
    const uint64_t ranges = reader_.GetCount(16);
    for (uint64_t i = 0; i < ranges; ++i) {
      const int64_t start = reader_.GetI64();
      node->chunk_ranges.emplace_back(start, reader_.GetI64());
    }
    return PlanPtr(std::move(node));
  }

  StatusOr<PlanPtr> GetAggregate() {
    auto node = std::make_shared<AggregateNode>();
    if (!GetEnum(AggregatePhase::kFinal, &node->phase)) return Damaged("phase");
    RETURN_IF_ERROR(GetExprs(&node->groups));
    const uint64_t calls = reader_.GetCount(8);
    for (uint64_t i = 0; i < calls && reader_.ok(); ++i) {
      AggregateCall call;
      call.function = reader_.GetString();
      RETURN_IF_ERROR(GetExprs(&call.arguments));
      const uint64_t types = reader_.GetCount(3);
      for (uint64_t t = 0; t < types; ++t) {
        DataType type;
        if (!GetType(&type)) return Damaged("type");
        call.argument_types.push_back(type);
      }
      call.distinct = reader_.GetBool();
      RETURN_IF_ERROR(GetExpr(Null::kAllowed, &call.filter));
      GetKeys(&call.order_by);
      if (!GetType(&call.result_type)) return Damaged("type");
      node->aggregates.push_back(std::move(call));
    }
    const uint64_t sets = reader_.GetCount(1);
    for (uint64_t i = 0; i < sets && reader_.ok(); ++i) {
      node->grouping_sets.emplace_back();
      const uint64_t size = reader_.GetCount(1);
      for (uint64_t s = 0; s < size; ++s) node->grouping_sets.back().push_back(reader_.GetVarint());
    }
    const int64_t newest = reader_.GetZigzag();
    node->newest_limit = reader_.GetI64();
    if (newest < -1 || newest >= static_cast<int64_t>(node->groups.size()) || node->newest_limit < 0) return Damaged("newest groups");
    node->newest_group = static_cast<int>(newest);
    return PlanPtr(std::move(node));
  }

  ByteReader& reader_;
  int nodes_ = 0;
};

}  // namespace


StatusOr<std::string> EncodePlan(const PlanNode& fragment) {
  ByteWriter writer;
  writer.PutU8(kFormat);
  RETURN_IF_ERROR(PlanEncoder(writer).Put(fragment));
  return std::move(writer).Take();
}

StatusOr<PlanPtr> DecodePlan(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.GetU8() != kFormat) return Damaged("unknown format");
  ASSIGN_OR_RETURN(PlanPtr plan, PlanDecoder(reader).Get(0));
  if (!reader.ok() || !reader.AtEnd()) return Damaged("length");
  RETURN_IF_ERROR(ValidateFragment(*plan));
  return plan;
}

}  // namespace tsd::sql
