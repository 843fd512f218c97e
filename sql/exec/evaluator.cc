// Compilation, calls, filters. Branching expressions: evaluator_branch.cc; arrays: evaluator_array.cc; folding: evaluator_fold.cc.
#include "sql/exec/evaluator.h"

#include <algorithm>
#include <cstring>

#include "engine/base/strings.h"
#include "engine/types/compare.h"
#include "sql/exec/build_state.h"
#include "sql/exec/evaluator_node.h"
#include "sql/function/cast_kernels.h"
#include "sql/function/function_context.h"
#include "sql/function/row_args.h"

namespace tsd::sql {
namespace {

Status BadExpr(std::string_view what) { return Error(sqlstate::kInternalError, StrCat("cannot evaluate expression: ", what)); }

VectorPtr ConstantNull(const DataType& type, size_t rows) {
  auto vector = std::make_shared<Vector>(type);
  vector->AppendNull();
  vector->MakeConstant(rows);
  return vector;
}

StatusOr<VectorPtr> RunRows(const Function& function, const KernelCall& call) {
  auto out = std::make_shared<Vector>(call.result);
  out->Reserve(call.rows, 0);
  bool nulls = false;
  for (const VectorPtr& argument : call.arguments) nulls = nulls || argument->HasNulls();
  const bool skip_nulls = function.strict && nulls;
  RowArgs args{&call, 0};
  for (size_t row = 0; row < call.rows; ++row) {
    RETURN_IF_ERROR(CheckCancelled(*call.context));  // a row may take long: a power of a numeric, a regular expression
    args.row = row;
    bool null = false;
    if (skip_nulls) {
      for (size_t i = 0; i < call.arguments.size() && !null; ++i) null = call.arguments[i]->IsNull(row);
    }
    if (null) {
      out->AppendNull();
    } else {
      RETURN_IF_ERROR(function.row(args, *out));
    }
  }
  return VectorPtr(std::move(out));
}

StatusOr<VectorPtr> RunContext(const Function& function, const KernelCall& call) {
  if (call.context->functions == nullptr) {
    return Error(sqlstate::kFeatureNotSupported, StrCat("function ", function.name, " cannot be evaluated on a data node"));
  }
  auto out = std::make_shared<Vector>(call.result);
  std::vector<Value> values(call.arguments.size());
  for (size_t row = 0; row < call.rows; ++row) {
    bool null = false;
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = Value::FromVector(*call.arguments[i], row);
      null = null || values[i].IsNull();
    }
    if (null && function.strict) {
      out->AppendNull();
      continue;
    }
    ASSIGN_OR_RETURN(Value result, call.context->functions->Call(function.key, values, call.result));
    if (result.IsNull()) {
      out->AppendNull();
    } else if (result.type().Physical() != call.result.Physical()) {
      return BadExpr(StrCat("result type of ", function.key));
    } else {
      result.AppendTo(*out);
    }
  }
  return VectorPtr(std::move(out));
}

/// Functions that fail on no input and cost little: comparisons of fixed-width types and the like.
bool IsSafeFunction(const Function& function) {
  static constexpr std::string_view kNames[] = {"=", "<>", "<", "<=", ">", ">="};
  return function.kernel != nullptr && std::find(std::begin(kNames), std::end(kNames), function.name) != std::end(kNames);
}

SpecialCall SpecialOf(std::string_view key) {
  if (IsCastKey(key)) return SpecialCall::kCast;
  if (key.starts_with("any ")) return SpecialCall::kAny;
  if (key.starts_with("all ")) return SpecialCall::kAll;
  if (key == "is distinct from") return SpecialCall::kDistinctFrom;
  if (key == "subscript") return SpecialCall::kSubscript;
  if (key == "slice") return SpecialCall::kSlice;
  return SpecialCall::kNone;
}

Status CheckSpecial(const CompiledExpr::Node& node) {
  const std::vector<std::unique_ptr<CompiledExpr::Node>>& arguments = node.arguments;
  const size_t count = arguments.size();
  switch (node.special) {
    case SpecialCall::kCast:
      if (count != 1) return BadExpr("cast");
      break;
    case SpecialCall::kAny:
    case SpecialCall::kAll: {
      if (count != 2 || !arguments[1]->type.is_array || node.type.Physical() != PhysicalType::kBool) return BadExpr("ANY / ALL");
      const DataType types[] = {arguments[0]->type, arguments[1]->type.Element()};
      if (!CallTypesFit(*node.function, types, DataType(TypeId::kBool))) return BadExpr(node.key);
      break;
    }
    case SpecialCall::kDistinctFrom:
      if (count != 2 || !arguments[0]->type.SameAs(arguments[1]->type) || node.type.Physical() != PhysicalType::kBool) {
        return BadExpr("IS DISTINCT FROM");
      }
      break;
    case SpecialCall::kSubscript:
    case SpecialCall::kSlice: {
      if (count < 2 || !arguments[0]->type.is_array) return BadExpr("subscript");
      for (size_t i = 1; i < count; ++i) {
        if (arguments[i]->type.Physical() != PhysicalType::kInt32) return BadExpr("subscript");
      }
      const DataType& array = arguments[0]->type;
      const bool slice = node.special == SpecialCall::kSlice;
      if (slice && (count - 1) % 2 != 0) return BadExpr("slice");
      if (!node.type.SameAs(slice ? array : array.Element())) return BadExpr("subscript");
      break;
    }
    case SpecialCall::kNone: break;
  }
  return OkStatus();
}

Status CompileCall(const Expr& expr, CompiledExpr::Node& node) {
  node.key = expr.function;
  node.special = SpecialOf(expr.function);
  if (node.special == SpecialCall::kCast) {
    node.cast = expr.function == kCastExplicit     ? CastContext::kExplicit
                : expr.function == kCastAssignment ? CastContext::kAssignment
                                                   : CastContext::kImplicit;
    return CheckSpecial(node);
  }
  std::string_view key = expr.function;
  const bool quantified = node.special == SpecialCall::kAny || node.special == SpecialCall::kAll;
  if (quantified) key.remove_prefix(4);
  if (node.special == SpecialCall::kNone || quantified) {
    node.function = Registry::Get().Find(key);
    if (node.function == nullptr || node.function->kind != FunctionKind::kScalar) {
      return Error(sqlstate::kUndefinedFunction, StrCat("function ", key, " does not exist"));
    }
  }
  if (node.special != SpecialCall::kNone) return CheckSpecial(node);
  std::vector<DataType> types;
  for (const auto& argument : node.arguments) types.push_back(argument->type);
  if (!CallTypesFit(*node.function, types, node.type)) return BadExpr(StrCat("types of ", key));
  node.safe = IsSafeFunction(*node.function);
  node.entry_column = node.OnlyColumn();
  for (const auto& argument : node.arguments) node.safe = node.safe && argument->safe;
  return OkStatus();
}

void CompileSet(const Expr& expr, CompiledExpr::Node& node) {
  for (size_t i = 1; i < expr.arguments.size(); ++i) {
    if (expr.arguments[i]->kind != ExprKind::kConstant) return;
  }
  ConstantSet set;
  const PhysicalType physical = node.arguments[0]->type.Physical();
  const bool integers = expr.arguments.size() <= 9 && (physical == PhysicalType::kInt16 || physical == PhysicalType::kInt32 ||
                                                       physical == PhysicalType::kInt64);
  for (size_t i = 1; i < expr.arguments.size(); ++i) {
    const Value& value = expr.arguments[i]->value;
    if (value.IsNull()) {
      set.has_null = true;
    } else if (integers) {
      set.integers.push_back(value.AsInteger());
    } else {
      // The value may carry a narrower label (varchar in a text list); the column's type decides how to hash it.
      Value labelled = value;
      labelled.SetType(node.arguments[0]->type);
      set.by_hash[HashValue(labelled)].push_back(static_cast<uint32_t>(set.values.size()));
      set.values.push_back(std::move(labelled));
    }
  }
  node.set = std::move(set);
}

Status CheckBranches(const Expr& expr, const CompiledExpr::Node& node) {
  const size_t count = node.arguments.size();
  auto boolean = [&](size_t i) { return node.arguments[i]->type.Physical() == PhysicalType::kBool; };
  auto like_result = [&](size_t i) { return node.arguments[i]->type.Physical() == node.type.Physical(); };
  switch (expr.kind) {
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kNot:
      for (size_t i = 0; i < count; ++i) {
        if (!boolean(i)) return BadExpr("logic over other than boolean");
      }
      [[fallthrough]];
    case ExprKind::kIsNull:
    case ExprKind::kIsNotNull:
      if (node.type.Physical() != PhysicalType::kBool || count == 0) return BadExpr("logic");
      if (expr.kind != ExprKind::kAnd && expr.kind != ExprKind::kOr && count != 1) return BadExpr("logic");
      return OkStatus();
    case ExprKind::kCase:
      if (count % 2 != 1) return BadExpr("CASE");
      for (size_t i = 0; i + 1 < count; i += 2) {
        if (!boolean(i) || !like_result(i + 1)) return BadExpr("CASE");
      }
      return like_result(count - 1) ? OkStatus() : BadExpr("CASE");
    case ExprKind::kCoalesce:
      if (count == 0) return BadExpr("COALESCE");
      for (size_t i = 0; i < count; ++i) {
        if (!like_result(i)) return BadExpr("COALESCE");
      }
      return OkStatus();
    case ExprKind::kInList:
      if (count == 0 || node.type.Physical() != PhysicalType::kBool) return BadExpr("IN");
      for (size_t i = 1; i < count; ++i) {
        if (node.arguments[i]->type.Physical() != node.arguments[0]->type.Physical()) return BadExpr("IN");
      }
      return OkStatus();
    case ExprKind::kArray:
      if (!node.type.is_array) return BadExpr("ARRAY");
      for (size_t i = 0; i < count; ++i) {
        const DataType& element = node.arguments[i]->type;
        const bool fits = element.is_array ? element.id == node.type.id : element.Physical() == node.type.Element().Physical();
        if (!fits) return BadExpr("ARRAY");
      }
      return OkStatus();
    case ExprKind::kRow: return node.type.Physical() == PhysicalType::kBytes ? OkStatus() : BadExpr("ROW");
    default: return OkStatus();
  }
}

/// Conjuncts are tried cheapest first: comparisons of numbers, then what cannot fail, then the others in their order.
int FilterCost(const CompiledExpr::Node& node) {
  if (!node.safe) return 2;
  const bool numbers = std::all_of(node.arguments.begin(), node.arguments.end(), [](const auto& argument) {
    return argument->type.Physical() != PhysicalType::kBytes && argument->arguments.empty();
  });
  return numbers ? 0 : 1;
}

StatusOr<std::unique_ptr<CompiledExpr::Node>> CompileNode(const Expr& expr) {
  auto node = std::make_unique<CompiledExpr::Node>();
  node->kind = expr.kind;
  node->type = expr.type;
  for (const ExprPtr& argument : expr.arguments) {
    ASSIGN_OR_RETURN(std::unique_ptr<CompiledExpr::Node> compiled, CompileNode(*argument));
    node->arguments.push_back(std::move(compiled));
  }
  switch (expr.kind) {
    case ExprKind::kConstant: {
      Value value = expr.value;
      if (!value.IsNull() && value.type().Physical() != expr.type.Physical()) return BadExpr("constant");
      auto vector = std::make_shared<Vector>(expr.type);
      if (value.IsNull()) {
        vector->AppendNull();
      } else {
        value.AppendTo(*vector);
      }
      vector->MakeConstant(1);
      node->constant = std::move(vector);
      node->safe = true;
      break;
    }
    case ExprKind::kColumn:
      if (expr.column < 0) return BadExpr("column");
      node->column = expr.column;
      node->safe = true;
      break;
    case ExprKind::kFunction: RETURN_IF_ERROR(CompileCall(expr, *node)); break;
    case ExprKind::kOuterColumn:
    case ExprKind::kParameter:
    case ExprKind::kSubquery: return BadExpr("unbound parameter, outer column or sub-query");
    default: RETURN_IF_ERROR(CheckBranches(expr, *node)); break;
  }
  if (expr.kind == ExprKind::kInList) CompileSet(expr, *node);
  if (expr.kind == ExprKind::kAnd) {
    std::stable_sort(node->arguments.begin(), node->arguments.end(), [](const auto& a, const auto& b) { return FilterCost(*a) < FilterCost(*b); });
  }
  switch (expr.kind) {
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kNot:
    case ExprKind::kIsNull:
    case ExprKind::kIsNotNull:
    case ExprKind::kInList:
      node->safe = true;
      for (const auto& argument : node->arguments) node->safe = node->safe && argument->safe;
      break;
    default: break;
  }
  return node;
}

}  // namespace

VectorPtr WidenConstant(const VectorPtr& one, size_t rows) {
  if (one->IsConstant() && one->size() == rows) return one;
  auto copy = std::make_shared<Vector>(one->type());
  copy->AppendFrom(*one, 0);
  copy->MakeConstant(rows);
  return copy;
}

StatusOr<VectorPtr> CallFunction(const Function& function, const KernelCall& call) {
  if (function.kernel != nullptr) return function.kernel(call);
  if (function.row != nullptr) return RunRows(function, call);
  if (function.context) return RunContext(function, call);
  return BadExpr(StrCat(function.key, " has no implementation"));
}

StatusOr<VectorPtr> CompiledExpr::Node::RunSpecial(const KernelCall& call) {
  switch (special) {
    case SpecialCall::kCast: return CastVector(call.arguments[0], type, cast, *call.context);
    case SpecialCall::kAny:
    case SpecialCall::kAll: return RunQuantified(call, *function, special);
    case SpecialCall::kDistinctFrom: {
      auto out = std::make_shared<Vector>(type);
      for (size_t row = 0; row < call.rows; ++row) {
        out->Append<uint8_t>(RowsEqualOrBothNull(*call.arguments[0], row, *call.arguments[1], row) ? 0 : 1);
      }
      return VectorPtr(std::move(out));
    }
    case SpecialCall::kSubscript: return RunSubscript(call);
    case SpecialCall::kSlice: return RunSlice(call);
    case SpecialCall::kNone: break;
  }
  return BadExpr(key);
}

StatusOr<VectorPtr> CompiledExpr::Node::RunCall(const RowSet& rows, const ExecContext& context) {
  std::vector<VectorPtr> values;
  values.reserve(arguments.size());
  const size_t count = rows.size();
  bool constants = function == nullptr || function->volatility != Volatility::kVolatile;
  const bool strict = special == SpecialCall::kCast || (special == SpecialCall::kNone && function->strict);
  for (const std::unique_ptr<Node>& argument : arguments) {
    ASSIGN_OR_RETURN(VectorPtr value, argument->Run(rows, context));
    if (strict && value->IsConstant() && value->IsNull(0)) return ConstantNull(type, count);
    constants = constants && value->IsConstant();
    values.push_back(std::move(value));
  }
  KernelCall call;
  call.result = type;
  call.context = &context;
  call.cache = &cache;
  call.key = key;
  call.rows = count;
  if (constants) {
    // One row does for all.
    for (VectorPtr& value : values) value = WidenConstant(value, 1);
    call.rows = 1;
  }
  call.arguments = values;
  if (entry_column >= 0 && !constants) {
    if (VectorPtr result = RunOnEntries(call, static_cast<size_t>(entry_column)); result != nullptr) return result;
  }
  StatusOr<VectorPtr> result = special != SpecialCall::kNone ? RunSpecial(call) : CallFunction(*function, call);
  if (!result.ok()) return result.status();
  if (constants) return WidenConstant(*result, count);
  return result;
}

StatusOr<VectorPtr> CompiledExpr::Node::Run(const RowSet& rows, const ExecContext& context) {
  switch (kind) {
    case ExprKind::kConstant:
      if (constant->size() != rows.size()) constant = WidenConstant(constant, rows.size());
      return constant;
    case ExprKind::kColumn: {
      const size_t index = static_cast<size_t>(column);
      if (index >= rows.batch->column_count()) return BadExpr("column number");
      const VectorPtr& values = rows.batch->column_ptr(index);
      if (values->type().Physical() != type.Physical()) return BadExpr("column type");
      return rows.chosen == nullptr ? values : Vector::Gather(values, *rows.chosen);
    }
    case ExprKind::kFunction: return RunCall(rows, context);
    case ExprKind::kAnd:
    case ExprKind::kOr: return RunLogic(rows, context);
    case ExprKind::kNot: return RunNot(rows, context);
    case ExprKind::kIsNull:
    case ExprKind::kIsNotNull: return RunNullTest(rows, context);
    case ExprKind::kCase: return RunCase(rows, context);
    case ExprKind::kCoalesce: return RunCoalesce(rows, context);
    case ExprKind::kInList: return RunInList(rows, context);
    case ExprKind::kArray: return RunArray(rows, context);
    case ExprKind::kRow: return RunRow(rows, context);
    default: return BadExpr("unexpected node");
  }
}

namespace {

/// Of each byte: where its set bits are, and how many.
struct SetBitTable {
  uint8_t places[256][8] = {};
  uint8_t counts[256] = {};
  constexpr SetBitTable() {
    for (int byte = 0; byte < 256; ++byte) {
      for (int bit = 0; bit < 8; ++bit) {
        if ((byte >> bit & 1) != 0) places[byte][counts[byte]++] = static_cast<uint8_t>(bit);
      }
    }
  }
};

/// Appends base[i] (or i) for rows where `flags` is true and not NULL.
void SelectTrue(const Vector& flags, const std::vector<uint32_t>* base, std::vector<uint32_t>* selection) {
  const size_t rows = flags.size();
  if (flags.IsConstant()) {
    if (rows == 0 || flags.IsNull(0) || flags.Get<uint8_t>(0) == 0) return;
    for (size_t i = 0; i < rows; ++i) selection->push_back(base == nullptr ? static_cast<uint32_t>(i) : (*base)[i]);
    return;
  }
  const size_t before = selection->size();
  selection->resize(before + rows + 8);  // the table writes eight at a time
  uint32_t* out = selection->data() + before;
  const uint8_t* values = flags.values<uint8_t>();
  const std::span<const uint64_t> validity = flags.validity();
  size_t count = 0;
  size_t i = 0;
  if (base == nullptr && validity.empty()) {
    static constexpr SetBitTable kTable;
    for (; i + 8 <= rows; i += 8) {
      uint64_t eight;
      std::memcpy(&eight, values + i, 8);
      // Flags are 0 or 1: the product gathers the eight lowest bits in the top byte.
      const uint8_t bits = static_cast<uint8_t>((eight * 0x0102040810204080ULL) >> 56);
      const uint8_t* places = kTable.places[bits];
      for (size_t j = 0; j < 8; ++j) out[count + j] = static_cast<uint32_t>(i) + places[j];
      count += kTable.counts[bits];
    }
  }
  for (; i < rows; ++i) {
    out[count] = base == nullptr ? static_cast<uint32_t>(i) : (*base)[i];
    const uint64_t valid = validity.empty() ? 1 : validity[i >> 6] >> (i & 63) & 1;
    count += (values[i] & valid) != 0 ? 1 : 0;
  }
  selection->resize(before + count);
}

/// Keeps of `rows` those where `flags`, which has all rows of the batch, is true.
void KeepTrue(const Vector& flags, std::vector<uint32_t>* rows) {
  const uint8_t* values = flags.values<uint8_t>();
  const std::span<const uint64_t> validity = flags.validity();
  const bool constant = flags.IsConstant();
  uint32_t* out = rows->data();
  size_t count = 0;
  for (const uint32_t row : *rows) {
    const size_t slot = constant ? 0 : row;
    const uint64_t valid = validity.empty() ? 1 : validity[slot >> 6] >> (slot & 63) & 1;
    out[count] = row;
    count += (values[slot] & valid) != 0 ? 1 : 0;
  }
  rows->resize(count);
}

}  // namespace

Status CompiledExpr::Node::Filter(const ColumnBatch& batch, const ExecContext& context, std::vector<uint32_t>* selection) {
  selection->clear();
  if (batch.empty()) return OkStatus();
  if (kind != ExprKind::kAnd) {
    ASSIGN_OR_RETURN(VectorPtr flags, Run(RowSet{&batch, nullptr}, context));
    SelectTrue(*flags, nullptr, selection);
    return OkStatus();
  }
  std::vector<uint32_t> left;
  bool first = true;
  for (const std::unique_ptr<Node>& conjunct : arguments) {
    // A cheap conjunct runs over all rows: gathering its columns would cost more.
    const bool dense = first || (conjunct->safe && left.size() > batch.rows() / 8);
    ASSIGN_OR_RETURN(VectorPtr flags, conjunct->Run(RowSet{&batch, dense ? nullptr : &left}, context));
    if (first) {
      SelectTrue(*flags, nullptr, &left);
    } else if (dense) {
      KeepTrue(*flags, &left);
    } else {
      std::vector<uint32_t> next;
      SelectTrue(*flags, &left, &next);
      left = std::move(next);
    }
    first = false;
    if (left.empty()) break;
  }
  *selection = std::move(left);
  return OkStatus();
}

CompiledExpr::CompiledExpr(std::unique_ptr<Node> root) : root_(std::move(root)) {}
CompiledExpr::~CompiledExpr() = default;

StatusOr<std::unique_ptr<CompiledExpr>> CompiledExpr::Compile(const Expr& expr) {
  ASSIGN_OR_RETURN(std::unique_ptr<Node> root, CompileNode(expr));
  return std::unique_ptr<CompiledExpr>(new CompiledExpr(std::move(root)));
}

const DataType& CompiledExpr::type() const { return root_->type; }

StatusOr<VectorPtr> CompiledExpr::Evaluate(const ColumnBatch& batch, const ExecContext& context) {
  if (batch.empty()) return std::make_shared<const Vector>(root_->type);
  return root_->Run(RowSet{&batch, nullptr}, context);
}

StatusOr<VectorPtr> CompiledExpr::EvaluateSelected(const ColumnBatch& batch, std::span<const uint32_t> rows, const ExecContext& context) {
  if (rows.empty()) return std::make_shared<const Vector>(root_->type);
  const std::vector<uint32_t> chosen(rows.begin(), rows.end());
  return root_->Run(RowSet{&batch, &chosen}, context);
}

Status CompiledExpr::EvaluateFilter(const ColumnBatch& batch, const ExecContext& context, std::vector<uint32_t>* selection) {
  if (root_->type.Physical() != PhysicalType::kBool) return BadExpr("filter is not boolean");
  return root_->Filter(batch, context, selection);
}

}  // namespace tsd::sql
