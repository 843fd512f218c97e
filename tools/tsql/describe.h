#pragma once
// The commands that show what is in the database (\d and its kin, \l, \nodes), by the server's catalog views.
#include <string>

#include "tools/tsql/shell.h"

namespace tsd::tsql {

/// `command` is its name without backslash ("dt"). Nullopt if it is none of these.
std::optional<bool> RunDescribe(Shell* shell, const std::string& command, const std::string& argument);

}  // namespace tsd::tsql
