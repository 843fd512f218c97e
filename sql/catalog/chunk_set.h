#pragma once
// ChunkSet: a hypertable's chunks as an immutable value. It lies in pages of some hundred chunks that versions share: of a hundred thousand
// chunks, a change copies the page it falls into and the list of pages, three times over, as chunks are found by range, by id and by OID.
// Values; a published one may be read by any thread.
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/base/ids.h"

namespace tsd::sql {

inline constexpr int kSlotCount = 1024;  // hash slots a hypertable's space dimension is cut into

/// What the user is told; the files are columnar and compressed in any case.
enum class ChunkCompression : uint8_t {
  kOpen,        // not yet
  kCompressed,
  kKeptOpen,    // decompress_chunk() was called: until a policy or compress_chunk() closes it again
};

/// A time slice x slot range of a hypertable. Half-open ranges in the time column's own scale (microseconds since 2000-01-01 for timestamps,
/// days for date, the integer itself otherwise).
struct Chunk {
  ChunkId id;
  int32_t number = 0;              // N of _dist_hyper_<H>_<N>_chunk
  uint32_t oid = 0;                // its regclass
  std::string name;                // _dist_hyper_1_5_chunk
  int64_t range_start = 0;
  int64_t range_end = 0;
  int slot_start = 0;              // [slot_start, slot_end) of kSlotCount
  int slot_end = kSlotCount;
  std::vector<NodeId> nodes;       // replicas; NodeId{} = the access node's own store
  int64_t created_at = 0;          // timestamptz
  ChunkCompression compression = ChunkCompression::kOpen;
};
using ChunkPtr = std::shared_ptr<const Chunk>;

/// Chunks in one order, in pages. Copying one copies the list of pages only.
template <typename Order>
class ChunkPages {
 public:
  using Key = typename Order::Key;
  struct Page {
    std::vector<ChunkPtr> chunks;  // never empty
    std::vector<int64_t> reach;    // by range: the greatest range_end of chunks[0 .. i]
  };
  using PagePtr = std::shared_ptr<const Page>;

  const std::vector<PagePtr>& pages() const { return pages_; }
  /// The first chunk whose key is not less; null if there is none.
  const ChunkPtr* LowerBound(const Key& key) const;
  /// `added`: ascending; a chunk with the key of one that is here takes its place.
  void Put(const std::vector<ChunkPtr>& added);
  /// `removed`: ascending.
  void Erase(const std::vector<Key>& removed);

 private:
  /// The page where the key is or would be put; pages_ is not empty.
  size_t PageOf(const Key& key) const;
  /// Rewrites the pages that `edits` (ascending keys) fall into: `rewrite(page's chunks, first, last)` gives their chunks afterwards.
  template <typename Edits, typename KeyOf, typename Rewrite>
  void RewritePages(const Edits& edits, const KeyOf& key_of, const Rewrite& rewrite);
  static void AppendPages(std::vector<ChunkPtr> chunks, std::vector<PagePtr>* pages);

  std::vector<PagePtr> pages_;
};

struct ByRange {
  using Key = std::tuple<int64_t, int, ChunkId>;
  static Key Of(const Chunk& chunk) { return {chunk.range_start, chunk.slot_start, chunk.id}; }
  static constexpr bool kHasReach = true;
};
struct ById {
  using Key = ChunkId;
  static Key Of(const Chunk& chunk) { return chunk.id; }
  static constexpr bool kHasReach = false;
};
struct ByOid {
  using Key = std::pair<uint32_t, ChunkId>;
  static Key Of(const Chunk& chunk) { return {chunk.oid, chunk.id}; }
  static constexpr bool kHasReach = false;
};

class ChunkSet {
 public:
  /// Chunks in the order of (range_start, slot_start).
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = ChunkPtr;
    using difference_type = std::ptrdiff_t;
    using pointer = const ChunkPtr*;
    using reference = const ChunkPtr&;
    Iterator() = default;
    reference operator*() const { return (*pages_)[page_]->chunks[index_]; }
    pointer operator->() const { return &**this; }
    Iterator& operator++() {
      if (++index_ == (*pages_)[page_]->chunks.size()) {
        ++page_;
        index_ = 0;
      }
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return page_ == other.page_ && index_ == other.index_; }

   private:
    friend class ChunkSet;
    using Pages = std::vector<ChunkPages<ByRange>::PagePtr>;
    Iterator(const Pages* pages, size_t page, size_t index) : pages_(pages), page_(page), index_(index) {}
    const Pages* pages_ = nullptr;
    size_t page_ = 0;
    size_t index_ = 0;
  };
  struct Range {
    Iterator first, last;
    Iterator begin() const { return first; }
    Iterator end() const { return last; }
    bool empty() const { return first == last; }
  };

  ChunkSet() = default;
  /// In any order.
  explicit ChunkSet(std::vector<ChunkPtr> chunks) { Put(std::move(chunks)); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Iterator begin() const { return {&by_range_.pages(), 0, 0}; }
  Iterator end() const { return {&by_range_.pages(), by_range_.pages().size(), 0}; }

  /// Null if it is not here.
  ChunkPtr Find(ChunkId id) const;
  ChunkPtr FindByOid(uint32_t oid) const;
  /// The chunk that a row of this time and slot belongs to; null if there is none.
  ChunkPtr FindAt(int64_t time, int slot) const;
  /// The chunks that may hold times in [low, high], among others: found without looking at all. A chunk that ends at the greatest time has it.
  Range Near(int64_t low, int64_t high) const;

  /// In any order; chunks that are here already (by id) are replaced.
  void Put(std::vector<ChunkPtr> chunks);
  void Erase(const std::vector<ChunkId>& ids);

 private:
  /// Before which chunks none reaches beyond `time`.
  Iterator FirstReaching(int64_t time) const;
  /// The first that starts after `time`.
  Iterator FirstAfter(int64_t time) const;
  void EraseFound(const std::vector<ChunkPtr>& chunks);
  void Recount();

  ChunkPages<ByRange> by_range_;
  ChunkPages<ById> by_id_;
  ChunkPages<ByOid> by_oid_;
  std::vector<int64_t> reach_;  // of pages [0 .. i] of by_range_
  size_t size_ = 0;
};

}  // namespace tsd::sql
