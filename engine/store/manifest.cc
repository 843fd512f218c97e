#include "engine/store/manifest.h"

#include "engine/base/hash.h"
#include "engine/base/strings.h"

namespace tsd::engine {
namespace {

constexpr char kMagic[] = "TSDMANI\n";
constexpr uint32_t kVersion = 3;

Status DamagedManifest() { return Error(sqlstate::kDataCorrupted, "damaged manifest"); }

void PutPosition(const ManifestPosition& position, ByteWriter& writer) {
  writer.PutU64(position.checkpoint.value());
  writer.PutU64(position.replay_from.value());
  writer.PutU64(position.next_file_id);
  writer.PutU64(position.last_commit.value());
}

ManifestPosition GetPosition(ByteReader& reader) {
  ManifestPosition position;
  position.checkpoint = Lsn(reader.GetU64());
  position.replay_from = Lsn(reader.GetU64());
  position.next_file_id = reader.GetU64();
  position.last_commit = Timestamp(reader.GetU64());
  return position;
}

void PutSchemas(const std::map<uint64_t, TableSchemaPtr>& schemas, ByteWriter& writer) {
  writer.PutVarint(schemas.size());
  for (const auto& [fingerprint, schema] : schemas) {
    writer.PutU64(fingerprint);
    schema->Encode(writer);
  }
}

StatusOr<std::map<uint64_t, TableSchemaPtr>> GetSchemas(ByteReader& reader) {
  std::map<uint64_t, TableSchemaPtr> schemas;
  const uint64_t count = reader.GetCount(12);
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    const uint64_t fingerprint = reader.GetU64();
    ASSIGN_OR_RETURN(schemas[fingerprint], TableSchema::Decode(reader));
  }
  return schemas;
}

void PutManifestChunks(const std::map<ChunkId, ManifestChunk>& chunks, ByteWriter& writer) {
  writer.PutVarint(chunks.size());
  for (const auto& [id, chunk] : chunks) {
    writer.PutU64(id.value());
    writer.PutVarint(chunk.next_row_id);
    writer.PutVarint(chunk.files.size());
    for (const ManifestFile& file : chunk.files) {
      file.meta.Encode(writer);
      writer.PutVarint(file.min_commit.value());
      writer.PutVarint(file.max_commit.value());
    }
    writer.PutVarint(chunk.delete_files.size());
    for (uint64_t file : chunk.delete_files) writer.PutVarint(file);
  }
}

std::map<ChunkId, ManifestChunk> GetManifestChunks(ByteReader& reader) {
  std::map<ChunkId, ManifestChunk> chunks;
  const uint64_t chunk_count = reader.GetCount(11);
  for (uint64_t i = 0; i < chunk_count && reader.ok(); ++i) {
    ManifestChunk& chunk = chunks[ChunkId(reader.GetU64())];
    chunk.next_row_id = reader.GetVarint();
    const uint64_t file_count = reader.GetCount(16);
    for (uint64_t file = 0; file < file_count && reader.ok(); ++file) {
      ManifestFile entry;
      entry.meta = FileMeta::Decode(reader);
      entry.min_commit = Timestamp(reader.GetVarint());
      entry.max_commit = Timestamp(reader.GetVarint());
      chunk.files.push_back(entry);
    }
    const uint64_t delete_count = reader.GetCount(1);
    for (uint64_t file = 0; file < delete_count && reader.ok(); ++file) chunk.delete_files.push_back(reader.GetVarint());
  }
  return chunks;
}

}  // namespace

void Manifest::DropUnusedSchemas() {
  absl::flat_hash_set<uint64_t> used;
  for (const auto& [id, chunk] : chunks) {
    for (const ManifestFile& file : chunk.files) used.insert(file.meta.schema_fingerprint);
  }
  std::erase_if(schemas, [&](const auto& entry) { return !used.contains(entry.first); });
}

std::string Manifest::Encode() const {
  ByteWriter writer;
  writer.PutBytes(std::string_view(kMagic, 8));
  writer.PutU32(kVersion);
  PutPosition(position, writer);
  writer.PutU64(edits_from.value());
  PutSchemas(schemas, writer);
  PutManifestChunks(chunks, writer);
  writer.PutU64(Hash64(writer.data()));
  return std::move(writer).Take();
}

StatusOr<Manifest> Manifest::Decode(std::string_view bytes) {
  if (bytes.size() < 20 || bytes.substr(0, 8) != std::string_view(kMagic, 8)) return DamagedManifest();
  ByteReader version(bytes.substr(8, 4));
  if (const uint32_t found = version.GetU32(); found != kVersion) {
    return Error(sqlstate::kFeatureNotSupported,
                 StrCat("the data directory is of another version of tsd (its manifest has version ", found, ", this build writes ", kVersion, ")"));
  }
  ByteReader tail(bytes.substr(bytes.size() - 8));
  if (tail.GetU64() != Hash64(bytes.substr(0, bytes.size() - 8))) return DamagedManifest();
  ByteReader reader(bytes.substr(12, bytes.size() - 20));
  Manifest manifest;
  manifest.position = GetPosition(reader);
  manifest.edits_from = Lsn(reader.GetU64());
  ASSIGN_OR_RETURN(manifest.schemas, GetSchemas(reader));
  manifest.chunks = GetManifestChunks(reader);
  if (!reader.ok() || !reader.AtEnd()) return DamagedManifest();
  return manifest;
}

void ManifestEdit::ApplyTo(Manifest& manifest) const {
  manifest.position = position;
  for (const auto& [fingerprint, schema] : schemas) manifest.schemas[fingerprint] = schema;
  for (const ChunkId id : gone) manifest.chunks.erase(id);
  for (const auto& [id, chunk] : chunks) manifest.chunks[id] = chunk;
}

std::string ManifestEdit::Encode() const {
  ByteWriter writer;
  PutPosition(position, writer);
  PutSchemas(schemas, writer);
  writer.PutVarint(gone.size());
  for (const ChunkId id : gone) writer.PutU64(id.value());
  PutManifestChunks(chunks, writer);
  return std::move(writer).Take();
}

StatusOr<ManifestEdit> ManifestEdit::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  ManifestEdit edit;
  edit.position = GetPosition(reader);
  ASSIGN_OR_RETURN(edit.schemas, GetSchemas(reader));
  for (uint64_t count = reader.GetCount(8); count > 0 && reader.ok(); --count) edit.gone.push_back(ChunkId(reader.GetU64()));
  edit.chunks = GetManifestChunks(reader);
  if (!reader.ok() || !reader.AtEnd()) return DamagedManifest();
  return edit;
}

}  // namespace tsd::engine
