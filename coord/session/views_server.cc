// Rows about the server: databases, roles, settings, sessions, hba rules, data nodes as foreign servers, prepared transactions.
#include "coord/session/session.h"
#include "coord/session/session_registry.h"
#include "coord/session/system_views.h"
#include "engine/base/strings.h"
#include "engine/types/datetime.h"

namespace tsd::coord {
namespace {

void PgDatabase(const Session& session, ViewRows* rows) {
  for (const auto& [name, oid] : session.catalog()->databases) {
    rows->Row().Number("oid", oid).Text("datname", name).Number("datdba", 10).Number("encoding", 6).Text("datlocprovider", "c")
        .Flag("datallowconn", true).Number("datconnlimit", -1).Number("dattablespace", 1663).Text("datcollate", "C").Text("datctype", "C.UTF-8");
  }
}

void PgRoles(const Session& session, ViewRows* rows) {
  for (const auto& [name, role] : session.catalog()->roles) {
    rows->Row().Text("rolname", name).Flag("rolsuper", role.superuser).Flag("rolinherit", true).Flag("rolcreaterole", role.create_role)
        .Flag("rolcreatedb", role.create_db).Flag("rolcanlogin", role.can_login).Number("rolconnlimit", role.connection_limit)
        .Text("rolpassword", "********").Number("oid", role.oid);
  }
}

void PgAuthid(const Session& session, ViewRows* rows) {
  for (const auto& [name, role] : session.catalog()->roles) {
    rows->Row().Number("oid", role.oid).Text("rolname", name).Flag("rolsuper", role.superuser).Flag("rolinherit", true)
        .Flag("rolcreaterole", role.create_role).Flag("rolcreatedb", role.create_db).Flag("rolcanlogin", role.can_login)
        .Number("rolconnlimit", role.connection_limit);
  }
}

void PgUser(const Session& session, ViewRows* rows) {
  for (const auto& [name, role] : session.catalog()->roles) {
    if (!role.can_login) continue;
    rows->Row().Text("usename", name).Number("usesysid", role.oid).Flag("usecreatedb", role.create_db).Flag("usesuper", role.superuser);
  }
}

void PgSettings(const Session& session, ViewRows* rows) {
  static const std::map<SettingKind, std::string> kKinds = {{SettingKind::kBool, "bool"}, {SettingKind::kInteger, "integer"}, {SettingKind::kReal, "real"},
                                                            {SettingKind::kString, "string"}, {SettingKind::kEnum, "enum"}};
  static const std::map<SettingContext, std::string> kContexts = {{SettingContext::kInternal, "internal"}, {SettingContext::kPostmaster, "postmaster"},
                                                                  {SettingContext::kSighup, "sighup"}, {SettingContext::kUser, "user"}};
  const std::vector<std::string> pending = session.services().settings->PendingRestart();
  for (const SettingDefinition& definition : AllSettings()) {
    const StatusOr<std::string> value = session.ShowSetting(definition.name);
    rows->Row().Text("name", definition.name).Text("setting", value.ok() ? *value : "").Text("category", definition.category)
        .Text("short_desc", definition.description).Text("context", kContexts.at(definition.context)).Text("vartype", kKinds.at(definition.kind))
        .Text("source", "default").Text("boot_val", definition.default_value).Text("reset_val", value.ok() ? *value : "")
        .Flag("pending_restart", std::ranges::find(pending, definition.name) != pending.end()).Null("sourceline");
    if (!definition.unit.empty()) rows->Text("unit", definition.unit);
    if (!definition.choices.empty()) rows->Names("enumvals", definition.choices);
  }
}

void PgHbaFileRules(const Session& session, ViewRows* rows) {
  for (const net::pg::HbaFileRow& row : session.services().hba->file()->rows) {
    rows->Row().Number("line_number", row.line_number);
    if (row.error.has_value()) {
      rows->Text("error", *row.error);
      continue;
    }
    rows->Text("type", row.type).Names("database", row.databases).Names("user_name", row.users).Text("auth_method", row.auth_method);
    if (row.address.has_value()) rows->Text("address", *row.address);
    if (row.netmask.has_value()) rows->Text("netmask", *row.netmask);
    if (!row.options.empty()) rows->Names("options", row.options);
  }
}

void PgStatActivity(const Session& session, ViewRows* rows) {
  const sql::CatalogPtr catalog = session.catalog();
  session.services().sessions->ForEach([&](const Session& other) {
    const SessionIdentity& identity = other.identity();
    auto database = catalog->databases.find(identity.database);
    auto role = catalog->roles.find(identity.user);
    rows->Row().Number("datid", database == catalog->databases.end() ? 0 : database->second).Text("datname", identity.database)
        .Number("pid", identity.process_id).Number("usesysid", role == catalog->roles.end() ? 0 : role->second.oid)
        .Text("usename", identity.user).Number("client_port", identity.peer.port).Text("backend_type", "client backend").Null("leader_pid");
  });
}

void PgExtension(const Session&, ViewRows* rows) {
  rows->Row().Number("oid", 13900).Text("extname", "plpgsql").Number("extowner", 10).Number("extnamespace", 11).Text("extversion", "1.0");
  rows->Row().Number("oid", 13901).Text("extname", "timescaledb").Number("extowner", 10).Number("extnamespace", 2200).Text("extversion", "2.13.1");
}

void PgAvailableExtensions(const Session&, ViewRows* rows) {
  rows->Row().Text("name", "timescaledb").Text("default_version", "2.13.1").Text("installed_version", "2.13.1")
      .Text("comment", "the part of TimescaleDB's interface that tsd has built in");
}

void PgForeignDataWrapper(const Session&, ViewRows* rows) { rows->Row().Number("oid", 13950).Text("fdwname", "timescaledb_fdw").Number("fdwowner", 10); }

void PgForeignServer(const Session& session, ViewRows* rows) {
  for (const auto& [name, node] : session.catalog()->nodes) {
    std::vector<std::string> options = {StrCat("host=", node->host), StrCat("port=", node->port), StrCat("dbname=", node->database)};
    if (node->available_set) options.push_back(StrCat("available=", node->available ? "true" : "false"));
    rows->Row().Number("oid", node->oid).Text("srvname", name).Number("srvowner", 10).Number("srvfdw", 13950).Names("srvoptions", options);
  }
}

void PgTablespace(const Session&, ViewRows* rows) {
  rows->Row().Number("oid", 1663).Text("spcname", "pg_default").Number("spcowner", 10);
  rows->Row().Number("oid", 1664).Text("spcname", "pg_global").Number("spcowner", 10);
}

void PgPreparedXacts(const Session& session, ViewRows* rows) {
  for (const engine::PreparedTransaction& prepared : session.services().store->InDoubt()) {
    rows->Row().Text("gid", StrCat("tsd-", prepared.txn.ToString())).Text("owner", "tsdbadmin").Text("database", session.identity().database);
  }
}

void PgPreparedStatements(const Session& session, ViewRows* rows) {
  for (const auto& [name, prepared] : session.prepared_statements()) {
    if (!name.empty()) rows->Row().Text("name", name).Text("statement", prepared->text);
  }
}

void PgCursors(const Session& session, ViewRows* rows) {
  for (const auto& [name, portal] : session.portals()) {
    if (name.empty()) continue;
    rows->Row().Text("name", name).Text("statement", portal->text).Flag("is_holdable", portal->hold).Flag("is_scrollable", portal->scroll)
        .Flag("is_binary", portal->is_cursor && !portal->formats.empty()).Number("creation_time", TimestampFromAbsl(portal->made));
  }
}

void PgLocks(const Session& session, ViewRows* rows) {
  const sql::CatalogPtr catalog = session.catalog();
  auto database = catalog->databases.find(session.identity().database);
  for (const LockManager::Held& held : session.services().locks->Snapshot()) {
    const bool ddl = held.request.target == kDdlLock;
    rows->Row().Text("locktype", ddl ? "object" : "relation").Number("database", database == catalog->databases.end() ? 0 : database->second)
        .Number("pid", held.request.process_id).Text("mode", std::string(LockModeName(held.request.mode))).Flag("granted", held.granted)
        .Text("virtualtransaction", StrCat("1/", held.request.owner)).Null("page").Null("tuple").Null("virtualxid").Null("transactionid")
        .Null("classid").Null("objid").Null("objsubid").Null("waitstart");
    if (ddl) rows->Null("relation");
    else rows->Number("relation", held.request.target.value());
  }
}

}  // namespace

std::map<std::string, SystemViews::Producer> ServerViews() {
  return {{"pg_catalog.pg_database", PgDatabase}, {"pg_catalog.pg_roles", PgRoles}, {"pg_catalog.pg_authid", PgAuthid}, {"pg_catalog.pg_user", PgUser},
          {"pg_catalog.pg_settings", PgSettings}, {"pg_catalog.pg_hba_file_rules", PgHbaFileRules}, {"pg_catalog.pg_stat_activity", PgStatActivity},
          {"pg_catalog.pg_extension", PgExtension}, {"pg_catalog.pg_available_extensions", PgAvailableExtensions},
          {"pg_catalog.pg_foreign_data_wrapper", PgForeignDataWrapper}, {"pg_catalog.pg_foreign_server", PgForeignServer},
          {"pg_catalog.pg_tablespace", PgTablespace}, {"pg_catalog.pg_prepared_xacts", PgPreparedXacts},
          {"pg_catalog.pg_prepared_statements", PgPreparedStatements}, {"pg_catalog.pg_locks", PgLocks},
          {"pg_catalog.pg_cursors", PgCursors}};
}

}  // namespace tsd::coord
