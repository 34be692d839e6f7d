// A run of bytes that several outboxes send from: written once, by appending, then only read. The
// count of owners is not atomic, since a buffer never leaves its loop's thread (a connection that
// moves to another loop takes its own ones along). Freed by its last owner. One may stand for a
// text that others own, too, instead of having bytes of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.h"

namespace pluv::native {

class BufferRef;

class SharedBuffer {
 public:
  // Both below 4 GiB.
  [[nodiscard]] static BufferRef make(std::size_t capacity);
  [[nodiscard]] static BufferRef copy_of(std::string_view bytes);
  // Has no room for more.
  [[nodiscard]] static BufferRef of(std::shared_ptr<const std::string> text);

  [[nodiscard]] const char* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::size_t room() const noexcept { return capacity_ - size_; }

  // Asserts that there is room.
  void append(std::string_view bytes) noexcept {
    std::memcpy(grow(bytes.size()), bytes.data(), bytes.size());
  }
  // Takes size more bytes, for the caller to fill in.
  [[nodiscard]] char* grow(std::size_t size) noexcept {
    PLUV_ASSERT(size <= room());
    char* at = reinterpret_cast<char*>(this + 1) + size_;
    size_ += static_cast<std::uint32_t>(size);
    return at;
  }
  // For reuse by its only owner.
  void clear() noexcept { size_ = 0; }

 private:
  friend class BufferRef;
  explicit SharedBuffer(std::uint32_t capacity) noexcept
      : capacity_(capacity), data_(reinterpret_cast<const char*>(this + 1)) {}
  explicit SharedBuffer(std::shared_ptr<const std::string> text) noexcept
      : size_(static_cast<std::uint32_t>(text->size())),
        capacity_(size_),
        data_(text->data()),
        text_(std::move(text)) {}

  std::uint32_t owners_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_;
  const char* data_;
  std::shared_ptr<const std::string> text_;
};

// One owner of a buffer.
class BufferRef {
 public:
  BufferRef() noexcept = default;
  explicit BufferRef(SharedBuffer* buffer) noexcept : buffer_(buffer) { ++buffer_->owners_; }
  BufferRef(const BufferRef& other) noexcept : buffer_(other.buffer_) {
    if (buffer_ != nullptr) ++buffer_->owners_;
  }
  BufferRef(BufferRef&& other) noexcept : buffer_(std::exchange(other.buffer_, nullptr)) {}
  BufferRef& operator=(BufferRef other) noexcept {
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~BufferRef() { reset(); }

  void reset() noexcept {
    SharedBuffer* buffer = std::exchange(buffer_, nullptr);
    if (buffer == nullptr || --buffer->owners_ > 0) return;
    std::destroy_at(buffer);
    ::operator delete(buffer);
  }
  [[nodiscard]] SharedBuffer* get() const noexcept { return buffer_; }
  SharedBuffer* operator->() const noexcept { return buffer_; }
  explicit operator bool() const noexcept { return buffer_ != nullptr; }
  [[nodiscard]] bool only_owner() const noexcept { return buffer_->owners_ == 1; }

 private:
  SharedBuffer* buffer_ = nullptr;
};

inline BufferRef SharedBuffer::make(std::size_t capacity) {
  PLUV_ASSERT(capacity <= 0xffffffff);
  void* memory = ::operator new(sizeof(SharedBuffer) + capacity);
  return BufferRef(new (memory) SharedBuffer(static_cast<std::uint32_t>(capacity)));
}

inline BufferRef SharedBuffer::of(std::shared_ptr<const std::string> text) {
  PLUV_ASSERT(text->size() <= 0xffffffff);
  void* memory = ::operator new(sizeof(SharedBuffer));
  return BufferRef(new (memory) SharedBuffer(std::move(text)));
}

inline BufferRef SharedBuffer::copy_of(std::string_view bytes) {
  BufferRef buffer = make(bytes.size());
  buffer->append(bytes);
  return buffer;
}

}  // namespace pluv::native
