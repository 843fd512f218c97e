#pragma once
// Where and as whom to connect: read from a postgresql:// URI or key=value text, with the PG* environment for what is not said.
// Values only; no connection is made here.
#include <string>
#include <string_view>

#include "engine/base/status.h"

namespace tsd::client {

struct ConnectOptions {
  std::string host, port, user, database, password, application_name, options;
};

/// True if `text` is a connection string rather than a database name.
bool IsConnectionString(std::string_view text);

/// Sets what `text` names; the rest of `options` stays.
Status ParseConnectionString(std::string_view text, ConnectOptions* options);

/// Fills what is still empty: first from PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD, PGAPPNAME, PGOPTIONS, then with tsd's defaults
/// (127.0.0.1, 5440, tsdbadmin, tsdb).
void FillDefaults(ConnectOptions* options);

}  // namespace tsd::client
