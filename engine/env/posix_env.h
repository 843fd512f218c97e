#pragma once
// The real file system. The home of open, pread, write, fdatasync, rename and flock. Thread-safe.
// Files are 0600, directories 0700, every descriptor close-on-exec. A full disk is 53100, anything else 58030, a missing file 58P01;
// messages are PostgreSQL's ("could not write file \"...\": No space left on device").
#include <memory>

#include "engine/env/env.h"

namespace tsd::engine {

std::unique_ptr<Env> NewPosixEnv();

}  // namespace tsd::engine
