#include "net/pg/row_writer.h"

#include <cstring>

#include "engine/types/binary_form.h"
#include "net/pg/message.h"

namespace tsd::net::pg {
namespace {

void PatchBe32(std::string& out, size_t at, uint32_t value) {
  value = __builtin_bswap32(value);
  std::memcpy(out.data() + at, &value, sizeof(value));
}

void PutBe32(std::string& out, uint32_t value) {
  value = __builtin_bswap32(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));  // tidy: the bytes of an integer in network order
}

}  // namespace

size_t RowWriter::Append(const ColumnBatch& batch, size_t begin, size_t stop_bytes, const TextContext& context,
                         std::string& out) const {
  const size_t columns = batch.column_count();
  size_t row = begin;
  for (; row < batch.rows() && out.size() < stop_bytes; ++row) {
    const size_t start = out.size();
    const char head[7] = {'D', 0, 0, 0, 0, static_cast<char>(columns >> 8), static_cast<char>(columns)};
    out.append(head, sizeof(head));
    for (size_t c = 0; c < columns; ++c) {
      const Vector& column = batch.column(c);
      if (column.IsNull(row)) {
        PutBe32(out, 0xffffffffu);
        continue;
      }
      const size_t at = out.size();
      out.append(4, '\0');
      if (FormatOf(formats_, c) == 1) {
        FormatBinary(column, row, out);
      } else {
        FormatText(column, row, context, out);
      }
      PatchBe32(out, at, static_cast<uint32_t>(out.size() - at - 4));
    }
    PatchBe32(out, start + 1, static_cast<uint32_t>(out.size() - start - 1));
  }
  return row;
}

}  // namespace tsd::net::pg
