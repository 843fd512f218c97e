// ALTER TABLE: changes of a relation's definition. Rows on disk stay as they are (storage knows columns by id); what must hold for them is
// checked, and what must be filled in is filled in, in the same transaction under an ACCESS EXCLUSIVE lock.
#include <algorithm>

#include "coord/session/compression_settings.h"
#include "coord/session/session.h"
#include "coord/session/table_definition.h"
#include "engine/base/strings.h"
#include "sql/exec/evaluator.h"
#include "sql/function/call_builder.h"
#include "sql/parse/parser.h"
#include "sql/parse/print.h"

namespace tsd::coord {

using namespace sql::parse;  // NOLINT: this file is about syntax trees
using Kind = AlterTableActionKind;

namespace {

Status NotYet(std::string_view what) { return Error(sqlstate::kFeatureNotSupported, StrCat(what, " is not supported yet")); }

bool IsDimension(const sql::Relation& relation, ColumnId column) {
  if (!relation.hypertable) return false;
  return std::ranges::any_of(relation.hypertable->dimensions, [&](const sql::Dimension& dimension) { return dimension.column == column; });
}

bool InCompression(const sql::Relation& relation, ColumnId column) {
  if (!relation.hypertable || !relation.hypertable->compression) return false;
  const sql::Compression& compression = *relation.hypertable->compression;
  return std::ranges::find(compression.segment_by, column) != compression.segment_by.end() ||
         std::ranges::any_of(compression.order_by, [&](const auto& order) { return order.column == column; });
}

}  // namespace

/// One ALTER TABLE under way.
class TableAlteration {
 public:
  TableAlteration(Session& session, sql::Relation relation) : session_(session), changed_(std::move(relation)) {}

  Status Apply(const AlterTableAction& action);
  Status AddIndex(const NewIndex& index);
  /// Makes the change part of the transaction, then checks and fills the rows that are there.
  Task<Status> Finish();

 private:
  void Remember(const TableDefiner& definer);
  Status AddColumn(const AlterTableAction& action);
  Status DropColumn(const AlterTableAction& action);
  Status ChangeColumn(const AlterTableAction& action);
  Status ChangeConstraint(const AlterTableAction& action);
  Status Rename(const AlterTableAction& action);
  Status Move(const std::string& schema, const std::string& name);
  Status SetOptions(const AlterTableAction& action);
  /// Where rows are not sorted as compress_orderby has it.
  void TellOrder(const std::vector<Option>& options, const TableSchema& schema);
  StatusOr<sql::Column*> Column(const std::string& name);
  std::string TableSql() const { return StrCat(QuoteIdentifier(changed_.schema), ".", QuoteIdentifier(changed_.name)); }
  Status ChangeKey(const AlterTableAction& action, sql::Index* index);
  Task<StatusOr<bool>> AnyRow(std::string condition);
  Task<StatusOr<ColumnBatch>> FirstRow(std::string query);
  Task<Status> CheckKey(const sql::Index& index);
  Task<Status> RunUpdate(std::string text);
  Status CheckViews(const std::vector<sql::RelationPtr>& views);

  Session& session_;
  sql::Relation changed_;
  CatalogChange beside_;                    // sequences that come and go with columns
  std::vector<ColumnId> must_be_not_null_;
  std::vector<std::string> new_checks_;
  std::vector<std::string> new_indexes_;
  std::vector<ColumnId> fill_default_;      // volatile: a value a row
  std::string view_breaker_;                // what to say of a view that does not survive
  std::string view_needs_ = "table";        // or "column b of table"
  bool cascade_ = false;
};

void TableAlteration::Remember(const TableDefiner& definer) {
  new_checks_.insert(new_checks_.end(), definer.new_checks().begin(), definer.new_checks().end());
  for (const std::string& name : definer.new_indexes()) {
    new_indexes_.push_back(name);
    const sql::Index* index = changed_.FindIndex(name);
    if (!index->primary) continue;
    must_be_not_null_.insert(must_be_not_null_.end(), index->columns.begin(), index->columns.end());
  }
}

Status TableAlteration::AddIndex(const NewIndex& index) {
  ASSIGN_OR_RETURN(std::string name, coord::AddIndex(index, *session_.services_.log, *session_.catalog(), &changed_));
  if (index.unique) new_indexes_.push_back(std::move(name));
  return OkStatus();
}

StatusOr<sql::Column*> TableAlteration::Column(const std::string& name) {
  for (sql::Column& column : changed_.columns) {
    if (column.name == name) return &column;
  }
  return Error(sqlstate::kUndefinedColumn, StrCat("column \"", name, "\" of relation \"", changed_.name, "\" does not exist"));
}

Status TableAlteration::AddColumn(const AlterTableAction& action) {
  if (changed_.Find(action.column->name) != nullptr) {
    const std::string text = StrCat("column \"", action.column->name, "\" of relation \"", changed_.name, "\" already exists");
    if (!action.if_not_exists) return Error(sqlstate::kDuplicateColumn, text);
    session_.Notice("NOTICE", sqlstate::kDuplicateColumn, StrCat(text, ", skipping"));
    return OkStatus();
  }
  TableDefiner definer(*session_.services_.log, session_.MakeBindContext(), &changed_);
  RETURN_IF_ERROR(definer.AddColumn(*action.column));
  RETURN_IF_ERROR(definer.FinishConstraints());
  for (const sql::Relation& sequence : definer.sequences()) beside_.PutRelation(sequence);
  Remember(definer);
  sql::Column& column = changed_.columns.back();
  column.missing_value = Value::Null(column.type);
  if (!column.default_sql.empty()) {
    if (!definer.sequences().empty()) {
      fill_default_.push_back(column.id);
    } else {
      ASSIGN_OR_RETURN(const sql::ExprPtr value, sql::BindDefault(column, definer.context()));
      if (sql::VolatilityOf(*value) == sql::Volatility::kVolatile) {
        fill_default_.push_back(column.id);
      } else {
        // Rows that are there get today's value of it, without being touched.
        ASSIGN_OR_RETURN(column.missing_value, sql::EvaluateConstant(*value, definer.context().exec));
      }
    }
  }
  if (column.not_null && column.missing_value.IsNull()) must_be_not_null_.push_back(column.id);
  return OkStatus();
}

Status TableAlteration::DropColumn(const AlterTableAction& action) {
  StatusOr<sql::Column*> found = Column(action.name);
  if (!found.ok()) {
    if (!action.if_exists) return found.status();
    session_.Notice("NOTICE", sqlstate::kSuccess, StrCat(found.status().message(), ", skipping"));
    return OkStatus();
  }
  const sql::Column column = **found;
  if (IsDimension(changed_, column.id)) {
    return WithHint(Error(sqlstate::kInvalidTableDefinition, "cannot drop column named in partition key"),
                    "Cannot drop column that is a hypertable partitioning (space or time) dimension.");
  }
  if (InCompression(changed_, column.id)) {
    return Error(sqlstate::kFeatureNotSupported, "cannot drop orderby or segmentby column from a hypertable with compression enabled");
  }
  std::erase_if(changed_.columns, [&](const sql::Column& other) { return other.id == column.id; });
  std::erase_if(changed_.indexes, [&](const sql::Index& index) { return std::ranges::find(index.columns, column.id) != index.columns.end(); });
  std::erase_if(changed_.checks, [&](const sql::CheckConstraint& check) {
    return std::ranges::any_of(check.columns, [&](const auto& used) { return used.second == column.id; });
  });
  for (const auto& [key, sequence] : session_.catalog()->relations) {
    if (sequence->sequence && sequence->sequence->owner_table == changed_.id && sequence->sequence->owner_column == column.id) {
      beside_.RemoveRelation(sequence->id);
    }
  }
  view_breaker_ = StrCat("cannot drop column ", column.name, " of table ", changed_.name, " because other objects depend on it");
  view_needs_ = StrCat("column ", column.name, " of table");
  cascade_ = cascade_ || action.behavior == DropBehavior::kCascade;
  return OkStatus();
}

Status TableAlteration::ChangeColumn(const AlterTableAction& action) {
  ASSIGN_OR_RETURN(sql::Column* const column, Column(action.name));
  const std::string identity_error = StrCat("column \"", column->name, "\" of relation \"", changed_.name, "\" is an identity column");
  switch (action.kind) {
    case Kind::kSetDefault:
    case Kind::kDropDefault: {
      if (column->identity != sql::Identity::kNone) {
        return WithHint(Error(sqlstate::kSyntaxError, identity_error), "Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead.");
      }
      column->default_sql.clear();
      if (action.kind == Kind::kDropDefault) return OkStatus();
      column->default_sql = PrintExpr(*action.expr);
      sql::BindContext context = session_.MakeBindContext();
      return sql::BindDefault(*column, context).status();
    }
    case Kind::kSetNotNull:
      if (!column->not_null) must_be_not_null_.push_back(column->id);
      column->not_null = true;
      return OkStatus();
    case Kind::kDropNotNull:
      if (column->identity != sql::Identity::kNone) return Error(sqlstate::kSyntaxError, identity_error);
      if (changed_.hypertable && changed_.hypertable->time().column == column->id) {
        return Error(sqlstate::kOperationNotSupported, "cannot drop not-null constraint from a time-partitioned column");
      }
      for (const sql::Index& index : changed_.indexes) {
        if (index.primary && std::ranges::find(index.columns, column->id) != index.columns.end()) {
          return Error(sqlstate::kInvalidTableDefinition, StrCat("column \"", column->name, "\" is in a primary key"));
        }
      }
      column->not_null = false;
      return OkStatus();
    case Kind::kDropIdentity: {
      if (column->identity == sql::Identity::kNone) {
        const std::string text = StrCat("column \"", column->name, "\" of relation \"", changed_.name, "\" is not an identity column");
        if (!action.if_exists) return Error(sqlstate::kObjectNotInPrerequisiteState, text);
        session_.Notice("NOTICE", sqlstate::kSuccess, StrCat(text, ", skipping"));
        return OkStatus();
      }
      column->identity = sql::Identity::kNone;
      column->default_sql.clear();
      for (const auto& [key, sequence] : session_.catalog()->relations) {
        if (sequence->sequence && sequence->sequence->owner_table == changed_.id && sequence->sequence->owner_column == column->id) {
          beside_.RemoveRelation(sequence->id);
        }
      }
      return OkStatus();
    }
    case Kind::kSetStatistics:
    case Kind::kSetStorage: return OkStatus();  // hints for a planner and a page layout that tsd does not have
    default: return NotYet("this form of ALTER COLUMN");
  }
}

Status TableAlteration::ChangeConstraint(const AlterTableAction& action) {
  if (action.kind == Kind::kAddConstraint) {
    TableDefiner definer(*session_.services_.log, session_.MakeBindContext(), &changed_);
    RETURN_IF_ERROR(definer.AddTableConstraint(*action.constraint));
    RETURN_IF_ERROR(definer.FinishConstraints());
    Remember(definer);
    return OkStatus();
  }
  const auto key = std::ranges::find(changed_.indexes, action.name, &sql::Index::name);
  if (key != changed_.indexes.end() && key->constraint_oid != 0) return ChangeKey(action, &*key);
  auto found = std::ranges::find(changed_.checks, action.name, &sql::CheckConstraint::name);
  if (found == changed_.checks.end()) {
    const std::string text = StrCat("constraint \"", action.name, "\" ", action.kind == Kind::kRenameConstraint ? "for table \"" : "of relation \"",
                                    changed_.name, "\" does not exist");
    if (!action.if_exists) return Error(sqlstate::kUndefinedObject, text);
    session_.Notice("NOTICE", sqlstate::kSuccess, StrCat(text, ", skipping"));
    return OkStatus();
  }
  if (action.kind == Kind::kDropConstraint) {
    changed_.checks.erase(found);
    return OkStatus();
  }
  if (std::ranges::find(changed_.checks, action.new_name, &sql::CheckConstraint::name) != changed_.checks.end()) {
    return Error(sqlstate::kDuplicateObject, StrCat("constraint \"", action.new_name, "\" for relation \"", changed_.name, "\" already exists"));
  }
  found->name = action.new_name;
  std::ranges::sort(changed_.checks, {}, &sql::CheckConstraint::name);
  return OkStatus();
}

Status TableAlteration::ChangeKey(const AlterTableAction& action, sql::Index* index) {
  if (action.kind == Kind::kDropConstraint) {
    std::erase_if(changed_.indexes, [&](const sql::Index& other) { return other.name == action.name; });
    return OkStatus();
  }
  const sql::CatalogPtr catalog = session_.catalog();
  if (changed_.FindIndex(action.new_name) != nullptr || catalog->Find(changed_.schema, action.new_name) ||
      catalog->FindIndexed(changed_.schema, action.new_name)) {
    return Error(sqlstate::kDuplicateTable, StrCat("relation \"", action.new_name, "\" already exists"));
  }
  index->name = action.new_name;
  std::ranges::sort(changed_.indexes, {}, &sql::Index::name);
  return OkStatus();
}

Status TableAlteration::Move(const std::string& schema, const std::string& name) {
  if (session_.catalog()->Find(schema, name)) {
    return schema == changed_.schema ? Error(sqlstate::kDuplicateTable, StrCat("relation \"", name, "\" already exists"))
                                     : Error(sqlstate::kDuplicateTable, StrCat("relation \"", name, "\" already exists in schema \"", schema, "\""));
  }
  view_breaker_ = StrCat("cannot rename table ", changed_.name, " because views use it by that name");
  changed_.schema = schema;
  changed_.name = name;
  return OkStatus();
}

Status TableAlteration::Rename(const AlterTableAction& action) {
  if (action.kind == Kind::kRenameTable) return Move(changed_.schema, action.new_name);
  StatusOr<sql::Column*> found = Column(action.name);
  if (!found.ok()) return Error(sqlstate::kUndefinedColumn, StrCat("column \"", action.name, "\" does not exist"));
  sql::Column* const column = *found;
  if (changed_.Find(action.new_name) != nullptr) {
    return Error(sqlstate::kDuplicateColumn, StrCat("column \"", action.new_name, "\" of relation \"", changed_.name, "\" already exists"));
  }
  view_breaker_ = StrCat("cannot rename column ", action.name, " of table ", changed_.name, " because views use it by that name");
  column->name = action.new_name;
  return OkStatus();
}

Status TableAlteration::SetOptions(const AlterTableAction& action) {
  std::vector<Option> compression;
  for (const Option& option : action.options) {
    if (option.space == "timescaledb") {
      compression.push_back(option);
    } else if (option.name != "fillfactor" && !option.name.starts_with("autovacuum_") && !option.name.starts_with("toast")) {
      return Error(sqlstate::kInvalidParameterValue, StrCat("unrecognized parameter \"", option.name, "\""));
    }
  }
  if (compression.empty()) return OkStatus();
  if (action.kind == Kind::kResetOptions) return NotYet("RESET of a timescaledb option");
  const TableSchemaPtr before = sql::StorageSchema(changed_, 0);
  RETURN_IF_ERROR(SetCompression(compression, &changed_));
  const TableSchemaPtr after = sql::StorageSchema(changed_, 0);
  TellOrder(compression, *after);
  if (before->segment_by == after->segment_by && before->order_by == after->order_by) return OkStatus();
  // A chunk is finished when its files lie in the table's order.
  for (const sql::ChunkPtr& chunk : *changed_.hypertable->chunks) {
    if (chunk->compression == sql::ChunkCompression::kCompressed) beside_.SetCompression(changed_.id, chunk->id, sql::ChunkCompression::kOpen);
  }
  return OkStatus();
}

void TableAlteration::TellOrder(const std::vector<Option>& options, const TableSchema& schema) {
  const std::optional<sql::Compression>& said = changed_.hypertable->compression;
  if (!said || said->order_by.front().column == schema.order_by.front()) return;
  if (std::ranges::none_of(options, [](const Option& option) { return option.name == "compress_orderby"; })) return;
  std::string columns;
  for (const ColumnId id : schema.order_by) StrAppend(&columns, columns.empty() ? "\"" : ", \"", changed_.Find(id)->name, "\"");
  session_.Notice("NOTICE", sqlstate::kSuccess, StrCat("rows of a segment are sorted by ", columns),
                  "The time column comes first, wherever timescaledb.compress_orderby has it.");
}

Status TableAlteration::Apply(const AlterTableAction& action) {
  switch (action.kind) {
    case Kind::kAddColumn: return AddColumn(action);
    case Kind::kDropColumn: return DropColumn(action);
    case Kind::kSetDefault:
    case Kind::kDropDefault:
    case Kind::kSetNotNull:
    case Kind::kDropNotNull:
    case Kind::kSetStatistics:
    case Kind::kSetStorage:
    case Kind::kDropIdentity: return ChangeColumn(action);
    case Kind::kAddConstraint:
    case Kind::kDropConstraint:
    case Kind::kRenameConstraint: return ChangeConstraint(action);
    case Kind::kRenameTable:
    case Kind::kRenameColumn: return Rename(action);
    case Kind::kSetSchema:
      if (!session_.catalog()->schemas.contains(action.new_name)) {
        return Error(sqlstate::kInvalidSchemaName, StrCat("schema \"", action.new_name, "\" does not exist"));
      }
      return action.new_name == changed_.schema ? OkStatus() : Move(action.new_name, changed_.name);
    case Kind::kOwner: {
      const std::string role = action.new_name == "current_user" || action.new_name == "session_user" ? session_.identity().user : action.new_name;
      if (!session_.catalog()->roles.contains(role)) return Error(sqlstate::kUndefinedObject, StrCat("role \"", role, "\" does not exist"));
      changed_.owner = role;
      return OkStatus();
    }
    case Kind::kSetOptions:
    case Kind::kResetOptions: return SetOptions(action);
    case Kind::kSetLogged:
    case Kind::kSetWithoutCluster:
    case Kind::kReplicaIdentity: return OkStatus();
    default: return WithPosition(NotYet("this form of ALTER TABLE"), action.position);
  }
}

Task<StatusOr<bool>> TableAlteration::AnyRow(std::string condition) {
  CO_ASSIGN_OR_RETURN(const ColumnBatch batch, co_await FirstRow(StrCat("SELECT 1 FROM ", TableSql(), " WHERE ", condition, " LIMIT 1")));
  co_return !batch.empty();
}

Task<StatusOr<ColumnBatch>> TableAlteration::FirstRow(std::string query) {
  CO_ASSIGN_OR_RETURN(const std::vector<ParsedStatement> parsed, ParseSql(query));
  CO_ASSIGN_OR_RETURN(StatementResult result, co_await session_.RunSelect(parsed[0].statement.get(), nullptr));
  co_return co_await result.rows->Next();
}

Task<Status> TableAlteration::CheckKey(const sql::Index& index) {
  std::string columns, condition;
  for (const ColumnId id : index.columns) {
    const std::string name = QuoteIdentifier(changed_.Find(id)->name);
    StrAppend(&columns, columns.empty() ? "" : ", ", name);
    if (index.nulls_distinct) StrAppend(&condition, condition.empty() ? " WHERE " : " AND ", name, " IS NOT NULL");
  }
  const std::string query = StrCat("SELECT ", columns, " FROM ", TableSql(), condition, " GROUP BY ", columns, " HAVING count(*) > 1 LIMIT 1");
  CO_ASSIGN_OR_RETURN(const ColumnBatch found, co_await FirstRow(query));
  if (found.empty()) co_return OkStatus();
  ErrorFields fields;
  fields.sqlstate = sqlstate::kUniqueViolation;
  fields.schema = changed_.schema;
  fields.table = changed_.name;
  fields.constraint = index.name;
  std::string values;
  for (size_t i = 0; i < found.column_count(); ++i) {
    values += i == 0 ? "" : ", ";
    if (found.column(i).IsNull(0)) values += "null";
    else FormatText(found.column(i), 0, session_.text_context(), values);
  }
  fields.detail = StrCat("Key (", columns, ")=(", values, ") is duplicated.");
  co_return ErrorWith(fields, StrCat("could not create unique index \"", index.name, "\""));
}

Task<Status> TableAlteration::RunUpdate(std::string text) {
  CO_ASSIGN_OR_RETURN(const std::vector<ParsedStatement> parsed, ParseSql(text));
  co_return (co_await session_.RunModify(parsed[0].statement.get(), nullptr)).status();
}

// Views are kept as text: one that no longer means anything stops the change, or goes with CASCADE.
Status TableAlteration::CheckViews(const std::vector<sql::RelationPtr>& views) {
  std::vector<sql::RelationPtr> broken;
  for (const sql::RelationPtr& view : views) {
    ASSIGN_OR_RETURN(const std::vector<ParsedStatement> parsed, ParseSql(view->view_sql));
    sql::BindContext context = session_.MakeBindContext();
    if (!sql::BindStatement(*parsed[0].statement, context).ok()) broken.push_back(view);
  }
  if (broken.empty()) return OkStatus();
  if (!cascade_) {
    const bool drop = view_breaker_.starts_with("cannot drop");
    return WithHint(WithDetail(Error(drop ? sqlstate::kDependentObjectsStillExist : sqlstate::kFeatureNotSupported, view_breaker_),
                               StrCat("view ", broken[0]->name, " depends on ", view_needs_, " ", changed_.name)),
                    drop ? "Use DROP ... CASCADE to drop the dependent objects too." : "Drop the view and create it again afterwards.");
  }
  CatalogChange change;
  for (const sql::RelationPtr& view : broken) {
    session_.Notice("NOTICE", sqlstate::kSuccess, StrCat("drop cascades to view ", view->name));
    change.RemoveRelation(view->id);
  }
  session_.ApplyDdl(change);
  return OkStatus();
}

Task<Status> TableAlteration::Finish() {
  std::vector<sql::RelationPtr> views;
  if (!view_breaker_.empty()) views = session_.DependentViews({changed_.id});
  const std::vector<sql::CheckConstraint> checks = changed_.checks;
  // Rows are filled and looked at before the new promises hold.
  sql::Relation unchecked = changed_;
  for (sql::Column& column : unchecked.columns) {
    if (std::ranges::find(must_be_not_null_, column.id) != must_be_not_null_.end()) column.not_null = false;
  }
  std::erase_if(unchecked.checks, [&](const auto& check) { return std::ranges::find(new_checks_, check.name) != new_checks_.end(); });
  std::erase_if(unchecked.indexes, [&](const auto& index) { return std::ranges::find(new_indexes_, index.name) != new_indexes_.end(); });
  CatalogChange change = beside_;
  change.PutRelation(unchecked);
  session_.ApplyDdl(change);
  CO_RETURN_IF_ERROR(CheckViews(views));
  for (ColumnId id : fill_default_) {
    CO_RETURN_IF_ERROR(co_await RunUpdate(StrCat("UPDATE ", TableSql(), " SET ", QuoteIdentifier(changed_.Find(id)->name), " = DEFAULT")));
  }
  for (ColumnId id : must_be_not_null_) {
    const sql::Column* column = changed_.Find(id);
    if (column == nullptr) continue;
    CO_ASSIGN_OR_RETURN(const bool has_null, co_await AnyRow(StrCat(QuoteIdentifier(column->name), " IS NULL")));
    if (!has_null) continue;
    ErrorFields fields;
    fields.sqlstate = sqlstate::kNotNullViolation;
    fields.schema = changed_.schema;
    fields.table = changed_.name;
    fields.column = column->name;
    co_return ErrorWith(fields, StrCat("column \"", column->name, "\" of relation \"", changed_.name, "\" contains null values"));
  }
  for (const sql::CheckConstraint& check : checks) {
    if (std::ranges::find(new_checks_, check.name) == new_checks_.end()) continue;
    CO_ASSIGN_OR_RETURN(const bool violated, co_await AnyRow(StrCat("NOT (", check.sql, ")")));
    if (!violated) continue;
    ErrorFields fields;
    fields.sqlstate = sqlstate::kCheckViolation;
    fields.schema = changed_.schema;
    fields.table = changed_.name;
    fields.constraint = check.name;
    co_return ErrorWith(fields, StrCat("check constraint \"", check.name, "\" of relation \"", changed_.name, "\" is violated by some row"));
  }
  for (const std::string& name : new_indexes_) {
    if (const sql::Index* index = changed_.FindIndex(name)) CO_RETURN_IF_ERROR(co_await CheckKey(*index));
  }
  if (must_be_not_null_.empty() && new_checks_.empty() && new_indexes_.empty()) co_return OkStatus();
  CatalogChange promises;
  promises.PutRelation(changed_);
  session_.ApplyDdl(promises);
  co_return OkStatus();
}

Task<StatusOr<StatementResult>> Session::CreateIndex(const CreateIndexStatement& statement) {
  StatementResult result;
  result.tag = "CREATE INDEX";
  if (statement.concurrently) CO_RETURN_IF_ERROR(RequireNoBlock("CREATE INDEX CONCURRENTLY"));
  sql::BindContext context = MakeBindContext();
  CO_RETURN_IF_ERROR(sql::ResolveRelation(statement.table, context).status());
  CO_RETURN_IF_ERROR((co_await LockNamed(statement.table, LockMode::kAccessExclusive, LockWait::kWait)).status());
  CO_RETURN_IF_ERROR(co_await BeginDdl());
  context = MakeBindContext();
  CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, sql::ResolveRelation(statement.table, context));
  if (relation->kind == sql::RelationKind::kVirtual) {
    co_return Error(sqlstate::kInsufficientPrivilege, StrCat("permission denied: \"", relation->name, "\" is a system catalog"));
  }
  if (relation->kind != sql::RelationKind::kTable) {
    co_return Error(sqlstate::kWrongObjectType, StrCat("cannot create index on relation \"", relation->name, "\""));
  }
  if (relation->owner != identity_.user && !IsSuperuser()) {
    co_return Error(sqlstate::kInsufficientPrivilege, StrCat("must be owner of table ", relation->name));
  }
  const bool taken = !statement.name.empty() && (context.catalog->Find(relation->schema, statement.name) ||
                                                 context.catalog->FindIndexed(relation->schema, statement.name));
  if (taken && statement.if_not_exists) {
    Notice("NOTICE", sqlstate::kDuplicateTable, StrCat("relation \"", statement.name, "\" already exists, skipping"));
    co_return result;
  }
  if (!statement.unique) {
    Notice("NOTICE", sqlstate::kSuccess, "indexes are not needed: chunks are sorted by the space and time columns and skipped by their ranges");
    if (IsMoreThanColumns(statement)) co_return result;
  }
  TableAlteration alteration(*this, *relation);
  CO_ASSIGN_OR_RETURN(const NewIndex index, IndexAsWritten(statement));
  CO_RETURN_IF_ERROR(alteration.AddIndex(index));
  CO_RETURN_IF_ERROR(co_await alteration.Finish());
  co_return result;
}

Task<StatusOr<StatementResult>> Session::AlterTable(const AlterTableStatement& statement) {
  StatementResult result;
  result.tag = statement.object == ObjectKind::kView ? "ALTER VIEW" : "ALTER TABLE";
  if (statement.object != ObjectKind::kTable && statement.object != ObjectKind::kView) co_return NotYet("this ALTER");
  sql::BindContext context = MakeBindContext();
  StatusOr<sql::RelationPtr> found = sql::ResolveRelation(statement.table, context);
  if (!found.ok() && statement.if_exists) {
    Notice("NOTICE", sqlstate::kSuccess, StrCat("relation \"", statement.table.name, "\" does not exist, skipping"));
    co_return result;
  }
  CO_RETURN_IF_ERROR(WithPosition(found.status(), 0));
  if ((*found)->kind == sql::RelationKind::kVirtual) {
    co_return Error(sqlstate::kInsufficientPrivilege, StrCat("permission denied: \"", (*found)->name, "\" is a system catalog"));
  }
  if ((*found)->owner != identity_.user && !IsSuperuser()) {
    co_return Error(sqlstate::kInsufficientPrivilege, StrCat("must be owner of table ", (*found)->name));
  }
  CO_RETURN_IF_ERROR((co_await LockNamed(statement.table, LockMode::kAccessExclusive, LockWait::kWait)).status());
  CO_RETURN_IF_ERROR(co_await BeginDdl());
  context = MakeBindContext();
  CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, sql::ResolveRelation(statement.table, context));
  for (const AlterTableAction& action : statement.actions) {
    const bool any_kind = action.kind == Kind::kRenameTable || action.kind == Kind::kOwner || action.kind == Kind::kSetSchema;
    if (any_kind || relation->kind == sql::RelationKind::kTable) continue;
    co_return Error(sqlstate::kWrongObjectType, StrCat("\"", relation->name, "\" is not a table"));
  }
  TableAlteration alteration(*this, *relation);
  for (const AlterTableAction& action : statement.actions) CO_RETURN_IF_ERROR(alteration.Apply(action));
  CO_RETURN_IF_ERROR(co_await alteration.Finish());
  co_return result;
}

}  // namespace tsd::coord
