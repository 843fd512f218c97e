#include "coord/cluster/sequences.h"

#include "engine/base/strings.h"

namespace tsd::coord {
namespace {

constexpr char kSequenceGeneratorLimitExceeded[] = "2200H";
constexpr int64_t kBlock = 32;  // numbers logged ahead, as many as a crash may skip

// The number after `last`; nullopt past the end.
std::optional<int64_t> After(const sql::Sequence& sequence, int64_t last) {
  int64_t next = 0;
  if (__builtin_add_overflow(last, sequence.increment, &next)) return std::nullopt;
  if (next > sequence.maximum || next < sequence.minimum) return std::nullopt;
  return next;
}

}  // namespace

Sequences::State& Sequences::Load(const sql::Relation& sequence) {
  auto [found, fresh] = states_.try_emplace(sequence.heap);
  if (fresh) found->second.mark = log_.SequenceOf(sequence.heap).value_or(SequenceMark{sequence.sequence->start, false});
  return found->second;
}

// Appended under the lock, so that the log's order is ours.
Future<Status> Sequences::Log(ChunkId id, SequenceMark mark) {
  ++appended_;
  return log_.LogSequence(id, mark);
}

void Sequences::Watch(Future<Status> logged) {
  if (!logged.valid()) return;
  logged.OnReady([this, logged]() mutable { Logged(logged.Take()); });
}

void Sequences::Logged(Status status) {
  std::vector<Promise<Status>> ready;
  {
    MutexLock lock(mutex_);
    ++durable_;
    if (!status.ok()) failure_ = status;
    while (!waiters_.empty() && waiters_.front().first <= durable_) {
      ready.push_back(waiters_.front().second);
      waiters_.pop_front();
    }
    status = failure_;
  }
  for (Promise<Status>& promise : ready) promise.Set(status);
}

StatusOr<int64_t> Sequences::Next(const sql::Relation& relation) {
  Future<Status> logged;
  StatusOr<int64_t> next = Advance(relation, &logged);
  Watch(std::move(logged));
  return next;
}

StatusOr<int64_t> Sequences::Advance(const sql::Relation& relation, Future<Status>* logged) {
  const sql::Sequence& sequence = *relation.sequence;
  MutexLock lock(mutex_);
  State& state = Load(relation);
  std::optional<int64_t> next = state.mark.called ? After(sequence, state.mark.last) : state.mark.last;
  if (!next.has_value()) {
    const bool up = sequence.increment > 0;
    if (!sequence.cycle) {
      return Error(kSequenceGeneratorLimitExceeded,
                   StrCat("nextval: reached ", up ? "maximum" : "minimum", " value of sequence \"", relation.name, "\" (", up ? sequence.maximum : sequence.minimum, ")"));
    }
    next = up ? sequence.minimum : sequence.maximum;
    state.left = 0;
  }
  if (state.left == 0 || state.increment != sequence.increment) {
    state.increment = sequence.increment;
    SequenceMark ahead{*next, true};
    int64_t block = 1;
    for (; block < kBlock; ++block) {
      const std::optional<int64_t> further = After(sequence, ahead.last);
      if (!further.has_value()) break;
      ahead.last = *further;
    }
    state.left = block;
    *logged = Log(relation.heap, ahead);
  }
  --state.left;
  state.mark = {*next, true};
  return *next;
}

Status Sequences::Set(const sql::Relation& relation, int64_t value, bool called) {
  const sql::Sequence& sequence = *relation.sequence;
  if (value < sequence.minimum || value > sequence.maximum) {
    return Error(sqlstate::kNumericValueOutOfRange, StrCat("setval: value ", value, " is out of bounds for sequence \"", relation.name, "\" (",
                                                           sequence.minimum, "..", sequence.maximum, ")"));
  }
  Future<Status> logged;
  {
    MutexLock lock(mutex_);
    State& state = Load(relation);
    state.mark = {value, called};
    state.left = 0;
    logged = Log(relation.heap, state.mark);
  }
  Watch(std::move(logged));
  return OkStatus();
}

SequenceMark Sequences::Current(const sql::Relation& sequence) {
  MutexLock lock(mutex_);
  return Load(sequence).mark;
}

Future<Status> Sequences::AwaitDurable() {
  MutexLock lock(mutex_);
  if (durable_ == appended_) return ReadyFuture(failure_);
  Promise<Status> promise;
  waiters_.emplace_back(appended_, promise);
  return promise.future();
}

}  // namespace tsd::coord
