#include "net/pg/row_writer.h"

#include <cstring>

#include "engine/types/binary_form.h"
#include "engine/types/fast_text.h"
#include "net/pg/message.h"

namespace tsd::net::pg {
namespace {

constexpr size_t kBlockBytes = 1 << 15;
constexpr size_t kRowHead = 7;
constexpr size_t kCellHead = 4;

void PutBe16(char* at, uint16_t value) {
  value = __builtin_bswap16(value);
  std::memcpy(at, &value, sizeof(value));
}
void PutBe32(char* at, uint32_t value) {
  value = __builtin_bswap32(value);
  std::memcpy(at, &value, sizeof(value));
}
void PutBe64(char* at, uint64_t value) {
  value = __builtin_bswap64(value);
  std::memcpy(at, &value, sizeof(value));
}

enum class CellKind : uint8_t {
  kInt16Text, kInt32Text, kInt64Text, kFloat64Text, kTimestampText, kBytes, kBinary2, kBinary4, kBinary8, kOther,
};

bool IsStoredAsText(const DataType& type) {
  if (type.is_array) return false;
  return type.Is(TypeId::kText) || type.Is(TypeId::kVarchar) || type.Is(TypeId::kBpchar) || type.Is(TypeId::kName) || type.Is(TypeId::kJson);
}

CellKind KindOf(const DataType& type, bool binary, const TextContext& context) {
  if (type.is_array) return CellKind::kOther;
  if (IsStoredAsText(type)) return CellKind::kBytes;  // the same in both formats
  switch (type.id) {
    case TypeId::kInt16: return binary ? CellKind::kBinary2 : CellKind::kInt16Text;
    case TypeId::kInt32: return binary ? CellKind::kBinary4 : CellKind::kInt32Text;
    case TypeId::kInt64: return binary ? CellKind::kBinary8 : CellKind::kInt64Text;
    case TypeId::kFloat32: return binary ? CellKind::kBinary4 : CellKind::kOther;
    case TypeId::kFloat64:
      if (binary) return CellKind::kBinary8;
      return context.extra_float_digits > 0 ? CellKind::kFloat64Text : CellKind::kOther;
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      if (binary) return CellKind::kBinary8;
      return context.datetime.style == DateStyle::kIso ? CellKind::kTimestampText : CellKind::kOther;
    default: return CellKind::kOther;
  }
}

/// One column of the batch at hand.
struct Cells {
  const Vector* column;
  CellKind kind;
  bool binary;
  TimestampText timestamps;
};

char* PutOther(const Cells& cells, size_t row, const TextContext& context, std::string& other, size_t* size) {
  other.clear();
  if (cells.binary) {
    FormatBinary(*cells.column, row, other);
  } else {
    FormatText(*cells.column, row, context, other);
  }
  *size = other.size();
  return other.data();
}

/// Writes the value; Requires: kMaxFastText bytes of room. Not for kBytes and kOther.
char* PutFixed(Cells& cells, size_t row, char* at) {
  const Vector& column = *cells.column;
  switch (cells.kind) {
    case CellKind::kInt16Text: return PutIntegerText(column.values<int16_t>()[row], at);
    case CellKind::kInt32Text: return PutIntegerText(column.values<int32_t>()[row], at);
    case CellKind::kInt64Text: return PutIntegerText(column.values<int64_t>()[row], at);
    case CellKind::kFloat64Text: return PutFloat64Text(column.values<double>()[row], at);
    case CellKind::kTimestampText: return cells.timestamps.Put(column.values<int64_t>()[row], at);
    case CellKind::kBinary2: PutBe16(at, column.values<uint16_t>()[row]); return at + 2;
    case CellKind::kBinary4: PutBe32(at, column.values<uint32_t>()[row]); return at + 4;
    case CellKind::kBinary8: PutBe64(at, column.values<uint64_t>()[row]); return at + 8;
    default: return at;
  }
}

/// Collects bytes and hands them on a block at a time.
class Block {
 public:
  explicit Block(std::string& out) : out_(out), bytes_(std::make_unique_for_overwrite<char[]>(kBlockBytes)), at_(bytes_.get()) {}
  ~Block() { Flush(); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  size_t room() const { return static_cast<size_t>(bytes_.get() + kBlockBytes - at_); }
  char* at() { return at_; }
  void Advance(char* to) { at_ = to; }
  /// Bytes of the output so far, those in the block included.
  size_t total() const { return out_.size() + static_cast<size_t>(at_ - bytes_.get()); }
  void Append(const char* data, size_t size) {
    if (size > room()) Flush();
    if (size > room()) {
      out_.append(data, size);
      return;
    }
    std::memcpy(at_, data, size);
    at_ += size;
  }
  void Flush() {
    out_.append(bytes_.get(), at_);
    at_ = bytes_.get();
  }
  /// Overwrites four bytes written before.
  void Patch(size_t position, uint32_t value) {
    char* place = position >= out_.size() ? bytes_.get() + (position - out_.size()) : out_.data() + position;
    PutBe32(place, value);
  }

 private:
  std::string& out_;
  const std::unique_ptr<char[]> bytes_;
  char* at_;
};

}  // namespace

bool RowWriter::WritesFromAnyThread(const ColumnBatch& batch, const TextContext& context) const {
  for (size_t c = 0; c < batch.column_count(); ++c) {
    if (KindOf(batch.column(c).type(), FormatOf(formats_, c) == 1, context) == CellKind::kOther) return false;
  }
  return true;
}

size_t RowWriter::Append(const ColumnBatch& batch, size_t begin, size_t end, size_t stop_bytes, const TextContext& context,
                         std::string& out) const {
  const size_t columns = batch.column_count();
  std::vector<Cells> cells;
  cells.reserve(columns);
  for (size_t c = 0; c < columns; ++c) {
    const Vector& column = batch.column(c);
    const bool binary = FormatOf(formats_, c) == 1;
    const absl::TimeZone* zone = column.type().Is(TypeId::kTimestampTz) ? &context.datetime.zone : nullptr;
    cells.push_back({&column, KindOf(column.type(), binary, context), binary, TimestampText(zone)});
  }
  Block block(out);
  std::string other;
  size_t row = begin;
  for (; row < end && block.total() < stop_bytes; ++row) {
    if (block.room() < kRowHead) block.Flush();
    const size_t start = block.total();
    char* head = block.at();
    head[0] = 'D';
    PutBe16(head + 5, static_cast<uint16_t>(columns));
    block.Advance(head + kRowHead);
    for (Cells& cell : cells) {
      if (block.room() < kCellHead + kMaxFastText) block.Flush();
      char* at = block.at();
      if (cell.column->IsNull(row)) {
        PutBe32(at, 0xffffffffu);
        block.Advance(at + kCellHead);
        continue;
      }
      if (cell.kind != CellKind::kBytes && cell.kind != CellKind::kOther) {
        char* after = PutFixed(cell, row, at + kCellHead);
        PutBe32(at, static_cast<uint32_t>(after - at - kCellHead));
        block.Advance(after);
        continue;
      }
      size_t size = 0;
      const char* data = nullptr;
      if (cell.kind == CellKind::kBytes) {
        const std::string_view bytes = cell.column->GetBytes(row);
        data = bytes.data();
        size = bytes.size();
      } else {
        data = PutOther(cell, row, context, other, &size);
      }
      PutBe32(at, static_cast<uint32_t>(size));
      block.Advance(at + kCellHead);
      block.Append(data, size);
    }
    block.Patch(start + 1, static_cast<uint32_t>(block.total() - start - 1));
  }
  return row;
}

}  // namespace tsd::net::pg
