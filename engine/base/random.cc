#include "engine/base/random.h"

#include <random>

namespace tsd {

uint64_t SystemRandomSeed() {
  std::random_device device;
  return (static_cast<uint64_t>(device()) << 32) ^ device();
}

}  // namespace tsd
