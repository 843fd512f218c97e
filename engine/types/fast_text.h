#pragma once
// Text forms of numbers and timestamps written into a caller's buffer: what result rows and COPY are made of by the million. The same
// bytes as FormatText (text_form.h). Functions: any thread; a TimestampText belongs to one.
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>

namespace tsd {

/// Room that any of these needs at most.
inline constexpr size_t kMaxFastText = 80;

/// Each returns the end of what it wrote.
char* PutIntegerText(int64_t value, char* at);
/// Shortest digits that read back as the value, laid out as PostgreSQL does (extra_float_digits >= 1).
char* PutFloat64Text(double value, char* at);

/// Timestamps one after the other: the date's text is made once a day.
class TimestampText {
 public:
  /// `zone` null: timestamp without time zone. It must outlive the object.
  explicit TimestampText(const absl::TimeZone* zone) : zone_(zone) {}
  char* Put(int64_t timestamp, char* at);

 private:
  const absl::TimeZone* zone_;
  int64_t day_ = INT64_MIN;   // local days since 2000-01-01 that `date_` spells
  char date_[16] = {};
  int offset_ = 0;
  bool has_suffix_ = false;   // `suffix_` spells offset_
  char suffix_[16] = {};
  size_t suffix_size_ = 0;
};

}  // namespace tsd
