// Who wrote and deleted what, in documents of any bytes: what others have put where users are noted
// is read or passed over, and our own notes are found beside it.
// link: ycrdt json base
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "fuzz/ycrdt_cut.h"
#include "ycrdt/delete_set.h"
#include "ycrdt/doc.h"
#include "ycrdt/permanent_user_data.h"

namespace {

using namespace pluv::ycrdt;

constexpr ClientId kOwn = 1'000;

// What others may have noted, with these bytes as what a user has deleted.
void note_bytes(Doc& doc, std::string_view bytes) {
  Map users = doc.get_map("users");
  if (!users.set_type("bob", {TypeKind::map, {}}).ok()) return;
  const auto bob = users.get("bob");
  if (!bob || !std::holds_alternative<SharedType>(*bob)) return;
  Map map = std::get<SharedType>(*bob).as_map();
  if (!map.set_type("ids", {TypeKind::array, {}}).ok()) return;
  if (!map.set_type("ds", {TypeKind::array, {}}).ok()) return;
  const auto deletes = map.get("ds");
  PLUV_ASSERT(deletes && std::holds_alternative<SharedType>(*deletes));
  (void)std::get<SharedType>(*deletes).as_array().push(
      {Any(Any::Bytes{std::string(bytes)}), Any(1)});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto pieces = cut({reinterpret_cast<const char*>(data), size});
  Doc doc({.client_id = kOwn});
  PermanentUserData users(doc);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (i % 4 == 3) {
      note_bytes(doc, pieces[i]);
    } else {
      (void)doc.apply_update(pieces[i]);
    }
    users.settle();
    PLUV_ASSERT(doc.check().empty());
  }
  const bool noted = users.set_user_mapping(doc, kOwn, "ada").ok();
  Text text = doc.get_text("own");
  if (!text.insert(0, "abc").ok()) return 0;  // others have used up our clocks
  const Clock end = doc.state_vector().clock(kOwn);
  PLUV_ASSERT(text.erase(1, 1).ok());
  users.settle();
  PLUV_ASSERT(doc.check().empty());
  if (noted) PLUV_ASSERT(users.user_by_client_id(kOwn).has_value());
  if (noted) PLUV_ASSERT(users.user_by_deleted_id({kOwn, end - 2}).has_value());
  (void)users.user_by_client_id(7);
  (void)users.user_by_deleted_id({7, 0});
  // Who reads the same document anew finds no less.
  const PermanentUserData again(doc);
  PLUV_ASSERT(!noted || again.user_by_client_id(kOwn).has_value());
  return 0;
}
