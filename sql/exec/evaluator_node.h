#pragma once
// CompiledExpr::Node: the compiled form of an Expr; private to evaluator*.cc.
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "sql/exec/evaluator.h"
#include "sql/function/registry.h"

namespace tsd::sql {

/// Calls whose key is no registry entry: they work on any type.
enum class SpecialCall : uint8_t { kNone, kCast, kAny, kAll, kDistinctFrom, kSubscript, kSlice };

/// The rows of a batch to evaluate: all of them, or a chosen few.
struct RowSet {
  const ColumnBatch* batch;
  const std::vector<uint32_t>* chosen;  // nullptr: all
  size_t size() const { return chosen == nullptr ? batch->rows() : chosen->size(); }
};

/// x IN (constants): by hash.
struct ConstantSet {
  absl::flat_hash_map<uint64_t, std::vector<uint32_t>> by_hash;
  std::vector<Value> values;
  std::vector<int64_t> integers;  // instead, for few integers
  bool has_null = false;
};

struct CompiledExpr::Node {
  ExprKind kind = ExprKind::kConstant;
  DataType type;
  int column = -1;
  VectorPtr constant;
  const Function* function = nullptr;
  SpecialCall special = SpecialCall::kNone;
  CastContext cast = CastContext::kExplicit;
  std::string key;
  std::vector<std::unique_ptr<Node>> arguments;
  std::optional<ConstantSet> set;  // kInList
  /// Cannot fail and is cheap: may be evaluated on rows whose result nobody needs.
  bool safe = false;
  std::shared_ptr<void> cache;
  /// Of a call with constants and one column of strings: its results for the entries of the dictionary met last.
  struct EntryResults {
    VectorPtr entries, results;
  } entry_results;
  int entry_column = -1;  // OnlyColumn()

  /// The argument that is a column of strings where all others are constants and the result depends on nothing else; -1: there is none.
  int OnlyColumn() const;
  StatusOr<VectorPtr> Run(const RowSet& rows, const ExecContext& context);
  /// Appends the positions in `rows` (0 .. size - 1) where a boolean node is true.
  Status Filter(const ColumnBatch& batch, const ExecContext& context, std::vector<uint32_t>* selection);

 private:
  StatusOr<VectorPtr> RunCall(const RowSet& rows, const ExecContext& context);
  /// The call by the entries of its column's dictionary; null: the rows have to be called.
  VectorPtr RunOnEntries(const KernelCall& call, size_t column);
  StatusOr<VectorPtr> RunSpecial(const KernelCall& call);
  StatusOr<VectorPtr> RunLogic(const RowSet& rows, const ExecContext& context);
  StatusOr<VectorPtr> RunNot(const RowSet& rows, const ExecContext& context);
  StatusOr<VectorPtr> RunNullTest(const RowSet& rows, const ExecContext& context);
  StatusOr<VectorPtr> RunCase(const RowSet& rows, const ExecContext& context);
  StatusOr<VectorPtr> RunCoalesce(const RowSet& rows, const ExecContext& context);
  StatusOr<VectorPtr> RunInList(const RowSet& rows, const ExecContext& context);
  StatusOr<VectorPtr> RunArray(const RowSet& rows, const ExecContext& context);
  StatusOr<VectorPtr> RunRow(const RowSet& rows, const ExecContext& context);
};

/// The same single value standing for `rows` rows.
VectorPtr WidenConstant(const VectorPtr& one, size_t rows);

/// One kernel call by function; used by the evaluator and by ANY / ALL.
StatusOr<VectorPtr> CallFunction(const Function& function, const KernelCall& call);

/// Whether argument and result types have the layouts the entry's declaration asks for; an Expr may come from a peer.
bool CallTypesFit(const Function& function, std::span<const DataType> arguments, const DataType& result);

// Calls over arrays (evaluator_array.cc).
StatusOr<VectorPtr> RunQuantified(const KernelCall& call, const Function& comparison, SpecialCall special);
StatusOr<VectorPtr> RunSubscript(const KernelCall& call);
StatusOr<VectorPtr> RunSlice(const KernelCall& call);
/// ARRAY[...] of evaluated elements.
StatusOr<VectorPtr> BuildArrays(std::span<const VectorPtr> elements, const DataType& type, size_t rows);

}  // namespace tsd::sql
