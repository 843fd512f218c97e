#include "engine/base/hash.h"

// Short keys are most of what is hashed: a call into the shared library takes longer than their hash.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tsd {

uint64_t Hash64(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }
uint64_t Hash64(std::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace tsd
