#pragma once
// Shared symbols: up to 255 frequent strings of one to eight bytes get a code of one byte each; what none covers costs two bytes (after
// Boncz, Neumann, Leis: "FSST: Fast Random Access String Compression", 2020). Beats LZ4 on many short, similar strings. Any thread.
//
// Form: u8 symbols; per symbol u8 length (1..8) and its bytes; varint code bytes; codes. 255 = the next byte as it is.
#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace tsd::engine {

/// Appends the form if it takes less than `limit` bytes; else false, nothing appended.
bool EncodeSymbols(std::string_view bytes, size_t limit, std::string& out);
/// Fills `out`, which has its right size; false on damage.
bool DecodeSymbols(ByteReader& reader, std::string& out);

}  // namespace tsd::engine
