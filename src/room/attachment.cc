#include "room/attachment.h"

#include "base/ids.h"
#include "base/permissions.h"
#include "json/codec.h"

namespace pluv::room {
namespace {

constexpr std::uint32_t kStageMax = 3;

bool is_object_or_null(const json::Raw& raw) {
  const json::Kind kind = json::kind_of(raw.text);
  return kind == json::Kind::object || kind == json::Kind::null;
}

}  // namespace

Result<Attachment> read_attachment(std::string_view text) {
  auto read = json::from_json<Attachment>(text);
  if (!read.ok()) return std::move(read).error();
  const Attachment& made = *read;
  const auto wrong = [](const char* what) {
    return Error{ErrorCode::invalid, std::string("An attachment has ") + what};
  };
  if (made.v != 1) return wrong("another version");
  if (!SessionId::parse(made.id)) return wrong("no session's id");
  if (made.stage > kStageMax) return wrong("an unknown stage");
  for (const json::Raw* const raw : {&made.user, &made.p, &made.early}) {
    if (!is_object_or_null(*raw)) return wrong("a value that is no object");
  }
  for (const std::string& id : made.gone) {
    if (!SessionId::parse(id)) return wrong("no session's id");
  }
  if (made.may && !Permissions::parse(*made.may).ok()) return wrong("permissions that are none");
  return read;
}

std::string attachment_text(const Attachment& attachment) { return json::to_json(attachment); }

}  // namespace pluv::room
