#pragma once
// FunctionContext: what functions about the session and the catalog ask (current_setting, to_regclass, pg_table_is_visible,
// hypertable_size …). Declared in the registry with `context` set, implemented by coord on the access node; data nodes have none, so
// the optimiser must evaluate such calls before fragments are shipped.
#include <span>
#include <string_view>

#include "engine/types/text_form.h"
#include "engine/types/value.h"
#include "sql/exec/operator.h"

namespace tsd::sql {

/// Called by the one driver of a statement.
class FunctionContext : public ObjectNames {
 public:
  /// One call of a registry entry with `context` and kScalar; `key` is its signature key, e.g. "current_setting(text)". Arguments are of
  /// the declared types; NULLs appear only for functions that are not strict.
  virtual StatusOr<Value> Call(std::string_view key, std::span<const Value> arguments, const DataType& result) = 0;
};

/// What the text input and output of types needs, from a run's context.
TextContext TextContextOf(const ExecContext& context, LengthRule rule = LengthRule::kReject);

}  // namespace tsd::sql
