// CREATE / ALTER ROLE, USER, GROUP.
#include "engine/base/strings.h"
#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {

StatementPtr Parser::ParseCreateRole(CreateRoleStatement::Spelling spelling, int position) {
  Advance();   // ROLE, USER or GROUP
  auto role = std::make_unique<CreateRoleStatement>(position);
  role->spelling = spelling;
  const int name_position = Position();
  role->name = TakeRoleName();
  if (role->name == "public") Fail(sqlstate::kReservedName, "role name \"public\" is reserved", name_position);
  // WITH introduces the options; WITHOUT LOGIN is one.
  Accept(K::kWith);
  role->options = ParseRoleOptions(true);
  return role;
}

std::vector<Option> Parser::ParseRoleOptions(bool creating) {
  std::vector<Option> options;
  while (!failed_ && !AtStatementEnd()) {
    Option option;
    option.position = Position();
    if (!ParseRoleOption(creating, &option)) break;
    for (const Option& other : options) {
      if (other.name == option.name && !option.name.empty()) {
        Fail(sqlstate::kSyntaxError, "conflicting or redundant options", option.position);
      }
    }
    options.push_back(std::move(option));
  }
  return options;
}

bool Parser::ParseRoleOption(bool creating, Option* option) {
  const auto set_flag = [&](std::string_view name, bool value) {
    option->name = name;
    option->value_kind = OptionValueKind::kWord;
    option->text = value ? "true" : "false";
  };
  const auto set_roles = [&](std::string_view name) {
    option->name = name;
    option->value_kind = OptionValueKind::kList;
    option->list = TakeRoleList();
  };
  if (At(K::kUnencrypted)) {
    Fail(sqlstate::kFeatureNotSupported, "UNENCRYPTED PASSWORD is no longer supported", option->position,
         "Remove UNENCRYPTED to store the password in encrypted form instead.");
    return false;
  }
  if (At(K::kEncrypted) || At(K::kPassword)) {
    const bool encrypted = Accept(K::kEncrypted);
    Expect(K::kPassword);
    option->name = "password";
    if (!encrypted && Accept(K::kNull)) return true;
    option->value_kind = OptionValueKind::kString;
    option->text = TakeString();
  } else if (Accept(K::kInherit)) {
    set_flag("inherit", true);
  } else if (Accept(K::kConnection)) {
    Expect(K::kLimit);
    option->name = "connection_limit";
    option->value_kind = OptionValueKind::kNumber;
    option->text = StrCat(TakeSignedInteger());
  } else if (Accept(K::kValid)) {
    Expect(K::kUntil);
    option->name = "valid_until";
    option->value_kind = OptionValueKind::kString;
    option->text = TakeString();
  } else if (Accept(K::kUser)) {
    set_roles("role");
  } else if (creating && Accept(K::kRole)) {
    set_roles("role");
  } else if (creating && Accept(K::kAdmin)) {
    set_roles("admin");
  } else if (creating && Accept(K::kIn)) {
    if (!Accept(K::kRole)) Expect(K::kGroup);
    set_roles("in_role");
  } else if (creating && Accept(K::kSysid)) {
    option->name = "sysid";
    option->value_kind = OptionValueKind::kNumber;
    option->text = StrCat(TakeInteger());
  } else if (At(K::kWithout) && AtWord("login", 1)) {
    Advance();
    Advance();
    set_flag("login", false);
  } else if (AtKind(TokenKind::kIdentifier)) {
    const std::string word = TakeWord();
    static constexpr std::string_view kFlags[] = {"superuser", "createdb",    "createrole", "login",
                                                  "inherit",   "replication", "bypassrls"};
    for (const std::string_view flag : kFlags) {
      if (word == flag) set_flag(flag, true);
      if (word.size() > 2 && word.compare(0, 2, "no") == 0 && std::string_view(word).substr(2) == flag) set_flag(flag, false);
    }
    if (option->name.empty()) {
      Fail(sqlstate::kSyntaxError, StrCat("unrecognized role option \"", word, "\""), option->position);
    }
  } else {
    SyntaxError();
    return false;
  }
  return true;
}

/// After ALTER ROLE / USER / GROUP.
StatementPtr Parser::ParseAlterRole(bool group, int position) {
  const bool all = Accept(K::kAll);
  const int name_position = Position();
  std::string name = all ? std::string() : TakeRoleName();
  if (At(K::kRename) && !all) {
    Advance();
    Expect(K::kTo);
    auto rename = std::make_unique<AlterObjectStatement>(position);
    rename->object = ObjectKind::kRole;
    rename->name.name.name = std::move(name);
    rename->name.name.position = name_position;
    rename->new_name = TakeRoleName();
    return rename;
  }
  if (!group) {
    std::string database;
    const bool in_database = Accept(K::kIn);
    if (in_database) {
      Expect(K::kDatabase);
      database = TakeColId();
    }
    if (in_database || all || AtAny({K::kSet, K::kReset})) {
      return ParseAlterRoleSetting(std::move(name), std::move(database), position);
    }
  }
  auto alter = std::make_unique<AlterRoleStatement>(position);
  alter->name = std::move(name);
  if (!group) {
    Accept(K::kWith);
    alter->options = ParseRoleOptions(false);
    return alter;
  }
  Option members;
  members.position = Position();
  members.name = "role";
  members.action = At(K::kAdd) ? OptionAction::kAdd : OptionAction::kDrop;
  if (!Accept(K::kAdd)) Expect(K::kDrop);
  Expect(K::kUser);
  members.value_kind = OptionValueKind::kList;
  members.list = TakeRoleList();
  alter->options.push_back(std::move(members));
  return alter;
}

StatementPtr Parser::ParseAlterRoleSetting(std::string role, std::string database, int position) {
  auto alter = std::make_unique<AlterRoleSettingStatement>(position);
  alter->role = std::move(role);
  alter->database = std::move(database);
  alter->reset = At(K::kReset);
  if (Accept(K::kReset)) {
    alter->setting.position = Position();
    alter->setting.name = ParseShownName();
    if (alter->setting.name.empty()) alter->setting.name = "all";
  } else {
    Expect(K::kSet);
    alter->setting = ParseSetting();
  }
  return alter;
}

}  // namespace tsd::sql::parse
