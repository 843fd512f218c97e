#include "engine/store/manifest.h"

#include "engine/base/hash.h"
#include "engine/base/strings.h"

namespace tsd::engine {
namespace {

constexpr char kMagic[] = "TSDMANI\n";
constexpr uint32_t kVersion = 1;

}  // namespace

void Manifest::ListSchemas(SchemaRegistry& registry) {
  schemas.clear();
  for (const auto& [id, chunk] : chunks) {
    for (const ManifestFile& file : chunk.files) {
      TableSchemaPtr& schema = schemas[file.meta.schema_fingerprint];
      if (schema == nullptr) schema = registry.Find(file.meta.schema_fingerprint);
    }
  }
}

std::string Manifest::Encode() const {
  ByteWriter writer;
  writer.PutBytes(std::string_view(kMagic, 8));
  writer.PutU32(kVersion);
  writer.PutU64(checkpoint.value());
  writer.PutU64(replay_from.value());
  writer.PutU64(next_file_id);
  writer.PutU64(last_commit.value());
  writer.PutVarint(schemas.size());
  for (const auto& [fingerprint, schema] : schemas) {
    writer.PutU64(fingerprint);
    schema->Encode(writer);
  }
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
  writer.PutU64(Hash64(writer.data()));
  return std::move(writer).Take();
}

StatusOr<Manifest> Manifest::Decode(std::string_view bytes) {
  const Status damaged = Error(sqlstate::kDataCorrupted, "damaged manifest");
  if (bytes.size() < 20 || bytes.substr(0, 8) != std::string_view(kMagic, 8)) return damaged;
  ByteReader version(bytes.substr(8, 4));
  if (const uint32_t found = version.GetU32(); found != kVersion) {
    return Error(sqlstate::kFeatureNotSupported, StrCat("manifest of unknown version ", found));
  }
  ByteReader tail(bytes.substr(bytes.size() - 8));
  if (tail.GetU64() != Hash64(bytes.substr(0, bytes.size() - 8))) return damaged;
  ByteReader reader(bytes.substr(12, bytes.size() - 20));
  Manifest manifest;
  manifest.checkpoint = Lsn(reader.GetU64());
  manifest.replay_from = Lsn(reader.GetU64());
  manifest.next_file_id = reader.GetU64();
  manifest.last_commit = Timestamp(reader.GetU64());
  const uint64_t schema_count = reader.GetCount(12);
  for (uint64_t i = 0; i < schema_count && reader.ok(); ++i) {
    const uint64_t fingerprint = reader.GetU64();
    ASSIGN_OR_RETURN(manifest.schemas[fingerprint], TableSchema::Decode(reader));
  }
  const uint64_t chunk_count = reader.GetCount(11);
  for (uint64_t i = 0; i < chunk_count && reader.ok(); ++i) {
    ManifestChunk& chunk = manifest.chunks[ChunkId(reader.GetU64())];
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
  if (!reader.ok() || !reader.AtEnd()) return damaged;
  return manifest;
}

std::string Manifest::Path(const std::string& directory) { return StrCat(directory, "/MANIFEST"); }

StatusOr<Manifest> Manifest::Load(Env& env, const std::string& directory) {
  const std::string path = Path(directory);
  if (!env.FileExists(path)) return Manifest{};
  ASSIGN_OR_RETURN(const std::string bytes, env.ReadFile(path));
  StatusOr<Manifest> manifest = Decode(bytes);
  if (!manifest.ok()) return WithPrefix(manifest.status(), StrCat("file \"", path, "\": "));
  return manifest;
}

Status Manifest::Save(Env& env, const std::string& directory) const { return env.WriteFileAtomically(Path(directory), Encode()); }

}  // namespace tsd::engine
