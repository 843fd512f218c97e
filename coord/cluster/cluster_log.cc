#include "coord/cluster/cluster_log.h"

#include <algorithm>

#include "engine/base/fault.h"
#include "engine/base/hash.h"
#include "engine/base/log.h"

namespace tsd::coord {
namespace {

enum RecordType : uint8_t { kChange = 1, kDecision = 2, kEnd = 3, kCeiling = 4 };

constexpr uint64_t kSnapshotMagic = 0x31474f4c43445354ULL;  // "TSDCLOG1"
// A log longer than this is folded into a snapshot when it is opened.
constexpr uint64_t kSnapshotAfterBytes = 4 << 20;

void EncodeTxn(TxnId txn, ByteWriter& writer) {
  writer.PutU64(txn.origin);
  writer.PutU64(txn.sequence);
}

TxnId DecodeTxn(ByteReader& reader) {
  TxnId txn;
  txn.origin = reader.GetU64();
  txn.sequence = reader.GetU64();
  return txn;
}

void EncodeDecision(const Decision& decision, ByteWriter& writer) {
  EncodeTxn(decision.txn, writer);
  writer.PutU64(decision.commit.value());
  writer.PutVarint(decision.participants.size());
  for (NodeId node : decision.participants) writer.PutVarint(node.value());
}

Decision DecodeDecision(ByteReader& reader) {
  Decision decision;
  decision.txn = DecodeTxn(reader);
  decision.commit = Timestamp(reader.GetU64());
  for (uint64_t count = reader.GetCount(1); count > 0; --count) {
    decision.participants.push_back(NodeId(static_cast<uint32_t>(reader.GetVarint())));
  }
  return decision;
}

void RaiseAllocators(sql::Catalog& target, const sql::Catalog& seen) {
  target.next_oid = std::max(target.next_oid, seen.next_oid);
  target.next_chunk = std::max(target.next_chunk, seen.next_chunk);
  target.next_node = std::max(target.next_node, seen.next_node);
  target.next_hypertable = std::max(target.next_hypertable, seen.next_hypertable);
  target.next_dimension = std::max(target.next_dimension, seen.next_dimension);
  target.next_chunk_number = std::max(target.next_chunk_number, seen.next_chunk_number);
}

}  // namespace

StatusOr<std::unique_ptr<ClusterLog>> ClusterLog::Open(ClusterLogOptions options) {
  std::unique_ptr<ClusterLog> log(new ClusterLog(std::move(options)));
  RETURN_IF_ERROR(log->Load());
  return log;
}

Status ClusterLog::Load() {
  RETURN_IF_ERROR(options_.env->CreateDirectory(options_.directory));
  Lsn replay_from = engine::kFirstLsn;
  {
    MutexLock lock(mutex_);
    state_.catalog = std::make_shared<sql::Catalog>();
  }
  if (options_.env->FileExists(SnapshotPath())) {
    ASSIGN_OR_RETURN(const std::string bytes, options_.env->ReadFile(SnapshotPath()));
    ByteReader reader(bytes);
    const uint64_t magic = reader.GetU64();
    const uint64_t checksum = reader.GetU64();
    const std::string_view body = reader.Rest();
    if (!reader.ok() || magic != kSnapshotMagic || checksum != Hash64(body)) {
      return Error(sqlstate::kDataCorrupted, StrCat("catalog snapshot \"", SnapshotPath(), "\" is damaged"));
    }
    ByteReader fields(body);
    replay_from = Lsn(fields.GetU64());
    State state;
    state.ceiling = Timestamp(fields.GetU64());
    for (uint64_t count = fields.GetCount(16); count > 0; --count) {
      Decision decision = DecodeDecision(fields);
      state.decisions[decision.txn] = decision;
    }
    ASSIGN_OR_RETURN(sql::Catalog catalog, sql::Catalog::Decode(fields.GetString()));
    if (!fields.ok()) return Error(sqlstate::kDataCorrupted, StrCat("catalog snapshot \"", SnapshotPath(), "\" is malformed"));
    state.catalog = std::make_shared<const sql::Catalog>(std::move(catalog));
    MutexLock lock(mutex_);
    state_ = std::move(state);
  }
  engine::WalOptions wal_options;
  wal_options.env = options_.env;
  wal_options.executor = options_.executor;
  wal_options.directory = options_.directory;
  wal_options.segment_bytes = 16 << 20;
  wal_options.on_poisoned = options_.on_poisoned;
  ASSIGN_OR_RETURN(wal_, engine::Wal::Open(wal_options, replay_from, [this](const engine::WalRecord& record) { return Replay(record); }));
  {
    MutexLock lock(mutex_);
    RaiseAllocators(allocators_, *state_.catalog);
  }
  if (wal_->TotalBytes() > kSnapshotAfterBytes) RETURN_IF_ERROR(WriteSnapshot(wal_->NextLsn()));
  return OkStatus();
}

Status ClusterLog::Replay(const engine::WalRecord& record) {
  ByteReader reader(record.payload);
  MutexLock lock(mutex_);
  switch (record.type) {
    case kChange: {
      ASSIGN_OR_RETURN(CatalogChange change, CatalogChange::Decode(reader));
      return ApplyChange(change);
    }
    case kDecision: {
      Decision decision = DecodeDecision(reader);
      ASSIGN_OR_RETURN(CatalogChange change, CatalogChange::Decode(reader));
      if (!decision.participants.empty()) state_.decisions[decision.txn] = decision;
      return change.empty() ? OkStatus() : ApplyChange(change);
    }
    case kEnd: state_.decisions.erase(DecodeTxn(reader)); break;
    case kCeiling: state_.ceiling = std::max(state_.ceiling, Timestamp(reader.GetU64())); break;
    default: return Error(sqlstate::kDataCorrupted, "unknown record in the catalog log");
  }
  if (!reader.ok()) return Error(sqlstate::kDataCorrupted, "malformed record in the catalog log");
  return OkStatus();
}

Status ClusterLog::WriteSnapshot(Lsn lsn) {
  ByteWriter body;
  {
    MutexLock lock(mutex_);
    body.PutU64(lsn.value());
    body.PutU64(state_.ceiling.value());
    body.PutVarint(state_.decisions.size());
    for (const auto& [txn, decision] : state_.decisions) EncodeDecision(decision, body);
    ByteWriter catalog;
    state_.catalog->Encode(catalog);
    body.PutString(catalog.data());
  }
  ByteWriter file;
  file.PutU64(kSnapshotMagic);
  file.PutU64(Hash64(body.data()));
  file.PutBytes(body.data());
  RETURN_IF_ERROR(options_.env->WriteFileAtomically(SnapshotPath(), file.data()));
  wal_->DropSegmentsBelow(lsn);  // in its own time; older segments do no harm
  return OkStatus();
}

Status ClusterLog::ApplyChange(const CatalogChange& change) {
  auto next = std::make_shared<sql::Catalog>(*state_.catalog);
  RETURN_IF_ERROR(change.ApplyTo(*next));
  ++next->version;
  RaiseAllocators(allocators_, *next);
  state_.catalog = std::move(next);
  return OkStatus();
}

sql::CatalogPtr ClusterLog::Current() const {
  MutexLock lock(mutex_);
  return state_.catalog;
}

uint32_t ClusterLog::AllocateOid() { MutexLock lock(mutex_); return allocators_.next_oid++; }
ChunkId ClusterLog::AllocateChunk() { MutexLock lock(mutex_); return ChunkId(allocators_.next_chunk++); }
NodeId ClusterLog::AllocateNode() { MutexLock lock(mutex_); return NodeId(allocators_.next_node++); }
int32_t ClusterLog::AllocateHypertable() { MutexLock lock(mutex_); return allocators_.next_hypertable++; }
int32_t ClusterLog::AllocateDimension() { MutexLock lock(mutex_); return allocators_.next_dimension++; }
int32_t ClusterLog::AllocateChunkNumber() { MutexLock lock(mutex_); return allocators_.next_chunk_number++; }

Future<Status> ClusterLog::Commit(CatalogChange change) {
  return LogDecision(Decision{}, std::move(change));
}

Future<Status> ClusterLog::LogDecision(Decision decision, CatalogChange change) {
  ByteWriter writer;
  const bool is_decision = decision.txn.IsValid();
  if (is_decision) EncodeDecision(decision, writer);
  change.Encode(writer);
  TSD_FAULT_POINT("txn.decision.before_log");
  const auto durability = fault::Broken("skip_decision_sync") ? engine::Durability::kBuffered : engine::Durability::kSync;
  Promise<Status> promise;
  Future<Status> result = promise.future();
  // The log completes its appends in order, on one thread: publishing there publishes in log order.
  Future<StatusOr<Lsn>> appended = wal_->Append(is_decision ? kDecision : kChange, std::move(writer).Take(), durability);
  appended.OnReady([this, promise, appended, decision = std::move(decision), change = std::move(change)]() mutable {
    TSD_FAULT_POINT("txn.decision.after_log");
    Status status = appended.Take().status();
    if (status.ok()) {
      MutexLock lock(mutex_);
      if (!decision.participants.empty()) state_.decisions[decision.txn] = decision;
      if (!change.empty()) status = ApplyChange(change);
    }
    promise.Set(std::move(status));
  });
  return result;
}

void ClusterLog::LogEnd(TxnId txn) {
  ByteWriter writer;
  EncodeTxn(txn, writer);
  wal_->Append(kEnd, std::move(writer).Take(), engine::Durability::kBuffered);
  MutexLock lock(mutex_);
  state_.decisions.erase(txn);
}

std::optional<Timestamp> ClusterLog::DecisionOf(TxnId txn) const {
  MutexLock lock(mutex_);
  auto found = state_.decisions.find(txn);
  if (found == state_.decisions.end()) return std::nullopt;
  return found->second.commit;
}

std::vector<Decision> ClusterLog::OpenDecisions() const {
  MutexLock lock(mutex_);
  std::vector<Decision> result;
  for (const auto& [txn, decision] : state_.decisions) result.push_back(decision);
  return result;
}

Timestamp ClusterLog::Ceiling() const {
  MutexLock lock(mutex_);
  return state_.ceiling;
}

Future<Status> ClusterLog::RaiseCeiling(Timestamp ceiling) {
  ByteWriter writer;
  writer.PutU64(ceiling.value());
  Promise<Status> promise;
  Future<Status> result = promise.future();
  Future<StatusOr<Lsn>> appended = wal_->Append(kCeiling, std::move(writer).Take(), engine::Durability::kSync);
  appended.OnReady([this, promise, appended, ceiling]() mutable {
    Status status = appended.Take().status();
    if (status.ok()) {
      MutexLock lock(mutex_);
      state_.ceiling = std::max(state_.ceiling, ceiling);
    }
    promise.Set(std::move(status));
  });
  return result;
}

Future<Status> ClusterLog::Close() { return wal_->Close(); }

}  // namespace tsd::coord
