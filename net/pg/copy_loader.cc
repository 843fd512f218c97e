#include "net/pg/copy_loader.h"

#include "engine/base/strings.h"
#include "engine/types/binary_form.h"
#include "engine/types/timezone.h"
#include "net/pg/byte_scan.h"
#include "net/pg/fast_parse.h"

namespace tsd::net::pg {
namespace {

/// Batches of large values are cut before they have kDefaultBatchRows rows.
constexpr size_t kBatchBytes = size_t{16} << 20;
constexpr size_t kShownBytes = 100;

/// PostgreSQL shows 100 bytes of a value, cut at a character's border.
std::string Shown(std::string_view text) {
  if (text.size() <= kShownBytes) return std::string(text);
  size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return StrCat(text.substr(0, end), "...");
}

/// Runs `parse(text, &value)` over a column of fixed-width values. False at the first value that does not parse.
template <typename T, typename Parse>
bool FillFixed(const CopyField* fields, size_t rows, Vector& out, const Parse& parse) {
  const size_t before = out.size();
  out.ResizeFixed(before + rows);
  T* const values = out.mutable_values<T>() + before;
  for (size_t i = 0; i < rows; ++i) {
    if (fields[i].data == nullptr) {
      out.SetNull(before + i);
    } else if (!parse(fields[i].view(), &values[i])) {
      return false;
    }
  }
  return true;
}

template <typename T>
bool ParseIntegerField(TypeId type, std::string_view text, T* value) {
  int64_t wide;
  if (!FastParseInteger(text, &wide)) {
    const StatusOr<int64_t> parsed = ParseInteger(type, text);
    if (!parsed.ok()) return false;
    wide = *parsed;
  }
  *value = static_cast<T>(wide);
  return *value == wide;
}

bool ParseDoubleField(std::string_view text, double* value) {
  if (FastParseDouble(text, value)) return true;
  const StatusOr<double> parsed = ParseFloat64(text);
  if (!parsed.ok()) return false;
  *value = *parsed;
  return true;
}

bool AppendTexts(const CopyField* fields, size_t rows, Vector& out) {
  for (size_t i = 0; i < rows; ++i) {
    if (fields[i].data == nullptr) {
      out.AppendNull();
    } else {
      out.AppendBytes(fields[i].view());
    }
  }
  return true;
}

template <typename T>
T FromBigEndian(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  if constexpr (sizeof(T) == 8) return std::bit_cast<T>(__builtin_bswap64(std::bit_cast<uint64_t>(value)));
  if constexpr (sizeof(T) == 4) return std::bit_cast<T>(__builtin_bswap32(std::bit_cast<uint32_t>(value)));
  if constexpr (sizeof(T) == 2) return std::bit_cast<T>(__builtin_bswap16(std::bit_cast<uint16_t>(value)));
}

template <typename T>
bool FillBinary(const CopyField* fields, size_t rows, Vector& out) {
  return FillFixed<T>(fields, rows, out, [](std::string_view bytes, T* value) {
    if (bytes.size() != sizeof(T)) return false;
    *value = FromBigEndian<T>(bytes.data());
    return true;
  });
}

}  // namespace

std::string CopyRowContext(const CopyColumns& columns, uint64_t line) {
  return StrCat("COPY ", columns.table, ", line ", line);
}

std::string CopyLineContext(const CopyColumns& columns, uint64_t line, std::string_view text) {
  return StrCat(CopyRowContext(columns, line), ": \"", Shown(text), "\"");
}

CopyLoader::CopyLoader(CopyColumns columns, FieldForm form, const TextContext* context)
    : columns_(std::move(columns)),
      form_(form),
      context_(context),
      zone_is_utc_(context->datetime.zone == absl::UTCTimeZone()) {
  Start();
}

void CopyLoader::Start() {
  vectors_.clear();
  lines_.clear();
  rows_ = 0;
  bytes_ = 0;
  for (const DataType& type : columns_.types) {
    vectors_.push_back(std::make_shared<Vector>(type));
    if (type.Physical() != PhysicalType::kBytes) vectors_.back()->Reserve(kDefaultBatchRows + FieldBlock::kRows, 0);
  }
  lines_.reserve(kDefaultBatchRows + FieldBlock::kRows);
}

void CopyLoader::Cut() {
  if (rows_ == 0) return;
  std::vector<VectorPtr> vectors(vectors_.begin(), vectors_.end());
  ready_.push_back(CopyBatch{ColumnBatch(std::move(vectors), rows_), std::move(lines_)});
  Start();
}

std::optional<CopyBatch> CopyLoader::TakeBatch() {
  if (ready_.empty()) return std::nullopt;
  CopyBatch batch = std::move(ready_.front());
  ready_.pop_front();
  return batch;
}

Status CopyLoader::Load(const FieldBlock& block, size_t rows) {
  if (rows == 0) return OkStatus();
  for (size_t c = 0; c < vectors_.size(); ++c) {
    const CopyField* fields = block.column(c);
    if (LoadColumn(c, fields, rows)) continue;
    for (size_t row = 0; row < rows; ++row) RETURN_IF_ERROR(CheckRow(block, row, vectors_.size()));
    return Error(sqlstate::kInternalError, "COPY data was refused without a reason");
  }
  for (size_t row = 0; row < rows; ++row) lines_.push_back(block.line(row));
  rows_ += rows;
  if (rows_ >= kDefaultBatchRows || bytes_ >= kBatchBytes) Cut();
  return OkStatus();
}

bool CopyLoader::LoadColumn(size_t column, const CopyField* fields, size_t rows) {
  const DataType type = columns_.types[column];
  Vector& out = *vectors_[column];
  if (type.Physical() == PhysicalType::kBytes) {
    for (size_t row = 0; row < rows; ++row) bytes_ += fields[row].size;
  }
  return form_ == FieldForm::kText ? LoadText(type, fields, rows, out) : LoadBinary(type, fields, rows, out);
}

bool CopyLoader::LoadText(DataType type, const CopyField* fields, size_t rows, Vector& out) const {
  if (!type.is_array && type.typmod == -1) {
    switch (type.id) {
      case TypeId::kFloat64:
        return FillFixed<double>(fields, rows, out, ParseDoubleField);
      case TypeId::kInt16:
        return FillFixed<int16_t>(fields, rows, out,
                                  [](std::string_view text, int16_t* v) { return ParseIntegerField(TypeId::kInt16, text, v); });
      case TypeId::kInt32:
        return FillFixed<int32_t>(fields, rows, out,
                                  [](std::string_view text, int32_t* v) { return ParseIntegerField(TypeId::kInt32, text, v); });
      case TypeId::kInt64:
        return FillFixed<int64_t>(fields, rows, out,
                                  [](std::string_view text, int64_t* v) { return ParseIntegerField(TypeId::kInt64, text, v); });
      case TypeId::kTimestampTz:
        return FillFixed<int64_t>(fields, rows, out, [this](std::string_view text, int64_t* v) {
          bool has_zone;
          if (ParseIsoTimestampFast(text, v, &has_zone) && (has_zone || zone_is_utc_)) return true;
          const StatusOr<int64_t> parsed = ParseTimestampTz(text, -1, context_->datetime);
          if (parsed.ok()) *v = *parsed;
          return parsed.ok();
        });
      case TypeId::kTimestamp:
        return FillFixed<int64_t>(fields, rows, out, [this](std::string_view text, int64_t* v) {
          bool has_zone;
          if (ParseIsoTimestampFast(text, v, &has_zone) && !has_zone) return true;
          const StatusOr<int64_t> parsed = ParseTimestamp(text, -1, context_->datetime);
          if (parsed.ok()) *v = *parsed;
          return parsed.ok();
        });
      case TypeId::kText: case TypeId::kVarchar:
        return AppendTexts(fields, rows, out);
      default:
        break;
    }
  }
  for (size_t i = 0; i < rows; ++i) {
    if (fields[i].data == nullptr) {
      out.AppendNull();
    } else if (!ParseText(type, fields[i].view(), *context_, out).ok()) {
      return false;
    }
  }
  return true;
}

bool CopyLoader::LoadBinary(DataType type, const CopyField* fields, size_t rows, Vector& out) const {
  if (!type.is_array && type.typmod == -1) {
    switch (type.id) {
      case TypeId::kFloat64: return FillBinary<double>(fields, rows, out);
      case TypeId::kFloat32: return FillBinary<float>(fields, rows, out);
      case TypeId::kInt16: return FillBinary<int16_t>(fields, rows, out);
      case TypeId::kInt32: return FillBinary<int32_t>(fields, rows, out);
      case TypeId::kInt64: return FillBinary<int64_t>(fields, rows, out);
      case TypeId::kTimestamp: case TypeId::kTimestampTz:
        return FillFixed<int64_t>(fields, rows, out, [](std::string_view bytes, int64_t* value) {
          if (bytes.size() != sizeof(int64_t)) return false;
          *value = FromBigEndian<int64_t>(bytes.data());
          return IsValidTimestamp(*value) || !IsFiniteTimestamp(*value);
        });
      case TypeId::kText: case TypeId::kVarchar:
        for (size_t i = 0; i < rows; ++i) {
          const std::string_view bytes = fields[i].view();
          if (fields[i].data != nullptr && !IsPlainAscii(bytes) && !CheckUtf8(bytes).ok()) return false;
        }
        return AppendTexts(fields, rows, out);
      default:
        break;
    }
  }
  for (size_t i = 0; i < rows; ++i) {
    if (fields[i].data == nullptr) {
      out.AppendNull();
    } else if (!ParseBinary(type, fields[i].view(), out).ok()) {
      return false;
    }
  }
  return true;
}

Status CopyLoader::Convert(size_t column, const CopyField& field, Vector& out) const {
  const DataType type = columns_.types[column];
  return form_ == FieldForm::kText ? ParseText(type, field.view(), *context_, out) : ParseBinary(type, field.view(), out);
}

Status CopyLoader::CheckRow(const FieldBlock& block, size_t row, size_t fields) const {
  for (size_t c = 0; c < fields && c < columns_.types.size(); ++c) {
    const CopyField& field = block.at(c, row);
    if (field.data == nullptr) continue;
    Vector scratch(columns_.types[c]);
    const Status status = Convert(c, field, scratch);
    if (!status.ok()) return WithWhere(status, Context(block.line(row), c, field));
  }
  return OkStatus();
}

std::string CopyLoader::Context(uint64_t line, size_t column, const CopyField& field) const {
  std::string context = StrCat(CopyRowContext(columns_, line), ", column ", columns_.names[column]);
  if (form_ == FieldForm::kText) StrAppend(&context, ": \"", Shown(field.view()), "\"");
  return context;
}

}  // namespace tsd::net::pg
