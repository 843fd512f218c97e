#pragma once
// `tsd verify -D DIR`: checks every file of a stopped node's data directory.
#include <string>

namespace tsd {

/// Prints what is damaged, file and chunk. The exit code: 0 whole, 1 damaged or not to be opened (a server runs on it, no data directory).
int VerifyDirectory(const std::string& directory);

}  // namespace tsd
