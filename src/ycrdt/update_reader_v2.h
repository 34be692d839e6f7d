// Reads an update in version 2 format struct by struct, and its delete set after them, checking
// what UpdateReader checks. Runs may declare more structs than there are bytes; their number is
// limited. Allocates for keys, for texts that are cut within a surrogate pair, and the delete set
// it fills. Source: yjs, UpdateDecoder.js and encoding.js.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ycrdt/delete_set.h"
#include "ycrdt/limits.h"
#include "ycrdt/run_coding.h"
#include "ycrdt/struct_ref.h"

namespace pluv::ycrdt {

class UpdateReaderV2 {
 public:
  // The bytes must live as long as the reader and the structs that it gives.
  UpdateReaderV2(std::string_view update, const UpdateLimits& limits);
  UpdateReaderV2(const UpdateReaderV2&) = delete;
  UpdateReaderV2& operator=(const UpdateReaderV2&) = delete;

  // The structs of a client that follow each other. A client may have several sections, and a
  // section nothing in it.
  struct Section {
    ClientId client = 0;
    Clock clock = 0;
    std::uint64_t structs = 0;  // as declared
  };
  [[nodiscard]] std::uint64_t section_count() const noexcept { return section_count_; }
  // Begins the next section once the one before was read. False: there is none, or an error.
  [[nodiscard]] bool next_section(Section& out);
  // True: `out` is the section's next struct, good until the next one is read. False: there is
  // none, or an error.
  [[nodiscard]] bool next_in_section(StructRef& out);
  // The next struct of all sections.
  [[nodiscard]] bool next(StructRef& out);
  // After next() or next_section() have answered false without an error. False: an error.
  [[nodiscard]] bool read_delete_set(DeleteSet& out);

  [[nodiscard]] bool failed() const noexcept { return !problem_.ok(); }
  // Precondition: failed().
  [[nodiscard]] const Error& error() const noexcept { return problem_.error(); }

 private:
  bool fail(const char* problem, ErrorCode code = ErrorCode::invalid);
  bool fail_value(bool too_deep, const char* otherwise);
  bool fail_early();
  bool read_item(StructRef& out, std::uint8_t info);
  bool read_content(StructRef& out);
  bool read_type(StructRef& out);
  bool read_value(std::string_view& out, bool& respell);
  bool read_embedded(StructRef& out);
  bool read_values(StructRef& out);
  bool read_json_list(StructRef& out);
  bool read_text(std::string_view& out, std::string& scratch);
  bool read_key(StructRef& out);
  bool read_length(std::uint32_t& out);
  bool read_id(Id& out, DifferenceRunReader& clocks, const StructRef& of);

  std::size_t size_;  // of the update
  ByteReader rest_;   // what is in no stream; before, all of it
  UpdateLimits limits_;
  Result<void> problem_;
  std::uint64_t section_count_ = 0;
  std::uint64_t sections_left_ = 0;
  std::uint64_t structs_left_ = 0;
  std::uint64_t structs_read_ = 0;
  ClientId client_ = 0;
  std::uint64_t clock_ = 0;
  DifferenceRunReader key_numbers_;
  UintRunReader client_ids_;
  DifferenceRunReader left_clocks_;
  DifferenceRunReader right_clocks_;
  ByteRunReader infos_;
  TextRunReader texts_;
  ByteRunReader parent_infos_;
  UintRunReader types_;
  UintRunReader lengths_;
  std::vector<std::string_view> keys_;
  std::deque<std::string> cut_keys_;  // of them those that are not in the bytes as they are
  std::uint64_t repeated_key_bytes_ = 0;
  std::string parent_name_, key_, name_, content_;  // what is not in the bytes as it is
};

}  // namespace pluv::ycrdt
