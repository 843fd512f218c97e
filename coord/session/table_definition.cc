#include "coord/session/table_definition.h"

#include <algorithm>
#include <set>

#include "engine/base/strings.h"
#include "engine/types/text_form.h"
#include "sql/function/call_builder.h"
#include "sql/parse/parser.h"
#include "sql/parse/print.h"

namespace tsd::coord {

using namespace sql::parse;  // NOLINT: this file is about syntax trees

namespace {

constexpr size_t kMaxColumns = 1600;
constexpr size_t kMaxName = 63;

Status NotSupported(std::string_view what) { return Error(sqlstate::kFeatureNotSupported, StrCat(what, " is not supported yet")); }

Status CheckColumnType(const std::string& name, DataType type, int position) {
  switch (type.id) {
    case TypeId::kUnknown:
    case TypeId::kVoid:
    case TypeId::kRecord:
      return WithPosition(Error(sqlstate::kInvalidTableDefinition, StrCat("column \"", name, "\" has pseudo-type ", tsd::TypeName(type))), position);
    default: return OkStatus();
  }
}

// serial and its kin; false for any other type.
bool SerialType(const sql::parse::TypeName& written, DataType* type) {
  const std::string& name = written.name.name;
  if (!written.name.schema.empty() || written.IsArray()) return false;
  if (name == "serial" || name == "serial4") *type = TypeId::kInt32;
  else if (name == "bigserial" || name == "serial8") *type = TypeId::kInt64;
  else if (name == "smallserial" || name == "serial2") *type = TypeId::kInt16;
  else return false;
  return true;
}

void ColumnsOf(const sql::Expr& expr, std::set<int>* columns) {
  if (expr.kind == sql::ExprKind::kColumn) columns->insert(expr.column);
  for (const sql::ExprPtr& argument : expr.arguments) ColumnsOf(*argument, columns);
}

Status BadSequence(std::string message) { return Error(sqlstate::kInvalidParameterValue, message); }

}  // namespace

std::string ObjectNameOf(std::string_view table, std::string_view column, std::string_view label) {
  size_t overhead = label.size() + 1 + (column.empty() ? 0 : 1);
  std::string first(table), second(column);
  while (first.size() + second.size() + overhead > kMaxName) (first.size() > second.size() ? first : second).pop_back();
  return second.empty() ? StrCat(first, "_", label) : StrCat(first, "_", second, "_", label);
}

Status AppendColumn(sql::Column column, sql::Relation* relation, int position) {
  if (relation->Find(column.name) != nullptr) {
    return WithPosition(Error(sqlstate::kDuplicateColumn, StrCat("column \"", column.name, "\" specified more than once")), position);
  }
  if (relation->columns.size() >= kMaxColumns) {
    return Error(sqlstate::kTooManyColumns, StrCat("tables can have at most ", kMaxColumns, " columns"));
  }
  column.id = ColumnId(++relation->last_column_id);
  relation->columns.push_back(std::move(column));
  return OkStatus();
}

StatusOr<sql::Sequence> SequenceWith(const std::vector<Option>& options, sql::Sequence base, bool is_new, std::optional<int64_t>* restart) {
  sql::Sequence sequence = base;
  std::optional<int64_t> start, minimum, maximum;
  bool default_minimum = is_new, default_maximum = is_new, bare_restart = false;
  for (const Option& option : options) {
    auto number = [&]() -> StatusOr<int64_t> { return ParseInteger(TypeId::kInt64, option.text); };
    if (option.name == "as") {
      DataType type;
      if (!TypeFromName(option.text, &type) || !type.IsInteger()) return BadSequence("sequence type must be smallint, integer, or bigint");
      sequence.type = type;
      default_minimum = default_maximum = true;
    } else if (option.name == "increment") {
      ASSIGN_OR_RETURN(sequence.increment, number());
      if (sequence.increment == 0) return BadSequence("INCREMENT must not be zero");
    } else if (option.name == "minvalue" || option.name == "maxvalue") {
      const bool low = option.name == "minvalue";
      (low ? default_minimum : default_maximum) = option.value_kind == OptionValueKind::kNone;
      if (option.value_kind != OptionValueKind::kNone) {
        ASSIGN_OR_RETURN((low ? minimum : maximum), number());
      }
    } else if (option.name == "start") {
      ASSIGN_OR_RETURN(start, number());
    } else if (option.name == "restart") {
      bare_restart = option.value_kind == OptionValueKind::kNone;
      if (!bare_restart) {
        ASSIGN_OR_RETURN(*restart, number());
      }
    } else if (option.name == "cache") {
      ASSIGN_OR_RETURN(sequence.cache, number());
      if (sequence.cache < 1) return BadSequence(StrCat("CACHE (", sequence.cache, ") must be greater than zero"));
    } else if (option.name == "cycle") {
      sequence.cycle = option.text == "true";
    } else if (option.name != "owned_by") {
      return NotSupported(StrCat("sequence option ", option.name));
    }
  }
  const bool up = sequence.increment > 0;
  const int64_t type_max = sequence.type.Is(TypeId::kInt16) ? INT16_MAX : sequence.type.Is(TypeId::kInt32) ? INT32_MAX : INT64_MAX;
  const int64_t type_min = -type_max - 1;
  const std::string type_name = tsd::TypeName(sequence.type);
  if (minimum.has_value()) sequence.minimum = *minimum;
  else if (default_minimum) sequence.minimum = up ? 1 : type_min;
  if (maximum.has_value()) sequence.maximum = *maximum;
  else if (default_maximum) sequence.maximum = up ? type_max : -1;
  for (const auto& [value, word] : {std::pair(sequence.maximum, "MAXVALUE"), std::pair(sequence.minimum, "MINVALUE")}) {
    if (value > type_max || value < type_min) return BadSequence(StrCat(word, " (", value, ") is out of range for sequence data type ", type_name));
  }
  if (sequence.minimum >= sequence.maximum) {
    return BadSequence(StrCat("MINVALUE (", sequence.minimum, ") must be less than MAXVALUE (", sequence.maximum, ")"));
  }
  if (start.has_value()) sequence.start = *start;
  else if (is_new) sequence.start = up ? sequence.minimum : sequence.maximum;
  if (bare_restart) *restart = sequence.start;
  for (const auto& [value, word] : {std::pair(std::optional(sequence.start), "START"), std::pair(*restart, "RESTART")}) {
    if (!value.has_value()) continue;
    if (*value < sequence.minimum) return BadSequence(StrCat(word, " value (", *value, ") cannot be less than MINVALUE (", sequence.minimum, ")"));
    if (*value > sequence.maximum) return BadSequence(StrCat(word, " value (", *value, ") cannot be greater than MAXVALUE (", sequence.maximum, ")"));
  }
  return sequence;
}

sql::Relation NewSequence(ClusterLog& log, const std::string& schema, const std::string& owner, sql::Sequence sequence) {
  sql::Relation relation;
  relation.id = TableId(log.AllocateOid());
  relation.kind = sql::RelationKind::kSequence;
  relation.schema = schema;
  relation.owner = owner;
  relation.heap = log.AllocateChunk();  // names the numbers' state in the cluster log
  for (const auto& [name, type] : {std::pair("last_value", TypeId::kInt64), std::pair("log_cnt", TypeId::kInt64), std::pair("is_called", TypeId::kBool)}) {
    sql::Column column;
    column.id = ColumnId(++relation.last_column_id);
    column.name = name;
    column.type = type;
    column.not_null = true;
    relation.columns.push_back(std::move(column));
  }
  relation.sequence = sequence;
  return relation;
}

std::string TableDefiner::FreeName(std::string_view column, std::string_view label) const {
  for (int pass = 0;; ++pass) {
    const std::string numbered = pass == 0 ? std::string(label) : StrCat(label, pass);
    const std::string name = ObjectNameOf(relation_->name, column, numbered);
    const bool constraint = label == "check";
    bool taken = !constraint && (context_.catalog->Find(relation_->schema, name) != nullptr || name == relation_->name);
    for (const sql::CheckConstraint& check : relation_->checks) taken = taken || (constraint && check.name == name);
    for (const sql::Relation& sequence : sequences_) taken = taken || (!constraint && sequence.name == name);
    if (!taken) return name;
  }
}

Status TableDefiner::OwnSequence(sql::Column* column, const std::vector<Option>& options) {
  std::optional<int64_t> restart;
  sql::Sequence base;
  base.type = column->type;
  ASSIGN_OR_RETURN(sql::Sequence sequence, SequenceWith(options, base, true, &restart));
  sequence.owner_table = relation_->id;
  sequence.owner_column = ColumnId(static_cast<uint16_t>(relation_->last_column_id + 1));
  sql::Relation relation = NewSequence(log_, relation_->schema, relation_->owner, sequence);
  relation.name = FreeName(column->name, "seq");
  column->default_sql = StrCat("nextval(", QuoteLiteral(StrCat(QuoteIdentifier(relation.schema), ".", QuoteIdentifier(relation.name))), "::regclass)");
  column->not_null = true;
  sequences_.push_back(std::move(relation));
  return OkStatus();
}

Status TableDefiner::ApplyColumnConstraint(const Constraint& constraint, sql::Column* column) {
  switch (constraint.kind) {
    case ConstraintKind::kNull: return OkStatus();
    case ConstraintKind::kNotNull: column->not_null = true; return OkStatus();
    case ConstraintKind::kDefault: {
      if (!column->default_sql.empty()) {
        return WithPosition(Error(sqlstate::kSyntaxError, StrCat("multiple default values specified for column \"", column->name, "\" of table \"",
                                                                 relation_->name, "\"")), constraint.position);
      }
      column->default_sql = PrintExpr(*constraint.expr);
      return sql::BindDefault(*column, context_).status();
    }
    case ConstraintKind::kIdentity: {
      if (!column->default_sql.empty()) {
        return WithPosition(Error(sqlstate::kSyntaxError, StrCat("both default and identity specified for column \"", column->name, "\" of table \"",
                                                                 relation_->name, "\"")), constraint.position);
      }
      if (!column->type.IsInteger()) return BadSequence("identity column type must be smallint, integer, or bigint");
      column->identity = constraint.identity == IdentityKind::kAlways ? sql::Identity::kAlways : sql::Identity::kByDefault;
      return OwnSequence(column, constraint.sequence_options);
    }
    case ConstraintKind::kCheck: pending_checks_.push_back(&constraint); return OkStatus();
    case ConstraintKind::kPrimaryKey:
    case ConstraintKind::kUnique: return AddKey(constraint, column->name);
    default: return AddTableConstraint(constraint);
  }
}

Status TableDefiner::AddKey(const Constraint& constraint, const std::string& column) {
  ASSIGN_OR_RETURN(NewIndex index, KeyAsWritten(constraint, column));
  pending_indexes_.push_back(std::move(index));
  return OkStatus();
}

Status TableDefiner::MakeIndexes() {
  // As PostgreSQL: the primary key first, and what another key says already only once.
  std::ranges::stable_partition(pending_indexes_, [](const NewIndex& index) { return index.primary; });
  std::vector<NewIndex> made;
  for (const NewIndex& index : pending_indexes_) {
    const bool said = index.name.empty() && index.constraint && std::ranges::any_of(made, [&](const NewIndex& other) {
      return !index.primary && other.constraint && other.columns == index.columns && other.nulls_distinct == index.nulls_distinct;
    });
    if (said) continue;
    ASSIGN_OR_RETURN(std::string name, AddIndex(index, log_, *context_.catalog, relation_));
    new_indexes_.push_back(std::move(name));
    made.push_back(index);
  }
  pending_indexes_.clear();
  return OkStatus();
}

Status TableDefiner::AddColumn(const ColumnDefinition& definition) {
  sql::Column column;
  column.name = definition.name;
  if (SerialType(definition.type, &column.type)) {
    RETURN_IF_ERROR(OwnSequence(&column, {}));
  } else {
    ASSIGN_OR_RETURN(column.type, sql::ResolveTypeName(definition.type, context_));
  }
  RETURN_IF_ERROR(CheckColumnType(column.name, column.type, definition.position));
  bool nullable = false;
  for (const Constraint& constraint : definition.constraints) {
    RETURN_IF_ERROR(ApplyColumnConstraint(constraint, &column));
    nullable = nullable || constraint.kind == ConstraintKind::kNull;
    if (nullable && column.not_null) {
      return WithPosition(Error(sqlstate::kSyntaxError, StrCat("conflicting NULL/NOT NULL declarations for column \"", column.name, "\" of table \"",
                                                               relation_->name, "\"")), constraint.position);
    }
  }
  return AppendColumn(std::move(column), relation_, definition.position);
}

Status TableDefiner::AddTableConstraint(const Constraint& constraint) {
  switch (constraint.kind) {
    case ConstraintKind::kCheck: pending_checks_.push_back(&constraint); return OkStatus();
    case ConstraintKind::kPrimaryKey:
    case ConstraintKind::kUnique: return AddKey(constraint, "");
    case ConstraintKind::kForeignKey: return WithPosition(NotSupported("FOREIGN KEY"), constraint.position);
    case ConstraintKind::kGenerated: return WithPosition(NotSupported("GENERATED column"), constraint.position);
    case ConstraintKind::kExclude: return WithPosition(NotSupported("EXCLUDE constraint"), constraint.position);
    default: return WithPosition(NotSupported("this constraint"), constraint.position);
  }
}

Status TableDefiner::AddLike(const sql::Relation& source, uint16_t include, int position) {
  const auto with = [&](LikeInclude bit) { return (include & static_cast<uint16_t>(bit)) != 0; };
  std::vector<std::pair<ColumnId, ColumnId>> ids;
  for (const sql::Column& from : source.columns) {
    sql::Column column = from;
    column.missing_value = Value();
    const bool identity = from.identity != sql::Identity::kNone;
    column.identity = sql::Identity::kNone;
    if (identity || !with(LikeInclude::kDefaults)) column.default_sql.clear();
    if (identity && with(LikeInclude::kIdentity)) {
      column.identity = from.identity;
      RETURN_IF_ERROR(OwnSequence(&column, {}));
    }
    RETURN_IF_ERROR(AppendColumn(std::move(column), relation_, position));
    ids.emplace_back(from.id, relation_->columns.back().id);
  }
  if (with(LikeInclude::kIndexes)) {
    for (const sql::Index& from : source.indexes) {
      NewIndex index;
      for (const ColumnId column : from.columns) index.columns.push_back(source.Find(column)->name);
      index.unique = from.unique;
      index.primary = from.primary;
      index.constraint = from.constraint_oid != 0;
      index.nulls_distinct = from.nulls_distinct;
      index.position = position;
      pending_indexes_.push_back(std::move(index));
    }
  }
  if (!with(LikeInclude::kConstraints)) return OkStatus();
  for (sql::CheckConstraint check : source.checks) {
    for (auto& [name, id] : check.columns) {
      for (const auto& [from, to] : ids) {
        if (from == id) {
          id = to;
          break;
        }
      }
    }
    relation_->checks.push_back(std::move(check));
  }
  return OkStatus();
}

Status TableDefiner::BindCheck(const Constraint& constraint) {
  if (constraint.not_valid) return WithPosition(NotSupported("NOT VALID"), constraint.position);
  ASSIGN_OR_RETURN(const sql::ExprPtr bound, sql::BindOverRelation(*constraint.expr, *relation_, TypeId::kUnknown, context_));
  if (!bound->type.Is(TypeId::kBool)) {
    return WithPosition(Error(sqlstate::kDatatypeMismatch, StrCat("argument of CHECK must be type boolean, not type ", tsd::TypeName(bound->type))),
                        constraint.expr->position);
  }
  std::set<int> used;
  ColumnsOf(*bound, &used);
  sql::CheckConstraint check;
  check.sql = PrintExpr(*constraint.expr);
  for (int index : used) {
    const sql::Column& column = relation_->columns[static_cast<size_t>(index)];
    check.columns.emplace_back(column.name, column.id);
  }
  check.name = constraint.name;
  if (check.name.empty()) check.name = FreeName(check.columns.size() == 1 ? check.columns[0].first : "", "check");
  for (const sql::CheckConstraint& other : relation_->checks) {
    if (other.name == check.name) {
      if (std::ranges::find(new_checks_, check.name) != new_checks_.end()) {
        return Error(sqlstate::kDuplicateObject, StrCat("check constraint \"", check.name, "\" already exists"));
      }
      return Error(sqlstate::kDuplicateObject, StrCat("constraint \"", check.name, "\" for relation \"", relation_->name, "\" already exists"));
    }
  }
  new_checks_.push_back(check.name);
  auto at = std::ranges::find_if(relation_->checks, [&](const sql::CheckConstraint& other) { return other.name > check.name; });
  relation_->checks.insert(at, std::move(check));  // by name: the order they are tried in
  return OkStatus();
}

Status TableDefiner::FinishConstraints() {
  for (const Constraint* constraint : pending_checks_) RETURN_IF_ERROR(BindCheck(*constraint));
  pending_checks_.clear();
  std::ranges::sort(relation_->checks, {}, &sql::CheckConstraint::name);
  return MakeIndexes();
}

}  // namespace tsd::coord
