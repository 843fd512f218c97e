#include "coord/session/copy_rows.h"

#include <algorithm>

namespace tsd::coord {

using net::pg::CopyPiece;
using net::pg::CopyPieceRows;
using net::pg::CopySource;

namespace {

constexpr size_t kFileReadBytes = 256 << 10;
constexpr size_t kMaxUnderWay = 16;                         // pieces
constexpr size_t kMaxBytesUnderWay = size_t{16} << 20;      // of input, but for one piece of any size
constexpr size_t kFewBytes = size_t{32} << 10;              // read sooner than another thread would wake up

bool NeedsNames(const DataType& type) {
  switch (type.id) {
    case TypeId::kRegclass: case TypeId::kRegtype: case TypeId::kRegproc: case TypeId::kRegnamespace: case TypeId::kRegrole: return true;
    default: return false;
  }
}

Task<CopyPieceRows> ReadPiece(std::shared_ptr<const CopySource> source, std::shared_ptr<const CopyPiece> piece) {
  co_return net::pg::ReadCopyPiece(*source, *piece);
}

}  // namespace

Task<StatusOr<std::optional<std::string_view>>> CopyInput::Next() {
  if (!file_) co_return co_await sink_->CopyReceive();
  if (offset_ >= file_->size()) co_return std::optional<std::string_view>();
  const size_t length = std::min<uint64_t>(kFileReadBytes, file_->size() - offset_);
  CO_ASSIGN_OR_RETURN(read_, file_->Read(offset_, length));
  offset_ += length;
  co_return std::optional<std::string_view>(read_);
}

CopyRows::CopyRows(std::shared_ptr<const CopySource> source, CopyInput input, absl::AnyInvocable<Status()> interrupted,
                   Executor* executor, int threads)
    : source_(std::move(source)),
      input_(std::move(input)),
      interrupted_(std::move(interrupted)),
      executor_(executor),
      max_under_way_(std::clamp<size_t>(static_cast<size_t>(threads), 1, kMaxUnderWay)),
      reads_here_(std::ranges::any_of(source_->columns.types, NeedsNames)),
      splitter_(net::pg::MakeCopySplitter(source_)) {}

bool CopyRows::HasRoom() const {
  return under_way_.empty() || (under_way_.size() < max_under_way_ && bytes_under_way_ < kMaxBytesUnderWay);
}

Task<Status> CopyRows::ReadAhead() {
  while (HasRoom()) {
    if (std::optional<CopyPiece> piece = splitter_->TakePiece()) {
      if (!rows_ended_) Begin(*std::move(piece));
      continue;
    }
    if (input_ended_ || !failed_.ok()) co_return OkStatus();
    CO_ASSIGN_OR_RETURN(const std::optional<std::string_view> bytes, co_await input_.Next());
    CO_RETURN_IF_ERROR(interrupted_());
    input_ended_ = !bytes.has_value();
    if (rows_ended_) continue;
    if (input_ended_) {
      splitter_->Finish();
    } else {
      failed_ = splitter_->Feed(*bytes);
    }
  }
  co_return OkStatus();
}

void CopyRows::Begin(CopyPiece taken) {
  const auto piece = std::make_shared<const CopyPiece>(std::move(taken));
  bytes_under_way_ += piece->bytes.size();
  if (reads_here_) {
    under_way_.push_back({piece, ReadyFuture(net::pg::ReadCopyPiece(*source_, *piece))});
    return;
  }
  const Launch launch = piece->bytes.size() < kFewBytes ? Launch::kNext : Launch::kBeside;
  under_way_.push_back({piece, Start(*executor_, ReadPiece(source_, piece), launch)});
}

Task<CopyRows::Read> CopyRows::AwaitOldest() {
  Reading oldest = std::move(under_way_.front());
  under_way_.pop_front();
  CopyPieceRows rows = co_await oldest.rows;
  bytes_under_way_ -= oldest.piece->bytes.size();
  co_return Read{std::move(oldest.piece), std::move(rows)};
}

Task<StatusOr<std::optional<CopyRows::Batch>>> CopyRows::Next() {
  while (true) {
    CO_RETURN_IF_ERROR(co_await ReadAhead());
    if (under_way_.empty()) {
      CO_RETURN_IF_ERROR(failed_);
      co_return std::optional<Batch>();
    }
    Read read = co_await AwaitOldest();
    if (!read.rows.status.ok() || read.rows.ended) {
      co_await Finish();  // what comes after is of no interest
      rows_ended_ = true;
      failed_ = read.rows.status;
    }
    if (read.rows.batch.rows.rows() > 0) co_return std::optional<Batch>(Batch{std::move(read.piece), std::move(read.rows.batch)});
  }
}

Task<void> CopyRows::Finish() {
  while (!under_way_.empty()) (void)co_await AwaitOldest();
}

}  // namespace tsd::coord
