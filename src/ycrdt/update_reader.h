// Reads an update in version 1 format struct by struct, and its delete set after them, checking
// all that can be checked without a document: sizes, UTF-8, JSON, values, clocks that fit 32 bits,
// nothing that depends on itself. Allocates nothing but the delete set it fills.
// Source: yjs, UpdateDecoder.js and encoding.js (there is no other specification).
#pragma once

#include <string_view>

#include "base/result.h"
#include "ycrdt/delete_set.h"
#include "ycrdt/lib0.h"
#include "ycrdt/limits.h"
#include "ycrdt/struct_ref.h"

namespace pluv::ycrdt {

class UpdateReader {
 public:
  // The bytes must live as long as the reader and the structs that it gives. With values kept, JSON
  // texts are read as well.
  UpdateReader(std::string_view update, const UpdateLimits& limits,
               ValueSpelling values = ValueSpelling::json) noexcept;

  // True: `out` is the next struct. False: there is none, or an error.
  [[nodiscard]] bool next(StructRef& out) noexcept;
  // After next() has answered false without an error. False: an error.
  [[nodiscard]] bool read_delete_set(DeleteSet& out);
  // Of the struct that next() gave last: whether its client's structs began with it.
  [[nodiscard]] bool began_client() const noexcept { return began_client_; }

  // How many follow of that client, at most.
  [[nodiscard]] std::size_t structs_left_max() const noexcept {
    constexpr std::size_t kStructBytesMin = 2;
    const std::size_t most = reader_.left() / kStructBytesMin;
    return structs_left_ < most ? static_cast<std::size_t>(structs_left_) : most;
  }
  // How that client's id is written, for reread_struct.
  [[nodiscard]] const Spelling& client_spelling() const noexcept { return client_spelling_; }

  // The bytes of that struct.
  [[nodiscard]] std::string_view struct_bytes() const noexcept {
    return {struct_begin_, static_cast<std::size_t>(reader_.position() - struct_begin_)};
  }

  [[nodiscard]] bool failed() const noexcept { return problem_ != nullptr; }
  // Precondition: failed().
  [[nodiscard]] Error error() const;

 private:
  bool fail(const char* problem, ErrorCode code = ErrorCode::invalid) noexcept;
  bool fail_value(bool too_deep, const char* otherwise) noexcept;
  bool read_item(StructRef& out, std::uint8_t info) noexcept;
  bool read_parent(StructRef& out, std::uint8_t info) noexcept;
  bool read_content(StructRef& out) noexcept;
  bool read_type(StructRef& out) noexcept;
  bool skip_value(bool& shortest) noexcept;
  bool read_values(StructRef& out) noexcept;
  bool read_json_list(StructRef& out) noexcept;
  bool read_embedded(StructRef& out) noexcept;
  bool read_text(std::string_view& out) noexcept;
  bool read_length(std::uint32_t& out) noexcept;
  inline bool read_id(ByteReader& reader, Id& out, const StructRef& of) noexcept;

  ByteReader reader_;
  UpdateLimits limits_;
  ValueSpelling values_;
  std::uint64_t clients_left_ = 0;
  std::uint64_t structs_left_ = 0;
  std::uint64_t structs_read_ = 0;
  ClientId client_ = 0;
  Spelling client_spelling_;
  std::uint64_t clock_ = 0;
  const char* struct_begin_ = nullptr;
  const char* problem_ = nullptr;
  ErrorCode code_ = ErrorCode::invalid;
  bool began_client_ = false;
};

// Reads a struct again that was checked before: all but what `out` has already, its client, clock,
// length, kind and `respell`. `bytes` begin with the struct, which is `size` long, and may go on.
// `client`: how its client's id is written.
void reread_struct(StructRef& out, std::string_view bytes, std::size_t size,
                   const Spelling& client) noexcept;

// Walks over a whole update: ok, or why it would be refused.
[[nodiscard]] Result<void> check_update(std::string_view update, const UpdateLimits& limits = {});

// Whether JSON.stringify would spell the JSON text just so; false when it takes a closer look to
// know. Not a validation.
[[nodiscard]] bool is_plain_json(std::string_view text) noexcept;

}  // namespace pluv::ycrdt
