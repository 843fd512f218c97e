#pragma once
// Variable-width values: lengths and a heap; distinct values with codes; or codes into a dictionary that the blocks of a file share. Any
// thread. Lengths apart from bytes are as in Parquet's DELTA_LENGTH_BYTE_ARRAY; a dictionary of the block, given up where values are mostly
// distinct, as in its RLE_DICTIONARY; that of the file as dictionary_codes.h says. A list of values is given as offsets (count + 1, ascending) into a heap, as a Vector holds it.
//
// kBytes form: lengths as integers, heap (lz4_block.h). kDictionary form: varint entries, entries in kBytes form, codes as integers.
// kSharedDictionary form: codes as integers.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/codec/block_codec.h"
#include "engine/codec/shared_dictionary.h"

namespace tsd::engine {

/// In the form that is likely the smallest. `shared` may be null, or grows by what it lacks.
CodecId EncodeStrings(std::span<const std::string_view> values, SharedDictionary* shared, std::string& out);

struct ByteList {
  std::vector<uint32_t> offsets;
  std::string heap;

  size_t size() const { return offsets.size() - 1; }
};
/// Of kBytes; false on damage.
bool DecodeBytes(ByteReader& reader, size_t count, ByteList& out);
/// The entries of a kDictionary, in front of its codes (dictionary_codes.h); false on damage.
bool DecodeEntries(ByteReader& reader, ByteList& out);
/// The entries that the codes name, one after another; false if they are too long. Requires: codes in range.
bool GatherStrings(std::span<const uint32_t> entry_offsets, std::string_view entry_heap, std::span<const uint16_t> codes, ByteList& out);

}  // namespace tsd::engine
