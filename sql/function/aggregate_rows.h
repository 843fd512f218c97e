#pragma once
// Loops over (row, group) pairs for aggregates, and the byte form of partial states (bytea columns). Single driver.
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/status.h"
#include "engine/types/vector.h"
#include "sql/exec/aggregate_state.h"

namespace tsd::sql {

/// body(begin, end, group) for runs of rows of one group: the whole batch without groups, the runs if there are some. False: neither.
template <typename F>
inline bool ForGroupRuns(GroupIds groups, F body) {
  if (groups.ids == nullptr) {
    body(size_t{0}, groups.rows, 0u);
    return true;
  }
  if (groups.runs.empty()) return false;
  size_t begin = 0;
  for (const GroupRun& run : groups.runs) {
    body(begin, size_t{run.end}, run.group);
    begin = run.end;
  }
  return true;
}

/// body(row, group) for all rows where `column` is present. Requires: column is flat.
template <typename F>
inline void ForPresentRows(const Vector& column, GroupIds groups, F body) {
  const std::span<const uint64_t> validity = column.validity();
  if (validity.empty()) {
    if (groups.ids == nullptr) {
      for (size_t row = 0; row < groups.rows; ++row) body(row, 0u);
    } else {
      for (size_t row = 0; row < groups.rows; ++row) body(row, groups.ids[row]);
    }
    return;
  }
  for (size_t row = 0; row < groups.rows; ++row) {
    if ((validity[row >> 6] >> (row & 63) & 1) == 0) continue;
    body(row, groups.ids == nullptr ? 0u : groups.ids[row]);
  }
}

/// The same for a body that may fail.
template <typename F>
inline Status TryPresentRows(const Vector& column, GroupIds groups, F body) {
  for (size_t row = 0; row < groups.rows; ++row) {
    if (column.IsNull(row)) continue;
    RETURN_IF_ERROR(body(row, groups.ids == nullptr ? 0u : groups.ids[row]));
  }
  return OkStatus();
}

inline Status DamagedPartial() { return Error(sqlstate::kDataCorrupted, "malformed partial aggregate state"); }

/// decode(reader, group) for every row; each must read its bytes to the end.
template <typename F>
inline Status ForPartialStates(const Vector& partial, GroupIds groups, F decode) {
  if (partial.type().Physical() != PhysicalType::kBytes) return DamagedPartial();
  return TryPresentRows(partial, groups, [&](size_t row, uint32_t group) -> Status {
    ByteReader reader(partial.GetBytes(row));
    RETURN_IF_ERROR(decode(reader, group));
    return reader.ok() && reader.AtEnd() ? OkStatus() : DamagedPartial();
  });
}

}  // namespace tsd::sql
