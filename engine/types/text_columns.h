#pragma once
// Texts to columns, a column at a time in tight loops: what COPY and INSERT .. VALUES read their rows with. Means the same as ParseText
// (text_form.h) of each value. Pure; any thread.
#include <cstdint>
#include <span>

#include "engine/types/text_form.h"
#include "engine/types/vector.h"

namespace tsd {

/// A value's text; `data` is null for NULL.
struct TextField {
  const char* data = nullptr;
  uint32_t size = 0;
  std::string_view view() const { return std::string_view(data, size); }
};

/// Appends the values to `out`, of type `type`. False if one of them cannot be read; then `out` holds some part of them.
bool AppendTextColumn(DataType type, std::span<const TextField> fields, const TextContext& context, Vector& out);

/// Appends fixed-width values that `parse(text, &value)` reads; false at the first that it does not.
template <typename T, typename Parse>
bool AppendFixedColumn(std::span<const TextField> fields, Vector& out, const Parse& parse) {
  const size_t before = out.size();
  out.ResizeFixed(before + fields.size());
  T* const values = out.mutable_values<T>() + before;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].data == nullptr) {
      out.SetNull(before + i);
    } else if (!parse(fields[i].view(), &values[i])) {
      return false;
    }
  }
  return true;
}

/// Appends values that lie as their bytes do in a vector of kBytes.
void AppendBytesColumn(std::span<const TextField> fields, Vector& out);

}  // namespace tsd
