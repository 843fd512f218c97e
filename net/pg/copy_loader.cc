#include "net/pg/copy_loader.h"

#include "engine/base/strings.h"
#include "engine/types/binary_form.h"
#include "net/pg/byte_scan.h"

namespace tsd::net::pg {
namespace {

constexpr size_t kShownBytes = 100;

/// PostgreSQL shows 100 bytes of a value, cut at a character's border.
std::string Shown(std::string_view text) {
  if (text.size() <= kShownBytes) return std::string(text);
  size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return StrCat(text.substr(0, end), "...");
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
bool AppendBinaryNumbers(std::span<const CopyField> fields, Vector& out) {
  return AppendFixedColumn<T>(fields, out, [](std::string_view bytes, T* value) {
    if (bytes.size() != sizeof(T)) return false;
    *value = FromBigEndian<T>(bytes.data());
    return true;
  });
}

bool AppendBinaryColumn(DataType type, std::span<const CopyField> fields, Vector& out) {
  if (!type.is_array && type.typmod == -1) {
    switch (type.id) {
      case TypeId::kFloat64: return AppendBinaryNumbers<double>(fields, out);
      case TypeId::kFloat32: return AppendBinaryNumbers<float>(fields, out);
      case TypeId::kInt16: return AppendBinaryNumbers<int16_t>(fields, out);
      case TypeId::kInt32: return AppendBinaryNumbers<int32_t>(fields, out);
      case TypeId::kInt64: return AppendBinaryNumbers<int64_t>(fields, out);
      case TypeId::kTimestamp: case TypeId::kTimestampTz:
        return AppendFixedColumn<int64_t>(fields, out, [](std::string_view bytes, int64_t* value) {
          if (bytes.size() != sizeof(int64_t)) return false;
          *value = FromBigEndian<int64_t>(bytes.data());
          return IsValidTimestamp(*value) || !IsFiniteTimestamp(*value);
        });
      case TypeId::kText: case TypeId::kVarchar:
        for (const CopyField& field : fields) {
          if (field.data != nullptr && !IsPlainAscii(field.view()) && !CheckUtf8(field.view()).ok()) return false;
        }
        AppendBytesColumn(fields, out);
        return true;
      default:
        break;
    }
  }
  for (const CopyField& field : fields) {
    if (field.data == nullptr) {
      out.AppendNull();
    } else if (!ParseBinary(type, field.view(), out).ok()) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string CopyLineContext(const CopyColumns& columns, uint64_t line, std::string_view text) {
  return StrCat(CopyRowContext(columns, line), ": \"", Shown(text), "\"");
}

CopyLoader::CopyLoader(const CopySource& source, FieldForm form, size_t input_bytes) : source_(source), form_(form) {
  const size_t columns = source_.columns.types.size();
  // A field has a delimiter or a length; a piece has a few rows more than a batch.
  const size_t rows = std::min(input_bytes / std::max<size_t>(columns, 1), kDefaultBatchRows + FieldBlock::kRows);
  for (const DataType& type : source_.columns.types) {
    vectors_.push_back(std::make_shared<Vector>(type));
    if (type.Physical() != PhysicalType::kBytes) vectors_.back()->Reserve(rows, 0);
  }
  lines_.reserve(rows);
}

CopyBatch CopyLoader::Take() {
  std::vector<VectorPtr> vectors(vectors_.begin(), vectors_.end());
  return CopyBatch{ColumnBatch(std::move(vectors), lines_.size()), std::move(lines_)};
}

Status CopyLoader::Load(const FieldBlock& block, size_t rows) {
  if (rows == 0) return OkStatus();
  for (size_t c = 0; c < vectors_.size(); ++c) {
    if (!LoadColumn(c, block.column(c), rows)) return LoadUntilRefused(block, rows);
  }
  TakeLines(block, rows);
  return OkStatus();
}

Status CopyLoader::LoadUntilRefused(const FieldBlock& block, size_t rows) {
  size_t good = 0;
  Status refused = CheckRow(block, good, vectors_.size());
  while (refused.ok() && ++good < rows) refused = CheckRow(block, good, vectors_.size());
  KeepWholeRows();
  bool loaded = !refused.ok();
  for (size_t c = 0; loaded && c < vectors_.size(); ++c) loaded = LoadColumn(c, block.column(c), good);
  if (!loaded) {
    KeepWholeRows();
    return Error(sqlstate::kInternalError, "COPY data was refused without a reason");
  }
  TakeLines(block, good);
  return refused;
}

void CopyLoader::KeepWholeRows() {
  for (std::shared_ptr<Vector>& vector : vectors_) {
    auto whole = std::make_shared<Vector>(vector->type());
    whole->AppendRange(*vector, 0, lines_.size());
    vector = std::move(whole);
  }
}

void CopyLoader::TakeLines(const FieldBlock& block, size_t rows) {
  for (size_t row = 0; row < rows; ++row) lines_.push_back(block.line(row));
}

bool CopyLoader::LoadColumn(size_t column, const CopyField* fields, size_t rows) {
  const DataType type = source_.columns.types[column];
  Vector& out = *vectors_[column];
  const std::span<const CopyField> column_fields(fields, rows);
  return form_ == FieldForm::kText ? AppendTextColumn(type, column_fields, *source_.context, out) : AppendBinaryColumn(type, column_fields, out);
}

Status CopyLoader::Convert(size_t column, const CopyField& field, Vector& out) const {
  const DataType type = source_.columns.types[column];
  return form_ == FieldForm::kText ? ParseText(type, field.view(), *source_.context, out) : ParseBinary(type, field.view(), out);
}

Status CopyLoader::CheckRow(const FieldBlock& block, size_t row, size_t fields) const {
  for (size_t c = 0; c < fields && c < source_.columns.types.size(); ++c) {
    const CopyField& field = block.at(c, row);
    if (field.data == nullptr) continue;
    Vector scratch(source_.columns.types[c]);
    const Status status = Convert(c, field, scratch);
    if (!status.ok()) return WithWhere(status, Context(block.line(row), c, field));
  }
  return OkStatus();
}

std::string CopyLoader::Context(uint64_t line, size_t column, const CopyField& field) const {
  std::string context = StrCat(CopyRowContext(source_.columns, line), ", column ", source_.columns.names[column]);
  if (form_ == FieldForm::kText) StrAppend(&context, ": \"", Shown(field.view()), "\"");
  return context;
}

}  // namespace tsd::net::pg
