#pragma once
// PostgreSQL's binary (send/receive) forms: parameters and results in binary format, COPY BINARY. Any bytes in; any thread.
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "engine/types/vector.h"

namespace tsd {

/// Appends the value in `bytes` (without length word) to `out`, whose physical type is type's. 22P03 on a bad form; 22021 for bad UTF-8.
Status ParseBinary(DataType type, std::string_view bytes, Vector& out);
/// Appends the binary form (without length word). Requires: not NULL.
void FormatBinary(const Vector& vector, size_t row, std::string& out);

}  // namespace tsd
