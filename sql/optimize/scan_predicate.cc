#include <algorithm>

#include "sql/optimize/rules.h"

namespace tsd::sql {
namespace {

using PredicateOp = ColumnCondition::Op;

std::string_view OperatorName(const Expr& expr) {
  if (expr.kind != ExprKind::kFunction || expr.arguments.size() != 2) return {};
  const size_t open = expr.function.find('(');
  return open == std::string::npos ? std::string_view() : std::string_view(expr.function).substr(0, open);
}

bool OpOf(std::string_view name, bool swapped, PredicateOp* op) {
  if (name == "=") {
    *op = PredicateOp::kEqual;
  } else if (name == "<") {
    *op = swapped ? PredicateOp::kGreater : PredicateOp::kLess;
  } else if (name == "<=") {
    *op = swapped ? PredicateOp::kGreaterEqual : PredicateOp::kLessEqual;
  } else if (name == ">") {
    *op = swapped ? PredicateOp::kLess : PredicateOp::kGreater;
  } else if (name == ">=") {
    *op = swapped ? PredicateOp::kLessEqual : PredicateOp::kGreaterEqual;
  } else {
    return false;
  }
  return true;
}

/// The scanned column an expression is, through relabelling casts that keep value and order; -1: none.
int ScanColumn(const ScanNode& scan, const Expr& expr) {
  if (expr.kind != ExprKind::kColumn) return -1;
  for (size_t i = 0; i < scan.columns.size(); ++i) {
    if (scan.output[i].id == expr.column) return static_cast<int>(i);
  }
  return -1;
}

/// The constant as a value of the column's type; false when that would lose or change something.
bool ColumnValue(const Expr& constant, const DataType& type, Value* value) {
  if (constant.kind != ExprKind::kConstant || constant.value.IsNull()) return false;
  if (constant.type.SameAs(type)) {
    *value = constant.value;
    return true;
  }
  if (constant.type.IsInteger() && type.IsInteger()) {
    const int64_t number = constant.value.AsInteger();
    const int bits = type.Is(TypeId::kInt16) ? 16 : type.Is(TypeId::kInt32) ? 32 : 64;
    if (bits < 64 && (number >= (int64_t{1} << (bits - 1)) || number < -(int64_t{1} << (bits - 1)))) return false;
    *value = Value::Integer(type, number);
    return true;
  }
  const auto text_like = [](const DataType& t) { return t.Is(TypeId::kText) || t.Is(TypeId::kVarchar) || t.Is(TypeId::kName); };
  if (text_like(constant.type) && text_like(type)) {
    *value = Value::Bytes(type, constant.value.AsBytes());
    return true;
  }
  return false;
}

void Comparison(const ScanNode& scan, const Expr& filter, ScanPredicate* predicate) {
  for (const bool swapped : {false, true}) {
    PredicateOp op;
    if (!OpOf(OperatorName(filter), swapped, &op)) return;
    const int column = ScanColumn(scan, *filter.arguments[swapped ? 1 : 0]);
    if (column < 0) continue;
    Value value;
    if (!ColumnValue(*filter.arguments[swapped ? 0 : 1], scan.output[column].type, &value)) return;
    predicate->conditions.push_back({scan.columns[column], op, {std::move(value)}});
    return;
  }
}

/// The least string above all that begin with `prefix`, in the order of bytes; empty if there is none.
std::string AfterPrefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

/// column LIKE 'prefix%': what begins so lies between two bounds. Whether that is all that the filter says.
bool LikePrefix(const ScanNode& scan, const Expr& filter, ScanPredicate* predicate) {
  const int column = ScanColumn(scan, *filter.arguments[0]);
  const Expr& pattern = *filter.arguments[1];
  if (column < 0 || pattern.kind != ExprKind::kConstant || pattern.value.IsNull()) return false;
  const DataType type = scan.output[column].type;
  if (!type.Is(TypeId::kText) && !type.Is(TypeId::kVarchar)) return false;
  const std::string_view text = pattern.value.AsBytes();
  const size_t end = text.find_first_of("%_\\");
  if (end == std::string_view::npos) {
    predicate->conditions.push_back({scan.columns[column], PredicateOp::kEqual, {Value::Bytes(type, std::string(text))}});
    return true;
  }
  const std::string prefix(text.substr(0, end));
  const std::string after = AfterPrefix(prefix);
  if (after.empty()) return false;
  predicate->conditions.push_back({scan.columns[column], PredicateOp::kGreaterEqual, {Value::Bytes(type, prefix)}});
  predicate->conditions.push_back({scan.columns[column], PredicateOp::kLess, {Value::Bytes(type, after)}});
  return text.substr(end) == "%";
}

void InList(const ScanNode& scan, const Expr& filter, ScanPredicate* predicate) {
  const int column = ScanColumn(scan, *filter.arguments[0]);
  if (column < 0) return;
  ColumnCondition condition;
  condition.column = scan.columns[column];
  condition.op = PredicateOp::kIn;
  for (size_t i = 1; i < filter.arguments.size(); ++i) {
    const Expr& item = *filter.arguments[i];
    if (item.kind == ExprKind::kConstant && item.value.IsNull()) continue;  // matches nothing
    Value value;
    if (!ColumnValue(item, scan.output[column].type, &value)) return;
    condition.values.push_back(std::move(value));
  }
  if (!condition.values.empty()) predicate->conditions.push_back(std::move(condition));
}

void ExtractScan(ScanNode& scan) {
  ScanPredicate predicate;
  std::vector<ExprPtr> conjuncts;
  for (const ExprPtr& filter : scan.filters) SplitConjuncts(filter, &conjuncts);
  size_t covered = 0;
  for (const ExprPtr& filter : conjuncts) {
    const size_t before = predicate.conditions.size();
    bool says_all = true;
    switch (filter->kind) {
      case ExprKind::kFunction:
        if (OperatorName(*filter) == "~~") {
          says_all = LikePrefix(scan, *filter, &predicate);
        } else {
          Comparison(scan, *filter, &predicate);
        }
        break;
      case ExprKind::kInList: InList(scan, *filter, &predicate); break;
      case ExprKind::kIsNull:
      case ExprKind::kIsNotNull: {
        const int column = ScanColumn(scan, *filter->arguments[0]);
        if (column < 0) break;
        predicate.conditions.push_back({scan.columns[column], filter->kind == ExprKind::kIsNull ? PredicateOp::kIsNull : PredicateOp::kIsNotNull, {}});
        break;
      }
      case ExprKind::kColumn:
      case ExprKind::kNot: {  // WHERE flag, WHERE NOT flag
        const bool negated = filter->kind == ExprKind::kNot;
        const int column = ScanColumn(scan, negated ? *filter->arguments[0] : *filter);
        if (column >= 0) predicate.conditions.push_back({scan.columns[column], PredicateOp::kEqual, {Value::Bool(!negated)}});
        break;
      }
      default: break;
    }
    if (says_all && predicate.conditions.size() > before) ++covered;
  }
  scan.predicate = std::move(predicate);
  scan.exact_predicate = covered == conjuncts.size();
}

}  // namespace

void ExtractPredicates(PlanNode& plan) {
  VisitPlan(plan, [](PlanNode& node) {
    if (auto* scan = PlanTry<ScanNode>(&node)) ExtractScan(*scan);
  });
}

}  // namespace tsd::sql
