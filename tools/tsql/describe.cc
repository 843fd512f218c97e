#include "tools/tsql/describe.h"

#include <map>

#include "engine/base/strings.h"

namespace tsd::tsql {
namespace {

using client::QuoteLiteral;
using client::ResultSet;

struct Pattern {
  std::string schema, name;  // for LIKE; empty: any
};

/// As psql reads it: folded to lower case outside quotes, * any text, ? any character, one dot between schema and name.
Pattern ReadPattern(std::string_view text) {
  Pattern pattern;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == '.' && !quoted) {
      pattern.schema = std::exchange(pattern.name, "");
    } else if (c == '*' && !quoted) {
      pattern.name += '%';
    } else if (c == '?' && !quoted) {
      pattern.name += '_';
    } else if (c == '_' || c == '%' || c == '\\') {
      pattern.name += StrCat("\\", std::string(1, c));
    } else {
      pattern.name.push_back(quoted ? c : static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c));
    }
  }
  return pattern;
}

std::string Like(std::string_view column, const std::string& pattern) {
  return pattern.empty() ? "" : StrCat(" AND ", column, " LIKE ", QuoteLiteral(pattern));
}

constexpr char kSystemSchemas[] = "('pg_catalog', 'information_schema', 'timescaledb_information', 'timescaledb_experimental')";

std::string SchemaFilter(std::string_view column, const Pattern& pattern) {
  if (!pattern.schema.empty()) return Like(column, pattern.schema);
  return StrCat(" AND ", column, " NOT IN ", kSystemSchemas, " AND ", column, " NOT LIKE '\\_timescaledb%'");
}

std::string TablesQuery(const Pattern& pattern) {
  return StrCat("SELECT schemaname AS \"Schema\", tablename AS \"Name\", CASE WHEN h.is_distributed THEN 'distributed hypertable' "
                "WHEN h.hypertable_name IS NOT NULL THEN 'hypertable' ELSE 'table' END AS \"Type\", tableowner AS \"Owner\" FROM pg_catalog.pg_tables t "
                "LEFT JOIN timescaledb_information.hypertables h ON h.hypertable_schema = t.schemaname AND h.hypertable_name = t.tablename WHERE true",
                SchemaFilter("schemaname", pattern), Like("tablename", pattern.name));
}

std::string ViewsQuery(const Pattern& pattern) {
  return StrCat("SELECT schemaname AS \"Schema\", viewname AS \"Name\", 'view' AS \"Type\", viewowner AS \"Owner\" FROM pg_catalog.pg_views WHERE true",
                SchemaFilter("schemaname", pattern), Like("viewname", pattern.name));
}

bool ListRelations(Shell* shell, const std::string& sql, const std::string& argument) {
  const std::optional<ResultSet> result = shell->Fetch(StrCat(sql, " ORDER BY 1, 2"));
  if (!result) return false;
  if (result->rows.empty() && !shell->quiet) {
    shell->PrintError(argument.empty() ? "Did not find any relations." : StrCat("Did not find any relation named \"", argument, "\"."));
    return true;
  }
  PrintOptions options = shell->Layout();
  options.title = "List of relations";
  shell->Write(PrintTable(*result, options));
  return true;
}

std::string Join(const ResultSet& result, std::string_view separator) {
  std::string text;
  for (const auto& row : result.rows) StrAppend(&text, text.empty() ? "" : separator, row[0].value_or(""));
  return text;
}

/// The lines below a hypertable's columns.
bool HypertableFooters(Shell* shell, const std::string& schema, const std::string& name, std::vector<std::string>* footers) {
  const std::string where = StrCat(" WHERE hypertable_schema = ", QuoteLiteral(schema), " AND hypertable_name = ", QuoteLiteral(name));
  const auto hypertable = shell->Fetch(StrCat("SELECT num_chunks, is_distributed, replication_factor, data_nodes FROM timescaledb_information.hypertables", where));
  if (!hypertable) return false;
  if (hypertable->rows.empty()) return true;
  const auto dimensions = shell->Fetch(StrCat("SELECT column_name || CASE WHEN num_partitions IS NOT NULL THEN ' (space, ' || num_partitions || ' partitions)' "
                                              "ELSE ' (time, chunks of ' || coalesce(time_interval::text, integer_interval::text) || ')' END "
                                              "FROM timescaledb_information.dimensions", where, " ORDER BY dimension_number"));
  if (!dimensions) return false;
  const client::TextRow& row = hypertable->rows[0];
  const bool distributed = row[1].value_or("f") == "t";
  footers->push_back(StrCat("Hypertable: ", distributed ? "distributed, replication factor " : "local", distributed ? row[2].value_or("1") : ""));
  footers->push_back(StrCat("Dimensions: ", Join(*dimensions, ", ")));
  footers->push_back(StrCat("Chunks: ", row[0].value_or("0")));
  if (distributed) {
    std::string nodes = row[3].value_or("{}");
    if (nodes.size() >= 2) nodes = nodes.substr(1, nodes.size() - 2);
    footers->push_back(StrCat("Data nodes: ", nodes));
  }
  return true;
}

bool DescribeRelation(Shell* shell, const std::string& argument) {
  const Pattern pattern = ReadPattern(argument);
  const std::string schema_filter = pattern.schema.empty() && pattern.name.starts_with("pg\\_") ? "" : SchemaFilter("table_schema", pattern);
  const auto relations = shell->Fetch(StrCat("SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE true", schema_filter,
                                             Like("table_name", pattern.name), " ORDER BY 1, 2"));
  if (!relations) return false;
  if (relations->rows.empty()) {
    shell->PrintError(StrCat("Did not find any relation named \"", argument, "\"."));
    return false;
  }
  for (const client::TextRow& row : relations->rows) {
    const std::string schema = row[0].value_or(""), name = row[1].value_or("");
    const bool view = row[2].value_or("") == "VIEW";
    const auto columns = shell->Fetch(StrCat(
        "SELECT column_name AS \"Column\", CASE WHEN data_type = 'ARRAY' THEN substr(udt_name, 2) || '[]' WHEN character_maximum_length IS NOT NULL "
        "THEN data_type || '(' || character_maximum_length || ')' ELSE data_type END AS \"Type\", '' AS \"Collation\", "
        "CASE is_nullable WHEN 'NO' THEN 'not null' ELSE '' END AS \"Nullable\", coalesce(column_default, '') AS \"Default\" "
        "FROM information_schema.columns WHERE table_schema = ", QuoteLiteral(schema), " AND table_name = ", QuoteLiteral(name), " ORDER BY ordinal_position"));
    if (!columns) return false;
    PrintOptions options = shell->Layout();
    options.title = StrCat(view ? "View" : "Table", " \"", schema, ".", name, "\"");
    options.footer = false;
    options.expanded = Expanded::kOff;
    if (!view && !HypertableFooters(shell, schema, name, &options.footers)) return false;
    shell->Write(PrintTable(*columns, options));
  }
  return true;
}

/// "{host=a,port=1,dbname=d}" as a map.
std::map<std::string, std::string> NodeOptions(std::string_view array) {
  std::map<std::string, std::string> options;
  if (array.size() >= 2) array = array.substr(1, array.size() - 2);
  while (!array.empty()) {
    const size_t end = array.find(',');
    std::string_view item = array.substr(0, end);
    array = end == std::string_view::npos ? std::string_view() : array.substr(end + 1);
    if (item.size() >= 2 && item.front() == '"') item = item.substr(1, item.size() - 2);
    const size_t equals = item.find('=');
    if (equals != std::string_view::npos) options[std::string(item.substr(0, equals))] = std::string(item.substr(equals + 1));
  }
  return options;
}

bool ShowNodes(Shell* shell) {
  const auto nodes = shell->Fetch("SELECT node_name, options FROM timescaledb_information.data_nodes ORDER BY 1");
  if (!nodes) return false;
  ResultSet table;
  table.columns = {{"Name", 19}, {"Host", 25}, {"Port", 23}, {"Database", 19}, {"State", 25}};
  for (const client::TextRow& row : nodes->rows) {
    std::map<std::string, std::string> options = NodeOptions(row[1].value_or(""));
    const bool up = client::CanConnect(options["host"], options["port"]);
    const std::string state = StrCat(up ? "up" : "down", options["available"] == "false" ? ", marked unavailable" : "");
    table.rows.push_back({row[0], options["host"], options["port"], options["dbname"], state});
  }
  PrintOptions options = shell->Layout();
  options.title = "Data nodes";
  shell->Write(PrintTable(table, options));
  return true;
}

}  // namespace

std::optional<bool> RunDescribe(Shell* shell, const std::string& command, const std::string& argument) {
  std::string name = command;
  while (name.size() > 1 && (name.back() == '+' || name.back() == 'S')) name.pop_back();
  const Pattern pattern = ReadPattern(argument);
  if (name == "d") {
    if (!argument.empty()) return DescribeRelation(shell, argument);
    return ListRelations(shell, StrCat(TablesQuery(pattern), " UNION ALL ", ViewsQuery(pattern)), argument);
  }
  if (name == "dt") return ListRelations(shell, TablesQuery(pattern), argument);
  if (name == "dv") return ListRelations(shell, ViewsQuery(pattern), argument);
  if (name == "dn") {
    return shell->PrintQuery(StrCat("SELECT n.nspname AS \"Name\", r.rolname AS \"Owner\" FROM pg_catalog.pg_namespace n LEFT JOIN pg_catalog.pg_roles r "
                                    "ON r.oid = n.nspowner WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'",
                                    Like("n.nspname", pattern.name), " ORDER BY 1"), "List of schemas");
  }
  if (name == "du" || name == "dg") {
    return shell->PrintQuery(StrCat("SELECT rolname AS \"Role name\", CASE WHEN rolsuper THEN 'Superuser' ELSE '' END || CASE WHEN rolcreaterole THEN "
                                    "' Create role' ELSE '' END || CASE WHEN rolcreatedb THEN ' Create DB' ELSE '' END || CASE WHEN rolcanlogin THEN '' "
                                    "ELSE ' Cannot login' END AS \"Attributes\" FROM pg_catalog.pg_roles WHERE true", Like("rolname", pattern.name), " ORDER BY 1"),
                             "List of roles", false);
  }
  if (name == "l") {
    return shell->PrintQuery(StrCat("SELECT d.datname AS \"Name\", r.rolname AS \"Owner\", 'UTF8' AS \"Encoding\", d.datcollate AS \"Collate\", "
                                    "d.datctype AS \"Ctype\" FROM pg_catalog.pg_database d LEFT JOIN pg_catalog.pg_roles r ON r.oid = d.datdba WHERE true",
                                    Like("d.datname", pattern.name), " ORDER BY 1"), "List of databases");
  }
  if (name == "nodes") return ShowNodes(shell);
  return std::nullopt;
}

}  // namespace tsd::tsql
