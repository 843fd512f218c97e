#pragma once
// One column of one row group <-> bytes. Pure functions; any thread. A block says its codec, so any block can be read without knowing
// how the writer chose (chooser.h). Values of NULL rows are not stored.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "engine/codec/row_test.h"
#include "engine/types/vector.h"

namespace tsd::engine {

inline constexpr size_t kMaxBlockRows = 65536;

enum class CodecId : uint8_t {
  kPlain = 0,       // values as they lie in memory
  kConstant = 1,    // one value
  kRunLength = 2,   // integers: run values and run lengths
  kFrame = 3,       // integers: frame of reference, bit-packed, with exceptions (integer_frames.h)
  kDelta = 4,       // integers: first value, differences as frames
  kDeltaDelta = 5,  // integers: first value and difference, differences of differences as frames
  kAlp = 6,         // floats that are short decimals: integers as above, exceptions apart
  kParts = 7,       // floats: upper bits as integers, lower bits packed
  kBitmap = 8,      // booleans
  kDictionary = 9,  // floats, wide values, bytes: distinct values, codes as integers
  kBytes = 10,      // bytes: lengths as integers, heap
  kLz4 = 11,        // fixed width: kPlain's bytes in an LZ4 block
  kProgression = 12,  // integers: first value and step
  kNarrow = 13,       // doubles that are floats: as floats
  kSharedDictionary = 14,  // bytes: codes into a dictionary of the file
};
const char* CodecName(CodecId codec);

class SharedDictionary;

/// Requires: 1 <= rows <= kMaxBlockRows, not constant.
std::string EncodeBlock(const Vector& vector);
/// Strings may go to `shared`, unless that is null: the block then needs the dictionary to be read.
std::string EncodeBlock(const Vector& vector, SharedDictionary* shared);
/// XX001 if `bytes` is not a whole valid block of exactly `rows` rows of the type's layout; safe on any bytes.
StatusOr<std::shared_ptr<Vector>> DecodeBlock(DataType type, std::string_view bytes, size_t rows);
/// `dictionary`: the entries of the shared one, without NULLs; null if there is none. Strings of a dictionary keep their codes.
StatusOr<std::shared_ptr<Vector>> DecodeBlock(DataType type, std::string_view bytes, size_t rows, const VectorPtr& dictionary);

/// Strings as they lie in a block with a dictionary.
struct CodedRows {
  VectorPtr entries;               // distinct; the shared dictionary, or the block's own
  std::vector<uint16_t> codes;     // of the rows that are not NULL
  std::vector<uint64_t> present;   // bitmap of these; empty if all are
};
/// nullopt if the block has no dictionary.
StatusOr<std::optional<CodedRows>> DecodeCodedRows(DataType type, std::string_view bytes, size_t rows, const VectorPtr& dictionary);

/// Rows [begin, end) of a block.
struct RowSpan {
  uint32_t begin = 0, end = 0;
};
// Of blocks of doubles without NULLs that are stored as whole numbers, without making doubles of them. False for blocks of another form, or
// damaged ones: nothing is said then.
/// sums[i] = the sum of the rows of span i, those whose byte of `keep` is 1 (or all, if that is empty), added up as whole numbers: exact but
/// for one rounding. Requires: spans ascend, apart, within `rows`; `keep` has 0 or 1 for each row.
bool SumRows(std::string_view bytes, size_t rows, std::span<const RowSpan> spans, std::span<const uint8_t> keep, double* sums);
/// keep[i] &= whether row i passes.
bool TestRows(std::string_view bytes, size_t rows, DoubleTest test, uint8_t* keep);

/// For tools: what the header says; kPlain if there is none.
CodecId BlockCodec(std::string_view bytes);

}  // namespace tsd::engine
