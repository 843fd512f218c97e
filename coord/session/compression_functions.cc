// compress_chunk and its family, compression policies, and what chunk files hold. Chunk files are always columnar and compressed: "compressed"
// says that a chunk is finished, in files that are sorted as the table says, by the user, a policy, or (of a hypertable with timescaledb.compress)
// by having been idle (coord/server/compression_care.h).
#include <algorithm>
#include <map>

#include "coord/session/coord_functions.h"
#include "engine/base/strings.h"
#include "engine/types/interval_text.h"

namespace tsd::coord {
namespace {

Value Name(const std::string& text) { return Value::Bytes(TypeId::kName, text); }

Status CheckOwner(const sql::Relation& relation, const Session& session) {
  if (relation.owner == session.identity().user || session.IsSuperuser()) return OkStatus();
  return Error(sqlstate::kInsufficientPrivilege, StrCat("must be owner of hypertable \"", relation.name, "\""));
}

}  // namespace

StatusOr<CoordFunctions::ChunkOfTable> CoordFunctions::ChunkArgument(const CallArguments& arguments, size_t index) const {
  if (arguments.IsNull(index)) return Error(sqlstate::kInvalidParameterValue, "chunk cannot be NULL");
  const auto oid = static_cast<uint32_t>(arguments.Integer(index, 0));
  const sql::CatalogPtr catalog = session_->catalog();
  for (const auto& [key, relation] : catalog->relations) {
    if (!relation->hypertable) continue;
    if (const sql::ChunkPtr chunk = relation->hypertable->chunks->FindByOid(oid)) return ChunkOfTable{relation, chunk};
  }
  const sql::RelationPtr other = catalog->Find(TableId(oid));
  return Error(sqlstate::kUndefinedObject, other ? StrCat("\"", other->name, "\" is not a chunk") : "chunk not found");
}

Task<Status> CoordFunctions::CompactChunk(ChunkOfTable target) {
  const std::vector<ChunkId> chunks(1, target.chunk->id);
  const TableSchemaPtr schema = sql::StorageSchema(*target.relation, session_->catalog()->cluster_id);
  for (const NodeId node : target.chunk->nodes) {
    CO_ASSIGN_OR_RETURN(std::shared_ptr<Participant> participant, session_->services_.cluster->ParticipantOf(node));
    CO_RETURN_IF_ERROR(co_await participant->Compact(chunks, schema));
  }
  co_return OkStatus();
}

Task<Status> CoordFunctions::SetChunkCompression(ChunkOfTable target, sql::ChunkCompression compression) {
  CO_RETURN_IF_ERROR(co_await session_->EnsureTransaction());
  CatalogChange change;
  change.SetCompression(target.relation->id, target.chunk->id, compression);
  session_->ApplyDdl(change);
  co_return OkStatus();
}

Task<Status> CoordFunctions::CompressChunk(CallArguments arguments, ResultRows* rows) {
  CO_ASSIGN_OR_RETURN(const ChunkOfTable target, ChunkArgument(arguments, 0));
  CO_RETURN_IF_ERROR(CheckOwner(*target.relation, *session_));
  rows->Add({Value::Integer(TypeId::kRegclass, target.chunk->oid)});
  if (target.chunk->compression == sql::ChunkCompression::kCompressed) {
    const std::string text = StrCat("chunk \"", target.chunk->name, "\" is already compressed");
    if (!arguments.Bool(1, false)) co_return Error(sqlstate::kDuplicateObject, text);
    session_->Notice("NOTICE", sqlstate::kDuplicateObject, text);
    co_return OkStatus();
  }
  CO_RETURN_IF_ERROR(co_await CompactChunk(target));
  co_return co_await SetChunkCompression(target, sql::ChunkCompression::kCompressed);
}

Task<Status> CoordFunctions::DecompressChunk(CallArguments arguments, ResultRows* rows) {
  CO_ASSIGN_OR_RETURN(const ChunkOfTable target, ChunkArgument(arguments, 0));
  CO_RETURN_IF_ERROR(CheckOwner(*target.relation, *session_));
  if (target.chunk->compression != sql::ChunkCompression::kCompressed) {
    const std::string text = StrCat("chunk \"", target.chunk->name, "\" is not compressed");
    if (!arguments.Bool(1, false)) co_return Error(sqlstate::kObjectNotInPrerequisiteState, text);
    session_->Notice("NOTICE", sqlstate::kObjectNotInPrerequisiteState, text);
    rows->Add({Value::Null(TypeId::kRegclass)});
    co_return OkStatus();
  }
  rows->Add({Value::Integer(TypeId::kRegclass, target.chunk->oid)});
  co_return co_await SetChunkCompression(target, sql::ChunkCompression::kKeptOpen);
}

Task<Status> CoordFunctions::RecompressChunk(CallArguments arguments, ResultRows* rows) {
  CO_ASSIGN_OR_RETURN(const ChunkOfTable target, ChunkArgument(arguments, 0));
  CO_RETURN_IF_ERROR(CheckOwner(*target.relation, *session_));
  rows->Add({Value::Bytes(TypeId::kVoid, "")});
  if (target.chunk->compression != sql::ChunkCompression::kCompressed && !arguments.Bool(1, false)) {
    co_return WithHint(Error(sqlstate::kObjectNotInPrerequisiteState, "call compress_chunk instead of recompress_chunk"), "Use compress_chunk().");
  }
  CO_RETURN_IF_ERROR(co_await CompactChunk(target));
  if (target.chunk->compression == sql::ChunkCompression::kCompressed) co_return OkStatus();
  co_return co_await SetChunkCompression(target, sql::ChunkCompression::kCompressed);
}

namespace {

// before_ and after_compression: table, index, toast, total. There is neither index nor toast apart.
void AddBytes(const std::optional<std::pair<uint64_t, uint64_t>>& before_after, std::vector<Value>* row) {
  for (const bool after : {false, true}) {
    if (!before_after.has_value()) {
      row->insert(row->end(), 4, Value::Null(TypeId::kInt64));
      continue;
    }
    const Value bytes = Value::Int64(static_cast<int64_t>(after ? before_after->second : before_after->first));
    for (const Value& value : {bytes, Value::Int64(0), Value::Int64(0), bytes}) row->push_back(value);
  }
}

}  // namespace

Task<Status> CoordFunctions::ChunkCompressionStats(CallArguments arguments, ResultRows* rows) {
  CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, HypertableArgument(arguments, 0));
  CO_ASSIGN_OR_RETURN(const std::vector<NodeSize> sizes, co_await SizesByNode(relation));
  for (const NodeSize& size : sizes) {
    for (size_t i = 0; i < size.sizes.size(); ++i) {
      const bool compressed = size.chunks[i]->compression == sql::ChunkCompression::kCompressed;
      std::vector<Value> row = {Name(relation->hypertable->chunk_schema), Name(size.chunks[i]->name),
                                Value::Text(compressed ? "Compressed" : "Uncompressed")};
      std::optional<std::pair<uint64_t, uint64_t>> bytes;
      if (compressed) bytes.emplace(size.sizes[i].raw_bytes, size.sizes[i].bytes);
      AddBytes(bytes, &row);
      row.push_back(NodeName(size.node));
      rows->Add(row);
    }
  }
  co_return OkStatus();
}

Task<Status> CoordFunctions::HypertableCompressionStats(CallArguments arguments, ResultRows* rows) {
  CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, HypertableArgument(arguments, 0));
  CO_ASSIGN_OR_RETURN(const std::vector<NodeSize> sizes, co_await SizesByNode(relation));
  for (const NodeSize& size : sizes) {
    int64_t compressed = 0;
    std::pair<uint64_t, uint64_t> bytes{0, 0};
    for (size_t i = 0; i < size.sizes.size(); ++i) {
      if (size.chunks[i]->compression != sql::ChunkCompression::kCompressed) continue;
      ++compressed;
      bytes.first += size.sizes[i].raw_bytes;
      bytes.second += size.sizes[i].bytes;
    }
    std::vector<Value> row = {Value::Int64(static_cast<int64_t>(size.chunks.size())), Value::Int64(compressed)};
    AddBytes(bytes, &row);
    row.push_back(NodeName(size.node));
    rows->Add(row);
  }
  co_return OkStatus();
}

Task<Status> CoordFunctions::AddCompressionPolicy(CallArguments arguments, ResultRows* rows) {
  CO_RETURN_IF_ERROR(co_await session_->BeginDdl());
  CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, HypertableArgument(arguments, 0));
  CO_RETURN_IF_ERROR(CheckOwner(*relation, *session_));
  if (!relation->hypertable->compression) {
    co_return WithHint(Error(sqlstate::kObjectNotInPrerequisiteState, StrCat("compression not enabled on hypertable \"", relation->name, "\"")),
                       "Enable compression before adding a compression policy.");
  }
  if (relation->hypertable->compression_policy) {
    const std::string text = StrCat("compression policy already exists for hypertable or continuous aggregate \"", relation->name, "\"");
    if (!arguments.Bool(2, false)) co_return Error(sqlstate::kDuplicateObject, text);
    session_->Notice("NOTICE", sqlstate::kDuplicateObject, StrCat(text, ", skipping"));
    rows->Add({Value::Int32(-1)});
    co_return OkStatus();
  }
  sql::CompressionPolicy policy;
  const bool by_creation = !arguments.IsNull(6);
  if (by_creation != arguments.IsNull(1)) {
    co_return Error(sqlstate::kInvalidParameterValue, "need to specify one of \"compress_after\" or \"compress_created_before\"");
  }
  Value after = arguments.Get(by_creation ? 6 : 1);
  const bool integer_time = relation->Find(relation->hypertable->time().column)->type.IsInteger();
  if (integer_time && !by_creation) {
    co_return WithHint(Error(sqlstate::kFeatureNotSupported, "compression policies on integer time columns are not supported yet"), "Use compress_created_before.");
  }
  if (!after.type().Is(TypeId::kInterval)) {
    if (!after.type().IsString() && !after.type().Is(TypeId::kUnknown)) {
      co_return WithHint(Error(sqlstate::kInvalidParameterValue, "invalid value for parameter compress_after"), "Interval time duration is required.");
    }
    CO_ASSIGN_OR_RETURN(const Interval interval, ParseInterval(after.AsBytes(), -1));
    after = Value::IntervalValue(interval);
  }
  policy.after = after.AsInterval();
  policy.by_creation = by_creation;
  if (!arguments.IsNull(3)) policy.schedule = arguments.Get(3).AsInterval();
  sql::Relation changed = *relation;
  changed.hypertable->compression_policy = policy;
  CatalogChange change;
  change.PutRelation(changed);
  session_->ApplyDdl(change);
  rows->Add({Value::Int32(sql::CompressionJobOf(*changed.hypertable))});
  co_return OkStatus();
}

Task<Status> CoordFunctions::RemoveCompressionPolicy(CallArguments arguments, ResultRows* rows) {
  CO_RETURN_IF_ERROR(co_await session_->BeginDdl());
  CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, HypertableArgument(arguments, 0));
  CO_RETURN_IF_ERROR(CheckOwner(*relation, *session_));
  rows->Add({Value::Bool(relation->hypertable->compression_policy.has_value())});
  if (!relation->hypertable->compression_policy) {
    const std::string text = StrCat("compression policy not found for hypertable \"", relation->name, "\"");
    if (!arguments.Bool(1, false)) co_return Error(sqlstate::kUndefinedObject, text);
    session_->Notice("NOTICE", sqlstate::kUndefinedObject, StrCat(text, ", skipping"));
    co_return OkStatus();
  }
  sql::Relation changed = *relation;
  changed.hypertable->compression_policy.reset();
  CatalogChange change;
  change.PutRelation(changed);
  session_->ApplyDdl(change);
  co_return OkStatus();
}

Task<Status> CoordFunctions::ColumnStatistics(CallArguments, ResultRows* rows) {
  const sql::CatalogPtr catalog = session_->catalog();
  for (const auto& [key, relation] : catalog->relations) {
    if (!relation->hypertable) continue;
    std::map<NodeId, std::vector<sql::ChunkPtr>> by_node;
    for (const sql::ChunkPtr& chunk : *relation->hypertable->chunks) {
      for (const NodeId node : chunk->nodes) by_node[node].push_back(chunk);
    }
    for (const auto& [node, chunks] : by_node) {
      std::vector<ChunkId> ids;
      for (const sql::ChunkPtr& chunk : chunks) ids.push_back(chunk->id);
      CO_ASSIGN_OR_RETURN(std::shared_ptr<Participant> participant, session_->services_.cluster->ParticipantOf(node));
      CO_ASSIGN_OR_RETURN(const auto usage, co_await participant->ColumnsOf(std::move(ids)));
      for (size_t i = 0; i < chunks.size(); ++i) {
        for (const engine::ColumnUsage& column : usage[i]) AddColumnUsage(*relation, *chunks[i], node, column, rows);
      }
    }
  }
  co_return OkStatus();
}

void CoordFunctions::AddColumnUsage(const sql::Relation& relation, const sql::Chunk& chunk, NodeId node, const engine::ColumnUsage& usage,
                                    ResultRows* rows) const {
  const sql::Column* column = relation.Find(usage.column);
  if (column == nullptr) return;  // dropped: its blocks go at the next merge
  uint64_t blocks = 0;
  std::vector<std::pair<uint64_t, std::string>> codecs;
  for (const auto& [codec, count] : usage.blocks) {
    blocks += count;
    codecs.emplace_back(count, engine::CodecName(codec));
  }
  std::ranges::sort(codecs, std::ranges::greater());
  std::string encoding;
  for (const auto& [count, codec] : codecs) StrAppend(&encoding, encoding.empty() ? "" : ", ", codec);
  const auto number = [](uint64_t value) { return Value::Int64(static_cast<int64_t>(value)); };
  const auto bound = [&](const std::string& text) { return usage.has_bounds ? Value::Text(text) : Value::Null(TypeId::kText); };
  rows->Add({Name(relation.schema), Name(relation.name), Name(relation.hypertable->chunk_schema), Name(chunk.name), NodeName(node), Name(column->name),
             Value::Text(TypeName(column->type)), Value::Text(encoding), number(blocks), number(usage.rows), number(usage.null_count), number(usage.bytes),
             bound(usage.minimum), bound(usage.maximum)});
}

Task<Status> CoordFunctions::Verify(CallArguments, ResultRows* rows) {
  CO_RETURN_IF_ERROR(RequireSuperuser("function verify"));
  std::vector<NodeId> nodes = {NodeId()};
  for (const auto& [name, node] : session_->catalog()->nodes) nodes.push_back(node->id);
  for (const NodeId node : nodes) {
    StatusOr<std::shared_ptr<Participant>> participant = session_->services_.cluster->ParticipantOf(node);
    Status status = participant.status();
    if (status.ok()) status = co_await (*participant)->Verify();
    rows->Add({NodeName(node), status.ok() ? Value::Null(TypeId::kText) : Value::Text(std::string(StdView(status.message())))});
  }
  co_return OkStatus();
}

Value CoordFunctions::NodeName(NodeId node) const {
  return node.IsValid() ? Name(session_->services_.cluster->NameOf(node)) : Value::Null(TypeId::kName);
}

}  // namespace tsd::coord
