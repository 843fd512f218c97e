#pragma once
// Statements other than SELECT, as written: DML and DDL here, session commands in ast_session.h. Plain data.
#include "sql/parse/ast_query.h"

namespace tsd::sql::parse {

/// One `name value` of WITH (..), COPY, EXPLAIN (..), CREATE ROLE, CREATE DATABASE, OPTIONS (..) and the like.
enum class OptionValueKind : uint8_t {
  kNone,     // just the name
  kWord,     // true, on, csv, default, a type name: text
  kString,   // 'x': text
  kNumber,   // text, with its sign
  kList,     // (a, b): list
  kStar,     // *
};
enum class OptionAction : uint8_t { kUnspecified, kAdd, kSet, kDrop };   // OPTIONS (ADD a '..', SET b '..', DROP c)
struct Option {
  std::string space;   // timescaledb.compress: "timescaledb"; usually empty
  std::string name;    // lower case unless quoted
  OptionValueKind value_kind = OptionValueKind::kNone;
  std::string text;
  std::vector<std::string> list;
  OptionAction action = OptionAction::kUnspecified;
  int position = 0;
};

// ---- DML ----

struct AssignmentTarget {   // c, c[1], c.f
  std::string column;
  std::vector<ExprPtr> indirection;   // SubscriptExpr / FieldSelectExpr whose operand is null, outermost last
  int position = 0;
};
struct Assignment {
  std::vector<AssignmentTarget> targets;   // one, or several for (a, b) = ..
  bool multiple = false;                   // (a, b) = ..: `value` is a RowExpr or a scalar SubqueryExpr
  ExprPtr value;                           // may be DefaultExpr
};
enum class ConflictAction : uint8_t { kNone, kDoNothing, kDoUpdate };
struct IndexElement {   // CREATE INDEX and ON CONFLICT
  std::string column;        // or
  ExprPtr expr;
  ObjectName collation;      // name empty: none
  ObjectName opclass;
  std::vector<Option> opclass_options;
  SortOrder order = SortOrder::kDefault;
  NullsOrder nulls = NullsOrder::kDefault;
  int position = 0;
};
struct ConflictClause {
  ConflictAction action = ConflictAction::kNone;
  std::vector<IndexElement> target;   // empty: none written
  ExprPtr target_where;
  std::string constraint;             // ON CONSTRAINT
  std::vector<Assignment> assignments;
  ExprPtr where;
  int position = 0;
};
enum class Overriding : uint8_t { kNone, kUser, kSystem };
struct InsertStatement : StatementNode<StatementKind::kInsert> {
  using StatementNode::StatementNode;
  WithClause with;
  ObjectName table;
  std::string alias;
  std::vector<AssignmentTarget> columns;   // empty: none written
  Overriding overriding = Overriding::kNone;
  QueryPtr source;                          // null: DEFAULT VALUES
  ConflictClause conflict;
  std::vector<TargetItem> returning;
};
struct UpdateStatement : StatementNode<StatementKind::kUpdate> {
  using StatementNode::StatementNode;
  WithClause with;
  ObjectName table;
  bool only = false;
  std::string alias;
  std::vector<Assignment> assignments;
  std::vector<TableRefPtr> from;
  ExprPtr where;
  std::string where_cursor;   // WHERE CURRENT OF
  std::vector<TargetItem> returning;
};
struct DeleteStatement : StatementNode<StatementKind::kDelete> {
  using StatementNode::StatementNode;
  WithClause with;
  ObjectName table;
  bool only = false;
  std::string alias;
  std::vector<TableRefPtr> from;   // USING
  ExprPtr where;
  std::string where_cursor;
  std::vector<TargetItem> returning;
};
enum class DropBehavior : uint8_t { kDefault, kCascade, kRestrict };
struct TruncateStatement : StatementNode<StatementKind::kTruncate> {
  using StatementNode::StatementNode;
  struct Table { ObjectName name; bool only = false; };
  std::vector<Table> tables;
  bool restart_identity = false;
  DropBehavior behavior = DropBehavior::kDefault;
};
enum class CopyEndpoint : uint8_t { kClient, kFile, kProgram };   // kClient: STDIN / STDOUT
struct CopyStatement : StatementNode<StatementKind::kCopy> {
  using StatementNode::StatementNode;
  bool from = false;          // COPY .. FROM
  ObjectName table;           // name empty: `query` is set
  std::vector<std::string> columns;
  StatementPtr query;         // COPY (SELECT / INSERT .. RETURNING) TO
  CopyEndpoint endpoint = CopyEndpoint::kClient;
  std::string target;         // file name or command
  std::vector<Option> options;   // both syntaxes as the new one: format, header, delimiter, null, quote, escape, force_quote ..
  ExprPtr where;
};

// ---- CREATE TABLE and friends ----

enum class Persistence : uint8_t { kPermanent, kTemporary, kUnlogged };
enum class ConstraintKind : uint8_t {
  kNull, kNotNull, kDefault, kCheck, kPrimaryKey, kUnique, kForeignKey, kIdentity, kGenerated, kExclude,
};
enum class ReferentialAction : uint8_t { kNoAction, kRestrict, kCascade, kSetNull, kSetDefault };
enum class MatchKind : uint8_t { kSimple, kFull, kPartial };
enum class IdentityKind : uint8_t { kAlways, kByDefault };
struct Constraint {   // of a column or a table
  ConstraintKind kind = ConstraintKind::kNull;
  std::string name;                        // CONSTRAINT name; empty: none
  ExprPtr expr;                            // kDefault, kCheck, kGenerated
  std::vector<std::string> columns;        // kPrimaryKey, kUnique, kForeignKey of a table
  std::vector<std::string> including;      // INCLUDE
  std::vector<Option> index_options;       // WITH (..)
  std::string using_index;                 // USING INDEX name
  bool nulls_not_distinct = false;
  ObjectName referenced;                   // kForeignKey
  std::vector<std::string> referenced_columns;
  MatchKind match = MatchKind::kSimple;
  ReferentialAction on_update = ReferentialAction::kNoAction, on_delete = ReferentialAction::kNoAction;
  IdentityKind identity = IdentityKind::kAlways;
  std::vector<Option> sequence_options;    // kIdentity: start, increment, minvalue, maxvalue, cache, cycle
  bool deferrable = false, initially_deferred = false, not_valid = false, no_inherit = false;
  int position = 0;
};
struct ColumnDefinition {
  std::string name;
  TypeName type;
  ObjectName collation;   // name empty: none
  std::string compression;
  std::vector<Constraint> constraints;   // in written order
  int position = 0;
};
enum class LikeInclude : uint16_t {
  kComments = 1, kCompression = 2, kConstraints = 4, kDefaults = 8, kGenerated = 16, kIdentity = 32, kIndexes = 64,
  kStatistics = 128, kStorage = 256, kAll = 511,
};
struct TableLike {
  ObjectName source;
  uint16_t include = 0;   // LikeInclude bits
};
struct TableElement {   // exactly one of the three
  std::unique_ptr<ColumnDefinition> column;
  std::unique_ptr<Constraint> constraint;
  std::unique_ptr<TableLike> like;
};
enum class OnCommit : uint8_t { kNone, kPreserveRows, kDeleteRows, kDrop };
enum class PartitionStrategy : uint8_t { kNone, kRange, kList, kHash };
struct CreateTableStatement : StatementNode<StatementKind::kCreateTable> {
  using StatementNode::StatementNode;
  ObjectName name;
  Persistence persistence = Persistence::kPermanent;
  bool if_not_exists = false;
  std::vector<TableElement> elements;
  std::vector<ObjectName> inherits;
  PartitionStrategy partition = PartitionStrategy::kNone;   // PARTITION BY ..
  std::vector<IndexElement> partition_keys;
  std::string access_method;
  std::vector<Option> options;   // WITH (..)
  OnCommit on_commit = OnCommit::kNone;
  std::string tablespace;
};
struct CreateTableAsStatement : StatementNode<StatementKind::kCreateTableAs> {
  using StatementNode::StatementNode;
  ObjectName name;
  bool materialized_view = false;   // CREATE MATERIALIZED VIEW (also WITH (timescaledb.continuous))
  Persistence persistence = Persistence::kPermanent;
  bool if_not_exists = false;
  std::vector<std::string> columns;
  std::string access_method;
  std::vector<Option> options;
  OnCommit on_commit = OnCommit::kNone;
  std::string tablespace;
  StatementPtr query;      // SelectStatement or ExecuteStatement
  bool with_data = true;
};
enum class ViewCheck : uint8_t { kNone, kLocal, kCascaded };
struct CreateViewStatement : StatementNode<StatementKind::kCreateView> {
  using StatementNode::StatementNode;
  ObjectName name;
  bool or_replace = false;
  bool recursive = false;
  Persistence persistence = Persistence::kPermanent;
  std::vector<std::string> columns;
  std::vector<Option> options;
  QueryPtr query;
  std::string query_text;   // the query as the client wrote it
  ViewCheck check = ViewCheck::kNone;
};
struct RefreshViewStatement : StatementNode<StatementKind::kRefreshView> {
  using StatementNode::StatementNode;
  ObjectName name;
  bool concurrently = false;
  bool with_data = true;
};
struct CreateIndexStatement : StatementNode<StatementKind::kCreateIndex> {
  using StatementNode::StatementNode;
  bool unique = false, concurrently = false, if_not_exists = false, nulls_not_distinct = false;
  std::string name;            // empty: chosen by the server
  ObjectName table;
  bool only = false;
  std::string method;          // empty: btree
  std::vector<IndexElement> elements, including;
  std::vector<Option> options;
  std::string tablespace;
  ExprPtr where;
};
struct CreateSequenceStatement : StatementNode<StatementKind::kCreateSequence> {
  using StatementNode::StatementNode;
  ObjectName name;
  Persistence persistence = Persistence::kPermanent;
  bool if_not_exists = false;
  std::vector<Option> options;   // as of Constraint::sequence_options; also as, owned_by (its `list`: the name's parts)
};
struct AlterSequenceStatement : StatementNode<StatementKind::kAlterSequence> {
  using StatementNode::StatementNode;
  ObjectName name;
  bool if_exists = false;
  std::vector<Option> options;   // also restart
};
struct CreateSchemaStatement : StatementNode<StatementKind::kCreateSchema> {
  using StatementNode::StatementNode;
  std::string name;            // empty: the owner's name
  std::string owner;           // AUTHORIZATION
  bool if_not_exists = false;
  std::vector<StatementPtr> elements;   // CREATE SCHEMA s CREATE TABLE t ..
};
struct CreateDatabaseStatement : StatementNode<StatementKind::kCreateDatabase> {
  using StatementNode::StatementNode;
  std::string name;
  std::vector<Option> options;   // owner, template, encoding, connection_limit ..
};

/// What DROP, ALTER .. RENAME, COMMENT and GRANT name.
enum class ObjectKind : uint8_t {
  kTable, kIndex, kSequence, kView, kMaterializedView, kForeignTable, kSchema, kDatabase, kRole, kExtension, kServer,
  kForeignDataWrapper, kFunction, kProcedure, kRoutine, kAggregate, kType, kDomain, kCollation, kColumn, kConstraint,
  kLanguage, kTablespace, kOwned, kUserMapping, kTrigger, kPolicy, kRule, kLargeObject, kParameter,
};
struct RoutineName {   // f(int, text); has_args false: name alone
  ObjectName name;
  std::vector<TypeName> arg_types;
  bool has_args = false;
};
struct DropStatement : StatementNode<StatementKind::kDrop> {
  using StatementNode::StatementNode;
  ObjectKind object = ObjectKind::kTable;
  bool if_exists = false;
  bool concurrently = false;
  std::vector<ObjectName> names;
  std::vector<RoutineName> routines;   // functions, procedures, aggregates
  ObjectName on_table;                 // DROP TRIGGER / POLICY / RULE x ON t
  std::vector<Option> options;         // DROP DATABASE d (FORCE)
  DropBehavior behavior = DropBehavior::kDefault;
};

enum class AlterTableActionKind : uint8_t {
  kAddColumn, kDropColumn, kSetDefault, kDropDefault, kSetNotNull, kDropNotNull, kSetType, kSetStatistics, kSetStorage,
  kSetCompression, kAddIdentity, kSetIdentity, kDropIdentity, kDropExpression, kSetColumnOptions, kResetColumnOptions,
  kAddConstraint, kDropConstraint, kValidateConstraint, kAlterConstraint,
  kRenameTable, kRenameColumn, kRenameConstraint, kOwner, kSetSchema, kSetOptions, kResetOptions, kSetTablespace,
  kClusterOn, kSetWithoutCluster, kSetLogged, kSetUnlogged, kInherit, kNoInherit, kReplicaIdentity,
  kEnableTrigger, kDisableTrigger, kEnableRowSecurity, kDisableRowSecurity, kForceRowSecurity, kNoForceRowSecurity,
  kAttachPartition, kDetachPartition,
};
struct AlterTableAction {
  AlterTableActionKind kind = AlterTableActionKind::kAddColumn;
  std::string name;                              // the column / constraint / trigger
  std::string new_name;                          // renames; owner, schema, tablespace, storage
  bool if_exists = false, if_not_exists = false;
  std::unique_ptr<ColumnDefinition> column;      // kAddColumn
  std::unique_ptr<Constraint> constraint;        // kAddConstraint, kAddIdentity, kAlterConstraint
  TypeName type;                                 // kSetType
  ObjectName collation;
  ExprPtr expr;                                  // kSetDefault; USING of kSetType; number of kSetStatistics
  std::vector<Option> options;                   // SET (..) / RESET (..), kSetIdentity
  ObjectName relation;                           // kInherit, kNoInherit, kAttachPartition, kDetachPartition
  DropBehavior behavior = DropBehavior::kDefault;
  int position = 0;
};
struct AlterTableStatement : StatementNode<StatementKind::kAlterTable> {
  using StatementNode::StatementNode;
  ObjectKind object = ObjectKind::kTable;   // kTable, kIndex, kView, kMaterializedView, kSequence, kForeignTable
  ObjectName table;
  bool only = false;
  bool if_exists = false;
  std::vector<AlterTableAction> actions;
};
/// ALTER SCHEMA / DATABASE / SERVER / EXTENSION / ROLE / FUNCTION .. RENAME TO, OWNER TO, SET SCHEMA.
enum class AlterObjectAction : uint8_t { kRename, kOwner, kSetSchema };
struct AlterObjectStatement : StatementNode<StatementKind::kAlterObject> {
  using StatementNode::StatementNode;
  ObjectKind object = ObjectKind::kSchema;
  RoutineName name;
  AlterObjectAction action = AlterObjectAction::kRename;
  std::string new_name;
};

// ---- roles, rights, comments, extensions, servers ----

struct CreateRoleStatement : StatementNode<StatementKind::kCreateRole> {
  enum class Spelling : uint8_t { kRole, kUser, kGroup };
  using StatementNode::StatementNode;
  Spelling spelling = Spelling::kRole;   // CREATE USER implies LOGIN
  std::string name;
  /// superuser, createdb, createrole, inherit, login, replication, bypassrls with kWord true / false (NOLOGIN and WITHOUT
  /// LOGIN are login false); password kString or kNone for NULL; connection_limit kNumber; valid_until kString;
  /// in_role, role, admin kList; sysid kNumber.
  std::vector<Option> options;
};
struct AlterRoleStatement : StatementNode<StatementKind::kAlterRole> {
  using StatementNode::StatementNode;
  std::string name;               // a role, or CURRENT_USER etc. in lower case
  std::vector<Option> options;    // as above; ALTER GROUP g ADD / DROP USER: role with action kAdd / kDrop
};
struct SettingAssignment {   // SET x TO ..
  enum class Source : uint8_t { kValues, kDefault, kFromCurrent };
  std::string name;   // lower case, dotted names joined with '.'
  Source source = Source::kValues;
  std::vector<std::string> values;   // texts, quotes removed; lists joined with ", " mean the same
  std::vector<OptionValueKind> value_kinds;   // kWord, kString or kNumber, one a value
  int position = 0;
};
struct AlterRoleSettingStatement : StatementNode<StatementKind::kAlterRoleSetting> {
  using StatementNode::StatementNode;
  std::string role;       // empty: ALL
  std::string database;   // IN DATABASE
  bool reset = false;     // RESET name; name "all": RESET ALL
  SettingAssignment setting;
};
struct AlterDatabaseStatement : StatementNode<StatementKind::kAlterDatabase> {
  using StatementNode::StatementNode;
  std::string name;
  std::vector<Option> options;                  // WITH CONNECTION LIMIT ..
  std::optional<SettingAssignment> setting;     // SET
  bool reset = false;                           // RESET setting->name ("all": ALL)
  std::string tablespace;
};
struct AlterSystemStatement : StatementNode<StatementKind::kAlterSystem> {
  using StatementNode::StatementNode;
  bool reset = false;
  SettingAssignment setting;
};
struct GrantStatement : StatementNode<StatementKind::kGrant> {
  struct Privilege { std::string name; std::vector<std::string> columns; };   // lower case
  using StatementNode::StatementNode;
  bool grant = true;                    // else REVOKE
  std::vector<Privilege> privileges;    // empty: ALL
  std::vector<std::string> all_columns; // ALL (a, b)
  ObjectKind object = ObjectKind::kTable;
  bool all_in_schema = false;           // ON ALL TABLES IN SCHEMA: names are schemas
  std::vector<ObjectName> names;
  std::vector<RoutineName> routines;
  std::vector<std::string> grantees;    // "public" for PUBLIC
  bool grant_option = false;            // WITH GRANT OPTION / GRANT OPTION FOR
  std::string granted_by;
  bool default_privileges = false;      // ALTER DEFAULT PRIVILEGES ..
  std::vector<std::string> for_roles, in_schemas;
  DropBehavior behavior = DropBehavior::kDefault;
};
struct GrantRoleStatement : StatementNode<StatementKind::kGrantRole> {
  using StatementNode::StatementNode;
  bool grant = true;
  std::vector<std::string> roles, grantees;
  bool admin_option = false;
  std::string granted_by;
  DropBehavior behavior = DropBehavior::kDefault;
};
struct CommentStatement : StatementNode<StatementKind::kComment> {
  using StatementNode::StatementNode;
  ObjectKind object = ObjectKind::kTable;
  RoutineName name;                  // kColumn: catalog.schema.table in name's parts, the column in `sub_name`
  std::string sub_name;              // column; constraint / trigger / policy / rule on table `name`
  std::optional<std::string> text;   // IS NULL: nullopt
};
struct CreateExtensionStatement : StatementNode<StatementKind::kCreateExtension> {
  using StatementNode::StatementNode;
  std::string name, schema, version;
  bool if_not_exists = false, cascade = false;
};
struct AlterExtensionStatement : StatementNode<StatementKind::kAlterExtension> {
  using StatementNode::StatementNode;
  std::string name, version;   // UPDATE [TO version]
};
struct CreateServerStatement : StatementNode<StatementKind::kCreateServer> {
  using StatementNode::StatementNode;
  std::string name, type, version, wrapper;
  bool if_not_exists = false;
  std::vector<Option> options;
};
struct AlterServerStatement : StatementNode<StatementKind::kAlterServer> {
  using StatementNode::StatementNode;
  std::string name;
  std::optional<std::string> version;
  std::vector<Option> options;   // each with its action
};

}  // namespace tsd::sql::parse
