#pragma once
// The printer behind print.h; private to sql/parse. Appends to one string.
#include "sql/parse/print.h"

namespace tsd::sql::parse {

class Printer {
 public:
  void PrintExpr(const Expr& expr);
  void PrintQuery(const Query& query);
  void PrintType(const TypeName& type);
  void PrintName(const ObjectName& name);
  std::string Take() { return std::move(out_); }

 private:
  void Text(std::string_view text) { out_.append(text); }
  void Identifier(std::string_view name) { out_.append(QuoteIdentifier(name)); }
  void Identifiers(const std::vector<std::string>& names);   // (a, b)
  void ParenthesisedQuery(const Query& query);
  /// In parentheses unless it binds tighter than any operator.
  void Operand(const Expr& expr);
  void Expressions(const std::vector<ExprPtr>& list);
  void Operator(const OperatorName& op);

  void Literal(const LiteralExpr& literal);
  void Logical(const LogicalExpr& logical);
  void IsTest(const IsTestExpr& test);
  void In(const InExpr& in);
  void Like(const LikeExpr& like);
  void Quantified(const QuantifiedExpr& quantified);
  void Case(const CaseExpr& expr);
  void Cast(const CastExpr& cast);
  void Indirected(const Expr& operand);
  void Subscript(const SubscriptExpr& subscript);
  void Call(const FunctionCallExpr& call);
  void SpecialCall(const FunctionCallExpr& call);
  void Trim(const FunctionCallExpr& call);
  void SqlValue(const SqlValueExpr& value);
  void Window(const WindowSpec& spec);
  void Frame(const WindowFrame& frame);
  void Bound(const FrameBound& bound);
  void OrderBy(const std::vector<SortItem>& items);   // " ORDER BY ..", nothing when empty

  bool StandardType(const TypeName& type);
  void IntervalFields(const TypeName& type);
  void Modifiers(const TypeName& type);

  void With(const WithClause& with);
  void Select(const SelectCore& select);
  void Targets(const std::vector<TargetItem>& targets);
  void Group(const GroupItem& item);
  void Table(const TableRef& table);
  void Join(const JoinRef& join);
  void Function(const FunctionRef& function);
  void ColumnItems(const std::vector<ColumnDefinitionItem>& items);
  void Tail(const Query& query);
  void SetSide(const Query& query);

  std::string out_;
};

}  // namespace tsd::sql::parse
