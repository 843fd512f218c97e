#pragma once
// Catalog: what exists, as one immutable snapshot. The binder reads a snapshot, never a lock; DDL makes the next version (coord/cluster
// logs it and publishes it). Entries are shared between versions. Any thread may read a published snapshot.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/status.h"
#include "engine/types/column_batch.h"
#include "engine/types/datetime.h"
#include "engine/types/schema.h"
#include "engine/types/value.h"
#include "sql/catalog/chunk_set.h"

namespace tsd::sql {

inline constexpr uint32_t kFirstUserOid = 16384;
inline constexpr std::string_view kTemporarySchemaPrefix = "pg_temp_";  // a session's own schema: pg_temp_<n>

enum class Identity : uint8_t { kNone, kAlways, kByDefault };

struct Column {
  ColumnId id;
  std::string name;
  DataType type;
  bool not_null = false;
  std::string default_sql;  // empty = none; an expression in SQL
  Value missing_value;      // of rows older than the column
  Identity identity = Identity::kNone;
};

/// A condition every row meets (or gives NULL for). Its SQL names columns as they were called when it was made: `columns` says which they
/// are, so that a renamed column needs no rewriting.
struct CheckConstraint {
  std::string name;
  std::string sql;
  std::vector<std::pair<std::string, ColumnId>> columns;  // those the SQL uses
};

/// An index as users see it: a unique one is a key that the stores enforce (UniqueKey); another one is a name only, as chunks are sorted and
/// skipped without it.
struct Index {
  uint32_t oid = 0;
  std::string name;                 // also of its constraint
  std::vector<ColumnId> columns;
  bool unique = true;
  bool primary = false;
  bool nulls_distinct = true;
  uint32_t constraint_oid = 0;      // 0: made by CREATE INDEX
};

/// What CREATE SEQUENCE fixes. The numbers handed out are the cluster log's (coord/cluster/sequences.h).
struct Sequence {
  DataType type = TypeId::kInt64;
  int64_t start = 1;
  int64_t increment = 1;
  int64_t minimum = 1;
  int64_t maximum = INT64_MAX;
  int64_t cache = 1;
  bool cycle = false;
  TableId owner_table;      // valid: dropped with that table's column
  ColumnId owner_column;
};

/// How a hypertable's chunks are laid out when compressed (ALTER TABLE .. SET (timescaledb.compress ..)).
struct Compression {
  struct OrderBy {
    ColumnId column;
    bool descending = false;
    bool nulls_first = false;
  };
  std::vector<ColumnId> segment_by;
  std::vector<OrderBy> order_by;
};

/// add_compression_policy(): chunks are marked compressed when this long has passed since their end, or (by_creation) since they were made.
struct CompressionPolicy {
  Interval after;
  bool by_creation = false;
  Interval schedule{12 * kMicrosPerHour, 0, 0};  // as told; the server looks more often
};

enum class DimensionKind : uint8_t { kTime, kSpace };

struct Dimension {
  int32_t id = 0;
  DimensionKind kind = DimensionKind::kTime;
  ColumnId column;
  int64_t interval = 0;            // time: microseconds, or units of an integer column
  int16_t number_partitions = 0;   // space
};

struct Hypertable {
  int32_t id = 0;
  bool distributed = false;
  int16_t replication_factor = 0;       // 0 for a local one
  std::vector<Dimension> dimensions;    // the time dimension first
  std::vector<NodeId> data_nodes;       // attached, in order of attaching; empty for a local one
  std::vector<NodeId> blocked_nodes;    // attached, but get no new chunks
  std::string chunk_schema = "_timescaledb_internal";
  std::string chunk_prefix;             // "_dist_hyper_1"
  std::optional<Compression> compression;
  std::optional<CompressionPolicy> compression_policy;
  std::shared_ptr<const ChunkSet> chunks = std::make_shared<ChunkSet>();

  const Dimension& time() const { return dimensions.front(); }
  const Dimension* space() const { return dimensions.size() > 1 ? &dimensions[1] : nullptr; }
};

enum class RelationKind : uint8_t { kTable, kView, kVirtual, kSequence };

struct Relation {
  TableId id;                           // also its OID
  RelationKind kind = RelationKind::kTable;
  std::string schema;
  std::string name;
  std::string owner;
  std::vector<Column> columns;          // without dropped ones
  uint16_t last_column_id = 0;
  std::optional<Hypertable> hypertable;
  ChunkId heap;                         // a plain table's only chunk, in the access node's own store
  std::string view_sql;                 // kView
  std::string comment;
  std::vector<CheckConstraint> checks;  // by name
  std::vector<Index> indexes;           // by name
  std::optional<Sequence> sequence;     // kSequence

  bool IsHypertable() const { return hypertable.has_value(); }
  bool IsTemporary() const { return schema.starts_with(kTemporarySchemaPrefix); }
  const Column* Find(std::string_view column_name) const;
  const Column* Find(ColumnId column_id) const;
  const Index* FindIndex(std::string_view index_name) const;
  std::string QualifiedName() const { return schema + "." + name; }
};
using RelationPtr = std::shared_ptr<const Relation>;

/// The job of its compression policy, in timescaledb_information.jobs.
inline int32_t CompressionJobOf(const Hypertable& hypertable) { return 1000 + hypertable.id; }

struct DataNode {
  NodeId id;
  uint32_t oid = 0;                     // of the foreign server
  std::string name;
  std::string host;
  uint16_t port = 0;
  std::string database;
  std::string owner;
  std::string uuid;                     // of the node itself
  bool available = true;
  bool available_set = false;           // shown in options once alter_data_node set it
};
using DataNodePtr = std::shared_ptr<const DataNode>;

struct Role {
  uint32_t oid = 0;
  std::string name;
  bool superuser = false;
  bool can_login = false;
  bool create_role = false;
  bool create_db = false;
  int32_t connection_limit = -1;
};

struct Catalog {
  uint64_t version = 0;
  uint64_t cluster_id = 0;              // random; also TableSchema::origin
  uint32_t next_oid = kFirstUserOid;
  uint64_t next_chunk = 1;
  uint32_t next_node = 1;
  int32_t next_hypertable = 1;
  int32_t next_dimension = 1;
  int32_t next_chunk_number = 1;

  std::map<std::pair<std::string, std::string>, RelationPtr> relations;  // by (schema, name)
  std::map<TableId, RelationPtr> relations_by_id;
  std::map<std::string, uint32_t> schemas;                               // name -> oid
  std::map<std::string, DataNodePtr> nodes;                              // by name
  std::map<std::string, Role> roles;
  std::map<std::string, uint32_t> databases;                             // name -> oid
  std::vector<std::pair<NodeId, ChunkId>> pending_drops;                 // storage to be removed on nodes; ascending

  RelationPtr Find(const std::string& schema, const std::string& name) const;
  RelationPtr Find(TableId id) const;
  /// The relation whose index has the name; indexes and relations of a schema share their names.
  RelationPtr FindIndexed(const std::string& schema, std::string_view index_name) const;
  DataNodePtr FindNode(NodeId id) const;
  void Put(RelationPtr relation);       // adds or replaces
  void Remove(TableId id);

  void Encode(ByteWriter& writer) const;
  static StatusOr<Catalog> Decode(std::string_view bytes);
};
using CatalogPtr = std::shared_ptr<const Catalog>;

/// The storage's view of a relation: column ids, types, unique keys, how chunk files are sorted (by space keys, then time; a plain table's
/// by its primary key).
TableSchemaPtr StorageSchema(const Relation& relation, uint64_t cluster_id);

/// A hash slot of a space key value; stable for ever (placement depends on it).
int SlotOf(const Vector& keys, size_t row);

/// Relations whose rows are made on demand: pg_catalog, information_schema, timescaledb_information. Implemented in coord.
class VirtualTables {
 public:
  virtual ~VirtualTables() = default;
  /// kVirtual (columns, fixed OID) or kView (view_sql, columns empty); nullptr if there is none.
  virtual RelationPtr Find(std::string_view schema, std::string_view name) const = 0;
  /// All rows, columns in the relation's order.
  virtual StatusOr<ColumnBatch> Rows(const Relation& relation) const = 0;
};

}  // namespace tsd::sql
