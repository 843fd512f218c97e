#pragma once
// Random numbers are injected, so that a simulated run is a function of its seed. SplitMix64 (Steele et al., 2014).
#include <cstdint>
#include <string_view>

namespace tsd {

/// Not thread-safe; give each user its own with Fork.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// Uniform in [0, bound); bound > 0.
  uint64_t Below(uint64_t bound) { return Next() % bound; }
  /// Uniform in [low, high].
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(Below(static_cast<uint64_t>(high - low) + 1));
  }
  double Fraction() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
  bool Chance(double probability) { return Fraction() < probability; }
  /// An independent generator, named so that adding one does not shift the others.
  Random Fork(std::string_view name) const {
    uint64_t seed = state_ ^ 0x51ed270b9f1d2c3bULL;
    for (char c : name) seed = (seed ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
    Random fork(seed);
    fork.Next();
    return fork;
  }

 private:
  uint64_t state_;
};

/// From the operating system, for the real server's root generator and for secrets.
uint64_t SystemRandomSeed();

}  // namespace tsd
