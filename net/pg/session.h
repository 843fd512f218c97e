#pragma once
// One client connection from its first byte to its last: startup, authentication, then the message loop of protocol 3.
#include <memory>
#include <string>

#include "engine/base/task.h"
#include "net/pg/server_context.h"
#include "net/transport/transport.h"

namespace tsd::net::pg {

/// Serves a connection until it ends; spawn it on the executor the session shall run on. `initial_bytes` were read from it already
/// (by whoever found out that it speaks PostgreSQL). `context` outlives it.
Task<void> ServePgConnection(std::shared_ptr<Connection> connection, std::string initial_bytes, PgServerContext* context);

}  // namespace tsd::net::pg
