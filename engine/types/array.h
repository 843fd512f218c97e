#pragma once
// Arrays: ArrayValue is one array in memory; its Encode() form lies in kBytes vectors of array types; text form is PostgreSQL's.
// Byte form: u8 element TypeId, u8 dimensions (0..6), per dimension i32 length and i32 lower bound, u8 null flag, bitmap of present
// elements if set, then the elements: fixed width packed, or u32 end offsets and bytes. Decode takes any bytes.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "engine/types/vector.h"

namespace tsd {

struct TextContext;  // text_form.h

struct ArrayDimension {
  int32_t length = 0;
  int32_t lower_bound = 1;
};

class ArrayValue {
 public:
  static constexpr int kMaxDimensions = 6;
  static constexpr size_t kMaxElements = 134'217'727;  // PostgreSQL's MaxArraySize

  /// Empty array.
  explicit ArrayValue(DataType element) : elements_(std::make_shared<Vector>(element)) {}
  /// One dimension, lower bound 1 (none if there are no elements).
  static ArrayValue FromVector(std::shared_ptr<Vector> elements);
  /// Requires: product of lengths == elements->size().
  ArrayValue(std::vector<ArrayDimension> dimensions, std::shared_ptr<Vector> elements);

  DataType element_type() const { return elements_->type(); }
  const std::vector<ArrayDimension>& dimensions() const { return dimensions_; }
  size_t size() const { return elements_->size(); }
  const Vector& elements() const { return *elements_; }
  const std::shared_ptr<Vector>& elements_ptr() const { return elements_; }

  /// Row-major index of a full subscript; -1 if outside or of wrong count.
  int64_t IndexOf(const std::vector<int64_t>& subscripts) const;

  std::string Encode() const;
  /// XX001 if the bytes are no array of that element type.
  static StatusOr<ArrayValue> Decode(DataType element, std::string_view bytes);

  /// '{a,"b c",NULL}', '[0:1]={1,2}'. 22P02 'malformed array literal: "x"'.
  static StatusOr<ArrayValue> ParseText(DataType element, std::string_view text, const TextContext& context);
  void FormatText(const TextContext& context, std::string& out) const;

 private:
  std::vector<ArrayDimension> dimensions_;
  std::shared_ptr<Vector> elements_;
};

}  // namespace tsd
