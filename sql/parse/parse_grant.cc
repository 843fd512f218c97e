// GRANT, REVOKE, ALTER DEFAULT PRIVILEGES.
#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {

std::vector<GrantStatement::Privilege> Parser::ParsePrivileges(std::vector<std::string>* all_columns) {
  std::vector<GrantStatement::Privilege> privileges;
  if (Accept(K::kAll)) {
    Accept(K::kPrivileges);
    *all_columns = ParseOptionalParenthesisedNames();
    return privileges;
  }
  do {
    GrantStatement::Privilege privilege;
    if (Accept(K::kAlter, K::kSystem)) {
      privilege.name = "alter system";
    } else if (AtAny({K::kSelect, K::kReferences, K::kCreate})) {
      privilege.name = TakeWord();
    } else {
      privilege.name = TakeColId();
    }
    privilege.columns = ParseOptionalParenthesisedNames();
    privileges.push_back(std::move(privilege));
  } while (AcceptSymbol(','));
  return privileges;
}

StatementPtr Parser::ParseGrant(bool is_grant) {
  const int position = Position();
  Expect(is_grant ? K::kGrant : K::kRevoke);
  const bool option_for = !is_grant && (At(K::kGrant) || (At(K::kAdmin) && At(K::kOption, 1)));
  const bool admin_for = option_for && At(K::kAdmin);
  if (option_for) {
    Advance();
    Expect(K::kOption, K::kFor);
  }
  std::vector<std::string> all_columns;
  const bool all = At(K::kAll);
  std::vector<GrantStatement::Privilege> privileges = ParsePrivileges(&all_columns);
  if (!all && !At(K::kOn)) return FinishGrantRole(is_grant, admin_for, std::move(privileges), position);
  auto grant = std::make_unique<GrantStatement>(position);
  grant->grant = is_grant;
  grant->privileges = std::move(privileges);
  grant->all_columns = std::move(all_columns);
  grant->grant_option = option_for;
  Expect(K::kOn);
  ParseGrantObject(grant.get());
  ParseGrantTail(grant.get());
  return grant;
}

/// GRANT role, .. TO role, ..
StatementPtr Parser::FinishGrantRole(bool is_grant, bool admin_option, std::vector<GrantStatement::Privilege> roles, int position) {
  auto grant = std::make_unique<GrantRoleStatement>(position);
  grant->grant = is_grant;
  grant->admin_option = admin_option;
  for (GrantStatement::Privilege& role : roles) grant->roles.push_back(std::move(role.name));
  Expect(is_grant ? K::kTo : K::kFrom);
  grant->grantees = TakeRoleList();
  if (is_grant && Accept(K::kWith)) {
    Expect(K::kAdmin, K::kOption);
    grant->admin_option = true;
  }
  if (Accept(K::kGranted)) {
    Expect(K::kBy);
    grant->granted_by = TakeRoleName();
  }
  if (!is_grant) grant->behavior = ParseDropBehavior();
  return grant;
}

void Parser::ParseGrantObject(GrantStatement* grant) {
  if (Accept(K::kAll)) {
    static constexpr struct { Keyword keyword; ObjectKind kind; } kKinds[] = {
        {K::kTables, ObjectKind::kTable}, {K::kSequences, ObjectKind::kSequence}, {K::kFunctions, ObjectKind::kFunction},
        {K::kProcedures, ObjectKind::kProcedure}, {K::kRoutines, ObjectKind::kRoutine}};
    bool found = false;
    for (const auto& kind : kKinds) {
      if (found || !Accept(kind.keyword)) continue;
      found = true;
      grant->object = kind.kind;
    }
    if (!found) SyntaxError();
    Expect(K::kIn, K::kSchema);
    grant->all_in_schema = true;
    grant->names = ParseObjectNames();
    return;
  }
  if (At(K::kForeign) && At(K::kServer, 1)) {
    Advance();
    Advance();
    grant->object = ObjectKind::kServer;
  } else if (At(K::kParameter) && AtColId(1)) {
    Unsupported("GRANT ON PARAMETER", Position());
  } else if (At(K::kLarge) && At(K::kObject, 1)) {
    Unsupported("GRANT ON LARGE OBJECT", Position());
  } else if (AtAny({K::kTable, K::kForeign}) || (AtColId() && (AtColId(1) || AtTypeFunctionName(1)))) {
    ParseObjectKind(&grant->object);   // none: a table of that name
  }
  switch (grant->object) {
    case ObjectKind::kFunction: case ObjectKind::kProcedure: case ObjectKind::kRoutine:
      do {
        grant->routines.push_back(ParseRoutineName());
      } while (AcceptSymbol(','));
      break;
    case ObjectKind::kTable: case ObjectKind::kSequence: case ObjectKind::kForeignDataWrapper: case ObjectKind::kServer:
    case ObjectKind::kDatabase: case ObjectKind::kDomain: case ObjectKind::kLanguage: case ObjectKind::kSchema:
    case ObjectKind::kTablespace: case ObjectKind::kType:
      grant->names = ParseObjectNames();
      break;
    default:
      SyntaxError();
      break;
  }
}

void Parser::ParseGrantTail(GrantStatement* grant) {
  Expect(grant->grant ? K::kTo : K::kFrom);
  do {
    Accept(K::kGroup);
    grant->grantees.push_back(TakeRoleName());
  } while (AcceptSymbol(','));
  if (grant->grant && Accept(K::kWith)) {
    Expect(K::kGrant, K::kOption);
    grant->grant_option = true;
  }
  if (!grant->default_privileges && Accept(K::kGranted)) {
    Expect(K::kBy);
    grant->granted_by = TakeRoleName();
  }
  if (!grant->grant) grant->behavior = ParseDropBehavior();
}

/// After ALTER DEFAULT PRIVILEGES.
StatementPtr Parser::ParseAlterDefaultPrivileges(int position) {
  auto grant = std::make_unique<GrantStatement>(position);
  grant->default_privileges = true;
  while (!failed_ && AtAny({K::kFor, K::kIn})) {
    if (Accept(K::kIn)) {
      Expect(K::kSchema);
      grant->in_schemas = ParseNameList();
    } else {
      Advance();
      if (!Accept(K::kRole)) Expect(K::kUser);
      grant->for_roles = TakeRoleList();
    }
  }
  grant->grant = At(K::kGrant);
  if (!Accept(K::kGrant)) {
    Expect(K::kRevoke);
    if (Accept(K::kGrant)) {
      Expect(K::kOption, K::kFor);
      grant->grant_option = true;
    }
  }
  grant->privileges = ParsePrivileges(&grant->all_columns);
  Expect(K::kOn);
  static constexpr struct { Keyword keyword; ObjectKind kind; } kKinds[] = {
      {K::kTables, ObjectKind::kTable},       {K::kFunctions, ObjectKind::kFunction}, {K::kRoutines, ObjectKind::kFunction},
      {K::kSequences, ObjectKind::kSequence}, {K::kTypes, ObjectKind::kType},         {K::kSchemas, ObjectKind::kSchema}};
  bool found = false;
  for (const auto& kind : kKinds) {
    if (found || !Accept(kind.keyword)) continue;
    found = true;
    grant->object = kind.kind;
  }
  if (!found) SyntaxError();
  ParseGrantTail(grant.get());
  return grant;
}

}  // namespace tsd::sql::parse
