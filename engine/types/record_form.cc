#include "engine/types/record_form.h"

#include "engine/types/binary_form.h"
#include "engine/types/data_type.h"

namespace tsd {
namespace {

constexpr uint32_t kNullLength = 0xffffffffu;

void PutBe32(uint32_t value, std::string& out) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

/// Takes the fields of a record one by one; not ok() once the bytes are not those of a record.
class RecordReader {
 public:
  explicit RecordReader(std::string_view bytes) : bytes_(bytes) { fields_ = GetBe32(); }
  bool ok() const { return ok_; }
  uint32_t fields() const { return ok_ ? fields_ : 0; }
  /// False at the end or at damage.
  bool Next(DataType* type, bool* is_null, std::string_view* value) {
    if (!ok_ || at_field_ == fields_) return false;
    ++at_field_;
    bool known = false;
    *type = TypeFromOid(GetBe32(), &known);
    const uint32_t length = GetBe32();
    *is_null = length == kNullLength;
    if (!ok_ || !known || (!*is_null && length > bytes_.size())) return ok_ = false;
    *value = bytes_.substr(0, *is_null ? 0 : length);
    bytes_.remove_prefix(value->size());
    return true;
  }

 private:
  uint32_t GetBe32() {
    if (bytes_.size() < 4) {
      ok_ = false;
      return 0;
    }
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes_[static_cast<size_t>(i)]);
    bytes_.remove_prefix(4);
    return value;
  }
  std::string_view bytes_;
  uint32_t fields_ = 0;
  uint32_t at_field_ = 0;
  bool ok_ = true;
};

/// A record within a record has no input function, but its bytes are what they are.
Status AppendValue(DataType type, std::string_view value, Vector& out) {
  if (!type.Is(TypeId::kRecord)) return ParseBinary(type, value, out);
  out.AppendBytes(value);
  return OkStatus();
}

void AppendQuoted(std::string_view text, std::string& out) {
  const bool quote = text.empty() || text.find_first_of("\"\\(), \t\n\r\v\f") != std::string_view::npos;
  if (!quote) {
    out += text;
    return;
  }
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') out += c;
    out += c;
  }
  out += '"';
}

}  // namespace

void AppendRecord(std::span<const VectorPtr> fields, size_t row, std::string& out) {
  PutBe32(static_cast<uint32_t>(fields.size()), out);
  for (const VectorPtr& field : fields) {
    PutBe32(TypeOid(field->type().WithoutTypmod()), out);
    if (field->IsNull(row)) {
      PutBe32(kNullLength, out);
      continue;
    }
    std::string value;
    FormatBinary(*field, row, value);
    PutBe32(static_cast<uint32_t>(value.size()), out);
    out += value;
  }
}

void FormatRecord(std::string_view record, const TextContext& context, std::string& out) {
  RecordReader reader(record);
  DataType type;
  bool is_null = false;
  std::string_view value;
  out += '(';
  for (bool first = true; reader.Next(&type, &is_null, &value); first = false) {
    if (!first) out += ',';
    if (is_null) continue;
    Vector field(type);
    if (!AppendValue(type, value, field).ok()) continue;
    std::string text;
    FormatText(field, 0, context, text);
    AppendQuoted(text, out);
  }
  out += ')';
}

Status AppendRecordField(std::string_view record, size_t field, Vector& out) {
  RecordReader reader(record);
  DataType type;
  bool is_null = false;
  std::string_view value;
  for (size_t i = 0; i <= field; ++i) {
    if (!reader.Next(&type, &is_null, &value)) return Error(sqlstate::kInternalError, "a record has no such field");
  }
  if (is_null) {
    out.AppendNull();
    return OkStatus();
  }
  if (type.WithoutTypmod() != out.type().WithoutTypmod()) return Error(sqlstate::kDatatypeMismatch, "a record's field has another type");
  return AppendValue(type, value, out);
}

}  // namespace tsd
