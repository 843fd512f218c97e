#pragma once
// The signatures of the functions that coord runs (node and hypertable functions of the multi-node API, and a few of PostgreSQL's), for
// the binder. Immutable; any thread.
#include "sql/bind/binder.h"

namespace tsd::coord {

/// One instance a process.
const sql::TableFunctions& CoordTableFunctions();

}  // namespace tsd::coord
