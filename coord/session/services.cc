#include "coord/session/services.h"

#include <algorithm>

#include "coord/write/table_writer.h"

namespace tsd::coord {

WriteDeps Services::ForWrites(const sql::Relation& relation) const {
  if (std::ranges::any_of(relation.indexes, &sql::Index::unique)) transactions->Hasten();
  return WriteDeps{log, cluster, chunks, schemas, commit_clock, executor};
}

}  // namespace tsd::coord
