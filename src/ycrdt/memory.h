// The two ways a store keeps memory. Growable tables of plain values that grow in place where the
// system can; and bytes that are only ever appended, so that pointers to them stay good.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace pluv::ycrdt {

// A vector of trivially copyable values on realloc: growing a big one moves pages, not bytes.
// Running out of memory ends the process (as it does everywhere in the core).
template <class T>
class Table {
 public:
  static_assert(std::is_trivially_copyable_v<T>);

  Table() = default;
  Table(const Table& other) : Table() { *this = other; }
  Table(Table&& other) noexcept { swap(other); }
  Table& operator=(const Table& other) {
    if (this != &other) {
      size_ = 0;
      reserve(other.size_);
      if (other.size_ != 0) std::memcpy(static_cast<void*>(data_), other.data_, other.bytes());
      size_ = other.size_;
    }
    return *this;
  }
  Table& operator=(Table&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Table() {
    if (data_ != nullptr) std::free(data_);  // many never hold anything
  }

  void swap(Table& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }
  [[nodiscard]] T& operator[](std::size_t i) noexcept { return data_[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return data_[i]; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] T* begin() noexcept { return data_; }
  [[nodiscard]] T* end() noexcept { return data_ + size_; }
  [[nodiscard]] const T* begin() const noexcept { return data_; }
  [[nodiscard]] const T* end() const noexcept { return data_ + size_; }
  [[nodiscard]] T& back() noexcept { return data_[size_ - 1]; }
  [[nodiscard]] const T& back() const noexcept { return data_[size_ - 1]; }
  [[nodiscard]] std::size_t capacity_bytes() const noexcept { return capacity_ * sizeof(T); }

  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    void* grown = std::realloc(static_cast<void*>(data_), capacity * sizeof(T));
    PLUV_ASSERT(grown != nullptr);
    data_ = static_cast<T*>(grown);
    capacity_ = capacity;
  }
  // Makes room for so many more, for half as much again at least, so that it may be called often.
  void reserve_more(std::size_t count) {
    if (count > capacity_ - size_) reserve(std::max(size_ + count, capacity_ + capacity_ / 2));
  }
  void push_back(const T& value) {
    const T copy = value;  // it may lie in this table
    if (size_ == capacity_) reserve(capacity_ < 4 ? 4 : capacity_ + capacity_ / 2);
    data_[size_++] = copy;
  }
  // A new value, made in its place.
  T& emplace_back() {
    if (size_ == capacity_) reserve(capacity_ < 4 ? 4 : capacity_ + capacity_ / 2);
    return *std::construct_at(data_ + size_++);
  }
  void pop_back() noexcept { --size_; }
  void clear() noexcept { size_ = 0; }
  void truncate(std::size_t size) noexcept { size_ = size; }
  void insert(std::size_t at, const T& value) {
    push_back(value);
    const T copy = data_[size_ - 1];
    std::memmove(static_cast<void*>(data_ + at + 1), data_ + at, (size_ - 1 - at) * sizeof(T));
    data_[at] = copy;
  }
  void erase(std::size_t at, std::size_t count = 1) noexcept {
    std::memmove(static_cast<void*>(data_ + at), data_ + at + count,
                 (size_ - at - count) * sizeof(T));
    size_ -= count;
  }

 private:
  [[nodiscard]] std::size_t bytes() const noexcept { return size_ * sizeof(T); }

  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// Bytes in chunks that never move.
class Arena {
 public:
  // Room for `size` bytes, uninitialised.
  [[nodiscard]] char* allocate(std::size_t size) {
    if (size > left_) add_chunk(size);
    char* out = at_;
    at_ += size;
    left_ -= size;
    return out;
  }
  [[nodiscard]] const char* copy(std::string_view bytes) {
    if (bytes.empty()) return "";
    char* out = allocate(bytes.size());
    std::memcpy(out, bytes.data(), bytes.size());
    return out;
  }
  // Grows the allocation that ends at `end` by `size` bytes, if it was the last one and there is
  // room.
  [[nodiscard]] bool extend(const char* end, std::size_t size) noexcept {
    if (end != at_ || size > left_) return false;
    at_ += size;
    left_ -= size;
    return true;
  }
  [[nodiscard]] std::size_t capacity_bytes() const noexcept { return total_; }

  // Where the arena ends now. Going back there frees what was allocated since.
  struct Mark {
    std::size_t chunks = 0;
    char* at = nullptr;
    std::size_t left = 0;
    std::size_t total = 0;
  };
  [[nodiscard]] Mark mark() const noexcept { return {chunks_.size(), at_, left_, total_}; }
  void go_back(const Mark& mark) {
    chunks_.resize(mark.chunks);
    at_ = mark.at;
    left_ = mark.left;
    total_ = mark.total;
  }

 private:
  void add_chunk(std::size_t size) {
    // Chunks grow with the arena: small documents stay small, big ones have few chunks.
    constexpr std::size_t kChunkMin = 2048;
    constexpr std::size_t kChunkMax = 1024 * 1024;
    const std::size_t chunk = std::max(size, std::clamp(total_ / 2, kChunkMin, kChunkMax));
    chunks_.push_back(std::unique_ptr<char[]>(new char[chunk]));
    at_ = chunks_.back().get();
    left_ = chunk;
    total_ += chunk;
  }

  std::vector<std::unique_ptr<char[]>> chunks_;
  char* at_ = nullptr;
  std::size_t left_ = 0;
  std::size_t total_ = 0;
};

}  // namespace pluv::ycrdt
