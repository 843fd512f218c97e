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

}  // namespace tsd::net::pg
