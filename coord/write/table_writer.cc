#include "coord/write/table_writer.h"

#include <algorithm>

#include "engine/base/strings.h"

namespace tsd::coord {
namespace {

// A write to one chunk is at least this large, if the statement has so many; a quarter of it that comes at once is sent as it is. A message more
// costs more than rows that wait, and the data node sorts longer runs of a segment.
constexpr size_t kRowsPerWrite = 16384;
constexpr size_t kBytesPerWrite = 4 << 20;   // or has so many bytes; larger pieces are cut: a message has less than twice that, as it is bounded
constexpr size_t kBytesOfPart = 256;         // of a chunk's rows in a message, beside the rows
constexpr size_t kMaxBufferedRows = 65536;   // over all chunks of the statement
constexpr size_t kMaxBufferedBytes = 32 << 20;  // the same, and of the batches that they lie in
constexpr size_t kManyBuffers = 4096;        // chunks of a statement
constexpr size_t kMaxUnderWay = 4;           // messages to one node
constexpr size_t kFewRows = 256;             // encoded and sent sooner than another thread would wake up

Task<Status> WriteAt(std::shared_ptr<Participant> participant, std::shared_ptr<Transaction> transaction, NodeId node,
                     NodeWrites writes) {
  Status status = co_await participant->Write(std::move(writes));
  if (status.ok()) transaction->NoteOperation(node);
  co_return status;
}

}  // namespace

TableWriter::TableWriter(WriteDeps deps, std::shared_ptr<Transaction> transaction, sql::RelationPtr relation,
                         std::shared_ptr<RowChecks> checks)
    : deps_(deps),
      transaction_(std::move(transaction)),
      relation_(std::move(relation)),
      checks_(std::move(checks)),
      schema_(deps_.schemas->Of(relation_, deps_.log->Current()->cluster_id)),
      level_(transaction_->level()) {}

sql::RelationPtr TableWriter::CurrentRelation() const {
  sql::RelationPtr current = transaction_->CatalogOver(deps_.log->Current())->Find(relation_->id);
  return current ? current : relation_;
}

Status TableWriter::CheckRows(const ColumnBatch& rows) {
  // The first row with a NULL is the one to name, and in it the first column.
  size_t failed_row = rows.rows();
  size_t failed_column = 0;
  for (size_t i = 0; i < relation_->columns.size(); ++i) {
    if (!relation_->columns[i].not_null || !rows.column(i).HasNulls()) continue;
    size_t row = 0;
    while (!rows.column(i).IsNull(row)) ++row;
    if (row >= failed_row) continue;
    failed_row = row;
    failed_column = i;
  }
  const bool has_null = failed_row < rows.rows();
  if (checks_) RETURN_IF_ERROR(checks_->Check(has_null ? rows.Slice(0, failed_row) : rows, &refused_row_));
  if (!has_null) return OkStatus();
  refused_row_ = failed_row;
  const std::string& column = relation_->columns[failed_column].name;
  ErrorFields fields;
  fields.sqlstate = sqlstate::kNotNullViolation;
  fields.detail = FailingRow(rows, failed_row);
  fields.schema = relation_->schema;
  fields.table = relation_->name;
  fields.column = column;
  return ErrorWith(fields, StrCat("null value in column \"", column, "\" of relation \"", relation_->name, "\" violates not-null constraint"));
}

Task<Status> TableWriter::Write(ColumnBatch rows) {
  if (rows.empty()) co_return OkStatus();
  CO_RETURN_IF_ERROR(CheckRows(rows));
  rows_ += rows.rows();
  CO_ASSIGN_OR_RETURN(std::vector<Destination> routed, co_await Route(rows));
  const auto batch = std::make_shared<const ColumnBatch>(std::move(rows));
  for (Destination& entry : routed) {
    RowPiece piece{batch, nullptr};
    if (!entry.positions.empty()) piece.positions = std::make_shared<const std::vector<uint32_t>>(std::move(entry.positions));
    CO_RETURN_IF_ERROR(co_await Add(entry.chunk, entry.nodes, std::move(piece)));
  }
  if (batch.use_count() > 1) Hold(batch);
  if (buffered_rows_ < kMaxBufferedRows && buffered_bytes_ < kMaxBufferedBytes && held_bytes_ < kMaxBufferedBytes) co_return OkStatus();
  co_return co_await SendAll();
}

Task<StatusOr<TableWriter::Conflicts>> TableWriter::WriteUnlessConflicting(ColumnBatch rows, std::vector<size_t> arbiters) {
  Conflicts conflicts;
  if (rows.empty()) co_return conflicts;
  CO_RETURN_IF_ERROR(CheckRows(rows));
  rows_ += rows.rows();
  CO_ASSIGN_OR_RETURN(std::vector<Destination> routed, co_await Route(rows));
  std::vector<DataType> types;
  for (const sql::Column& column : relation_->columns) types.push_back(column.type);
  BatchBuilder existing(std::move(types));
  for (const Destination& entry : routed) {
    const ColumnBatch part = entry.positions.empty() ? rows : rows.Gather(entry.positions);
    std::vector<engine::WriteConflicts> found;
    CO_ASSIGN_OR_RETURN(const uint64_t first_row_id, co_await RowIds(entry.nodes, part.rows()));
    for (NodeId node : entry.nodes) {
      CO_ASSIGN_OR_RETURN(std::shared_ptr<Participant> participant, deps_.cluster->ParticipantOf(node));
      transaction_->Join(node);
      NodeWrites writes = NoWrites();
      writes.parts.push_back({entry.chunk, ChunkRows(part), first_row_id});
      CO_ASSIGN_OR_RETURN(found, co_await participant->WriteUnlessConflicting(std::move(writes), arbiters));
      transaction_->NoteOperation(node);
    }
    const size_t before = existing.rows();
    size_t told = 0;
    for (engine::WriteConflict& conflict : found[0].rows) {
      if (conflict.position >= part.rows()) co_return Error(sqlstate::kProtocolViolation, "a data node answered for rows that it was not sent");
      if (!entry.positions.empty()) conflict.position = entry.positions[conflict.position];
      conflicts.rows.push_back({entry.chunk, conflict, before + told});
      if (!conflict.same_statement) ++told;
    }
    if (told > 0) existing.Append(found[0].existing);
  }
  std::ranges::sort(conflicts.rows, {}, [](const Conflict& conflict) { return conflict.row.position; });
  conflicts.existing = existing.Finish();
  co_return conflicts;
}

Task<StatusOr<std::vector<TableWriter::Destination>>> TableWriter::Route(ColumnBatch rows) {
  std::vector<Destination> result;
  if (!relation_->hypertable) {
    result.push_back({relation_->heap, std::vector<NodeId>(1), {}});
    co_return result;
  }
  while (true) {
    relation_ = CurrentRelation();
    CO_ASSIGN_OR_RETURN(std::vector<RoutedRows> routed, RouteRows(*relation_, rows));
    std::vector<ChunkKey> missing;
    for (const RoutedRows& entry : routed) {
      if (!entry.chunk) missing.push_back(entry.key);
    }
    if (!missing.empty()) {
      CO_RETURN_IF_ERROR(co_await deps_.chunks->Ensure(transaction_, relation_->id, std::move(missing)));
      continue;
    }
    for (RoutedRows& entry : routed) {
      result.push_back({entry.chunk->id, entry.chunk->nodes, routed.size() == 1 ? std::vector<uint32_t>() : std::move(entry.rows)});
    }
    co_return result;
  }
}

Task<Status> TableWriter::Add(ChunkId chunk, const std::vector<NodeId>& nodes, RowPiece piece) {
  if (piece.bytes() > kBytesPerWrite && piece.rows() > 1) {
    auto [first, second] = piece.Halves();
    CO_RETURN_IF_ERROR(co_await Add(chunk, nodes, std::move(first)));
    co_return co_await Add(chunk, nodes, std::move(second));
  }
  Buffer& buffer = buffers_[chunk];
  const bool is_first = buffer.rows.rows() == 0;
  if (is_first) {
    buffer.nodes = nodes;
    const bool is_here = std::ranges::find(nodes, NodeId()) != nodes.end();
    buffer.rows = ChunkRows(is_here ? ChunkRows::Form::kBatches : ChunkRows::Form::kBytes);
  }
  const size_t bytes_before = buffer.rows.bytes();
  buffered_rows_ += piece.rows();
  buffer.rows.Append(std::move(piece));
  buffered_bytes_ += buffer.rows.bytes() - bytes_before;
  if (buffer.rows.rows() < (is_first ? kRowsPerWrite / 4 : kRowsPerWrite) && buffer.rows.bytes() < kBytesPerWrite) co_return OkStatus();
  ChunkRows full = TakeRows(buffer);
  co_return co_await SendToAll(nodes, chunk, std::move(full));
}

ChunkRows TableWriter::TakeRows(Buffer& buffer) {
  buffered_rows_ -= buffer.rows.rows();
  buffered_bytes_ -= buffer.rows.bytes();
  return std::exchange(buffer.rows, ChunkRows());
}

void TableWriter::Hold(const std::shared_ptr<const ColumnBatch>& batch) {
  held_.push_back({batch, batch->MemoryBytes()});
  held_bytes_ += held_.back().bytes;
  if (held_bytes_ < kMaxBufferedBytes) return;
  std::erase_if(held_, [](const HeldBatch& entry) { return entry.batch.expired(); });
  held_bytes_ = 0;
  for (const HeldBatch& entry : held_) held_bytes_ += entry.bytes;
}

Task<Status> TableWriter::SendAll() {
  struct Packet {
    NodeWrites writes;
    size_t bytes = 0;
  };
  std::map<NodeId, Packet> packets;
  for (auto& [chunk, buffer] : buffers_) {
    if (buffer.rows.rows() == 0) continue;
    ChunkRows rows = TakeRows(buffer);
    const size_t bytes = rows.bytes() + kBytesOfPart;
    CO_ASSIGN_OR_RETURN(const uint64_t first_row_id, co_await RowIds(buffer.nodes, rows.rows()));
    for (NodeId node : buffer.nodes) {
      Packet& packet = packets.try_emplace(node, Packet{NoWrites()}).first->second;
      if (packet.bytes > 0 && packet.bytes + bytes > kBytesPerWrite) {
        packet.bytes = 0;
        NodeWrites full = std::exchange(packet.writes, NoWrites());
        CO_RETURN_IF_ERROR(co_await SendTo(node, std::move(full)));
      }
      packet.bytes += bytes;
      packet.writes.parts.push_back({chunk, node == buffer.nodes.back() ? std::move(rows) : rows, first_row_id});
    }
  }
  held_.clear();  // no rows wait any more
  held_bytes_ = 0;
  // A statement over very many chunks seldom comes back to one soon.
  if (buffers_.size() > kManyBuffers) buffers_.clear();
  for (auto& [node, packet] : packets) CO_RETURN_IF_ERROR(co_await SendTo(node, std::move(packet.writes)));
  co_return OkStatus();
}

NodeWrites TableWriter::NoWrites() const { return {transaction_->id(), level_, schema_, {}}; }

Task<StatusOr<bool>> TableWriter::KeepWrites() {
  if (buffered_bytes_ >= kBytesPerWrite || buffers_.size() > kManyBuffers || !under_way_.empty()) co_return false;
  if (!transaction_->kept_writes().empty() || !transaction_->participants().empty()) co_return false;
  Transaction::KeptWrites kept;
  for (auto& [chunk, buffer] : buffers_) {
    if (buffer.rows.rows() == 0) continue;
    ChunkRows rows = TakeRows(buffer);
    CO_ASSIGN_OR_RETURN(const uint64_t first_row_id, co_await RowIds(buffer.nodes, rows.rows()));
    for (NodeId node : buffer.nodes) {
      kept.try_emplace(node, NoWrites()).first->second.parts.push_back({chunk, node == buffer.nodes.back() ? std::move(rows) : rows, first_row_id});
    }
  }
  transaction_->KeepWrites(std::move(kept));
  co_return true;
}

Task<StatusOr<uint64_t>> TableWriter::RowIds(const std::vector<NodeId>& nodes, size_t rows) {
  if (nodes.size() < 2) co_return uint64_t{0};
  co_return co_await deps_.clock->Reserve(rows);
}

Task<Status> TableWriter::SendToAll(const std::vector<NodeId>& nodes, ChunkId chunk, ChunkRows rows) {
  CO_ASSIGN_OR_RETURN(const uint64_t first_row_id, co_await RowIds(nodes, rows.rows()));
  for (NodeId node : nodes) {
    NodeWrites writes = NoWrites();
    writes.parts.push_back({chunk, node == nodes.back() ? std::move(rows) : rows, first_row_id});
    CO_RETURN_IF_ERROR(co_await SendTo(node, std::move(writes)));
  }
  co_return OkStatus();
}

Task<Status> TableWriter::SendTo(NodeId node, NodeWrites writes) {
  CO_ASSIGN_OR_RETURN(std::shared_ptr<Participant> participant, deps_.cluster->ParticipantOf(node));
  while (under_way_[node].size() >= kMaxUnderWay) CO_RETURN_IF_ERROR(co_await AwaitOldest(node));
  transaction_->Join(node);
  size_t rows = 0;
  for (const NodeWrites::Part& part : writes.parts) rows += part.rows.rows();
  const Launch launch = rows < kFewRows ? Launch::kNext : Launch::kBeside;
  under_way_[node].push_back(Start(*deps_.executor, WriteAt(std::move(participant), transaction_, node, std::move(writes)), launch));
  co_return OkStatus();
}

Task<Status> TableWriter::AwaitOldest(NodeId node) {
  Future<Status> oldest = std::move(under_way_[node].front());
  under_way_[node].pop_front();
  co_return co_await oldest;
}

Task<Status> TableWriter::Finish(LastWrite last) {
  if (last == LastWrite::kMayTravelWithCommit) {
    CO_ASSIGN_OR_RETURN(const bool kept, co_await KeepWrites());
    if (kept) co_return OkStatus();
  }
  Status result = co_await SendAll();
  // Also after a failure: nothing of this statement may arrive once the transaction is told to roll back.
  for (auto& [node, futures] : under_way_) {
    while (!futures.empty()) {
      const Status status = co_await AwaitOldest(node);
      if (result.ok()) result = status;
    }
  }
  co_return result;
}

}  // namespace tsd::coord
