#include "sql/exec/spill.h"

#include "engine/types/batch_codec.h"

namespace tsd::sql {
namespace {

constexpr size_t kFrameHead = 4;

class RunSource final : public Operator {
 public:
  explicit RunSource(std::unique_ptr<SpillRun> run) : run_(std::move(run)) {}
  StatusOr<Pull> Next(ColumnBatch* out) override {
    ASSIGN_OR_RETURN(*out, run_->Next());
    return out->empty() ? Pull::kDone : Pull::kRows;
  }
  std::string Name() const override { return "Spilled Run"; }

 private:
  const std::unique_ptr<SpillRun> run_;
};

}  // namespace

StatusOr<std::unique_ptr<SpillRun>> SpillRun::Create(SpillSpace& space) {
  ASSIGN_OR_RETURN(std::unique_ptr<SpillFile> file, space.Create());
  return std::unique_ptr<SpillRun>(new SpillRun(std::move(file)));
}

Status SpillRun::Write(const ColumnBatch& batch) {
  if (batch.empty()) return OkStatus();
  ByteWriter body;
  EncodeBatch(batch, tsd::Compression::kLz4, body);
  ByteWriter frame;
  frame.PutU32(static_cast<uint32_t>(body.size()));
  frame.PutBytes(body.data());
  RETURN_IF_ERROR(file_->Append(frame.data()));
  written_ += frame.size();
  return OkStatus();
}

StatusOr<ColumnBatch> SpillRun::Next() {
  if (read_ >= written_) return ColumnBatch();
  ASSIGN_OR_RETURN(const std::string head, file_->Read(read_, kFrameHead));
  const uint32_t size = ByteReader(head).GetU32();
  ASSIGN_OR_RETURN(const std::string body, file_->Read(read_ + kFrameHead, size));
  read_ += kFrameHead + size;
  return DecodeBatch(body);
}

OperatorPtr MakeRunSource(std::unique_ptr<SpillRun> run) { return std::make_unique<RunSource>(std::move(run)); }

}  // namespace tsd::sql
