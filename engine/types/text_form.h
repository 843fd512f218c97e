#pragma once
// Text forms of every type: COPY, casts, literals, the wire's text format. ParseText and FormatText switch once on the type and do
// no allocation for fixed-width values; ints, float8 and ISO timestamps have fast paths (COPY of millions of rows goes through here).
// Any thread; a Vector is written by one thread.
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "engine/types/datetime.h"
#include "engine/types/vector.h"

namespace tsd {

/// Names of catalog objects for regclass, regtype, regproc, regnamespace, regrole. Implemented where a catalog is at hand.
class ObjectNames {
 public:
  virtual ~ObjectNames() = default;
  /// The error PostgreSQL gives for an unknown name (42P01 and the like).
  virtual StatusOr<uint32_t> OidOf(TypeId kind, std::string_view name) const = 0;
  /// False if there is no such object; then the number is printed.
  virtual bool NameOf(TypeId kind, uint32_t oid, std::string* name) const = 0;
};

enum class ByteaOutput : uint8_t { kHex, kEscape };
/// What a value longer than varchar(n) / char(n) means: an error (input, assignment) or truncation (an explicit cast).
enum class LengthRule : uint8_t { kReject, kTruncate };

struct TextContext {
  DateTimeContext datetime;
  ByteaOutput bytea_output = ByteaOutput::kHex;
  int extra_float_digits = 1;  // <= 0: as many digits less than 15 (float8) or 6 (float4)
  LengthRule length_rule = LengthRule::kReject;
  const ObjectNames* names = nullptr;  // without it reg* types read and print numbers only
};

/// Appends the value that `text` spells to `out`, whose physical type is type's. On error `out` is unchanged.
Status ParseText(DataType type, std::string_view text, const TextContext& context, Vector& out);
/// Appends the text of a row. Requires: not NULL.
void FormatText(const Vector& vector, size_t row, const TextContext& context, std::string& out);
/// The same for `type` other than the vector's own (same physical type).
void FormatTextAs(DataType type, const Vector& vector, size_t row, const TextContext& context, std::string& out);

/// varchar(n), char(n), name: length rules, blank padding. `out` gets the stored bytes. 22001.
Status ApplyStringTypmod(DataType type, std::string_view text, LengthRule rule, std::string& out);
/// 22021 'invalid byte sequence for encoding "UTF8": 0x..' (also for NUL).
Status CheckUtf8(std::string_view text);
size_t Utf8Length(std::string_view text);

// ---- pieces, also used on their own by casts; errors as PostgreSQL's input functions ----
StatusOr<bool> ParseBool(std::string_view text);
/// `type` is kInt16, kInt32 or kInt64 and chooses range and error text.
StatusOr<int64_t> ParseInteger(TypeId type, std::string_view text);
StatusOr<double> ParseFloat64(std::string_view text);
StatusOr<float> ParseFloat32(std::string_view text);
StatusOr<uint32_t> ParseOid(std::string_view text);
StatusOr<Uuid> ParseUuid(std::string_view text);
StatusOr<std::string> ParseBytea(std::string_view text);
StatusOr<uint64_t> ParseLsn(std::string_view text);
StatusOr<std::string> ParseInet(std::string_view text);

void FormatInteger(int64_t value, std::string& out);
void FormatFloat64(double value, int extra_float_digits, std::string& out);
void FormatFloat32(float value, int extra_float_digits, std::string& out);
void FormatUuid(const Uuid& uuid, std::string& out);
void FormatBytea(std::string_view bytes, ByteaOutput style, std::string& out);
void FormatLsn(uint64_t lsn, std::string& out);

}  // namespace tsd
