#include "sql/catalog/chunk_set.h"

#include <algorithm>
#include <limits>

namespace tsd::sql {
namespace {

constexpr size_t kPageChunks = 512;
constexpr int64_t kGreatestTime = std::numeric_limits<int64_t>::max();

template <typename Order>
bool KeyLess(const ChunkPtr& left, const ChunkPtr& right) {
  return Order::Of(*left) < Order::Of(*right);
}

template <typename Order>
std::vector<ChunkPtr> Sorted(std::vector<ChunkPtr> chunks) {
  std::stable_sort(chunks.begin(), chunks.end(), KeyLess<Order>);
  return chunks;
}

template <typename Order>
std::vector<typename Order::Key> SortedKeys(const std::vector<ChunkPtr>& chunks) {
  std::vector<typename Order::Key> keys;
  keys.reserve(chunks.size());
  for (const ChunkPtr& chunk : chunks) keys.push_back(Order::Of(*chunk));
  std::sort(keys.begin(), keys.end());
  return keys;
}

/// Whether a chunk that ends there may hold the time.
bool Reaches(int64_t end, int64_t time) { return end > time || end == kGreatestTime; }

}  // namespace

template <typename Order>
size_t ChunkPages<Order>::PageOf(const Key& key) const {
  const auto after = std::partition_point(pages_.begin(), pages_.end(), [&](const PagePtr& page) { return !(key < Order::Of(*page->chunks.front())); });
  return after == pages_.begin() ? 0 : static_cast<size_t>(after - pages_.begin()) - 1;
}

template <typename Order>
const ChunkPtr* ChunkPages<Order>::LowerBound(const Key& key) const {
  if (pages_.empty()) return nullptr;
  size_t page = PageOf(key);
  const std::vector<ChunkPtr>& chunks = pages_[page]->chunks;
  const auto found = std::partition_point(chunks.begin(), chunks.end(), [&](const ChunkPtr& chunk) { return Order::Of(*chunk) < key; });
  if (found != chunks.end()) return &*found;
  return ++page == pages_.size() ? nullptr : &pages_[page]->chunks.front();
}

template <typename Order>
void ChunkPages<Order>::AppendPages(std::vector<ChunkPtr> chunks, std::vector<PagePtr>* pages) {
  if (chunks.empty()) return;
  // A page that was left small by removals is filled up.
  if (!pages->empty() && pages->back()->chunks.size() + chunks.size() <= kPageChunks / 2) {
    chunks.insert(chunks.begin(), pages->back()->chunks.begin(), pages->back()->chunks.end());
    pages->pop_back();
  }
  const size_t count = (chunks.size() + kPageChunks - 1) / kPageChunks;
  for (size_t i = 0; i < count; ++i) {
    auto page = std::make_shared<Page>();
    page->chunks.assign(chunks.begin() + static_cast<std::ptrdiff_t>(chunks.size() * i / count),
                        chunks.begin() + static_cast<std::ptrdiff_t>(chunks.size() * (i + 1) / count));
    if constexpr (Order::kHasReach) {
      page->reach.reserve(page->chunks.size());
      for (const ChunkPtr& chunk : page->chunks) {
        page->reach.push_back(page->reach.empty() ? chunk->range_end : std::max(page->reach.back(), chunk->range_end));
      }
    }
    pages->push_back(std::move(page));
  }
}

template <typename Order>
template <typename Edits, typename KeyOf, typename Rewrite>
void ChunkPages<Order>::RewritePages(const Edits& edits, const KeyOf& key_of, const Rewrite& rewrite) {
  std::vector<PagePtr> pages;
  pages.reserve(pages_.size() + edits.size() / kPageChunks + 1);
  auto edit = edits.begin();
  size_t next = 0;
  while (edit != edits.end()) {
    const size_t touched = std::max(next, PageOf(key_of(*edit)));
    pages.insert(pages.end(), pages_.begin() + static_cast<std::ptrdiff_t>(next), pages_.begin() + static_cast<std::ptrdiff_t>(touched));
    next = touched + 1;
    auto last = edits.end();
    if (next < pages_.size()) {
      const Key end = Order::Of(*pages_[next]->chunks.front());
      last = std::partition_point(edit, edits.end(), [&](const auto& entry) { return key_of(entry) < end; });
    }
    AppendPages(rewrite(pages_[touched]->chunks, edit, last), &pages);
    edit = last;
  }
  pages.insert(pages.end(), pages_.begin() + static_cast<std::ptrdiff_t>(next), pages_.end());
  pages_ = std::move(pages);
}

template <typename Order>
void ChunkPages<Order>::Put(const std::vector<ChunkPtr>& added) {
  if (pages_.empty()) {
    AppendPages(added, &pages_);
    return;
  }
  RewritePages(added, [](const ChunkPtr& chunk) { return Order::Of(*chunk); }, [](const std::vector<ChunkPtr>& old, auto first, auto last) {
    std::vector<ChunkPtr> chunks;
    chunks.reserve(old.size() + static_cast<size_t>(last - first));
    std::set_union(first, last, old.begin(), old.end(), std::back_inserter(chunks), KeyLess<Order>);  // of two equal ones, the first list's
    return chunks;
  });
}

template <typename Order>
void ChunkPages<Order>::Erase(const std::vector<Key>& removed) {
  if (pages_.empty()) return;
  RewritePages(removed, [](const Key& key) { return key; }, [](const std::vector<ChunkPtr>& old, auto first, auto last) {
    std::vector<ChunkPtr> chunks;
    std::copy_if(old.begin(), old.end(), std::back_inserter(chunks), [&](const ChunkPtr& chunk) { return !std::binary_search(first, last, Order::Of(*chunk)); });
    return chunks;
  });
}

ChunkPtr ChunkSet::Find(ChunkId id) const {
  const ChunkPtr* found = by_id_.LowerBound(id);
  return found != nullptr && (*found)->id == id ? *found : nullptr;
}

ChunkPtr ChunkSet::FindByOid(uint32_t oid) const {
  const ChunkPtr* found = by_oid_.LowerBound({oid, ChunkId()});
  return found != nullptr && (*found)->oid == oid ? *found : nullptr;
}

ChunkSet::Iterator ChunkSet::FirstReaching(int64_t time) const {
  const auto& pages = by_range_.pages();
  const auto page = static_cast<size_t>(std::partition_point(reach_.begin(), reach_.end(), [&](int64_t end) { return !Reaches(end, time); }) - reach_.begin());
  if (page == pages.size()) return end();
  const std::vector<int64_t>& reach = pages[page]->reach;
  const auto index = std::partition_point(reach.begin(), reach.end(), [&](int64_t end) { return !Reaches(end, time); });
  return {&pages, page, static_cast<size_t>(index - reach.begin())};
}

ChunkSet::Iterator ChunkSet::FirstAfter(int64_t time) const {
  const auto& pages = by_range_.pages();
  const auto after = std::partition_point(pages.begin(), pages.end(), [&](const auto& page) { return page->chunks.back()->range_start <= time; });
  if (after == pages.end()) return end();
  const std::vector<ChunkPtr>& chunks = (*after)->chunks;
  const auto index = std::partition_point(chunks.begin(), chunks.end(), [&](const ChunkPtr& chunk) { return chunk->range_start <= time; });
  return {&pages, static_cast<size_t>(after - pages.begin()), static_cast<size_t>(index - chunks.begin())};
}

ChunkSet::Range ChunkSet::Near(int64_t low, int64_t high) const {
  const Iterator first = FirstReaching(low);
  const Iterator last = FirstAfter(high);
  const bool any = std::pair(first.page_, first.index_) < std::pair(last.page_, last.index_);
  return any ? Range{first, last} : Range{end(), end()};
}

ChunkPtr ChunkSet::FindAt(int64_t time, int slot) const {
  // Backwards from the last that starts in time: chunks of one time do not overlap, so a match is near unless slices of another width are there.
  const Iterator first = FirstReaching(time);
  for (Iterator at = FirstAfter(time); std::pair(first.page_, first.index_) < std::pair(at.page_, at.index_);) {
    if (at.index_ == 0) at.index_ = by_range_.pages()[--at.page_]->chunks.size();
    --at.index_;
    const Chunk& chunk = **at;
    if (time < chunk.range_end && slot >= chunk.slot_start && slot < chunk.slot_end) return *at;
  }
  return nullptr;
}

void ChunkSet::Put(std::vector<ChunkPtr> chunks) {
  if (chunks.empty()) return;
  std::vector<ChunkPtr> replaced;
  for (const ChunkPtr& chunk : chunks) {
    if (ChunkPtr old = Find(chunk->id)) replaced.push_back(std::move(old));
  }
  EraseFound(replaced);
  by_id_.Put(Sorted<ById>(chunks));
  by_oid_.Put(Sorted<ByOid>(chunks));
  by_range_.Put(Sorted<ByRange>(std::move(chunks)));
  Recount();
}

void ChunkSet::Erase(const std::vector<ChunkId>& ids) {
  std::vector<ChunkPtr> found;
  for (ChunkId id : ids) {
    if (ChunkPtr chunk = Find(id)) found.push_back(std::move(chunk));
  }
  EraseFound(found);
  Recount();
}

void ChunkSet::EraseFound(const std::vector<ChunkPtr>& chunks) {
  if (chunks.empty()) return;
  by_range_.Erase(SortedKeys<ByRange>(chunks));
  by_id_.Erase(SortedKeys<ById>(chunks));
  by_oid_.Erase(SortedKeys<ByOid>(chunks));
}

void ChunkSet::Recount() {
  size_ = 0;
  reach_.clear();
  for (const auto& page : by_range_.pages()) {
    size_ += page->chunks.size();
    reach_.push_back(reach_.empty() ? page->reach.back() : std::max(reach_.back(), page->reach.back()));
  }
}

}  // namespace tsd::sql
