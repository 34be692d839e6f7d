// Writes structs in version 1 format. Source: yjs, UpdateEncoder.js, Item.write and the contents'.
#pragma once

#include <string>
#include <string_view>

#include "ycrdt/struct_ref.h"

namespace pluv::ycrdt {

// Appends the struct without its first `offset` elements: what is left has the element before it
// as its origin. Precondition: offset < ref.length.
void write_struct(std::string& out, const StructRef& ref, std::uint32_t offset,
                  ValueSpelling values = ValueSpelling::json);

// Appends the text from its code unit `offset` on; `length` is its whole length. Half a surrogate
// pair becomes U+FFFD.
void append_text_from(std::string& out, std::string_view text, std::uint32_t offset,
                      std::uint32_t length);

// Appends the values of a list without the first `offset`, as lib0 spells them, one after another.
void append_values_from(std::string& out, const StructRef& ref, std::uint32_t offset);

// The JSON text as JSON.stringify spells it, or "undefined": itself, or made in `scratch`.
[[nodiscard]] std::string_view respell_json(std::string_view text, std::string& scratch);

// Appends a subdocument's options as yjs writes them: only "gc" when it is false, "autoLoad" and
// "meta" are kept (yjs: ContentDoc).
void respell_subdocument_options(std::string& out, std::string_view encoded);

// Whether such options, respelled, have "autoLoad".
[[nodiscard]] bool loads_by_itself(std::string_view options);

// Gathers structs into the part of an update that precedes the delete set: for each client the
// number of its structs, its id, the first clock. A client's structs must come one after another.
class StructsWriter {
 public:
  explicit StructsWriter(ValueSpelling values = ValueSpelling::json) : values_(values) {}

  void add(const StructRef& ref, std::uint32_t offset);
  // Appends what was gathered, and begins anew.
  void finish(std::string& out);

 private:
  void end_client();

  std::string done_;    // clients before the last one
  std::string client_;  // the last one, after its count of structs
  std::size_t clients_ = 0;
  std::size_t structs_ = 0;  // of the last one
  ClientId last_ = 0;
  ValueSpelling values_;
};

}  // namespace pluv::ycrdt
