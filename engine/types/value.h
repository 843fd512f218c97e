#pragma once
// Value: one SQL value with its type; for literals, defaults, parameters, zone-map bounds, settings. Column data lives in Vectors.
#include <cstdint>
#include <string>
#include <variant>

#include "engine/base/bytes.h"
#include "engine/types/vector.h"

namespace tsd {

class Value {
 public:
  Value() = default;  // NULL of unknown type
  static Value Null(DataType type);
  static Value Bool(bool value);
  static Value Int16(int16_t value);
  static Value Int32(int32_t value);
  static Value Int64(int64_t value);
  static Value Float32(float value);
  static Value Float64(double value);
  static Value Text(std::string value);
  static Value Oid(uint32_t value);
  static Value IntervalValue(Interval value);
  /// Of any type: by physical representation. Requires: fits type.Physical().
  static Value Integer(DataType type, int64_t value);      // kBool, kInt16, kInt32, kInt64 layouts
  static Value Double(DataType type, double value);        // kFloat32, kFloat64 layouts
  static Value Bytes(DataType type, std::string value);    // kBytes layout
  static Value UuidValue(Uuid value);
  static Value FromVector(const Vector& vector, size_t row);

  const DataType& type() const { return type_; }
  bool IsNull() const { return std::holds_alternative<std::monostate>(data_); }
  int64_t AsInteger() const { return std::get<int64_t>(data_); }
  double AsDouble() const { return std::get<double>(data_); }
  const std::string& AsBytes() const { return std::get<std::string>(data_); }
  Interval AsInterval() const { return std::get<Interval>(data_); }
  Uuid AsUuid() const { return std::get<Uuid>(data_); }
  bool AsBool() const { return AsInteger() != 0; }
  void SetType(DataType type) { type_ = type; }  // relabel; Requires: same physical type

  void AppendTo(Vector& vector) const;
  VectorPtr ToConstant(size_t rows) const;

  void Encode(ByteWriter& writer) const;
  static Value Decode(ByteReader& reader);

  /// Identical type and bytes (not SQL equality; see compare.h).
  bool SameAs(const Value& other) const;

 private:
  DataType type_;
  std::variant<std::monostate, int64_t, double, std::string, Interval, Uuid> data_;
};

}  // namespace tsd
