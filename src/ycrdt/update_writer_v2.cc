#include "ycrdt/update_writer_v2.h"

#include "base/assert.h"
#include "ycrdt/any.h"
#include "ycrdt/update_writer.h"

namespace pluv::ycrdt {

void UpdateWriterV2::end_client() {
  if (structs_ == 0) return;
  write_var_uint(done_, structs_);
  done_.append(client_);
  client_.clear();
  ++clients_;
  structs_ = 0;
}

void UpdateWriterV2::write_left_id(Id id) {
  client_ids_.write(id.client);
  left_clocks_.write(id.clock);
}

// Each key has a new number, and is written, even if it was before: so yjs does.
void UpdateWriterV2::write_key(std::string_view key) {
  key_numbers_.write(keys_++);
  texts_.write(key);
}

void UpdateWriterV2::write_value(const StructRef& ref) {
  if (!ref.kept_value) {
    // The reader found it to be JSON, so no depth is too deep here.
    const bool ok = encode_json(client_, ref.content, ref.content.size() + 1).ok();
    PLUV_ASSERT(ok);
  } else if (ref.respell) {
    respell_any(client_, ref.content);
  } else {
    client_.append(ref.content);
  }
}

void UpdateWriterV2::write_content(const StructRef& ref, std::uint32_t offset) {
  switch (ref.kind) {
    case ContentKind::skip: write_var_uint(client_, ref.length - offset); break;
    case ContentKind::gc:
    case ContentKind::deleted: lengths_.write(ref.length - offset); break;
    case ContentKind::json: {
      lengths_.write(ref.length - offset);
      ByteReader reader(ref.content);
      for (std::uint32_t i = 0; i < offset; ++i) reader.var_bytes();
      while (!reader.at_end()) texts_.write(respell_json(reader.var_bytes(), scratch_));
      break;
    }
    case ContentKind::binary: write_var_bytes(client_, ref.content); break;
    case ContentKind::string:
      if (offset == 0) {
        texts_.write(ref.content, ref.length);
      } else {
        scratch_.clear();
        append_text_from(scratch_, ref.content, offset, ref.length);
        texts_.write(scratch_, ref.length - offset);
      }
      break;
    case ContentKind::embed: write_value(ref); break;
    case ContentKind::format:
      write_key(ref.name);
      write_value(ref);
      break;
    case ContentKind::type:
      types_.write(static_cast<std::uint64_t>(ref.type));
      if (ref.type == TypeKind::xml_element || ref.type == TypeKind::xml_hook) write_key(ref.name);
      break;
    case ContentKind::any:
      lengths_.write(ref.length - offset);
      append_values_from(client_, ref, offset);
      break;
    case ContentKind::doc:
      texts_.write(ref.name);
      respell_subdocument_options(client_, ref.content);
      break;
  }
}

void UpdateWriterV2::add(const StructRef& ref, std::uint32_t offset) {
  if (structs_ != 0 && ref.client != last_) end_client();
  if (structs_ == 0) {
    last_ = ref.client;
    client_ids_.write(ref.client);
    write_var_uint(client_, ref.clock + offset);
  }
  ++structs_;
  if (!ref.is_item()) {
    infos_.write(static_cast<std::uint8_t>(ref.kind));
    write_content(ref, offset);
    return;
  }
  const bool has_origin = ref.has_origin || offset > 0;
  infos_.write(static_cast<std::uint8_t>(
      static_cast<unsigned>(ref.kind) | (has_origin ? 0x80u : 0u) |
      (ref.has_right_origin ? 0x40u : 0u) | (ref.marked_key ? 0x20u : 0u)));
  if (has_origin) {
    write_left_id(offset > 0 ? Id{ref.client, ref.clock + offset - 1} : ref.origin);
  }
  if (ref.has_right_origin) {
    client_ids_.write(ref.right_origin.client);
    right_clocks_.write(ref.right_origin.clock);
  }
  if (!has_origin && !ref.has_right_origin) {
    parent_infos_.write(ref.has_parent_name ? 1 : 0);
    if (ref.has_parent_name) {
      texts_.write(ref.parent_name);
    } else {
      write_left_id(ref.parent);
    }
    if (ref.has_key) texts_.write(ref.key);
  }
  write_content(ref, offset);
}

std::string UpdateWriterV2::finish(const DeleteSet& deletes) {
  end_client();
  std::string out(1, '\0');  // flags for what may come one day
  write_var_bytes(out, key_numbers_.take());
  write_var_bytes(out, client_ids_.take());
  write_var_bytes(out, left_clocks_.take());
  write_var_bytes(out, right_clocks_.take());
  write_var_bytes(out, infos_.take());
  write_var_bytes(out, texts_.take());
  write_var_bytes(out, parent_infos_.take());
  write_var_bytes(out, types_.take());
  write_var_bytes(out, lengths_.take());
  write_var_uint(out, clients_);
  out.append(done_);
  deletes.write(out, DeleteSetFormat::v2);
  return out;
}

}  // namespace pluv::ycrdt
