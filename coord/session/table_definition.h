#pragma once
// TableDefiner: column definitions and constraints as written -> entries of a relation, for CREATE TABLE and ALTER TABLE. It reads the
// catalog of its context and allocates ids; what it makes is applied by its caller. One coroutine's turn.
#include <string>
#include <vector>

#include "coord/cluster/cluster_log.h"
#include "coord/session/index_definition.h"
#include "sql/bind/binder.h"
#include "sql/parse/ast.h"

namespace tsd::coord {

class TableDefiner {
 public:
  /// `relation`: changed in place; must have its id, schema, name and owner.
  TableDefiner(ClusterLog& log, sql::BindContext context, sql::Relation* relation)
      : log_(log), context_(std::move(context)), relation_(relation) {}

  Status AddColumn(const sql::parse::ColumnDefinition& definition);
  Status AddTableConstraint(const sql::parse::Constraint& constraint);
  /// `include`: LikeInclude bits.
  Status AddLike(const sql::Relation& source, uint16_t include, int position);
  /// Once all columns are there: binds the CHECKs and makes the keys.
  Status FinishConstraints();
  const std::vector<std::string>& new_checks() const { return new_checks_; }
  const std::vector<std::string>& new_indexes() const { return new_indexes_; }
  /// Sequences that came with serial and identity columns: to be put into the catalog beside the relation.
  const std::vector<sql::Relation>& sequences() const { return sequences_; }
  sql::BindContext& context() { return context_; }

 private:
  Status ApplyColumnConstraint(const sql::parse::Constraint& constraint, sql::Column* column);
  Status OwnSequence(sql::Column* column, const std::vector<sql::parse::Option>& options);
  std::string FreeName(std::string_view column, std::string_view label) const;
  Status BindCheck(const sql::parse::Constraint& constraint);
  Status AddKey(const sql::parse::Constraint& constraint, const std::string& column);
  Status MakeIndexes();

  ClusterLog& log_;
  sql::BindContext context_;
  sql::Relation* const relation_;
  std::vector<const sql::parse::Constraint*> pending_checks_;
  std::vector<std::string> new_checks_;
  std::vector<NewIndex> pending_indexes_;
  std::vector<std::string> new_indexes_;
  std::vector<sql::Relation> sequences_;
};

/// CREATE or ALTER SEQUENCE's options over `base`. 22023 for numbers that do not fit together. `restart`: RESTART's number, if written.
StatusOr<sql::Sequence> SequenceWith(const std::vector<sql::parse::Option>& options, sql::Sequence base, bool is_new,
                                     std::optional<int64_t>* restart);
/// A sequence relation with columns last_value, log_cnt, is_called; needs a name.
sql::Relation NewSequence(ClusterLog& log, const std::string& schema, const std::string& owner, sql::Sequence sequence);
/// 42701, 54011.
Status AppendColumn(sql::Column column, sql::Relation* relation, int position);
/// PostgreSQL's object names of parts: table_column_label, cut to 63 bytes in the parts.
std::string ObjectNameOf(std::string_view table, std::string_view column, std::string_view label);

}  // namespace tsd::coord
