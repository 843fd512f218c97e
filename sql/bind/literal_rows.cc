#include "sql/bind/literal_rows.h"

#include <algorithm>
#include <charconv>

#include "engine/types/text_form.h"
#include "sql/function/function_context.h"

namespace tsd::sql {
namespace {

using parse::LiteralRows;

class LiteralColumn {
 public:
  LiteralColumn(const LiteralRows& rows, size_t index, DataType type, const std::vector<Value>& parameters, const TextContext& context)
      : rows_(rows), index_(index), type_(type), parameters_(parameters), context_(context) {}

  /// Rows [begin, end); null if one of them cannot be read here.
  VectorPtr Read(size_t begin, size_t end) const {
    auto out = std::make_shared<Vector>(type_);
    out->Reserve(end - begin, 0);
    for (size_t row = begin; row < end; ++row) {
      if (!Append(rows_.values[row * rows_.width + index_], *out)) return nullptr;
    }
    return out;
  }

 private:
  bool Append(const LiteralRows::Value& value, Vector& out) const {
    const std::string_view text = rows_.TextOf(value);
    switch (value.kind) {
      case LiteralRows::Kind::kNull: out.AppendNull(); return true;
      case LiteralRows::Kind::kBoolean:
        if (!type_.Is(TypeId::kBool)) return false;
        out.Append<uint8_t>((text[0] | 0x20) == 't' ? 1 : 0);
        return true;
      case LiteralRows::Kind::kNumber: return AppendNumber(text, out);
      case LiteralRows::Kind::kString: return ParseText(type_, text, context_, out).ok();
      case LiteralRows::Kind::kQuoted: return ParseText(type_, Undoubled(text), context_, out).ok();
      case LiteralRows::Kind::kParameter: return AppendParameter(text, out);
    }
    return false;
  }

  bool AppendNumber(std::string_view text, Vector& out) const {
    if (text[0] == '+') text.remove_prefix(1);
    switch (type_.is_array ? TypeId::kUnknown : type_.id) {
      case TypeId::kFloat32:
      case TypeId::kFloat64:
        // Such a literal is an integer or a numeric, which has no negative zero.
        if (text[0] == '-' && text.substr(0, text.find_first_of("eE")).find_first_of("123456789") == text.npos) text.remove_prefix(1);
        [[fallthrough]];
      case TypeId::kInt16:
      case TypeId::kInt32:
      case TypeId::kInt64:
      case TypeId::kNumeric: return ParseText(type_, text, context_, out).ok();
      default: return false;
    }
  }

  bool AppendParameter(std::string_view number, Vector& out) const {
    size_t index = 0;
    std::from_chars(number.data(), number.data() + number.size(), index);
    if (index == 0 || index > parameters_.size()) return false;
    const Value& value = parameters_[index - 1];
    if (value.type() != type_) return false;
    if (value.IsNull()) {
      out.AppendNull();
    } else {
      value.AppendTo(out);
    }
    return true;
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
  const std::vector<Value>& parameters_;
  const TextContext& context_;
};

}  // namespace

std::optional<std::vector<ColumnBatch>> ReadLiteralRows(const LiteralRows& rows, const std::vector<DataType>& types,
                                                        const std::vector<Value>& parameters, const ExecContext& exec) {
  const TextContext context = TextContextOf(exec);
  std::vector<ColumnBatch> batches;
  for (size_t begin = 0; begin < rows.rows(); begin += kDefaultBatchRows) {
    const size_t end = std::min(rows.rows(), begin + kDefaultBatchRows);
    ColumnBatch batch(end - begin);
    for (size_t i = 0; i < types.size(); ++i) {
      VectorPtr column = LiteralColumn(rows, i, types[i], parameters, context).Read(begin, end);
      if (column == nullptr) return std::nullopt;
      batch.Add(std::move(column));
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

}  // namespace tsd::sql
