#include "coord/write/row_checks.h"

#include <algorithm>

#include "engine/base/strings.h"
#include "engine/types/text_form.h"
#include "sql/parse/parser.h"

namespace tsd::coord {

sql::Relation AsCheckSees(const sql::Relation& relation, const sql::CheckConstraint& check) {
  sql::Relation view = relation;
  for (size_t i = 0; i < view.columns.size(); ++i) {
    // A column that now has a name the SQL uses for another one steps aside.
    for (const auto& [name, id] : check.columns) {
      if (view.columns[i].name == name && view.columns[i].id != id) view.columns[i].name = StrCat("\1", i);
    }
    for (const auto& [name, id] : check.columns) {
      if (view.columns[i].id == id) view.columns[i].name = name;
    }
  }
  return view;
}

std::string FailingRow(const ColumnBatch& rows, size_t row) {
  std::string detail = "Failing row contains (";
  const TextContext context;
  for (size_t i = 0; i < rows.column_count(); ++i) {
    if (i > 0) detail += ", ";
    if (rows.column(i).IsNull(row)) {
      detail += "null";
    } else {
      FormatText(rows.column(i), row, context, detail);
    }
  }
  return detail + ").";
}

StatusOr<std::shared_ptr<RowChecks>> RowChecks::Make(const sql::Relation& relation, sql::BindContext& context) {
  std::shared_ptr<RowChecks> result;
  if (relation.checks.empty()) return result;
  result = std::make_shared<RowChecks>();
  result->schema_ = relation.schema;
  result->table_ = relation.name;
  result->exec_ = context.exec;
  for (const sql::CheckConstraint& check : relation.checks) {
    ASSIGN_OR_RETURN(const sql::parse::ExprPtr parsed, sql::parse::ParseExpression(check.sql));
    ASSIGN_OR_RETURN(const sql::ExprPtr bound, sql::BindOverRelation(*parsed, AsCheckSees(relation, check), TypeId::kBool, context));
    ASSIGN_OR_RETURN(std::unique_ptr<sql::CompiledExpr> condition, sql::CompiledExpr::Compile(*bound));
    result->checks_.push_back({check.name, std::move(condition)});
  }
  std::ranges::sort(result->checks_, {}, &Compiled::name);
  return result;
}

Status RowChecks::Check(const ColumnBatch& rows, std::optional<size_t>* refused_row) {
  size_t passed = rows.rows();  // rows before this one pass the checks so far
  const Compiled* failed = nullptr;
  for (const Compiled& check : checks_) {
    if (passed == 0) break;
    StatusOr<VectorPtr> verdicts = check.condition->Evaluate(passed == rows.rows() ? rows : rows.Slice(0, passed), exec_);
    // Positions in the constraint's SQL mean nothing in the client's.
    if (!verdicts.ok()) return WithPosition(verdicts.status(), 0);
    for (size_t row = 0; row < passed; ++row) {
      if ((*verdicts)->IsNull(row) || (*verdicts)->Get<uint8_t>(row) != 0) continue;
      passed = row;
      failed = &check;
    }
  }
  if (failed == nullptr) return OkStatus();
  *refused_row = passed;
  ErrorFields fields;
  fields.sqlstate = sqlstate::kCheckViolation;
  fields.detail = FailingRow(rows, passed);
  fields.schema = schema_;
  fields.table = table_;
  fields.constraint = failed->name;
  return ErrorWith(fields, StrCat("new row for relation \"", table_, "\" violates check constraint \"", failed->name, "\""));
}

}  // namespace tsd::coord
