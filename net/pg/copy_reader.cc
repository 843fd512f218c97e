#include "net/pg/copy_reader.h"

#include "net/pg/copy_binary_reader.h"
#include "net/pg/copy_csv_reader.h"
#include "net/pg/copy_text_reader.h"

namespace tsd::net::pg {

CopyPieceRows ReadCopyPiece(const CopySource& source, const CopyPiece& piece) {
  switch (source.dialect.format) {
    case CopyFormat::kText: return CopyTextReader(source, piece).Read();
    case CopyFormat::kCsv: return CopyCsvReader(source, piece).Read();
    case CopyFormat::kBinary: return CopyBinaryReader(source, piece).Read();
  }
  return {{}, Error(sqlstate::kInternalError, "unknown COPY format"), false};
}

std::string CopyReadRowContext(const CopySource& source, const CopyPiece& piece, uint64_t line) {
  switch (source.dialect.format) {
    case CopyFormat::kText: return CopyLineContext(source.columns, line, CopyTextReader(source, piece).RowOfLine(line));
    case CopyFormat::kCsv: return CopyLineContext(source.columns, line, CopyCsvReader(source, piece).RowOfLine(line));
    case CopyFormat::kBinary: break;
  }
  return CopyRowContext(source.columns, line);
}

}  // namespace tsd::net::pg
