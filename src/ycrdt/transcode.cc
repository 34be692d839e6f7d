#include "ycrdt/transcode.h"

#include "base/assert.h"
#include "ycrdt/update_reader.h"
#include "ycrdt/update_reader_v2.h"
#include "ycrdt/update_writer.h"
#include "ycrdt/update_writer_v2.h"

namespace pluv::ycrdt {

Result<std::string> transcode_v2_to_v1(std::string_view update, const UpdateLimits& limits) {
  UpdateReaderV2 reader(update, limits);
  if (reader.failed()) return reader.error();
  std::string out;
  write_var_uint(out, reader.section_count());
  UpdateReaderV2::Section section;
  StructRef ref;
  while (reader.next_section(section)) {
    write_var_uint(out, section.structs);
    write_var_uint(out, section.client);
    write_var_uint(out, section.clock);
    while (reader.next_in_section(ref)) write_struct(out, ref, 0, ValueSpelling::kept);
    if (out.size() > limits.update_bytes_max) {
      return Error{ErrorCode::limit, "The update is too large"};
    }
  }
  DeleteSet deletes;
  if (reader.failed() || !reader.read_delete_set(deletes)) return reader.error();
  deletes.write(out);
  return out;
}

std::string transcode_v1_to_v2(std::string_view update) {
  const UpdateLimits no_limits{.update_bytes_max = SIZE_MAX,
                               .clients_max = SIZE_MAX,
                               .structs_max = SIZE_MAX,
                               .value_depth_max = SIZE_MAX};
  UpdateReader reader(update, no_limits, ValueSpelling::kept);
  UpdateWriterV2 writer;
  StructRef ref;
  while (reader.next(ref)) writer.add(ref, 0);
  DeleteSet deletes;
  const bool read = !reader.failed() && reader.read_delete_set(deletes);
  PLUV_ASSERT(read);
  deletes.group_by_client();
  return writer.finish(deletes);
}

}  // namespace pluv::ycrdt
