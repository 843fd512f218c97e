#pragma once
// COPY input read the way a session does, but piece after piece on the test's thread.
#include <string>
#include <string_view>
#include <vector>

#include "net/pg/copy_reader.h"

namespace tsd::net::pg {

struct CopyRead {
  std::vector<CopyBatch> batches;
  Status status;
  size_t pieces = 0;  // that were read
};

/// Feeds `data` in payloads of at most `payload` bytes.
inline CopyRead ReadCopy(const CopyDialect& dialect, const CopyColumns& columns, const TextContext& context, std::string_view data,
                         size_t payload, CopyPieceSize size = {}) {
  const auto source = std::make_shared<const CopySource>(CopySource{dialect, columns, &context});
  const std::unique_ptr<CopySplitter> splitter = MakeCopySplitter(source, size);
  CopyRead read;
  bool over = false;
  const auto read_pieces = [&] {
    while (std::optional<CopyPiece> piece = splitter->TakePiece()) {
      if (over) continue;
      CopyPieceRows rows = ReadCopyPiece(*source, *piece);
      ++read.pieces;
      over = rows.ended || !rows.status.ok();
      read.status = std::move(rows.status);
      if (rows.batch.rows.rows() > 0) read.batches.push_back(std::move(rows.batch));
    }
  };
  Status fed;
  for (size_t at = 0; at < data.size() && fed.ok() && !over; at += payload) {
    fed = splitter->Feed(data.substr(at, payload));
    read_pieces();
  }
  if (fed.ok()) splitter->Finish();
  read_pieces();
  if (!over && !fed.ok()) read.status = fed;
  return read;
}

}  // namespace tsd::net::pg
