#include "engine/wal/wal.h"

#include <algorithm>
#include <deque>
#include <vector>

#include "engine/base/fault.h"
#include "engine/base/hash.h"
#include "engine/base/mutex.h"
#include "engine/base/strings.h"
#include "engine/wal/segment_writer.h"

namespace tsd::engine {
namespace {

/// Buffered records that nobody waits for are written when there are so many of them.
constexpr uint64_t kLazyBytes = 256 << 10;

struct Item {
  enum class Kind : uint8_t { kRecord, kSync, kRotate, kDrop, kClose };
  Kind kind = Kind::kRecord;
  Durability durability = Durability::kBuffered;
  uint8_t type = 0;
  Lsn lsn;                 // of the record; for kDrop the bound
  uint64_t payload_hash = 0;
  std::string payload;
  std::optional<Promise<StatusOr<Lsn>>> appended;  // absent if the caller was answered when it queued
  std::optional<Promise<Status>> done;
};

void Complete(Item& item, const Status& status) {
  if (item.appended.has_value()) {
    item.appended->Set(status.ok() ? StatusOr<Lsn>(item.lsn) : StatusOr<Lsn>(status));
  }
  if (item.done.has_value()) item.done->Set(status);
}

}  // namespace

class Wal::Core : public std::enable_shared_from_this<Wal::Core> {
 public:
  Core(WalOptions options, SegmentWriter writer, Lsn next)
      : options_(std::move(options)), writer_(std::move(writer)), next_lsn_(next), durable_lsn_(next), total_bytes_(writer_.total_bytes()) {}

  Future<StatusOr<Lsn>> Append(uint8_t type, std::string payload, Durability durability) {
    TSD_CHECK(type >= kFirstUserType);
    if (payload.size() > kMaxRecordBytes) {
      return ReadyFuture<StatusOr<Lsn>>(
          Error(sqlstate::kProgramLimitExceeded, StrCat("log record of ", payload.size(), " bytes exceeds the limit of ", kMaxRecordBytes)));
    }
    Item item;
    item.durability = durability;
    item.type = type;
    item.payload_hash = Hash64(payload);
    item.payload = std::move(payload);
    Future<StatusOr<Lsn>> future;
    {
      MutexLock lock(mutex_);
      const Status usable = Usable();
      if (!usable.ok()) return ReadyFuture<StatusOr<Lsn>>(usable);
      item.lsn = next_lsn_;
      const uint64_t bytes = FrameBytes(item.payload.size());
      next_lsn_ = Lsn(next_lsn_.value() + bytes);
      queued_bytes_ += bytes;
      if (durability == Durability::kBuffered && queued_bytes_ <= options_.max_queued_bytes) {
        future = ReadyFuture<StatusOr<Lsn>>(item.lsn);
      } else {
        item.appended.emplace();
        future = item.appended->future();
      }
      job_wanted_ |= item.appended.has_value() || queued_bytes_ >= kLazyBytes;
      queue_.push_back(std::move(item));
    }
    StartJob();
    return future;
  }

  Future<Status> Command(Item::Kind kind, Lsn lsn) {
    Item item;
    item.kind = kind;
    item.durability = Durability::kSync;
    item.lsn = lsn;
    item.done.emplace();
    Future<Status> future = item.done->future();
    {
      MutexLock lock(mutex_);
      const Status usable = Usable();
      if (!usable.ok()) return ReadyFuture<Status>(usable);
      if (kind == Item::Kind::kClose) {
        closed_ = true;
        item.lsn = next_lsn_;
      }
      job_wanted_ = true;
      queue_.push_back(std::move(item));
    }
    StartJob();
    return future;
  }

  Lsn NextLsn() const {
    MutexLock lock(mutex_);
    return next_lsn_;
  }
  Lsn DurableLsn() const {
    MutexLock lock(mutex_);
    return durable_lsn_;
  }
  uint64_t TotalBytes() const {
    MutexLock lock(mutex_);
    return total_bytes_;
  }
  Status status() const {
    MutexLock lock(mutex_);
    return poison_;
  }

 private:
  Status Usable() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!poison_.ok()) return poison_;
    if (closed_) return Error(sqlstate::kAdminShutdown, "the write-ahead log is closed");
    return OkStatus();
  }

  void StartJob() {
    {
      MutexLock lock(mutex_);
      if (running_ || !job_wanted_) return;
      running_ = true;
    }
    options_.executor->Continue([self = shared_from_this()] { self->RunJob(); });
  }

  /// One group: everything queued now. Only one runs at a time (running_).
  void RunJob() {
    std::deque<Item> group;
    {
      MutexLock lock(mutex_);
      group.swap(queue_);
      job_wanted_ = false;
    }
    const Status status = WriteGroup(group);
    if (!status.ok()) Poison(status);
    bool more;
    {
      MutexLock lock(mutex_);
      for (const Item& item : group) {
        if (item.kind == Item::Kind::kRecord) queued_bytes_ -= FrameBytes(item.payload.size());
      }
      durable_lsn_ = writer_.durable_lsn();
      total_bytes_ = writer_.total_bytes();
    }
    for (Item& item : group) Complete(item, status);
    {
      MutexLock lock(mutex_);
      more = job_wanted_;
      running_ = more;
    }
    if (more) options_.executor->Continue([self = shared_from_this()] { self->RunJob(); });
  }

  Status WriteGroup(std::deque<Item>& group) {
    {
      MutexLock lock(mutex_);
      // Queued before the poisoning was known: must not be written behind a hole.
      RETURN_IF_ERROR(poison_);
    }
    bool wants_sync = false;
    bool wants_close = false;
    Lsn drop_below;
    for (Item& item : group) {
      wants_sync |= item.durability == Durability::kSync && item.kind != Item::Kind::kDrop;
      switch (item.kind) {
        case Item::Kind::kRecord:
          RETURN_IF_ERROR(writer_.Write(item.type, item.lsn, item.payload, item.payload_hash));
          break;
        case Item::Kind::kSync: break;
        case Item::Kind::kRotate: RETURN_IF_ERROR(writer_.StartSegment()); break;
        case Item::Kind::kDrop: drop_below = std::max(drop_below, item.lsn); break;
        case Item::Kind::kClose:
          // The end mark says that everything before it is durable, so it is written after that is true.
          RETURN_IF_ERROR(writer_.Sync());
          RETURN_IF_ERROR(writer_.Write(kEndFrame, item.lsn, {}, Hash64({})));
          wants_close = true;
          break;
      }
    }
    if (wants_sync) RETURN_IF_ERROR(writer_.Sync());
    if (drop_below.IsValid()) RETURN_IF_ERROR(writer_.DropSegmentsBelow(drop_below));
    if (wants_close) RETURN_IF_ERROR(writer_.Close());
    return OkStatus();
  }

  void Poison(const Status& status) {
    bool first;
    std::deque<Item> waiting;
    {
      MutexLock lock(mutex_);
      first = poison_.ok();
      if (first) poison_ = status;
      waiting.swap(queue_);
      job_wanted_ = false;
    }
    for (Item& item : waiting) Complete(item, status);
    if (first && options_.on_poisoned) options_.on_poisoned(status);
  }

  const WalOptions options_;
  SegmentWriter writer_;  // used by the running job only

  mutable Mutex mutex_;
  std::deque<Item> queue_ ABSL_GUARDED_BY(mutex_);
  uint64_t queued_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool job_wanted_ ABSL_GUARDED_BY(mutex_) = false;  // someone waits for what is queued, or it is much
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  Status poison_ ABSL_GUARDED_BY(mutex_);
  Lsn next_lsn_ ABSL_GUARDED_BY(mutex_);
  Lsn durable_lsn_ ABSL_GUARDED_BY(mutex_);
  uint64_t total_bytes_ ABSL_GUARDED_BY(mutex_);
};

namespace {

/// Makes what the scan found in the last segment durable: after a process was killed it may be in the page cache only, and the next
/// segment's header is going to vouch for it. Written anew, because pages whose write-back failed once count as clean.
Status SecureTail(Env& env, const std::string& directory, const WalScanResult& scan, Lsn needed_from) {
  if (scan.segments.empty() || scan.closed_cleanly || scan.end <= needed_from) return OkStatus();
  const WalSegment& tail = scan.segments.back();
  const uint64_t frames = scan.end.value() - tail.start_lsn.value();
  if (frames == 0) return OkStatus();
  const std::string path = StrCat(directory, "/", SegmentName(tail.number));
  ASSIGN_OR_RETURN(std::string bytes, env.ReadFile(path));
  bytes.resize(kSegmentHeaderBytes + frames);
  RETURN_IF_ERROR(env.WriteFileAtomically(path, bytes));
  TSD_FAULT_POINT("wal.tail_secured");
  return OkStatus();
}

}  // namespace

StatusOr<std::unique_ptr<Wal>> Wal::Open(WalOptions options, Lsn replay_from, const WalVisitor& visitor) {
  Env& env = *options.env;
  if (replay_from.value() % kFrameAlignment != 0) {
    return Error(sqlstate::kDataCorrupted, StrCat("log position ", replay_from.value(), " cannot be the beginning of a record"));
  }
  RETURN_IF_ERROR(env.CreateDirectory(options.directory));
  RETURN_IF_ERROR(env.SyncDirectory(DirectoryOf(options.directory)));
  ASSIGN_OR_RETURN(WalScanResult scan, ScanWal(env, options.directory, replay_from, visitor));
  RETURN_IF_ERROR(SecureTail(env, options.directory, scan, replay_from));

  // If unsynced records were lost that the caller no longer needs (it kept their effect elsewhere), their LSNs are not used again.
  const Lsn start = std::max(scan.end, replay_from);
  std::vector<std::string> obsolete = std::move(scan.obsolete_files);
  std::vector<WalSegment> kept;
  for (size_t i = 0; i < scan.segments.size(); ++i) {
    const Lsn end = i + 1 < scan.segments.size() ? scan.segments[i + 1].start_lsn : scan.end;
    if (end <= replay_from || end == scan.segments[i].start_lsn) {
      obsolete.push_back(SegmentName(scan.segments[i].number));
    } else {
      kept.push_back(scan.segments[i]);
    }
  }
  ASSIGN_OR_RETURN(SegmentWriter writer,
                   SegmentWriter::Create(env, options.directory, options.segment_bytes, Reservation::kAhead, kept, scan.last_number + 1, start));
  for (const std::string& name : obsolete) {
    // SecureTail may have used and renamed a leftover ".tmp" of the same name.
    const std::string path = StrCat(options.directory, "/", name);
    if (env.FileExists(path)) RETURN_IF_ERROR(env.DeleteFile(path));
  }
  if (!obsolete.empty()) RETURN_IF_ERROR(env.SyncDirectory(options.directory));
  auto core = std::make_shared<Core>(std::move(options), std::move(writer), start);
  return std::unique_ptr<Wal>(new Wal(std::move(core)));
}

Wal::Wal(std::shared_ptr<Core> core) : core_(std::move(core)) {}
Wal::~Wal() = default;

Future<StatusOr<Lsn>> Wal::Append(uint8_t type, std::string payload, Durability durability) {
  return core_->Append(type, std::move(payload), durability);
}
Future<Status> Wal::Sync() { return core_->Command(Item::Kind::kSync, Lsn()); }
Future<Status> Wal::Rotate() { return core_->Command(Item::Kind::kRotate, Lsn()); }
Future<Status> Wal::DropSegmentsBelow(Lsn lsn) { return core_->Command(Item::Kind::kDrop, lsn); }
Future<Status> Wal::Close() { return core_->Command(Item::Kind::kClose, Lsn()); }
Lsn Wal::NextLsn() const { return core_->NextLsn(); }
Lsn Wal::DurableLsn() const { return core_->DurableLsn(); }
uint64_t Wal::TotalBytes() const { return core_->TotalBytes(); }
Status Wal::status() const { return core_->status(); }

}  // namespace tsd::engine
