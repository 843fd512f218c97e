#include "engine/store/delete_marks.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/base/hash.h"

namespace tsd::engine {
namespace {

constexpr char kMagic[] = "TSDDEL\r\n";
constexpr uint32_t kVersion = 1;
constexpr size_t kMarkFanIn = 8;
constexpr size_t kLargeRun = 65536;

std::shared_ptr<DeleteRun> FromPairs(std::vector<std::pair<uint64_t, uint64_t>> pairs) {
  auto run = std::make_shared<DeleteRun>();
  std::sort(pairs.begin(), pairs.end());
  run->row_ids.reserve(pairs.size());
  run->min_commit = kMaxTimestamp;
  for (const auto& [row_id, commit] : pairs) {
    run->row_ids.push_back(row_id);
    run->min_commit = std::min(run->min_commit, Timestamp(commit));
    run->max_commit = std::max(run->max_commit, Timestamp(commit));
  }
  if (run->min_commit != run->max_commit) {
    run->commits.reserve(pairs.size());
    for (const auto& [row_id, commit] : pairs) run->commits.push_back(commit);
  }
  return run;
}

}  // namespace

DeleteRunPtr MakeDeleteRun(std::vector<uint64_t> row_ids, Timestamp commit) {
  auto run = std::make_shared<DeleteRun>();
  run->row_ids = std::move(row_ids);
  run->min_commit = run->max_commit = commit;
  return run;
}

DeleteRunPtr MergeDeleteRuns(std::span<const DeleteRunPtr> runs) {
  if (runs.size() == 1) return runs.front();
  std::vector<std::pair<uint64_t, uint64_t>> pairs;
  size_t count = 0;
  for (const DeleteRunPtr& run : runs) count += run->row_ids.size();
  pairs.reserve(count);
  for (const DeleteRunPtr& run : runs) {
    for (size_t i = 0; i < run->row_ids.size(); ++i) pairs.emplace_back(run->row_ids[i], run->CommitOf(i).value());
  }
  return FromPairs(std::move(pairs));
}

DeleteRunPtr WithoutRows(const DeleteRunPtr& run, std::span<const uint64_t> gone) {
  std::vector<std::pair<uint64_t, uint64_t>> pairs;
  size_t next = 0;
  for (size_t i = 0; i < run->row_ids.size(); ++i) {
    while (next < gone.size() && gone[next] < run->row_ids[i]) ++next;
    if (next < gone.size() && gone[next] == run->row_ids[i]) continue;
    pairs.emplace_back(run->row_ids[i], run->CommitOf(i).value());
  }
  if (pairs.size() == run->row_ids.size()) return run;
  if (pairs.empty()) return nullptr;
  return FromPairs(std::move(pairs));
}

void AddDeleteRun(DeleteRuns& runs, DeleteRunPtr run) {
  auto size_class = [](const DeleteRunPtr& item) {
    int result = 0;
    for (size_t rows = item->row_ids.size(); rows >= kMarkFanIn; rows /= kMarkFanIn) ++result;
    return result;
  };
  runs.push_back(std::move(run));
  while (runs.back()->row_ids.size() < kLargeRun) {
    const int last_class = size_class(runs.back());
    size_t count = 0;
    while (count < runs.size() && size_class(runs[runs.size() - 1 - count]) <= last_class) ++count;
    if (count < kMarkFanIn) return;
    const size_t begin = runs.size() - count;
    DeleteRunPtr merged = MergeDeleteRuns(std::span(runs).subspan(begin));
    runs.resize(begin);
    runs.push_back(std::move(merged));
  }
}

std::optional<Timestamp> FindDelete(const DeleteRuns& runs, uint64_t row_id) {
  for (const DeleteRunPtr& run : runs) {
    if (row_id < run->row_ids.front() || row_id > run->row_ids.back()) continue;
    const auto found = std::lower_bound(run->row_ids.begin(), run->row_ids.end(), row_id);
    if (*found == row_id) return run->CommitOf(static_cast<size_t>(found - run->row_ids.begin()));
  }
  return std::nullopt;
}

std::string EncodeDeleteFile(const DeleteRun& run) {
  ByteWriter writer;
  writer.PutBytes(std::string_view(kMagic, 8));
  writer.PutU32(kVersion);
  writer.PutVarint(run.row_ids.size());
  writer.PutBool(!run.commits.empty());
  writer.PutVarint(run.min_commit.value());
  uint64_t before = 0;
  for (uint64_t row_id : run.row_ids) {
    writer.PutVarint(row_id - before);
    before = row_id;
  }
  for (uint64_t commit : run.commits) writer.PutVarint(commit - run.min_commit.value());
  writer.PutU64(Hash64(writer.data()));
  return std::move(writer).Take();
}

StatusOr<std::shared_ptr<DeleteRun>> DecodeDeleteFile(std::string_view bytes) {
  const Status damaged = Error(sqlstate::kDataCorrupted, "damaged delete file");
  if (bytes.size() < 20 || bytes.substr(0, 8) != std::string_view(kMagic, 8)) return damaged;
  ByteReader tail(bytes.substr(bytes.size() - 8));
  if (tail.GetU64() != Hash64(bytes.substr(0, bytes.size() - 8))) return damaged;
  ByteReader reader(bytes.substr(8, bytes.size() - 16));
  if (reader.GetU32() != kVersion) return Error(sqlstate::kFeatureNotSupported, "delete file of an unknown version");
  const uint64_t count = reader.GetCount(1);
  const bool mixed = reader.GetBool();
  auto run = std::make_shared<DeleteRun>();
  run->min_commit = run->max_commit = Timestamp(reader.GetVarint());
  run->row_ids.reserve(count);
  uint64_t row_id = 0;
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    const uint64_t step = reader.GetVarint();
    if (i > 0 && step == 0) reader.Fail();
    row_id += step;
    run->row_ids.push_back(row_id);
  }
  for (uint64_t i = 0; mixed && i < count && reader.ok(); ++i) {
    run->commits.push_back(run->min_commit.value() + reader.GetVarint());
    run->max_commit = std::max(run->max_commit, Timestamp(run->commits.back()));
  }
  if (!reader.ok() || !reader.AtEnd() || count == 0) return damaged;
  return run;
}

DeletedRows::DeletedRows(const DeleteRuns& runs, Timestamp read_timestamp, std::vector<uint64_t> own) : ids_(std::move(own)) {
  for (const DeleteRunPtr& run : runs) {
    if (run->min_commit > read_timestamp) continue;
    if (run->max_commit <= read_timestamp) {
      ids_.insert(ids_.end(), run->row_ids.begin(), run->row_ids.end());
      continue;
    }
    for (size_t i = 0; i < run->row_ids.size(); ++i) {
      if (run->CommitOf(i) <= read_timestamp) ids_.push_back(run->row_ids[i]);
    }
  }
  if (ids_.empty()) return;
  std::sort(ids_.begin(), ids_.end());
  low_ = ids_.front();
  high_ = ids_.back();
  const uint64_t span = high_ - low_;
  if (span / 64 > ids_.size() * 4) return;
  bitmap_.resize(span / 64 + 1);
  for (uint64_t id : ids_) bitmap_[(id - low_) >> 6] |= uint64_t{1} << ((id - low_) & 63);
}

bool DeletedRows::AnyIn(uint64_t low, uint64_t high) const {
  if (ids_.empty() || high < low_ || low > high_) return false;
  const auto found = std::lower_bound(ids_.begin(), ids_.end(), low);
  return found != ids_.end() && *found <= high;
}

bool DeletedRows::Search(uint64_t row_id) const { return std::binary_search(ids_.begin(), ids_.end(), row_id); }

}  // namespace tsd::engine
