#pragma once
// Random numbers of generated data: the same on every platform for the same seed, which the standard library's distributions are not.
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace tsd::tsbench {

/// Normal steps (mean 0, deviation 1) by a table of quantiles, made by bisection of the error function's complement.
class NormalSteps {
 public:
  NormalSteps() : quantiles_(size_t{1} << 16) {
    for (size_t i = 0; i < quantiles_.size(); ++i) {
      const double probability = (static_cast<double>(i) + 0.5) / static_cast<double>(quantiles_.size());
      double low = -6, high = 6;
      while (high - low > 1e-9) {
        const double middle = (low + high) / 2;
        (0.5 * std::erfc(-middle / std::sqrt(2.0)) < probability ? low : high) = middle;
      }
      quantiles_[i] = static_cast<float>(low);
    }
  }
  /// Of the lowest 16 bits.
  float At(uint64_t random) const { return quantiles_[random & 0xffff]; }

 private:
  std::vector<float> quantiles_;
};

/// From `low` to `high`, both included.
inline int64_t Between(std::mt19937_64& random, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
}

/// True once in `times`.
inline bool OneIn(std::mt19937_64& random, uint64_t times) { return random() % times == 0; }

}  // namespace tsd::tsbench
