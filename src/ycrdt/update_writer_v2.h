// Writes updates in version 2 format: what structs are made of, each kind of part in a stream of
// its own, so that runs of equal or evenly spaced ones become short. Source: yjs, UpdateEncoder.js,
// LazyStructWriter.
#pragma once

#include <string>

#include "ycrdt/delete_set.h"
#include "ycrdt/run_coding.h"
#include "ycrdt/struct_ref.h"

namespace pluv::ycrdt {

class UpdateWriterV2 {
 public:
  // Appends the struct without its first `offset` elements. A client's structs must come one after
  // another. What says that it is a member of a map is written as the struct has it. Precondition:
  // offset < ref.length.
  void add(const StructRef& ref, std::uint32_t offset);
  // The update. Nothing may be added any more. Precondition: the deletes are grouped or normalized.
  [[nodiscard]] std::string finish(const DeleteSet& deletes);

 private:
  void end_client();
  void write_left_id(Id id);
  void write_key(std::string_view key);
  void write_content(const StructRef& ref, std::uint32_t offset);
  void write_value(const StructRef& ref);

  std::string done_;    // what is in no stream, of clients before the last one
  std::string client_;  // the same of the last one, after its count of structs
  std::size_t clients_ = 0;
  std::size_t structs_ = 0;  // of the last one
  ClientId last_ = 0;
  std::uint64_t keys_ = 0;
  DifferenceRunWriter key_numbers_;
  UintRunWriter client_ids_;
  DifferenceRunWriter left_clocks_;
  DifferenceRunWriter right_clocks_;
  ByteRunWriter infos_;
  TextRunWriter texts_;
  ByteRunWriter parent_infos_;
  UintRunWriter types_;
  UintRunWriter lengths_;
  std::string scratch_;
};

}  // namespace pluv::ycrdt
