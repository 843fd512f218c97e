#include "net/pg/copy_binary_reader.h"

#include <algorithm>

#include "engine/base/strings.h"
#include "net/pg/copy_binary_rows.h"

namespace tsd::net::pg {

CopyBinaryReader::CopyBinaryReader(const CopySource& source, const CopyPiece& piece)
    : source_(source),
      piece_(piece),
      loader_(source, FieldForm::kBinary, piece.bytes.size()),
      block_(std::max<size_t>(source.columns.types.size(), 1)),
      row_(piece.first_line) {}

CopyPieceRows CopyBinaryReader::Read() {
  Status status = ReadRows();
  return {loader_.Take(), std::move(status), false};
}

Status CopyBinaryReader::FailRow(std::string_view message) {
  RETURN_IF_ERROR(FlushBlock());
  return WithWhere(Error(sqlstate::kBadCopyFileFormat, message), CopyRowContext(source_.columns, row_));
}

Status CopyBinaryReader::FailField(std::string_view message, size_t column) {
  RETURN_IF_ERROR(FlushBlock());
  return WithWhere(Error(sqlstate::kBadCopyFileFormat, message),
                   StrCat(CopyRowContext(source_.columns, row_), ", column ", source_.columns.names[column]));
}

Status CopyBinaryReader::FlushBlock() {
  const size_t rows = block_rows_;
  block_rows_ = 0;
  return loader_.Load(block_, rows);
}

Status CopyBinaryReader::ReadRows() {
  std::string_view data = piece_.bytes;
  if (piece_.is_first) {
    ASSIGN_OR_RETURN(const size_t header, BinaryHeaderSize(data));
    if (header == 0) return RefuseCutHeader(data);
    data.remove_prefix(header);
  }
  BinaryRowWalker walker(source_.columns.types.size());
  while (true) {
    const BinaryRow row = walker.Walk(data);
    switch (row.kind) {
      case BinaryRow::Kind::kWhole:
        for (size_t c = 0; c < walker.values().size(); ++c) {
          const BinaryRowWalker::Value& value = walker.values()[c];
          block_.at(c, block_rows_) = CopyField{value.is_null() ? nullptr : data.data() + value.begin, value.size};
        }
        block_.line(block_rows_) = row_++;
        if (++block_rows_ == FieldBlock::kRows) RETURN_IF_ERROR(FlushBlock());
        data.remove_prefix(row.size);
        break;
      case BinaryRow::Kind::kCut:
        // A lone byte where a field count should be counts as the end, as it does for PostgreSQL.
        return data.size() < 2 ? FlushBlock() : FailField("unexpected EOF in COPY data", row.column);
      case BinaryRow::Kind::kTrailer:
        return row.size == data.size() ? FlushBlock() : FailRow("received copy data after EOF marker");
      case BinaryRow::Kind::kBadCount:
        return FailRow(StrCat("row field count is ", row.count, ", expected ", source_.columns.types.size()));
      case BinaryRow::Kind::kBadSize:
        return FailField("invalid field size", row.column);
    }
  }
}

}  // namespace tsd::net::pg
