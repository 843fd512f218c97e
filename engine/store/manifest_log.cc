#include "engine/store/manifest_log.h"

#include <algorithm>

#include "engine/base/hash.h"
#include "engine/base/log.h"
#include "engine/base/strings.h"

namespace tsd::engine {
namespace {

constexpr uint8_t kEditRecord = kFirstUserType;
/// Edits up to here are never worth writing the whole.
constexpr uint64_t kFewEditBytes = 32 << 10;
constexpr uint64_t kNoEnd = uint64_t{1} << 40;  // one segment
constexpr int kVerifyTries = 5;

std::string PathOfWhole(const std::string& directory) { return StrCat(directory, "/MANIFEST"); }
std::string EditsIn(const std::string& directory) { return StrCat(directory, "/manifest"); }

StatusOr<Manifest> LoadWhole(Env& env, const std::string& directory) {
  const std::string path = PathOfWhole(directory);
  if (!env.FileExists(path)) return Manifest{};
  ASSIGN_OR_RETURN(const std::string bytes, env.ReadFile(path));
  StatusOr<Manifest> manifest = Manifest::Decode(bytes);
  if (!manifest.ok()) return WithPrefix(manifest.status(), StrCat("file \"", path, "\": "));
  return manifest;
}

}  // namespace

std::string ManifestLog::LogDirectory() const { return EditsIn(directory_); }

StatusOr<ManifestLog::Found> ManifestLog::Read(Env& env, const std::string& directory) {
  Found found;
  ASSIGN_OR_RETURN(found.manifest, LoadWhole(env, directory));
  const Lsn from = found.manifest.edits_from;
  ASSIGN_OR_RETURN(found.log, ScanWal(env, EditsIn(directory), from, [&](const WalRecord& record) -> Status {
                     StatusOr<ManifestEdit> edit = ManifestEdit::Decode(record.payload);
                     if (!edit.ok()) return WithPrefix(edit.status(), StrCat("edit at ", record.lsn.value(), " in \"", EditsIn(directory), "\": "));
                     edit->ApplyTo(found.manifest);
                     return OkStatus();
                   }));
  return found;
}

StatusOr<ManifestLog> ManifestLog::Open(Env& env, const std::string& directory) {
  ManifestLog log(env, directory);
  RETURN_IF_ERROR(env.CreateDirectory(log.LogDirectory()));
  RETURN_IF_ERROR(env.SyncDirectory(directory));
  ASSIGN_OR_RETURN(Found found, Read(env, directory));
  log.end_ = std::max(found.log.end, found.manifest.edits_from);
  log.last_segment_ = found.log.last_number;
  if (found.log.records > 0) {  // what was read may be in the page cache only
    RETURN_IF_ERROR(log.Save(std::move(found.manifest)));
  } else {
    log.whole_bytes_ = found.manifest.Encode().size();
    log.current_ = std::move(found.manifest);
  }
  if (!log.edits_.has_value()) RETURN_IF_ERROR(log.StartEdits());
  std::vector<std::string> obsolete = std::move(found.log.obsolete_files);
  for (const WalSegment& segment : found.log.segments) obsolete.push_back(SegmentName(segment.number));
  for (const std::string& name : obsolete) {
    const std::string path = StrCat(log.LogDirectory(), "/", name);
    if (env.FileExists(path)) RETURN_IF_ERROR(env.DeleteFile(path));
  }
  return log;
}

Status ManifestLog::Verify(Env& env, const std::string& directory) {
  // What is read while maintenance writes it may look damaged; what is damaged stays so.
  Status status;
  for (int attempt = 0; attempt < kVerifyTries; ++attempt) {
    status = Read(env, directory).status();
    if (status.ok()) break;
  }
  return status;
}

Status ManifestLog::Apply(const ManifestEdit& edit) {
  const std::string bytes = edit.Encode();
  if (!edits_.has_value() || bytes.size() > kMaxRecordBytes || edit_bytes_ + bytes.size() > std::max(kFewEditBytes, whole_bytes_)) {
    Manifest next = current_;
    edit.ApplyTo(next);
    next.DropUnusedSchemas();
    return Save(std::move(next));
  }
  const Status appended = Append(bytes);
  if (appended.ok()) {
    edit.ApplyTo(current_);
    return OkStatus();
  }
  if (!HasSqlState(appended, sqlstate::kDiskFull)) return appended;
  // It may be there nevertheless: only a whole without it says that it is not.
  if (const Status undone = Save(current_); !undone.ok()) return Error(sqlstate::kIoError, StrCat("the manifest is in doubt: ", StdView(undone.message())));
  return appended;
}

Status ManifestLog::Append(const std::string& edit) {
  Status status = edits_->Write(kEditRecord, end_, edit, Hash64(edit));
  if (status.ok()) status = edits_->Sync();
  end_ = Lsn(end_.value() + FrameBytes(edit.size()));
  edit_bytes_ += edit.size();
  if (!status.ok()) edits_.reset();
  return status;
}

Status ManifestLog::Save(Manifest manifest) {
  manifest.edits_from = end_;
  const std::string bytes = manifest.Encode();
  RETURN_IF_ERROR(env_->WriteFileAtomically(PathOfWhole(directory_), bytes));
  whole_bytes_ = bytes.size();
  edit_bytes_ = 0;
  current_ = std::move(manifest);
  edits_.reset();
  // The whole is durable: without a log for edits the next change writes it again.
  if (const Status started = StartEdits(); !started.ok()) log::Warning("no log for edits of the manifest: ", started.message());
  return OkStatus();
}

Status ManifestLog::StartEdits() {
  const uint64_t before = last_segment_;
  ASSIGN_OR_RETURN(edits_, SegmentWriter::Create(*env_, LogDirectory(), kNoEnd, Reservation::kNone, {}, ++last_segment_, end_));
  const std::string old = StrCat(LogDirectory(), "/", SegmentName(before));
  if (before == 0 || !env_->FileExists(old)) return OkStatus();
  if (const Status deleted = env_->DeleteFile(old); !deleted.ok()) log::Warning("old edits of the manifest not deleted: ", deleted.message());
  return OkStatus();
}

}  // namespace tsd::engine
