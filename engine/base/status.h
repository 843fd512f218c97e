#pragma once
// Errors: absl::Status with what a client is told as payload. An error is made where it is known, with its SQLSTATE,
// and passed up unchanged; a layer may add context (WithDetail, WithHint, WithWhere). Never thrown.
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "engine/base/sqlstate.h"

namespace tsd {

using absl::OkStatus;
using absl::Status;
using absl::StatusOr;

/// The fields of a PostgreSQL ErrorResponse beside severity and message.
struct ErrorFields {
  std::string sqlstate;    // five characters
  std::string detail;
  std::string hint;
  std::string where;       // e.g. "COPY t, line 3, column v: \"x\""
  int position = 0;        // 1-based character of the query text; 0 = unknown
  std::string schema, table, column, data_type, constraint;

  std::string Encode() const;
  static ErrorFields Decode(std::string_view bytes);
};

/// Makes an error. `state` is one of tsd::sqlstate.
Status Error(std::string_view state, std::string_view message);
Status ErrorWith(const ErrorFields& fields, std::string_view message);

/// Adds a field to an error; no effect on OK.
Status WithDetail(Status status, std::string_view detail);
Status WithHint(Status status, std::string_view hint);
Status WithWhere(Status status, std::string_view where);
Status WithPosition(Status status, int position);
/// Same fields, message prefixed ("[dn1]: " + message).
Status WithPrefix(const Status& status, std::string_view prefix);

/// Fields of any status; a foreign status without payload gets XX000 (or what its code suggests).
ErrorFields FieldsOf(const Status& status);
std::string SqlStateOf(const Status& status);
bool HasSqlState(const Status& status, std::string_view state);

/// Wire form of a status for RPC (code, message, fields); OK is the empty string.
std::string EncodeStatus(const Status& status);
Status DecodeStatus(std::string_view bytes);

}  // namespace tsd

#define TSD_CONCAT_INNER(a, b) a##b
#define TSD_CONCAT(a, b) TSD_CONCAT_INNER(a, b)
#define RETURN_IF_ERROR(expr)                     \
  do {                                            \
    ::absl::Status tsd_status_ = (expr);          \
    if (!tsd_status_.ok()) return tsd_status_;    \
  } while (0)
#define ASSIGN_OR_RETURN(lhs, expr) ASSIGN_OR_RETURN_IMPL(TSD_CONCAT(tsd_statusor_, __LINE__), lhs, expr)
#define ASSIGN_OR_RETURN_IMPL(var, lhs, expr) \
  auto var = (expr);                          \
  if (!var.ok()) return std::move(var).status(); \
  lhs = std::move(var).value()
// The same in a coroutine. `expr` may contain co_await.
#define CO_RETURN_IF_ERROR(expr)                     \
  do {                                               \
    ::absl::Status tsd_status_ = (expr);             \
    if (!tsd_status_.ok()) co_return tsd_status_;    \
  } while (0)
#define CO_ASSIGN_OR_RETURN(lhs, expr) CO_ASSIGN_OR_RETURN_IMPL(TSD_CONCAT(tsd_statusor_, __LINE__), lhs, expr)
#define CO_ASSIGN_OR_RETURN_IMPL(var, lhs, expr) \
  auto var = (expr);                             \
  if (!var.ok()) co_return std::move(var).status(); \
  lhs = std::move(var).value()
