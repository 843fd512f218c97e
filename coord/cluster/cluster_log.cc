#include "coord/cluster/cluster_log.h"

#include <algorithm>

#include "engine/base/fault.h"
#include "engine/base/hash.h"
#include "engine/base/log.h"

namespace tsd::coord {
namespace {

enum RecordType : uint8_t { kChange = 1, kDecision = 2, kEnd = 3, kCeiling = 4, kSequence = 5, kPrepared = 6, kResolved = 7, kAbort = 8 };

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

// An abort is the same without a timestamp.
void EncodeDecision(const Decision& decision, ByteWriter& writer) {
  EncodeTxn(decision.txn, writer);
  if (decision.commits()) writer.PutU64(decision.commit.value());
  writer.PutVarint(decision.participants.size());
  for (NodeId node : decision.participants) writer.PutVarint(node.value());
}

Decision DecodeDecision(bool commits, ByteReader& reader) {
  Decision decision;
  decision.txn = DecodeTxn(reader);
  if (commits) decision.commit = Timestamp(reader.GetU64());
  for (uint64_t count = reader.GetCount(1); count > 0; --count) {
    decision.participants.push_back(NodeId(static_cast<uint32_t>(reader.GetVarint())));
  }
  return decision;
}

void EncodeDecisions(const std::map<TxnId, Decision>& decisions, bool commits, ByteWriter& writer) {
  writer.PutVarint(static_cast<uint64_t>(std::ranges::count_if(decisions, [=](const auto& entry) { return entry.second.commits() == commits; })));
  for (const auto& [txn, decision] : decisions) {
    if (decision.commits() == commits) EncodeDecision(decision, writer);
  }
}

void DecodeDecisions(bool commits, ByteReader& reader, std::map<TxnId, Decision>* decisions) {
  for (uint64_t count = reader.GetCount(16); count > 0; --count) {
    const Decision decision = DecodeDecision(commits, reader);
    (*decisions)[decision.txn] = decision;
  }
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
    ASSIGN_OR_RETURN(State state, DecodeState(body, &replay_from));
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

StatusOr<ClusterLog::State> ClusterLog::DecodeState(std::string_view body, Lsn* lsn) {
  ByteReader fields(body);
  *lsn = Lsn(fields.GetU64());
  State state;
  state.ceiling = Timestamp(fields.GetU64());
  DecodeDecisions(true, fields, &state.decisions);
  ASSIGN_OR_RETURN(sql::Catalog catalog, sql::Catalog::Decode(fields.GetString()));
  state.catalog = std::make_shared<const sql::Catalog>(std::move(catalog));
  if (fields.ok() && !fields.AtEnd()) {  // a snapshot of the first version ends here
    for (uint64_t count = fields.GetCount(17); count > 0; --count) {
      const ChunkId id(fields.GetU64());
      SequenceMark& mark = state.sequences[id];
      mark.last = fields.GetI64();
      mark.called = fields.GetBool();
    }
    for (uint64_t count = fields.GetCount(17); count > 0; --count) {
      const TxnId txn = DecodeTxn(fields);
      ASSIGN_OR_RETURN(state.prepared[txn], CatalogChange::Decode(fields));
    }
  }
  if (fields.ok() && !fields.AtEnd()) DecodeDecisions(false, fields, &state.decisions);  // one of the second version ends before
  if (!fields.ok()) return Error(sqlstate::kDataCorrupted, "the catalog snapshot is malformed");
  return state;
}

void ClusterLog::EncodeState(Lsn lsn, ByteWriter& body) {
  body.PutU64(lsn.value());
  body.PutU64(state_.ceiling.value());
  EncodeDecisions(state_.decisions, true, body);
  ByteWriter catalog;
  state_.catalog->Encode(catalog);
  body.PutString(catalog.data());
  std::erase_if(state_.sequences, [&](const auto& entry) {  // of dropped sequences
    return std::ranges::none_of(state_.catalog->relations_by_id, [&](const auto& relation) { return relation.second->heap == entry.first; });
  });
  body.PutVarint(state_.sequences.size());
  for (const auto& [id, mark] : state_.sequences) {
    body.PutU64(id.value());
    body.PutI64(mark.last);
    body.PutBool(mark.called);
  }
  body.PutVarint(state_.prepared.size());
  for (const auto& [txn, change] : state_.prepared) {
    EncodeTxn(txn, body);
    change.Encode(body);
  }
  EncodeDecisions(state_.decisions, false, body);
}

Status ClusterLog::Replay(const engine::WalRecord& record) {
  MutexLock lock(mutex_);
  return ReplayInto(record);
}

Status ClusterLog::ReplayInto(const engine::WalRecord& record) {
  ByteReader reader(record.payload);
  switch (record.type) {
    case kChange: {
      ASSIGN_OR_RETURN(CatalogChange change, CatalogChange::Decode(reader));
      return ApplyChange(change);
    }
    case kDecision: {
      Decision decision = DecodeDecision(true, reader);
      ASSIGN_OR_RETURN(CatalogChange change, CatalogChange::Decode(reader));
      if (!decision.participants.empty()) state_.decisions[decision.txn] = decision;
      return change.empty() ? OkStatus() : ApplyChange(change);
    }
    case kAbort: {
      const Decision decision = DecodeDecision(false, reader);
      if (reader.ok()) state_.decisions[decision.txn] = decision;
      break;
    }
    case kEnd: state_.decisions.erase(DecodeTxn(reader)); break;
    case kCeiling: state_.ceiling = std::max(state_.ceiling, Timestamp(reader.GetU64())); break;
    case kSequence: {
      const ChunkId id(reader.GetU64());
      SequenceMark& mark = state_.sequences[id];
      mark.last = reader.GetI64();
      mark.called = reader.GetBool();
      break;
    }
    case kPrepared: {
      const TxnId txn = DecodeTxn(reader);
      ASSIGN_OR_RETURN(state_.prepared[txn], CatalogChange::Decode(reader));
      break;
    }
    case kResolved: {
      auto found = state_.prepared.find(DecodeTxn(reader));
      const bool commit = reader.GetBool();
      if (!reader.ok() || found == state_.prepared.end()) break;
      if (commit) RETURN_IF_ERROR(ApplyChange(found->second));
      state_.prepared.erase(found);
      break;
    }
    default: return Error(sqlstate::kDataCorrupted, "unknown record in the catalog log");
  }
  if (!reader.ok()) return Error(sqlstate::kDataCorrupted, "malformed record in the catalog log");
  return OkStatus();
}

Status ClusterLog::WriteSnapshot(Lsn lsn) {
  ByteWriter body;
  {
    MutexLock lock(mutex_);
    EncodeState(lsn, body);
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
  const RecordType type = !decision.txn.IsValid() ? kChange : decision.commits() ? kDecision : kAbort;
  if (type != kChange) EncodeDecision(decision, writer);
  if (type != kAbort) change.Encode(writer);
  TSD_FAULT_POINT("txn.decision.before_log");
  const auto durability = fault::Broken("skip_decision_sync") ? engine::Durability::kBuffered : engine::Durability::kSync;
  Promise<Status> promise;
  Future<Status> result = promise.future();
  // The log completes its appends in order, on one thread: publishing there publishes in log order.
  Future<StatusOr<Lsn>> appended = wal_->Append(type, std::move(writer).Take(), durability);
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

std::optional<Decision> ClusterLog::DecisionOf(TxnId txn) const {
  MutexLock lock(mutex_);
  auto found = state_.decisions.find(txn);
  if (found == state_.decisions.end()) return std::nullopt;
  return found->second;
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

Future<Status> ClusterLog::Append(uint8_t type, ByteWriter writer, absl::AnyInvocable<Status(State&)> then) {
  Promise<Status> promise;
  Future<Status> result = promise.future();
  Future<StatusOr<Lsn>> appended = wal_->Append(type, std::move(writer).Take(), engine::Durability::kSync);
  appended.OnReady([this, promise, appended, then = std::move(then)]() mutable {
    Status status = appended.Take().status();
    if (status.ok()) {
      MutexLock lock(mutex_);
      status = then(state_);
    }
    promise.Set(std::move(status));
  });
  return result;
}

Future<Status> ClusterLog::RaiseCeiling(Timestamp ceiling) {
  ByteWriter writer;
  writer.PutU64(ceiling.value());
  return Append(kCeiling, std::move(writer), [ceiling](State& state) {
    state.ceiling = std::max(state.ceiling, ceiling);
    return OkStatus();
  });
}

Future<Status> ClusterLog::LogPrepared(TxnId txn, CatalogChange change) {
  ByteWriter writer;
  EncodeTxn(txn, writer);
  change.Encode(writer);
  return Append(kPrepared, std::move(writer), [txn, change = std::move(change)](State& state) mutable {
    state.prepared[txn] = std::move(change);
    return OkStatus();
  });
}

Future<Status> ClusterLog::LogResolved(TxnId txn, bool commit) {
  {
    MutexLock lock(mutex_);
    if (!state_.prepared.contains(txn)) return ReadyFuture(OkStatus());
  }
  ByteWriter writer;
  EncodeTxn(txn, writer);
  writer.PutBool(commit);
  return Append(kResolved, std::move(writer), [this, txn, commit](State& state) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    auto found = state.prepared.find(txn);
    if (found == state.prepared.end()) return OkStatus();
    const CatalogChange change = std::move(found->second);
    state.prepared.erase(found);
    return commit ? ApplyChange(change) : OkStatus();
  });
}

std::vector<PreparedChange> ClusterLog::PreparedChanges() const {
  MutexLock lock(mutex_);
  std::vector<PreparedChange> result;
  for (const auto& [txn, change] : state_.prepared) result.push_back({txn, change});
  return result;
}

Future<Status> ClusterLog::LogSequence(ChunkId id, SequenceMark mark) {
  ByteWriter writer;
  writer.PutU64(id.value());
  writer.PutI64(mark.last);
  writer.PutBool(mark.called);
  return Append(kSequence, std::move(writer), [id, mark](State& state) {
    state.sequences[id] = mark;
    return OkStatus();
  });
}

std::optional<SequenceMark> ClusterLog::SequenceOf(ChunkId id) const {
  MutexLock lock(mutex_);
  auto found = state_.sequences.find(id);
  if (found == state_.sequences.end()) return std::nullopt;
  return found->second;
}

Future<Status> ClusterLog::Close() { return wal_->Close(); }

}  // namespace tsd::coord
