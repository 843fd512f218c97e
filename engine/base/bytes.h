#pragma once
// The only way foreign bytes (files, peers, clients) are read, and the way ours are written. Little-endian unless the name says
// otherwise (Be = network order). A ByteReader never reads outside its span: a read past the end sets ok() to false for good and
// yields zeros or empty views, so a decoder reads a whole structure and checks ok() once. Not thread-safe.
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tsd {

/// The memory of `count` plain values.
template <typename T>
std::string_view RawBytes(const T* values, size_t count) {
  return std::string_view(reinterpret_cast<const char*>(values), count * sizeof(T));
}

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : data_(bytes) {}

  bool ok() const { return ok_; }
  size_t remaining() const { return data_.size() - position_; }
  size_t position() const { return position_; }
  bool AtEnd() const { return remaining() == 0; }
  void Fail() { ok_ = false; position_ = data_.size(); }

  uint8_t GetU8() { return Fixed<uint8_t>(); }
  uint16_t GetU16() { return Fixed<uint16_t>(); }
  uint32_t GetU32() { return Fixed<uint32_t>(); }
  uint64_t GetU64() { return Fixed<uint64_t>(); }
  int64_t GetI64() { return static_cast<int64_t>(Fixed<uint64_t>()); }
  double GetF64() { return std::bit_cast<double>(Fixed<uint64_t>()); }
  uint16_t GetBeU16() { return __builtin_bswap16(Fixed<uint16_t>()); }
  uint32_t GetBeU32() { return __builtin_bswap32(Fixed<uint32_t>()); }
  uint64_t GetBeU64() { return __builtin_bswap64(Fixed<uint64_t>()); }
  bool GetBool() { return GetU8() != 0; }

  /// LEB128, at most ten bytes.
  uint64_t GetVarint() {
    uint64_t result = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = GetU8();
      if (!ok_) return 0;
      result |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return result;
    }
    Fail();
    return 0;
  }
  int64_t GetZigzag() {
    const uint64_t raw = GetVarint();
    return static_cast<int64_t>((raw >> 1) ^ (~(raw & 1) + 1));
  }
  /// Raw bytes; empty view and !ok() if fewer remain.
  std::string_view GetBytes(size_t count) {
    if (!ok_ || count > remaining()) {
      Fail();
      return {};
    }
    std::string_view result = data_.substr(position_, count);
    position_ += count;
    return result;
  }
  /// Varint length, then bytes.
  std::string_view GetString() {
    const uint64_t length = GetVarint();
    if (!ok_ || length > remaining()) {
      Fail();
      return {};
    }
    return GetBytes(static_cast<size_t>(length));
  }
  /// Bytes up to a NUL, which is consumed.
  std::string_view GetCString() {
    const size_t end = ok_ ? data_.find('\0', position_) : std::string_view::npos;
    if (end == std::string_view::npos) {
      Fail();
      return {};
    }
    std::string_view result = data_.substr(position_, end - position_);
    position_ = end + 1;
    return result;
  }
  std::string_view Rest() { return GetBytes(remaining()); }
  /// A count of items that take at least `minimum_bytes` each; guards allocations against hostile counts.
  uint64_t GetCount(size_t minimum_bytes) {
    const uint64_t count = GetVarint();
    if (minimum_bytes == 0) minimum_bytes = 1;
    if (!ok_ || count > remaining() / minimum_bytes) {
      Fail();
      return 0;
    }
    return count;
  }

 private:
  template <typename T>
  T Fixed() {
    if (!ok_ || remaining() < sizeof(T)) {
      Fail();
      return T{};
    }
    T value;
    std::memcpy(&value, data_.data() + position_, sizeof(T));
    position_ += sizeof(T);
    return value;
  }

  std::string_view data_;
  size_t position_ = 0;
  bool ok_ = true;
};

class ByteWriter {
 public:
  size_t size() const { return data_.size(); }
  const std::string& data() const { return data_; }
  std::string Take() && { return std::move(data_); }
  void Clear() { data_.clear(); }
  void Reserve(size_t bytes) { data_.reserve(bytes); }

  void PutU8(uint8_t value) { data_.push_back(static_cast<char>(value)); }
  void PutBool(bool value) { PutU8(value ? 1 : 0); }
  void PutU16(uint16_t value) { Fixed(value); }
  void PutU32(uint32_t value) { Fixed(value); }
  void PutU64(uint64_t value) { Fixed(value); }
  void PutI64(int64_t value) { Fixed(static_cast<uint64_t>(value)); }
  void PutF64(double value) { Fixed(std::bit_cast<uint64_t>(value)); }
  void PutBeU16(uint16_t value) { Fixed(static_cast<uint16_t>(__builtin_bswap16(value))); }
  void PutBeU32(uint32_t value) { Fixed(__builtin_bswap32(value)); }
  void PutBeU64(uint64_t value) { Fixed(__builtin_bswap64(value)); }
  void PutVarint(uint64_t value) {
    while (value >= 0x80) {
      PutU8(static_cast<uint8_t>(value | 0x80));
      value >>= 7;
    }
    PutU8(static_cast<uint8_t>(value));
  }
  void PutZigzag(int64_t value) {
    PutVarint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }
  void PutBytes(std::string_view bytes) { data_.append(bytes); }
  void PutString(std::string_view bytes) {
    PutVarint(bytes.size());
    PutBytes(bytes);
  }
  void PutCString(std::string_view bytes) {
    PutBytes(bytes);
    PutU8(0);
  }
  /// Overwrites four bytes at `offset` (a length known only at the end).
  void PatchU32(size_t offset, uint32_t value) { std::memcpy(data_.data() + offset, &value, sizeof(value)); }
  void PatchBeU32(size_t offset, uint32_t value) { PatchU32(offset, __builtin_bswap32(value)); }

 private:
  template <typename T>
  void Fixed(T value) {
    data_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }

  std::string data_;
};

}  // namespace tsd
