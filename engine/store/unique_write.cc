// Writes of rows with unique keys. Rows are staged first, unchecked, then looked for: so of two writes of a key the one staged later sees
// the other, whichever is faster, and nobody holds the mutex while he looks. What counts is the newest state, not a snapshot.
//
//   staged unchecked -> looked for -> no row has the key:          staged
//                                  -> a row has it:                23505, or left out and told of (WriteUnlessConflicting)
//                                  -> who wrote or deletes the row has not ended: taken back, waited for, staged unchecked again
//                                  -> what was seen has changed since: staged unchecked again, and looked for again
#include <algorithm>

#include "engine/base/strings.h"
#include "engine/store/store_core.h"

namespace tsd::engine {
namespace {

Status DuplicateKey(const TableSchema& schema, const UniqueKey& key, const KeyRows& rows, size_t row) {
  ErrorFields fields;
  fields.sqlstate = sqlstate::kUniqueViolation;
  const size_t dot = schema.name.find('.');
  if (dot != std::string::npos) {
    fields.schema = schema.name.substr(0, dot);
    fields.table = schema.name.substr(dot + 1);
  }
  fields.constraint = key.name;
  fields.detail = StrCat("Key (", key.column_names, ")=", rows.Text(row), " already exists.");
  return ErrorWith(fields, StrCat("duplicate key value violates unique constraint \"", key.name, "\""));
}

bool IsArbiter(const UniqueWrite& write, size_t key) {
  return write.arbiters && std::ranges::find(*write.arbiters, key) != write.arbiters->end();
}

/// Of the rows that go in, as `left_out` says: the later ones of those that have the same arbiter key. 23505 if they have another key twice.
StatusOr<std::vector<uint32_t>> RepeatsAmong(const UniqueWrite& write, const std::vector<uint8_t>& left_out) {
  std::vector<uint32_t> repeats;
  const size_t rows = write.block->row_count();
  std::vector<KeyTable> tables(write.keys.size(), KeyTable(rows));
  std::vector<std::vector<uint64_t>> hashes;
  for (const KeyOfBlockPtr& key : write.keys) hashes.push_back(key->rows.Hashes());
  for (uint32_t row = 0; row < rows; ++row) {
    if (left_out[row] != 0) continue;
    bool conflicts = false;
    std::optional<size_t> violated;
    for (size_t i = 0; i < tables.size() && !conflicts; ++i) {
      const KeyRows& keys = write.keys[i]->rows;
      if (!keys.AppliesTo(row)) continue;
      for (uint32_t other = tables[i].First(hashes[i][row]); other != KeyTable::kNone; other = tables[i].Next(other)) {
        if (!keys.Equal(row, keys, other)) continue;
        if (IsArbiter(write, i)) conflicts = true;
        else violated = i;
      }
    }
    if (conflicts) {
      repeats.push_back(row);
    } else if (violated) {
      return DuplicateKey(*write.schema, write.schema->unique_keys[*violated], write.keys[*violated]->rows, row);
    } else {
      for (size_t i = 0; i < tables.size(); ++i) tables[i].Insert(hashes[i][row], row);
    }
  }
  return repeats;
}

}  // namespace

Future<StatusOr<WriteConflicts>> StoreCore::WriteUnique(WriteRequest request, std::optional<std::vector<size_t>> arbiters) {
  auto write = std::make_shared<UniqueWrite>();
  write->txn_id = request.txn;
  write->level = request.level;
  write->chunk_id = request.chunk;
  write->first_row_id = request.first_row_id;
  write->schema = space_->schemas.Intern(request.schema).schema;
  write->arbiters = std::move(arbiters);
  auto block = std::make_shared<RowBlock>();
  block->schema = write->schema;
  block->rows = std::move(request.rows);
  block->UpdateBytes();
  if (block->row_count() == 0) return ReadyFuture(StatusOr<WriteConflicts>(WriteConflicts()));
  write->block = std::move(block);
  for (const UniqueKey& key : write->schema->unique_keys) {
    StatusOr<KeyOfBlockPtr> values = KeyOf(*write->block, *write->schema, key);
    if (!values.ok()) return ReadyFuture(StatusOr<WriteConflicts>(values.status()));
    write->keys.push_back(*std::move(values));
  }
  {
    Deferred after;
    MutexLock lock(mutex_);
    Status status = CheckOpen();
    if (status.ok()) {
      write->txn = FindOrBegin(write->txn_id);
      status = MayWrite(*write->txn);
    }
    if (status.ok()) {
      write->chunk = Stage(*write->txn, write->chunk_id).chunk;
      write->txn->waiting_writes.push_back(write);
      status = StageUnchecked(write);
      if (!status.ok()) FinishUniqueWrite(write, status, after);
    } else {
      return ReadyFuture(StatusOr<WriteConflicts>(std::move(status)));
    }
  }
  CheckKeys(write);
  return write->promise.future();
}

Status StoreCore::StageUnchecked(const UniqueWritePtr& write) {
  const auto staged = write->txn->chunks.find(write->chunk_id);
  if (staged == write->txn->chunks.end() || staged->second.chunk != write->chunk) return OkStatus();  // dropped meanwhile
  ASSIGN_OR_RETURN(write->view, ViewKeys(*write));
  auto block = std::make_shared<RowBlock>();
  block->schema = write->schema;
  block->rows = write->block->rows;
  block->bytes = write->block->bytes;
  block->first_row_id = write->chunk->TakeRowIds(write->first_row_id, block->row_count());
  for (const KeyOfBlockPtr& key : write->keys) block->keys.Add(key);
  write->block = block;
  staged->second.unchecked.push_back({write->level, std::move(block)});
  return OkStatus();
}

bool StoreCore::TakeUnchecked(UniqueWrite& write, Deferred& after) {
  const auto staged = write.txn->chunks.find(write.chunk_id);
  if (staged == write.txn->chunks.end() || staged->second.chunk != write.chunk) return false;
  const size_t taken = std::erase_if(staged->second.unchecked, [&](const StagedBlock& block) { return block.block == write.block; });
  if (taken > 0) RunAll(write.txn->when_taken_back, after);
  return true;
}

Status StoreCore::ViewBlock(const UniqueWrite& write, KeyView::Block block, KeyView& view) const {
  for (size_t key = 0; key < write.keys.size(); ++key) {
    ASSIGN_OR_RETURN(block.values, KeyOf(*block.block, *write.schema, write.schema->unique_keys[key]));
    if (!block.values->bounds.Meets(write.keys[key]->bounds)) continue;
    block.key = key;
    view.blocks.push_back(block);
  }
  return OkStatus();
}

StatusOr<KeyView> StoreCore::ViewKeys(const UniqueWrite& write) {
  KeyView view;
  const ChunkState& chunk = *write.chunk;
  for (const std::vector<CommittedBlock>* blocks : {&chunk.memtable.blocks(), &chunk.frozen}) {
    for (const CommittedBlock& block : *blocks) RETURN_IF_ERROR(ViewBlock(write, {block.block, 0, nullptr, nullptr, 0, false, block.max_commit}, view));
  }
  for (const FileRef& file : chunk.files) view.files.push_back({file.file, nullptr, {}, file.max_commit});
  for (Transaction* stager : chunk.stagers) {
    const auto staged = stager->chunks.find(chunk.id);
    if (staged == stager->chunks.end() || staged->second.chunk != write.chunk) continue;
    const TransactionPtr owner = stager == write.txn.get() ? write.txn : FindTransaction(stager->id);
    auto add = [&](const std::vector<StagedBlock>& blocks, bool unchecked) -> Status {
      for (const StagedBlock& block : blocks) {
        RETURN_IF_ERROR(ViewBlock(write, {block.block, 0, nullptr, owner, block.level, unchecked, Timestamp()}, view));
      }
      return OkStatus();
    };
    RETURN_IF_ERROR(add(staged->second.blocks, false));
    RETURN_IF_ERROR(add(staged->second.unchecked, true));
    for (const auto& job : staged->second.jobs) RETURN_IF_ERROR(add(job->blocks, false));
    for (const StagedFile& file : staged->second.files) view.files.push_back({file.file, owner, file.ranges, Timestamp()});
  }
  if (view.blocks.empty() && view.files.empty()) return view;
  for (const DeleteRuns* runs : {&chunk.saved_deletes, &chunk.frozen_deletes, &chunk.fresh_deletes}) {
    view.deletes.insert(view.deletes.end(), runs->begin(), runs->end());
  }
  return view;
}

StoreCore::KeyVerdict StoreCore::JudgeMatch(const UniqueWrite& write, const KeyMatch& match) const {
  using Kind = KeyVerdict::Kind;
  const ChunkState& chunk = *write.chunk;
  const auto lock = chunk.locks.find(match.row_id);
  Transaction* const deleter = lock == chunk.locks.end() ? nullptr : lock->second;
  if (deleter == write.txn.get()) return {};
  const auto undone = [&](const Transaction& txn) {
    const auto staged = txn.chunks.find(write.chunk_id);
    return staged != txn.chunks.end() && match.file != nullptr && std::ranges::find(staged->second.undone, match.row_id) != staged->second.undone.end();
  };
  if (match.owner != nullptr && match.unchecked) {
    const auto staged = match.owner->chunks.find(write.chunk_id);
    const bool still = staged != match.owner->chunks.end() &&
                       std::ranges::any_of(staged->second.unchecked, [&](const StagedBlock& block) { return block.block == match.block; });
    if (!still) return {Kind::kChanged};
    if (match.owner == write.txn) return {Kind::kRow};  // rows of one statement, sent side by side
    return {Kind::kHeld, match.owner.get(), true};
  }
  if (match.owner == write.txn) return undone(*match.owner) ? KeyVerdict{} : KeyVerdict{Kind::kRow};
  if (match.owner != nullptr) {
    if (match.owner->state == TxnState::kEnded) return {Kind::kChanged};
    return undone(*match.owner) ? KeyVerdict{} : KeyVerdict{Kind::kHeld, match.owner.get()};
  }
  if (deleter != nullptr) return {Kind::kHeld, deleter};
  return {chunk.DeletedAt(match.row_id).has_value() ? Kind::kChanged : Kind::kRow};
}

void StoreCore::CheckKeys(const UniqueWritePtr& write) {
  using Kind = KeyVerdict::Kind;
  while (true) {
    // Rows of one batch that repeat a key: an error, unless an earlier row is to blame. Where conflicts are told it is not known yet which rows go in.
    std::optional<KeyMatch> repeated;
    for (size_t key = 0; key < write->keys.size() && !write->arbiters; ++key) {
      const std::optional<uint32_t> row = FirstRepeated(*write->keys[key]);
      if (!row || (repeated && repeated->position <= *row)) continue;
      repeated.emplace();
      repeated->position = *row;
      repeated->key = key;
    }
    StatusOr<std::vector<KeyMatch>> matches = FindKeyMatches(*write->schema, write->keys, write->view);
    // A row that conflicts in an arbiter does not go in, so its other keys do not matter.
    if (matches.ok() && write->arbiters) {
      std::ranges::stable_sort(*matches, {}, [&](const KeyMatch& match) { return std::pair(match.position, !IsArbiter(*write, match.key)); });
    }

    std::vector<KeyMatch> conflicts;
    bool again = false;
    {
      Deferred after;
      MutexLock lock(mutex_);
      if (write->finished) return;
      Status failure = matches.ok() ? CheckOpen() : matches.status();
      std::optional<KeyVerdict> held;
      for (size_t i = 0; failure.ok() && i < matches->size() && !held && !again; ++i) {
        const KeyMatch& match = (*matches)[i];
        if (repeated && repeated->position < match.position) break;
        if (!conflicts.empty() && conflicts.back().position == match.position) continue;
        const KeyVerdict verdict = JudgeMatch(*write, match);
        if (verdict.kind == Kind::kHeld) held = verdict;
        if (verdict.kind == Kind::kChanged) again = true;
        if (verdict.kind != Kind::kRow) continue;
        if (IsArbiter(*write, match.key)) {
          conflicts.push_back(match);
        } else {
          failure = DuplicateKey(*write->schema, write->schema->unique_keys[match.key], write->keys[match.key]->rows, match.position);
        }
      }
      if (failure.ok() && !held && !again && repeated) {
        failure = DuplicateKey(*write->schema, write->schema->unique_keys[repeated->key], write->keys[repeated->key]->rows, repeated->position);
      }
      if (!failure.ok()) {
        FinishUniqueWrite(write, failure, after);
        return;
      }
      if (held) {
        WaitForKey(write, *held, after);
        return;
      }
      if (!again && conflicts.empty() && !write->arbiters) {
        StageChecked(write, WriteConflicts(), after);
        return;
      }
      if (again) {
        if (!TakeUnchecked(*write, after)) {  // dropped meanwhile
          FinishUniqueWrite(write, WriteConflicts(), after);
          return;
        }
        if (Status staged = StageUnchecked(write); !staged.ok()) {
          FinishUniqueWrite(write, std::move(staged), after);
          return;
        }
      }
    }
    if (!again) {
      TellConflicts(write, std::move(conflicts));
      return;
    }
  }
}

void StoreCore::TellConflicts(const UniqueWritePtr& write, std::vector<KeyMatch> found) {
  WriteConflicts conflicts;
  std::vector<uint8_t> left_out(write->block->row_count());
  std::vector<KeyMatch> existing;
  for (const KeyMatch& match : found) {
    left_out[match.position] = 1;
    WriteConflict conflict;
    conflict.position = match.position;
    conflict.same_statement = match.owner == write->txn && match.level >= write->level;
    conflict.row_id = match.row_id;
    conflict.commit = match.commit;
    conflicts.rows.push_back(conflict);
    if (!conflict.same_statement) existing.push_back(match);
  }
  StatusOr<ColumnBatch> rows = RowsOfMatches(*write->schema, existing);
  const StatusOr<std::vector<uint32_t>> repeats = RepeatsAmong(*write, left_out);
  for (const uint32_t position : repeats.ok() ? *repeats : std::vector<uint32_t>()) {
    WriteConflict conflict;
    conflict.position = position;
    conflict.same_statement = true;
    conflicts.rows.push_back(conflict);
  }
  if (!repeats.ok()) rows = repeats.status();
  std::ranges::sort(conflicts.rows, {}, &WriteConflict::position);
  Deferred after;
  MutexLock lock(mutex_);
  if (write->finished) return;
  if (!rows.ok()) {
    FinishUniqueWrite(write, rows.status(), after);
    return;
  }
  conflicts.existing = *std::move(rows);
  StageChecked(write, std::move(conflicts), after);
}

void StoreCore::StageChecked(const UniqueWritePtr& write, WriteConflicts conflicts, Deferred& after) {
  const TransactionPtr txn = write->txn;
  const auto staged = txn->chunks.find(write->chunk_id);
  if (staged == txn->chunks.end() || staged->second.chunk != write->chunk) {  // dropped meanwhile
    FinishUniqueWrite(write, std::move(conflicts), after);
    return;
  }
  std::erase_if(staged->second.unchecked, [&](const StagedBlock& block) { return block.block == write->block; });
  RowBlockPtr block = write->block;
  if (!conflicts.rows.empty()) {
    std::vector<uint32_t> kept;
    auto next = conflicts.rows.begin();
    for (uint32_t row = 0; row < block->row_count(); ++row) {
      if (next != conflicts.rows.end() && next->position == row) {
        ++next;
      } else {
        kept.push_back(row);
      }
    }
    auto rest = std::make_shared<RowBlock>();
    rest->schema = block->schema;
    rest->rows = block->rows.Gather(kept);
    rest->first_row_id = write->chunk->TakeRowIds(write->first_row_id, kept.size());
    rest->UpdateBytes();
    block = std::move(rest);
    RunAll(txn->when_taken_back, after);  // perhaps for a row that is not written after all
  }
  for (Waiter& waiter : std::exchange(txn->when_taken_back, {})) txn->when_unlocked.push_back(std::move(waiter));
  if (block->row_count() == 0) {
    FinishUniqueWrite(write, std::move(conflicts), after);
    return;
  }
  StageBlock(txn, staged->second, write->level, std::move(block), after);
  if (!MustWait(*txn)) {
    FinishUniqueWrite(write, std::move(conflicts), after);
    return;
  }
  Promise<Status> memory;
  waiting_writers_.push_back({txn, memory});
  Future<Status> granted = memory.future();
  granted.OnReady([self = shared_from_this(), write, granted, conflicts = std::move(conflicts)]() mutable {
    const Status status = granted.Take();
    Deferred later;
    MutexLock lock(self->mutex_);
    if (status.ok()) {
      self->FinishUniqueWrite(write, std::move(conflicts), later);
    } else {
      self->FinishUniqueWrite(write, status, later);
    }
  });
}

void StoreCore::WaitForKey(const UniqueWritePtr& write, const KeyVerdict& held, Deferred& after) {
  Transaction* const txn = write->txn.get();
  write->view = KeyView();  // lets go of files
  TakeUnchecked(*write, after);  // first: who waits for these rows only is no part of a circle
  for (Transaction* next = held.holder; next != nullptr; next = next->waiting_for) {
    if (next != txn) continue;
    FinishUniqueWrite(write, Error(sqlstate::kDeadlockDetected, "deadlock detected"), after);
    return;
  }
  txn->waiting_for = held.holder;
  std::vector<Waiter>& list = held.unchecked ? held.holder->when_taken_back : held.holder->when_unlocked;
  list.push_back([this, write](Deferred& later) {
    if (write->finished) return;
    write->txn->waiting_for = nullptr;
    if (Status status = StageUnchecked(write); !status.ok()) {
      FinishUniqueWrite(write, std::move(status), later);
      return;
    }
    later.Add([self = shared_from_this(), write] { self->options_.workers->Post([self, write] { self->CheckKeys(write); }); });
  });
  if (write->timer != 0) return;
  write->timer = options_.workers->PostAfter(options_.lock_timeout, [weak = weak_from_this(), write] {
    const std::shared_ptr<StoreCore> self = weak.lock();
    if (self == nullptr) return;
    Deferred later;
    MutexLock lock(self->mutex_);
    self->FinishUniqueWrite(write,
                            Error(sqlstate::kDeadlockDetected, StrCat("waited ", absl::FormatDuration(self->options_.lock_timeout),
                                                                      " for a key held by another transaction")),
                            later);
  });
}

void StoreCore::FinishUniqueWrite(const UniqueWritePtr& write, StatusOr<WriteConflicts> result, Deferred& after) {
  if (write->finished) return;
  write->finished = true;
  Transaction& txn = *write->txn;
  if (!result.ok()) TakeUnchecked(*write, after);
  std::erase(txn.waiting_writes, write);
  if (write->timer != 0) {
    txn.waiting_for = nullptr;
    after.Add([executor = options_.workers, timer = write->timer] { executor->Cancel(timer); });
  }
  after.Set(write->promise, std::move(result));
}

}  // namespace tsd::engine
