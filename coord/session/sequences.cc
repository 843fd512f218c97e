// CREATE and ALTER SEQUENCE; nextval, currval, lastval, setval.
#include "coord/session/session.h"
#include "coord/session/table_definition.h"
#include "engine/base/strings.h"

namespace tsd::coord {

using namespace sql::parse;  // NOLINT: this file is about syntax trees

namespace {

// OWNED BY table.column or NONE.
Status SetOwner(const std::vector<Option>& options, const std::string& schema, sql::BindContext& context, sql::Sequence* sequence) {
  for (const Option& option : options) {
    if (option.name != "owned_by") continue;
    sequence->owner_table = TableId();
    sequence->owner_column = ColumnId();
    if (option.list.size() == 1) {
      if (option.list[0] == "none") continue;
      return WithHint(Error(sqlstate::kSyntaxError, "invalid OWNED BY option"), "Specify OWNED BY table.column or OWNED BY NONE.");
    }
    ObjectName table;
    table.name = option.list[option.list.size() - 2];
    if (option.list.size() > 2) table.schema = option.list[option.list.size() - 3];
    ASSIGN_OR_RETURN(const sql::RelationPtr relation, sql::ResolveRelation(table, context));
    const sql::Column* column = relation->Find(option.list.back());
    if (column == nullptr) {
      return Error(sqlstate::kUndefinedColumn, StrCat("column \"", option.list.back(), "\" of relation \"", relation->name, "\" does not exist"));
    }
    if (relation->schema != schema) {
      return Error(sqlstate::kObjectNotInPrerequisiteState, "sequence must be in same schema as table it is linked to");
    }
    sequence->owner_table = relation->id;
    sequence->owner_column = column->id;
  }
  return OkStatus();
}

}  // namespace

Task<StatusOr<StatementResult>> Session::CreateSequence(const CreateSequenceStatement& statement) {
  CO_RETURN_IF_ERROR(co_await BeginDdl(statement.persistence));
  StatementResult result;
  result.tag = "CREATE SEQUENCE";
  CO_ASSIGN_OR_RETURN(const std::string schema, TargetSchema(statement.name, statement.persistence));
  sql::BindContext context = MakeBindContext();
  if (context.catalog->Find(schema, statement.name.name)) {
    if (!statement.if_not_exists) co_return Error(sqlstate::kDuplicateTable, StrCat("relation \"", statement.name.name, "\" already exists"));
    Notice("NOTICE", sqlstate::kDuplicateTable, StrCat("relation \"", statement.name.name, "\" already exists, skipping"));
    co_return result;
  }
  std::optional<int64_t> restart;
  CO_ASSIGN_OR_RETURN(sql::Sequence sequence, SequenceWith(statement.options, sql::Sequence(), true, &restart));
  CO_RETURN_IF_ERROR(SetOwner(statement.options, schema, context, &sequence));
  sql::Relation relation = NewSequence(*services_.log, schema, identity_.user, sequence);
  relation.name = statement.name.name;
  CatalogChange change;
  change.PutRelation(relation);
  ApplyDdl(change);
  co_return result;
}

Task<StatusOr<StatementResult>> Session::AlterSequence(const AlterSequenceStatement& statement) {
  StatementResult result;
  result.tag = "ALTER SEQUENCE";
  sql::BindContext context = MakeBindContext();
  StatusOr<sql::RelationPtr> found = sql::ResolveRelation(statement.name, context);
  if (!found.ok() && statement.if_exists) {
    Notice("NOTICE", sqlstate::kSuccess, StrCat("relation \"", statement.name.name, "\" does not exist, skipping"));
    co_return result;
  }
  CO_RETURN_IF_ERROR(found.status());
  CO_RETURN_IF_ERROR((co_await LockNamed(statement.name, LockMode::kShareRowExclusive, LockWait::kWait)).status());
  CO_RETURN_IF_ERROR(co_await BeginDdl());
  context = MakeBindContext();
  CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, sql::ResolveRelation(statement.name, context));
  if (!relation->sequence) co_return Error(sqlstate::kWrongObjectType, StrCat("\"", relation->name, "\" is not a sequence"));
  if (relation->owner != identity_.user && !IsSuperuser()) {
    co_return Error(sqlstate::kInsufficientPrivilege, StrCat("must be owner of sequence ", relation->name));
  }
  sql::Relation changed = *relation;
  std::optional<int64_t> restart;
  CO_ASSIGN_OR_RETURN(changed.sequence, SequenceWith(statement.options, *relation->sequence, false, &restart));
  CO_RETURN_IF_ERROR(SetOwner(statement.options, relation->schema, context, &*changed.sequence));
  if (restart.has_value()) CO_RETURN_IF_ERROR(RestartSequence(&changed, *restart));
  CatalogChange change;
  change.PutRelation(changed);
  ApplyDdl(change);
  co_return result;
}

// A new state of its own: so a rollback brings the old numbers back.
Status Session::RestartSequence(sql::Relation* sequence, int64_t value) {
  sequence->heap = services_.log->AllocateChunk();
  RETURN_IF_ERROR(services_.sequences->Set(*sequence, value, false));
  used_sequences_ = true;
  return OkStatus();
}

StatusOr<sql::RelationPtr> Session::SequenceArgument(uint32_t oid) const {
  sql::RelationPtr relation = catalog()->Find(TableId(oid));
  if (!relation) return Error(sqlstate::kUndefinedTable, StrCat("relation with OID ", oid, " does not exist"));
  if (!relation->sequence) return Error(sqlstate::kWrongObjectType, StrCat("\"", relation->name, "\" is not a sequence"));
  if (relation->owner != identity_.user && !IsSuperuser()) {
    return Error(sqlstate::kInsufficientPrivilege, StrCat("permission denied for sequence ", relation->name));
  }
  return relation;
}

StatusOr<int64_t> Session::NextValue(uint32_t oid) {
  ASSIGN_OR_RETURN(const sql::RelationPtr sequence, SequenceArgument(oid));
  if (TransactionReadOnly()) return Error(sqlstate::kReadOnlySqlTransaction, "cannot execute nextval() in a read-only transaction");
  used_sequences_ = true;
  ASSIGN_OR_RETURN(const int64_t value, services_.sequences->Next(*sequence));
  sequence_values_[sequence->heap] = value;
  last_sequence_ = sequence->id;
  return value;
}

StatusOr<int64_t> Session::CurrentValue(uint32_t oid) const {
  ASSIGN_OR_RETURN(const sql::RelationPtr sequence, SequenceArgument(oid));
  auto found = sequence_values_.find(sequence->heap);
  if (found == sequence_values_.end()) {
    return Error(sqlstate::kObjectNotInPrerequisiteState, StrCat("currval of sequence \"", sequence->name, "\" is not yet defined in this session"));
  }
  return found->second;
}

StatusOr<int64_t> Session::LastValue() const {
  const sql::RelationPtr sequence = catalog()->Find(last_sequence_);
  auto found = sequence && sequence->sequence ? sequence_values_.find(sequence->heap) : sequence_values_.end();
  if (found == sequence_values_.end()) return Error(sqlstate::kObjectNotInPrerequisiteState, "lastval is not yet defined in this session");
  return found->second;
}

StatusOr<int64_t> Session::SetValue(uint32_t oid, int64_t value, bool called) {
  ASSIGN_OR_RETURN(const sql::RelationPtr sequence, SequenceArgument(oid));
  if (TransactionReadOnly()) return Error(sqlstate::kReadOnlySqlTransaction, "cannot execute setval() in a read-only transaction");
  RETURN_IF_ERROR(services_.sequences->Set(*sequence, value, called));
  used_sequences_ = true;
  if (called) {
    sequence_values_[sequence->heap] = value;
    last_sequence_ = sequence->id;
  }
  return value;
}

// Before a number is shown to anyone, and before rows that hold one are committed: it must not be handed out again after a crash.
Task<Status> Session::AwaitSequences() {
  if (!used_sequences_) co_return OkStatus();
  used_sequences_ = false;
  Future<Status> durable = services_.sequences->AwaitDurable();
  co_return co_await durable;
}

}  // namespace tsd::coord
