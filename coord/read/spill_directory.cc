#include "coord/read/spill_directory.h"

#include "engine/base/log.h"
#include "engine/base/strings.h"

namespace tsd::coord {
namespace {

constexpr std::string_view kPrefix = "query-";

class EnvSpillFile final : public sql::SpillFile {
 public:
  EnvSpillFile(engine::Env& env, std::string path, std::unique_ptr<engine::WritableFile> writer)
      : env_(env), path_(std::move(path)), writer_(std::move(writer)) {}
  ~EnvSpillFile() override {
    reader_.reset();
    writer_.reset();
    const Status status = env_.DeleteFile(path_);
    if (!status.ok()) log::Warning("could not remove temporary file ", path_, ": ", status.message());
  }

  Status Append(std::string_view bytes) override { return writer_->Append(bytes); }
  StatusOr<std::string> Read(uint64_t offset, size_t length) override {
    if (reader_ == nullptr) {
      RETURN_IF_ERROR(writer_->Close());
      writer_.reset();
      ASSIGN_OR_RETURN(reader_, env_.OpenRandomAccess(path_));
    }
    return reader_->Read(offset, length);
  }

 private:
  engine::Env& env_;
  const std::string path_;
  std::unique_ptr<engine::WritableFile> writer_;
  std::shared_ptr<engine::RandomAccessFile> reader_;
};

}  // namespace

StatusOr<std::unique_ptr<SpillDirectory>> SpillDirectory::Open(engine::Env& env, std::string path) {
  RETURN_IF_ERROR(env.CreateDirectory(path));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, env.ListDirectory(path));
  for (const std::string& name : names) {
    if (name.starts_with(kPrefix)) RETURN_IF_ERROR(env.DeleteFile(StrCat(path, "/", name)));
  }
  return std::unique_ptr<SpillDirectory>(new SpillDirectory(env, std::move(path)));
}

StatusOr<std::unique_ptr<sql::SpillFile>> SpillDirectory::Create() {
  std::string path = StrCat(path_, "/", kPrefix, next_.fetch_add(1));
  ASSIGN_OR_RETURN(std::unique_ptr<engine::WritableFile> writer, env_.NewWritableFile(path));
  return std::unique_ptr<sql::SpillFile>(std::make_unique<EnvSpillFile>(env_, std::move(path), std::move(writer)));
}

}  // namespace tsd::coord
