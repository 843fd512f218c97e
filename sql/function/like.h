#pragma once
// LIKE patterns, compiled once a constant pattern. % any run, _ one character, \ takes the next as it is. Pure.
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/status.h"

namespace tsd::sql {

class LikePattern {
 public:
  explicit LikePattern(std::string_view pattern);
  /// 22025 "LIKE pattern must not end with escape character", only where matching gets that far.
  StatusOr<bool> Matches(std::string_view text) const;

 private:
  enum class Shape : uint8_t { kExact, kPrefix, kSuffix, kContains, kGeneral };
  StatusOr<bool> MatchesGeneral(std::string_view text) const;

  Shape shape_ = Shape::kGeneral;
  std::string literal_;   // of the simple shapes
  std::string pattern_;
};

}  // namespace tsd::sql
