#pragma once
// Variable-width values: dictionary with codes, or lengths and a heap. Any thread. A list of values is given as offsets (count + 1, ascending)
// into a heap, as a Vector holds it.
//
// kBytes form: lengths as integers, heap (lz4_block.h). kDictionary form: varint entries, entries in kBytes form, codes as integers.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"

namespace tsd::engine {

void EncodeBytes(std::span<const std::string_view> values, std::string& out);
/// False (nothing appended) if values repeat too little.
bool EncodeDictionary(std::span<const std::string_view> values, std::string& out);

/// Fill offsets (count + 1) and heap; false on damage.
bool DecodeBytes(ByteReader& reader, size_t count, std::vector<uint32_t>& offsets, std::string& heap);
/// And how many distinct values there are.
bool DecodeDictionary(ByteReader& reader, size_t count, std::vector<uint32_t>& offsets, std::string& heap, size_t* distinct);

}  // namespace tsd::engine
