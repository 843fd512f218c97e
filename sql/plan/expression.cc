#include "sql/plan/expression.h"

#include <algorithm>
#include <set>

namespace tsd::sql {
namespace {

constexpr int kMaxDecodedDepth = 1500;  // a little more than the parser lets through: the binder adds cast nodes
constexpr uint8_t kLastKind = static_cast<uint8_t>(ExprKind::kSubquery);

void CollectColumns(const Expr& expr, std::set<int>& columns) {
  if (expr.kind == ExprKind::kColumn) columns.insert(expr.column);
  for (const ExprPtr& argument : expr.arguments) CollectColumns(*argument, columns);
}

void PutType(const DataType& type, ByteWriter& writer) {
  writer.PutU8(static_cast<uint8_t>(type.id));
  writer.PutBool(type.is_array);
  writer.PutZigzag(type.typmod);
}

DataType GetType(ByteReader& reader) {
  DataType type;
  type.id = static_cast<TypeId>(reader.GetU8());
  type.is_array = reader.GetBool();
  type.typmod = static_cast<int32_t>(reader.GetZigzag());
  return type;
}

Status Damaged() { return Error(sqlstate::kDataCorrupted, "malformed expression"); }

StatusOr<ExprPtr> DecodeAt(ByteReader& reader, int depth) {
  if (depth > kMaxDecodedDepth) return Error(sqlstate::kStatementTooComplex, "expression is nested too deeply");
  auto expr = std::make_shared<Expr>();
  const uint8_t kind = reader.GetU8();
  if (kind > kLastKind) return Damaged();
  expr->kind = static_cast<ExprKind>(kind);
  expr->type = GetType(reader);
  expr->position = static_cast<int>(reader.GetZigzag());
  switch (expr->kind) {
    case ExprKind::kConstant: expr->value = Value::Decode(reader); break;
    case ExprKind::kColumn:
    case ExprKind::kOuterColumn:
    case ExprKind::kParameter:
    case ExprKind::kSubquery: expr->column = static_cast<int>(reader.GetZigzag()); break;
    case ExprKind::kFunction: expr->function = std::string(reader.GetString()); break;
    default: break;
  }
  const uint64_t count = reader.GetCount(4);
  if (!reader.ok()) return Damaged();
  for (uint64_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(ExprPtr argument, DecodeAt(reader, depth + 1));
    expr->arguments.push_back(std::move(argument));
  }
  // A constant whose value has another layout than its type would break every kernel after it.
  if (expr->kind == ExprKind::kConstant && !expr->value.IsNull() && expr->value.type().Physical() != expr->type.Physical()) {
    return Damaged();
  }
  return ExprPtr(std::move(expr));
}

}  // namespace

ExprPtr MakeConstant(Value value, int position) {
  auto expr = std::make_shared<Expr>();
  expr->kind = ExprKind::kConstant;
  expr->type = value.type();
  expr->position = position;
  expr->value = std::move(value);
  return expr;
}

ExprPtr MakeColumn(int column, DataType type, int position) {
  auto expr = std::make_shared<Expr>();
  expr->kind = ExprKind::kColumn;
  expr->type = type;
  expr->position = position;
  expr->column = column;
  return expr;
}

ExprPtr MakeCall(std::string function, DataType result, std::vector<ExprPtr> arguments, int position) {
  auto expr = std::make_shared<Expr>();
  expr->kind = ExprKind::kFunction;
  expr->type = result;
  expr->position = position;
  expr->function = std::move(function);
  expr->arguments = std::move(arguments);
  return expr;
}

ExprPtr MakeLogical(ExprKind kind, std::vector<ExprPtr> arguments) {
  auto expr = std::make_shared<Expr>();
  expr->kind = kind;
  expr->type = DataType(TypeId::kBool);
  expr->position = arguments.empty() ? 0 : arguments.front()->position;
  expr->arguments = std::move(arguments);
  return expr;
}

bool SameExpr(const Expr& left, const Expr& right) {
  if (&left == &right) return true;
  if (left.kind != right.kind || !(left.type == right.type) || left.column != right.column || left.function != right.function ||
      left.arguments.size() != right.arguments.size()) {
    return false;
  }
  if (left.kind == ExprKind::kConstant && !left.value.SameAs(right.value)) return false;
  for (size_t i = 0; i < left.arguments.size(); ++i) {
    if (!SameExpr(*left.arguments[i], *right.arguments[i])) return false;
  }
  return true;
}

std::vector<int> ColumnsOf(const Expr& expr) {
  std::set<int> columns;
  CollectColumns(expr, columns);
  return std::vector<int>(columns.begin(), columns.end());
}

ExprPtr ResolveColumns(const ExprPtr& expr, const std::vector<std::pair<int, int>>& map) {
  if (expr->kind == ExprKind::kColumn) {
    const auto found = std::find_if(map.begin(), map.end(), [&](const auto& entry) { return entry.first == expr->column; });
    TSD_CHECK(found != map.end());
    if (found->second == expr->column) return expr;
    auto copy = std::make_shared<Expr>(*expr);
    copy->column = found->second;
    return copy;
  }
  std::shared_ptr<Expr> copy;
  for (size_t i = 0; i < expr->arguments.size(); ++i) {
    ExprPtr argument = ResolveColumns(expr->arguments[i], map);
    if (argument == expr->arguments[i]) continue;
    if (copy == nullptr) copy = std::make_shared<Expr>(*expr);
    copy->arguments[i] = std::move(argument);
  }
  return copy == nullptr ? expr : ExprPtr(std::move(copy));
}

void EncodeExpr(const Expr& expr, ByteWriter& writer) {
  writer.PutU8(static_cast<uint8_t>(expr.kind));
  PutType(expr.type, writer);
  writer.PutZigzag(expr.position);
  switch (expr.kind) {
    case ExprKind::kConstant: expr.value.Encode(writer); break;
    case ExprKind::kColumn:
    case ExprKind::kOuterColumn:
    case ExprKind::kParameter:
    case ExprKind::kSubquery: writer.PutZigzag(expr.column); break;
    case ExprKind::kFunction: writer.PutString(expr.function); break;
    default: break;
  }
  writer.PutVarint(expr.arguments.size());
  for (const ExprPtr& argument : expr.arguments) EncodeExpr(*argument, writer);
}

StatusOr<ExprPtr> DecodeExpr(ByteReader& reader) { return DecodeAt(reader, 0); }

}  // namespace tsd::sql
