#include "sql/bind/literal_rows.h"

#include <algorithm>
#include <array>

#include "engine/types/text_columns.h"
#include "sql/function/function_context.h"

namespace tsd::sql {
namespace {

using parse::LiteralRows;

class LiteralColumn {
 public:
  LiteralColumn(const LiteralRows& rows, size_t index, DataType type, const TextContext& context)
      : rows_(rows), index_(index), type_(type), reads_numbers_(ReadsNumbers(type)), context_(context) {}

  /// Rows [begin, end); null if one of them cannot be read here.
  VectorPtr Read(size_t begin, size_t end) const {
    auto out = std::make_shared<Vector>(type_);
    out->Reserve(end - begin, 0);
    std::array<TextField, kBlockRows> block;
    for (size_t row = begin; row < end;) {
      const size_t block_end = std::min(end, row + kBlockRows);
      size_t count = 0;
      while (row < block_end && FieldOf(row, &block[count])) ++row, ++count;
      if (count > 0 ? !AppendTextColumn(type_, std::span(block.data(), count), context_, *out) : !Append(row++, *out)) return nullptr;
    }
    return out;
  }

 private:
  static constexpr size_t kBlockRows = 256;

  const LiteralRows::Value& ValueOf(size_t row) const { return rows_.values[row * rows_.width + index_]; }

  static bool ReadsNumbers(DataType type) {
    if (type.is_array) return false;
    switch (type.id) {
      case TypeId::kFloat32: case TypeId::kFloat64: case TypeId::kInt16: case TypeId::kInt32: case TypeId::kInt64: case TypeId::kNumeric: return true;
      default: return false;
    }
  }

  /// False unless the value's text stands in the statement as the type reads it.
  bool FieldOf(size_t row, TextField* field) const {
    const LiteralRows::Value& value = ValueOf(row);
    switch (value.kind) {
      case LiteralRows::Kind::kNull: *field = {}; return true;
      case LiteralRows::Kind::kString: *field = {rows_.text.data() + value.begin, value.size}; return true;
      case LiteralRows::Kind::kNumber: {
        if (!reads_numbers_) return false;
        const std::string_view number = WithoutNeedlessSign(rows_.TextOf(value));
        *field = {number.data(), static_cast<uint32_t>(number.size())};
        return true;
      }
      default: return false;
    }
  }

  std::string_view WithoutNeedlessSign(std::string_view number) const {
    if (number[0] == '+') return number.substr(1);
    if (number[0] != '-' || type_.IsInteger()) return number;
    // Such a literal is an integer or a numeric, which has no negative zero.
    const bool is_zero = number.substr(0, number.find_first_of("eE")).find_first_of("123456789") == number.npos;
    return is_zero ? number.substr(1) : number;
  }

  bool Append(size_t row, Vector& out) const {
    const LiteralRows::Value& value = ValueOf(row);
    const std::string_view text = rows_.TextOf(value);
    switch (value.kind) {
      case LiteralRows::Kind::kBoolean:
        if (!type_.Is(TypeId::kBool)) return false;
        out.Append<uint8_t>((text[0] | 0x20) == 't' ? 1 : 0);
        return true;
      case LiteralRows::Kind::kQuoted: return ParseText(type_, Undoubled(text), context_, out).ok();
      default: return false;
    }
  }

  static std::string Undoubled(std::string_view text) {
    std::string plain;
    for (size_t i = 0; i < text.size(); ++i) {
      plain.push_back(text[i]);
      if (text[i] == '\'') ++i;
    }
    return plain;
  }

  const LiteralRows& rows_;
  const size_t index_;
  const DataType type_;
  const bool reads_numbers_;
  const TextContext& context_;
};

}  // namespace

std::optional<std::vector<ColumnBatch>> ReadLiteralRows(const LiteralRows& rows, const std::vector<DataType>& types, const ExecContext& exec) {
  const TextContext context = TextContextOf(exec);
  std::vector<ColumnBatch> batches;
  for (size_t begin = 0; begin < rows.rows(); begin += kDefaultBatchRows) {
    const size_t end = std::min(rows.rows(), begin + kDefaultBatchRows);
    ColumnBatch batch(end - begin);
    for (size_t i = 0; i < types.size(); ++i) {
      VectorPtr column = LiteralColumn(rows, i, types[i], context).Read(begin, end);
      if (column == nullptr) return std::nullopt;
      batch.Add(std::move(column));
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

}  // namespace tsd::sql
