#pragma once
// Pieces of a COPY's input (copy_splitter.h) to column batches. Pure: pieces can be read at the same time, by any threads; with reg* columns
// only where TextContext::names may be used.
#include <string>

#include "net/pg/copy_format.h"
#include "net/pg/copy_splitter.h"

namespace tsd::net::pg {

/// What is in a piece.
struct CopyPieceRows {
  CopyBatch batch;     // the rows, if one is refused those before it
  Status status;       // why it is; its CONTEXT is in `where`
  bool ended = false;  // by an end marker: the input after it is ignored
};

CopyPieceRows ReadCopyPiece(const CopySource& source, const CopyPiece& piece);

/// CONTEXT of an error about a row of `piece`, which was read: its line, and its text where the format has one.
std::string CopyReadRowContext(const CopySource& source, const CopyPiece& piece, uint64_t line);

}  // namespace tsd::net::pg
