// Rows of timescaledb_information and timescaledb_experimental.
#include "coord/session/session.h"
#include "coord/session/system_views.h"
#include "engine/base/strings.h"
#include "engine/types/datetime.h"
#include "engine/types/interval_text.h"

namespace tsd::coord {
namespace {

std::vector<std::string> NodeNames(const sql::Catalog& catalog, const std::vector<NodeId>& nodes) {
  std::vector<std::string> names;
  for (NodeId id : nodes) {
    if (const sql::DataNodePtr node = catalog.FindNode(id)) names.push_back(node->name);
  }
  return names;
}

void DataNodes(const Session& session, ViewRows* rows) {
  for (const auto& [name, node] : session.catalog()->nodes) {
    std::vector<std::string> options = {StrCat("host=", node->host), StrCat("port=", node->port), StrCat("dbname=", node->database)};
    if (node->available_set) options.push_back(StrCat("available=", node->available ? "true" : "false"));
    rows->Row().Text("node_name", name).Text("owner", node->owner).Names("options", options);
  }
}

void Hypertables(const Session& session, ViewRows* rows) {
  const sql::CatalogPtr catalog = session.catalog();
  for (const auto& [key, relation] : catalog->relations) {
    if (!relation->hypertable) continue;
    const sql::Hypertable& hypertable = *relation->hypertable;
    rows->Row().Text("hypertable_schema", relation->schema).Text("hypertable_name", relation->name).Text("owner", relation->owner)
        .Number("num_dimensions", static_cast<int64_t>(hypertable.dimensions.size()))
        .Number("num_chunks", static_cast<int64_t>(hypertable.chunks->size())).Flag("is_distributed", hypertable.distributed)
        .Flag("compression_enabled", hypertable.compression.has_value());
    if (hypertable.distributed) {
      rows->Number("replication_factor", hypertable.replication_factor).Names("data_nodes", NodeNames(*catalog, hypertable.data_nodes));
    } else {
      rows->Null("replication_factor");
    }
  }
}

void Chunks(const Session& session, ViewRows* rows) {
  const sql::CatalogPtr catalog = session.catalog();
  for (const auto& [key, relation] : catalog->relations) {
    if (!relation->hypertable) continue;
    const sql::Hypertable& hypertable = *relation->hypertable;
    const sql::Column& time = *relation->Find(hypertable.time().column);
    const int64_t scale = time.type.Is(TypeId::kDate) ? kMicrosPerDay : 1;
    for (const sql::ChunkPtr& chunk : *hypertable.chunks) {
      rows->Row().Text("hypertable_schema", relation->schema).Text("hypertable_name", relation->name).Text("chunk_schema", hypertable.chunk_schema)
          .Text("chunk_name", chunk->name).Text("primary_dimension", time.name)
          .Any("primary_dimension_type", Value::Integer(TypeId::kRegtype, TypeOid(time.type))).Null("range_start_integer").Null("range_end_integer")
          .Null("chunk_tablespace").Number("chunk_creation_time", chunk->created_at)
          .Flag("is_compressed", chunk->compression == sql::ChunkCompression::kCompressed);
      if (time.type.IsInteger()) {
        rows->Number("range_start_integer", chunk->range_start).Number("range_end_integer", chunk->range_end);
      } else {
        rows->Number("range_start", chunk->range_start * scale).Number("range_end", chunk->range_end * scale);
      }
      if (hypertable.distributed) rows->Names("data_nodes", NodeNames(*catalog, chunk->nodes));
    }
  }
}

void Dimensions(const Session& session, ViewRows* rows) {
  for (const auto& [key, relation] : session.catalog()->relations) {
    if (!relation->hypertable) continue;
    int64_t number = 0;
    for (const sql::Dimension& dimension : relation->hypertable->dimensions) {
      const sql::Column& column = *relation->Find(dimension.column);
      const bool is_time = dimension.kind == sql::DimensionKind::kTime;
      rows->Row().Text("hypertable_schema", relation->schema).Text("hypertable_name", relation->name).Number("dimension_number", ++number)
          .Text("column_name", column.name).Any("column_type", Value::Integer(TypeId::kRegtype, TypeOid(column.type)))
          .Text("dimension_type", is_time ? "Time" : "Space").Null("integer_interval").Null("integer_now_func").Null("num_partitions");
      if (!is_time) {
        rows->Number("num_partitions", dimension.number_partitions);
      } else if (column.type.IsInteger()) {
        rows->Number("integer_interval", dimension.interval);
      } else {
        Interval interval;
        interval.days = static_cast<int32_t>(dimension.interval / kMicrosPerDay);
        interval.micros = dimension.interval % kMicrosPerDay;
        rows->Any("time_interval", Value::IntervalValue(interval));
      }
    }
  }
}

void CompressionSettings(const Session& session, ViewRows* rows) {
  for (const auto& [key, relation] : session.catalog()->relations) {
    if (!relation->hypertable || !relation->hypertable->compression) continue;
    const sql::Compression& compression = *relation->hypertable->compression;
    const auto row = [&](ColumnId column) -> ViewRows& {
      return rows->Row().Text("hypertable_schema", relation->schema).Text("hypertable_name", relation->name)
          .Text("attname", relation->Find(column)->name).Null("segmentby_column_index").Null("orderby_column_index").Null("orderby_asc")
          .Null("orderby_nullsfirst");
    };
    for (size_t i = 0; i < compression.segment_by.size(); ++i) {
      row(compression.segment_by[i]).Number("segmentby_column_index", static_cast<int64_t>(i + 1));
    }
    for (size_t i = 0; i < compression.order_by.size(); ++i) {
      const sql::Compression::OrderBy& order = compression.order_by[i];
      row(order.column).Number("orderby_column_index", static_cast<int64_t>(i + 1)).Flag("orderby_asc", !order.descending)
          .Flag("orderby_nullsfirst", order.nulls_first);
    }
  }
}

void Jobs(const Session& session, ViewRows* rows) {
  for (const auto& [key, relation] : session.catalog()->relations) {
    if (!relation->hypertable || !relation->hypertable->compression_policy) continue;
    const sql::CompressionPolicy& policy = *relation->hypertable->compression_policy;
    const int32_t job = sql::CompressionJobOf(*relation->hypertable);
    std::string after;
    FormatInterval(policy.after, after);
    rows->Row().Number("job_id", job).Text("application_name", StrCat("Compression Policy [", job, "]"))
        .Any("schedule_interval", Value::IntervalValue(policy.schedule)).Any("max_runtime", Value::IntervalValue(Interval{}))
        .Number("max_retries", -1).Any("retry_period", Value::IntervalValue(Interval{kMicrosPerHour, 0, 0}))
        .Text("proc_schema", "_timescaledb_functions").Text("proc_name", "policy_compression").Flag("scheduled", true).Flag("fixed_schedule", false)
        .Any("config", Value::Bytes(TypeId::kJsonb, StrCat("{\"hypertable_id\": ", relation->hypertable->id, ", \"compress_", policy.by_creation ? "created_before" : "after",
                                                           "\": \"", after, "\"}")))
        .Text("hypertable_schema", relation->schema).Text("hypertable_name", relation->name)
        .Text("check_schema", "_timescaledb_functions").Text("check_name", "policy_compression_check");
    auto owner = session.catalog()->roles.find(relation->owner);
    if (owner != session.catalog()->roles.end()) rows->Any("owner", Value::Integer(TypeId::kRegrole, owner->second.oid));
  }
}

void ChunkReplicationStatus(const Session& session, ViewRows* rows) {
  const sql::CatalogPtr catalog = session.catalog();
  for (const auto& [key, relation] : catalog->relations) {
    if (!relation->hypertable || !relation->hypertable->distributed) continue;
    const sql::Hypertable& hypertable = *relation->hypertable;
    for (const sql::ChunkPtr& chunk : *hypertable.chunks) {
      std::vector<NodeId> others;
      for (NodeId node : hypertable.data_nodes) {
        if (std::ranges::find(chunk->nodes, node) == chunk->nodes.end()) others.push_back(node);
      }
      rows->Row().Text("hypertable_schema", relation->schema).Text("hypertable_name", relation->name).Text("chunk_schema", hypertable.chunk_schema)
          .Text("chunk_name", chunk->name).Number("desired_num_replicas", hypertable.replication_factor)
          .Number("num_replicas", static_cast<int64_t>(chunk->nodes.size())).Names("replica_nodes", NodeNames(*catalog, chunk->nodes))
          .Names("non_replica_nodes", NodeNames(*catalog, others));
    }
  }
}

}  // namespace

std::map<std::string, SystemViews::Producer> TimescaleViews() {
  return {{"timescaledb_information.data_nodes", DataNodes}, {"timescaledb_information.hypertables", Hypertables},
          {"timescaledb_information.chunks", Chunks}, {"timescaledb_information.dimensions", Dimensions},
          {"timescaledb_information.compression_settings", CompressionSettings}, {"timescaledb_information.jobs", Jobs},
          {"timescaledb_experimental.chunk_replication_status", ChunkReplicationStatus}};
}

}  // namespace tsd::coord
