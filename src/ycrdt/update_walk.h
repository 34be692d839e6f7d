// Walks over an update, written once for both formats: Reader is UpdateReader or UpdateReaderV2,
// Writer one of the two here. What yjs does with its LazyStructReader and LazyStructWriter.
// Internal. Source: yjs, updates.js.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"
#include "ycrdt/delete_set.h"
#include "ycrdt/lib0.h"
#include "ycrdt/state_vector.h"
#include "ycrdt/struct_ref.h"
#include "ycrdt/update_writer.h"
#include "ycrdt/update_writer_v2.h"
#include "ycrdt/updates.h"

namespace pluv::ycrdt {

class UpdateWriterV1 {
 public:
  explicit UpdateWriterV1(ValueSpelling values = ValueSpelling::json) : structs_(values) {}
  void add(const StructRef& ref, std::uint32_t offset) { structs_.add(ref, offset); }
  [[nodiscard]] std::string finish(const DeleteSet& deletes) {
    std::string out;
    structs_.finish(out);
    deletes.write(out);
    return out;
  }

 private:
  StructsWriter structs_;
};

// As yjs does with structs that it reads without placing them: whether one is a member of a map is
// marked only where the key is written.
class LazyWriterV2 {
 public:
  void add(const StructRef& ref, std::uint32_t offset) {
    if (ref.marked_key == ref.has_key) {
      writer_.add(ref, offset);
      return;
    }
    StructRef marked = ref;
    marked.marked_key = ref.has_key;
    writer_.add(marked, offset);
  }
  [[nodiscard]] std::string finish(const DeleteSet& deletes) { return writer_.finish(deletes); }

 private:
  UpdateWriterV2 writer_;
};

// The delete set behind the structs, or why something was refused.
template <class Reader>
Result<DeleteSet> deletes_behind(Reader& reader) {
  DeleteSet deletes;
  if (reader.failed() || !reader.read_delete_set(deletes)) return reader.error();
  deletes.group_by_client();
  return deletes;
}

template <class Reader>
Result<void> check(Reader& reader) {
  StructRef ref;
  while (reader.next(ref)) {
  }
  const auto deletes = deletes_behind(reader);
  return deletes ? Result<void>() : deletes.error();
}

// Writes what is read, each struct changed by change(ref). yjs: convertUpdateFormat.
template <class Reader, class Writer, class Change>
Result<std::string> convert(Reader& reader, Writer writer, Change change) {
  StructRef ref;
  while (reader.next(ref)) {
    change(ref);
    writer.add(ref, 0);
  }
  const auto deletes = deletes_behind(reader);
  if (!deletes) return deletes.error();
  return writer.finish(*deletes);
}

template <class Reader, class Writer>
Result<std::string> diff(Reader& reader, Writer writer, const StateVector& state) {
  StructRef ref;
  bool writing = false;  // the client's first new struct was seen
  ClientId client = 0;
  Clock known = 0;
  bool first = true;
  while (reader.next(ref)) {
    if (first || ref.client != client) {
      writing = false;
      client = ref.client;
      known = state.clock(client);
      first = false;
    }
    if (writing) {
      writer.add(ref, 0);
    } else if (ref.kind != ContentKind::skip && ref.end() > known) {
      writer.add(ref, known > ref.clock ? known - ref.clock : 0);
      writing = true;
    }
  }
  const auto deletes = deletes_behind(reader);
  if (!deletes) return deletes.error();
  return writer.finish(*deletes);
}

template <class Reader>
Result<std::string> encode_complete_state(Reader& reader) {
  StructRef ref;
  std::string entries;
  std::size_t count = 0;
  bool first = true;
  ClientId client = 0;
  Clock clock = 0;
  bool gap = false;
  const auto end_client = [&] {
    if (clock == 0) return;
    ++count;
    write_var_uint(entries, client);
    write_var_uint(entries, clock);
  };
  while (reader.next(ref)) {
    if (first || ref.client != client) {
      end_client();
      client = ref.client;
      clock = 0;
      gap = ref.clock != 0;
      first = false;
    }
    gap |= ref.kind == ContentKind::skip;
    if (!gap) clock = ref.end();
  }
  const auto deletes = deletes_behind(reader);
  if (!deletes) return deletes.error();
  end_client();
  std::string out;
  write_var_uint(out, count);
  out.append(entries);
  return out;
}

template <class Reader>
Result<UpdateMeta> parse_meta(Reader& reader) {
  StructRef ref;
  UpdateMeta meta;
  while (reader.next(ref)) {
    if (meta.clients.empty() || meta.clients.back().client != ref.client) {
      meta.clients.push_back({ref.client, ref.clock, ref.end()});
    }
    meta.clients.back().to = ref.end();
  }
  const auto deletes = deletes_behind(reader);
  if (!deletes) return deletes.error();
  return meta;
}

}  // namespace pluv::ycrdt
