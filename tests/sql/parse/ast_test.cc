// The trees themselves: what the binder and the session will find in them.
#include "sql/parse/ast.h"

#include <gtest/gtest.h>

#include "sql/parse/parser.h"
#include "sql/parse/print.h"

namespace tsd::sql::parse {
namespace {

StatementPtr ParseOne(std::string_view text) {
  auto statements = ParseSql(text);
  EXPECT_TRUE(statements.ok()) << text << "\n" << statements.status();
  if (!statements.ok() || statements->size() != 1) return std::make_unique<ListenStatement>(0);
  return std::move((*statements)[0].statement);
}

template <typename T>
std::unique_ptr<T> Parse(std::string_view text) {
  StatementPtr statement = ParseOne(text);
  EXPECT_EQ(statement->kind, T::kKind) << text;
  if (statement->kind != T::kKind) return std::make_unique<T>(0);
  return std::unique_ptr<T>(static_cast<T*>(statement.release()));
}

const Option* Find(const std::vector<Option>& options, std::string_view name) {
  for (const Option& option : options) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

TEST(AstTest, SelectParts) {
  const auto statement = Parse<SelectStatement>(
      "with w as (select 1) select distinct on (a) a, t.*, b as x from s.t as t, lateral f(1) with ordinality g(n, o) where c group by a, "
      "rollup (b) having d window v as (order by e) order by a desc nulls last limit 3 offset 4 for update of t skip locked");
  const Query& query = *statement->query;
  ASSERT_EQ(query.kind, QueryKind::kSelect);
  ASSERT_EQ(query.with.items.size(), 1u);
  EXPECT_EQ(query.with.items[0].name, "w");
  EXPECT_TRUE(query.select.distinct);
  EXPECT_EQ(query.select.distinct_on.size(), 1u);
  ASSERT_EQ(query.select.targets.size(), 3u);
  EXPECT_EQ(As<StarExpr>(*query.select.targets[1].expr).qualifier, std::vector<std::string>{"t"});
  EXPECT_EQ(query.select.targets[2].alias, "x");
  ASSERT_EQ(query.select.from.size(), 2u);
  EXPECT_EQ(As<RelationRef>(*query.select.from[0]).name.schema, "s");
  const auto& function = As<FunctionRef>(*query.select.from[1]);
  EXPECT_TRUE(function.lateral && function.with_ordinality);
  EXPECT_EQ(function.column_aliases, (std::vector<std::string>{"n", "o"}));
  ASSERT_EQ(query.select.group_by.size(), 2u);
  EXPECT_EQ(query.select.group_by[1].kind, GroupItemKind::kRollup);
  EXPECT_EQ(query.select.windows[0].name, "v");
  EXPECT_EQ(query.order_by[0].order, SortOrder::kDescending);
  EXPECT_EQ(query.order_by[0].nulls, NullsOrder::kLast);
  EXPECT_EQ(As<LiteralExpr>(*query.limit).text, "3");
  EXPECT_EQ(query.locking[0].wait, LockWait::kSkipLocked);
}

TEST(AstTest, JoinShapes) {
  const auto statement = Parse<SelectStatement>("select 1 from a left join b using (x) cross join c");
  const auto& cross = As<JoinRef>(*statement->query->select.from[0]);
  EXPECT_EQ(cross.join, JoinKind::kCross);
  const auto& left = As<JoinRef>(*cross.left);
  EXPECT_EQ(left.join, JoinKind::kLeft);
  EXPECT_EQ(left.using_columns, std::vector<std::string>{"x"});
  const auto nested = Parse<SelectStatement>("select 1 from a join b join c on d on e");
  EXPECT_TRUE(Is<JoinRef>(*As<JoinRef>(*nested->query->select.from[0]).right));
}

TEST(AstTest, SetOperationsBindIntersectFirst) {
  const auto statement = Parse<SelectStatement>("select 1 union select 2 intersect select 3 except all select 4");
  const SetOperation& except = statement->query->set;
  EXPECT_EQ(except.op, SetOperator::kExcept);
  EXPECT_TRUE(except.all);
  EXPECT_EQ(except.left->set.op, SetOperator::kUnion);
  EXPECT_EQ(except.left->set.right->set.op, SetOperator::kIntersect);
}

TEST(AstTest, Positions) {
  const auto statement = Parse<SelectStatement>("select é, 'x'::int + foo(b) from t");
  const auto& targets = statement->query->select.targets;
  EXPECT_EQ(targets[0].expr->position, 8);
  const auto& sum = As<BinaryExpr>(*targets[1].expr);
  EXPECT_EQ(sum.position, 20);
  EXPECT_EQ(sum.left->position, 14);
  EXPECT_EQ(As<CastExpr>(*sum.left).operand->position, 11);
  EXPECT_EQ(As<CastExpr>(*sum.left).type.position, 16);
  EXPECT_EQ(sum.right->position, 22);
  EXPECT_EQ(statement->query->select.from[0]->position, 34);
}

TEST(AstTest, Literals) {
  const auto kind = [](std::string_view text) { return As<LiteralExpr>(**ParseExpression(text)).literal; };
  EXPECT_EQ(kind("2147483647"), LiteralKind::kInteger);
  EXPECT_EQ(kind("2147483648"), LiteralKind::kNumeric);
  EXPECT_EQ(kind("-2147483648"), LiteralKind::kInteger);
  EXPECT_EQ(kind("-2147483649"), LiteralKind::kNumeric);
  EXPECT_EQ(kind("1.0"), LiteralKind::kNumeric);
  EXPECT_EQ(kind("'a'"), LiteralKind::kString);
  EXPECT_EQ(kind("null"), LiteralKind::kNull);
  EXPECT_EQ(kind("b'1'"), LiteralKind::kBit);
}

TEST(AstTest, Types) {
  const auto check = [](std::string_view text, std::string_view schema, std::string_view name, size_t modifiers, size_t dimensions) {
    const auto type = ParseTypeName(text);
    ASSERT_TRUE(type.ok()) << text;
    EXPECT_EQ(type->name.schema, schema) << text;
    EXPECT_EQ(type->name.name, name) << text;
    EXPECT_EQ(type->modifiers.size(), modifiers) << text;
    EXPECT_EQ(type->array_bounds.size(), dimensions) << text;
  };
  check("int", "pg_catalog", "int4", 0, 0);
  check("BIGINT[]", "pg_catalog", "int8", 0, 1);
  check("double precision", "pg_catalog", "float8", 0, 0);
  check("float(24)", "pg_catalog", "float4", 0, 0);
  check("numeric(10, 2)", "pg_catalog", "numeric", 2, 0);
  check("character varying(10)[3][]", "pg_catalog", "varchar", 1, 2);
  check("char", "pg_catalog", "bpchar", 1, 0);
  check("\"char\"", "", "char", 0, 0);
  check("timestamp(3) with time zone", "pg_catalog", "timestamptz", 1, 0);
  check("time without time zone", "pg_catalog", "time", 0, 0);
  check("text", "", "text", 0, 0);
  check("timestamptz", "", "timestamptz", 0, 0);
  check("pg_catalog.int4", "pg_catalog", "int4", 0, 0);
  check("interval day to second(3)", "pg_catalog", "interval", 1, 0);
  check("int array[4]", "pg_catalog", "int4", 0, 1);
  EXPECT_EQ(ParseTypeName("interval day to minute")->interval_fields, kIntervalDay | kIntervalHour | kIntervalMinute);
}

TEST(AstTest, InsertWithConflict) {
  const auto insert = Parse<InsertStatement>(
      "insert into s.t as x (a, b) values (1, default) on conflict (a) where b > 1 do update set (a, b) = (1, 2), c = excluded.c where d returning a");
  EXPECT_EQ(insert->table.name, "t");
  EXPECT_EQ(insert->alias, "x");
  EXPECT_EQ(insert->columns.size(), 2u);
  EXPECT_TRUE(Is<DefaultExpr>(*insert->source->values[0][1]));
  EXPECT_EQ(insert->conflict.action, ConflictAction::kDoUpdate);
  EXPECT_EQ(insert->conflict.target[0].column, "a");
  EXPECT_TRUE(insert->conflict.assignments[0].multiple);
  EXPECT_EQ(insert->returning.size(), 1u);
  EXPECT_EQ(Parse<InsertStatement>("insert into t default values")->source, nullptr);
}

TEST(AstTest, CopyOptionsAreOneSyntax) {
  for (const char* text : {"copy \"T\" (a) from stdin with (format csv, header, delimiter ';', null 'x', force_not_null (a, b))",
                           "copy \"T\" (a) from stdin csv header delimiter ';' null as 'x' force not null a, b"}) {
    const auto copy = Parse<CopyStatement>(text);
    EXPECT_EQ(copy->table.name, "T");
    EXPECT_TRUE(copy->from);
    EXPECT_EQ(copy->endpoint, CopyEndpoint::kClient);
    EXPECT_EQ(Find(copy->options, "format")->text, "csv") << text;
    EXPECT_NE(Find(copy->options, "header"), nullptr);
    EXPECT_EQ(Find(copy->options, "delimiter")->text, ";");
    EXPECT_EQ(Find(copy->options, "null")->text, "x");
    EXPECT_EQ(Find(copy->options, "force_not_null")->list, (std::vector<std::string>{"a", "b"}));
  }
  EXPECT_EQ(Find(Parse<CopyStatement>("copy t to stdout binary")->options, "format")->text, "binary");
  EXPECT_EQ(Parse<CopyStatement>("copy t from '/f'")->target, "/f");
}

TEST(AstTest, CreateTable) {
  const auto create = Parse<CreateTableStatement>(
      "create table if not exists s.t (time timestamptz not null, v float8 default 1 + 2 constraint ck check (v > 0), primary key (time, v)) "
      "with (timescaledb.hypertable, fillfactor = 70, x = 'y')");
  EXPECT_TRUE(create->if_not_exists);
  ASSERT_EQ(create->elements.size(), 3u);
  EXPECT_EQ(create->elements[0].column->constraints[0].kind, ConstraintKind::kNotNull);
  const auto& v = *create->elements[1].column;
  ASSERT_EQ(v.constraints.size(), 2u);
  EXPECT_EQ(PrintExpr(*v.constraints[0].expr), "1 + 2");
  EXPECT_EQ(v.constraints[1].name, "ck");
  EXPECT_EQ(create->elements[2].constraint->columns, (std::vector<std::string>{"time", "v"}));
  EXPECT_EQ(create->options[0].space, "timescaledb");
  EXPECT_EQ(create->options[0].name, "hypertable");
  EXPECT_EQ(create->options[1].value_kind, OptionValueKind::kNumber);
  EXPECT_EQ(create->options[2].text, "y");
}

TEST(AstTest, AlterTableActions) {
  const auto alter = Parse<AlterTableStatement>(
      "alter table t add column if not exists a int, drop column b cascade, alter c type text using c::text, set (timescaledb.compress)");
  ASSERT_EQ(alter->actions.size(), 4u);
  EXPECT_EQ(alter->actions[0].kind, AlterTableActionKind::kAddColumn);
  EXPECT_TRUE(alter->actions[0].if_not_exists);
  EXPECT_EQ(alter->actions[1].behavior, DropBehavior::kCascade);
  EXPECT_NE(alter->actions[2].expr, nullptr);
  EXPECT_EQ(alter->actions[3].options[0].name, "compress");
}

TEST(AstTest, Views) {
  const auto view = Parse<CreateViewStatement>("create view v as  select 1 as a -- x\n");
  EXPECT_EQ(view->query_text, "select 1 as a");
  const auto matview = Parse<CreateTableAsStatement>("create materialized view m with (timescaledb.continuous) as select 1 with no data");
  EXPECT_TRUE(matview->materialized_view);
  EXPECT_FALSE(matview->with_data);
}

TEST(AstTest, Roles) {
  const auto role = Parse<CreateRoleStatement>("create role r with nologin superuser password 'x' connection limit -1 in role a, b");
  EXPECT_EQ(Find(role->options, "login")->text, "false");
  EXPECT_EQ(Find(role->options, "superuser")->text, "true");
  EXPECT_EQ(Find(role->options, "password")->text, "x");
  EXPECT_EQ(Find(role->options, "connection_limit")->text, "-1");
  EXPECT_EQ(Find(role->options, "in_role")->list.size(), 2u);
  EXPECT_EQ(Find(Parse<CreateRoleStatement>("create role r without login")->options, "login")->text, "false");
  EXPECT_EQ(Find(Parse<CreateRoleStatement>("create user r password null")->options, "password")->value_kind, OptionValueKind::kNone);
}

TEST(AstTest, Servers) {
  const auto alter = Parse<AlterServerStatement>("alter server dn1 options (set host 'h', add port '1', drop x, available 'false')");
  ASSERT_EQ(alter->options.size(), 4u);
  EXPECT_EQ(alter->options[0].action, OptionAction::kSet);
  EXPECT_EQ(alter->options[1].action, OptionAction::kAdd);
  EXPECT_EQ(alter->options[2].action, OptionAction::kDrop);
  EXPECT_EQ(alter->options[3].action, OptionAction::kUnspecified);
  const auto rename = Parse<AlterObjectStatement>("alter server dn1 rename to dn2");
  EXPECT_EQ(rename->object, ObjectKind::kServer);
  EXPECT_EQ(rename->new_name, "dn2");
}

TEST(AstTest, Settings) {
  const auto set = [](std::string_view text) { return Parse<SetStatement>(text); };
  EXPECT_EQ(set("set DateStyle to iso, 'mdy'")->setting.name, "datestyle");
  EXPECT_EQ(set("set DateStyle to iso, 'mdy'")->setting.values, (std::vector<std::string>{"iso", "mdy"}));
  EXPECT_EQ(set("set local a.b = -1.5")->setting.name, "a.b");
  EXPECT_EQ(set("set local a.b = -1.5")->scope, SettingScope::kLocal);
  EXPECT_EQ(set("set local a.b = -1.5")->setting.values[0], "-1.5");
  EXPECT_EQ(set("set x to default")->setting.source, SettingAssignment::Source::kDefault);
  EXPECT_EQ(set("set time zone 'utc'")->setting.name, "timezone");
  EXPECT_EQ(set("set time zone local")->setting.source, SettingAssignment::Source::kDefault);
  EXPECT_EQ(set("set time zone interval '-1' hour")->setting.values[0], "INTERVAL '-1'");
  EXPECT_EQ(set("set role none")->setting.name, "role");
  EXPECT_EQ(set("set session authorization x")->setting.name, "session_authorization");
  EXPECT_EQ(set("set names 'utf8'")->setting.name, "client_encoding");
  EXPECT_EQ(set("set schema 'x'")->setting.name, "search_path");
  EXPECT_EQ(Parse<ShowStatement>("show all")->name, "");
  EXPECT_EQ(Parse<ShowStatement>("show transaction isolation level")->name, "transaction_isolation");
  EXPECT_EQ(Parse<ResetStatement>("reset time zone")->name, "timezone");
  const auto modes = Parse<SetTransactionStatement>("set session characteristics as transaction isolation level serializable, read only");
  EXPECT_TRUE(modes->session_characteristics);
  EXPECT_EQ(*modes->modes.isolation, IsolationLevel::kSerializable);
  EXPECT_TRUE(*modes->modes.read_only);
}

TEST(AstTest, Transactions) {
  const auto kind = [](std::string_view text) { return Parse<TransactionStatement>(text)->transaction; };
  EXPECT_EQ(kind("begin"), TransactionKind::kBegin);
  EXPECT_EQ(kind("start transaction"), TransactionKind::kStart);
  EXPECT_EQ(kind("end"), TransactionKind::kCommit);
  EXPECT_EQ(kind("abort"), TransactionKind::kRollback);
  EXPECT_EQ(kind("rollback to savepoint a"), TransactionKind::kRollbackTo);
  EXPECT_EQ(kind("rollback to a"), TransactionKind::kRollbackTo);
  EXPECT_EQ(kind("commit prepared 'x'"), TransactionKind::kCommitPrepared);
  EXPECT_EQ(kind("prepare transaction 'x'"), TransactionKind::kPrepare);
  EXPECT_TRUE(Parse<TransactionStatement>("commit and chain")->chain);
  EXPECT_FALSE(Parse<TransactionStatement>("commit and no chain")->chain);
}

TEST(AstTest, PreparedStatementsAndCursors) {
  const auto prepare = Parse<PrepareStatement>("prepare p (int, text) as  select $1 ");
  EXPECT_EQ(prepare->types.size(), 2u);
  EXPECT_EQ(prepare->statement_text, "select $1");
  EXPECT_EQ(Parse<DeallocateStatement>("deallocate all")->name, "");
  EXPECT_EQ(Parse<DeallocateStatement>("deallocate prepare")->name, "prepare");
  const auto declare = Parse<DeclareCursorStatement>("declare c no scroll cursor with hold for select 1");
  EXPECT_TRUE(declare->hold);
  EXPECT_EQ(declare->scroll, std::optional<bool>(false));
  const auto fetch = [](std::string_view text) { return Parse<FetchStatement>(text); };
  EXPECT_EQ(fetch("fetch c")->count, 1);
  EXPECT_EQ(fetch("fetch all from c")->count, FetchStatement::kAll);
  EXPECT_EQ(fetch("fetch -3 in c")->count, -3);
  EXPECT_EQ(fetch("fetch last c")->count, -1);
  EXPECT_EQ(fetch("fetch prior c")->direction, FetchDirection::kBackward);
  EXPECT_EQ(fetch("fetch next")->cursor, "next");
  EXPECT_TRUE(fetch("move forward 2 in c")->move);
}

TEST(AstTest, ExplainOptions) {
  const auto explain = Parse<ExplainStatement>("explain (analyze, costs off, format json) select 1");
  EXPECT_EQ(Find(explain->options, "costs")->text, "off");
  EXPECT_EQ(Find(explain->options, "format")->text, "json");
  EXPECT_EQ(Parse<ExplainStatement>("explain analyze verbose select 1")->options.size(), 2u);
  EXPECT_TRUE(Parse<ExplainStatement>("explain (select 1)")->options.empty());
}

TEST(AstTest, NarrowingIsChecked) {
  const auto expr = ParseExpression("1");
  ASSERT_TRUE(expr.ok());
  EXPECT_TRUE(Is<LiteralExpr>(**expr));
  EXPECT_EQ(TryAs<ColumnRefExpr>(expr->get()), nullptr);
  EXPECT_EQ(TryAs<ColumnRefExpr>(static_cast<Expr*>(nullptr)), nullptr);
  EXPECT_DEATH(As<ColumnRefExpr>(**expr), "kind");
}

}  // namespace
}  // namespace tsd::sql::parse
