#pragma once
// A run of bytes, as an LZ4 block or in shared symbols (symbol_codec.h) if that saves an eighth. Any thread. LZ4 is Yann Collet's, through his
// library: the block format of lz4.org (lz4_Block_format.md), without frames; its checksum would be a second one.
//
// Form: u8 0 = as is, 1 = LZ4, 2 = symbols; varint raw bytes; if LZ4: varint compressed bytes; the bytes, or the symbols' form.
#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace tsd::engine {

/// The largest run: LZ4's own bound, and what 32-bit offsets reach.
inline constexpr size_t kMaxHeapBytes = 0x7e000000;

void EncodeHeap(std::string_view bytes, std::string& out);
/// False on damage. Allocates no more than about 255 times what is there.
bool DecodeHeap(ByteReader& reader, std::string& out);

}  // namespace tsd::engine
