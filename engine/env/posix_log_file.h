#pragma once
// A log's file on the real file system, written past the page cache. A sync is one synchronous write of whole blocks, the one with the end
// among them each time again; where the space is there already it changes no metadata, so the device gets one write and nothing else.
// (write and fdatasync cost a second one for the inode, and stand in each other's way when two processes do it.)
// Where the file system cannot (O_DIRECT or RWF_DSYNC refused), the same writes go through the page cache and fdatasync. One thread.
#include <memory>
#include <string>

#include "engine/env/env.h"

namespace tsd::engine {

StatusOr<std::unique_ptr<LogFile>> NewPosixLogFile(const std::string& path);

}  // namespace tsd::engine
