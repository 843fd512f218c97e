#pragma once
// ByteBuffer: a growing run of bytes that are not zeroed before they are written (a std::vector's resize writes them twice, and one with
// an allocator of its own copies byte by byte when it grows). Not thread-safe; a value.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

namespace tsd {

class ByteBuffer {
 public:
  ByteBuffer() = default;
  ByteBuffer(const ByteBuffer& other) { *this = other; }
  ByteBuffer& operator=(const ByteBuffer& other) {
    if (this == &other) return *this;
    size_ = 0;
    Extend(other.size_);
    if (size_ != 0) std::memcpy(bytes_.get(), other.bytes_.get(), size_);
    return *this;
  }
  ByteBuffer(ByteBuffer&& other) noexcept { *this = std::move(other); }
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  uint8_t* data() { return bytes_.get(); }
  const uint8_t* data() const { return bytes_.get(); }
  void Reserve(size_t capacity) {
    if (capacity > capacity_) Grow(capacity);
  }
  /// Makes room for `count` more bytes, not initialised, and returns where they begin.
  uint8_t* Extend(size_t count) {
    if (capacity_ - size_ < count) Grow(std::max(size_ + count, 2 * capacity_));
    uint8_t* place = bytes_.get() + size_;
    size_ += count;
    return place;
  }

 private:
  void Grow(size_t capacity) {
    std::unique_ptr<uint8_t[]> larger = std::make_unique_for_overwrite<uint8_t[]>(capacity);
    if (size_ != 0) std::memcpy(larger.get(), bytes_.get(), size_);
    bytes_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace tsd
