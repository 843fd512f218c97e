#pragma once
// Ids and positions as distinct types, so that two of them cannot be swapped in a call. value() gives the number; 0 is "none".
#include <compare>
#include <cstdint>
#include <ostream>
#include <string>

namespace tsd {

template <typename Tag, typename Rep>
class StrongId {
 public:
  using rep = Rep;
  constexpr StrongId() = default;
  explicit constexpr StrongId(Rep value) : value_(value) {}
  constexpr Rep value() const { return value_; }
  constexpr bool IsValid() const { return value_ != 0; }
  auto operator<=>(const StrongId&) const = default;
  template <typename H>
  friend H AbslHashValue(H state, const StrongId& id) {
    return H::combine(std::move(state), id.value_);
  }
  friend std::ostream& operator<<(std::ostream& out, const StrongId& id) { return out << id.value_; }

 private:
  Rep value_ = 0;
};

using TableId = StrongId<struct TableIdTag, uint32_t>;    // the table's OID on its access node
using ColumnId = StrongId<struct ColumnIdTag, uint16_t>;  // attnum: 1-based, never reused in a table
using ChunkId = StrongId<struct ChunkIdTag, uint64_t>;    // unique in a cluster; handed out by the access node
using NodeId = StrongId<struct NodeIdTag, uint32_t>;      // a data node; 0 is this node's own store
using Lsn = StrongId<struct LsnTag, uint64_t>;            // byte position in a store's write-ahead log

/// Commit and read timestamps: one strictly increasing sequence handed out by the access node's CommitClock.
/// A reader at timestamp r sees exactly the transactions with commit timestamp <= r.
using Timestamp = StrongId<struct TimestampTag, uint64_t>;
inline constexpr Timestamp kMaxTimestamp{UINT64_MAX};

/// A transaction: the access node's incarnation (its cluster uuid's hash mixed with a start counter) and a sequence number.
struct TxnId {
  uint64_t origin = 0;
  uint64_t sequence = 0;
  bool IsValid() const { return sequence != 0; }
  auto operator<=>(const TxnId&) const = default;
  template <typename H>
  friend H AbslHashValue(H state, const TxnId& id) {
    return H::combine(std::move(state), id.origin, id.sequence);
  }
  std::string ToString() const { return std::to_string(origin) + "." + std::to_string(sequence); }
};

}  // namespace tsd
