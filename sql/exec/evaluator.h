#pragma once
// Evaluator: runs a resolved Expr over batches, vectorised: one kernel call a node and batch. CASE, COALESCE, AND and OR evaluate a branch
// only on the rows that reach it, so that errors in untaken branches do not fire. Results may be constant vectors.
// A CompiledExpr belongs to one driver at a time (it caches compiled patterns); compile one a driver.
#include <memory>
#include <span>
#include <vector>

#include "engine/base/status.h"
#include "engine/types/column_batch.h"
#include "sql/exec/operator.h"
#include "sql/plan/expression.h"

namespace tsd::sql {

class CompiledExpr {
 public:
  /// `expr` has positions for columns (ResolveColumns) and no parameters or sub-queries. Function keys and types are checked, so an expr
  /// from a peer's bytes is safe. XX000 / 42883 otherwise.
  static StatusOr<std::unique_ptr<CompiledExpr>> Compile(const Expr& expr);
  ~CompiledExpr();
  CompiledExpr(const CompiledExpr&) = delete;
  CompiledExpr& operator=(const CompiledExpr&) = delete;

  const DataType& type() const;
  /// A vector of batch.rows() rows, maybe constant (Vector::Flatten, or ColumnBatch::Add, undo that).
  StatusOr<VectorPtr> Evaluate(const ColumnBatch& batch, const ExecContext& context);
  /// The same for chosen rows only: a vector of rows.size() rows.
  StatusOr<VectorPtr> EvaluateSelected(const ColumnBatch& batch, std::span<const uint32_t> rows, const ExecContext& context);
  /// Rows where a boolean expr is true, ascending. Conjuncts are tried one after the other on what is left.
  Status EvaluateFilter(const ColumnBatch& batch, const ExecContext& context, std::vector<uint32_t>* selection);

  struct Node;

 private:
  explicit CompiledExpr(std::unique_ptr<Node> root);
  std::unique_ptr<Node> root_;
};

/// An expr without columns: limits, defaults, folding.
StatusOr<Value> EvaluateConstant(const Expr& expr, const ExecContext& context);
/// Folds calls of constants: immutable ones, and with kStable stable ones too (once a statement, before fragments are shipped). A call
/// that fails stays as it is, so that its error appears only if a row gets there.
enum class FoldLevel : uint8_t { kImmutable, kStable };
ExprPtr FoldConstants(const ExprPtr& expr, const ExecContext& context, FoldLevel level);

}  // namespace tsd::sql
