// Two documents edited at the same time, one of them with undo managers that undo, redo and forget
// between the edits: it is sound after each step, and the other one hears all of it. Not asked is
// that they are equal then: an undo may write what each places elsewhere, as in yjs.
// link: ycrdt json base
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/assert.h"
#include "fuzz/ycrdt_peers.h"
#include "fuzz/ycrdt_script.h"
#include "ycrdt/doc.h"
#include "ycrdt/undo_manager.h"

namespace {

using namespace pluv::ycrdt;

constexpr std::size_t kStepsMax = 400;

std::unique_ptr<UndoManager> make_manager(Doc& doc, Script& script, const std::int64_t& now) {
  const std::uint8_t choice = script.byte();
  UndoOptions options{.now_ms = [&now] { return now; },
                      .capture_timeout_ms = (choice & 1) != 0 ? 500u : 0u,
                      .ignore_remote_map_changes = (choice & 2) != 0};
  if ((choice & 4) != 0) {
    options.delete_filter = [](const UndoDeletion& deletion) { return deletion.id.clock % 5 != 0; };
  }
  if ((choice & 8) != 0) return std::make_unique<UndoManager>(doc, std::move(options));
  std::vector<SharedType> scope{doc.get_root(kRootNames[choice / 16 % kRootNames.size()])};
  return std::make_unique<UndoManager>(doc, scope, std::move(options));
}

void step(UndoManager& undo, Script& script) {
  switch (script.byte() % 16) {
    case 0: undo.clear(); break;
    case 1: undo.clear_undo(); break;
    case 2: undo.stop_capturing(); break;
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 8: undo.redo(); break;
    default: undo.undo(); break;
  }
}

void hear(Doc& from, Doc& to, std::string_view origin) {
  PLUV_ASSERT(to.apply_update(from.encode_state_as_update(to.state_vector()), origin).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script({reinterpret_cast<const char*>(data), size});
  std::int64_t now = 1;
  Doc doc({.client_id = 7, .gc = !script.one_in(4), .clean_formatting = false});
  Doc other({.client_id = 300, .clean_formatting = false});
  Editor editor(doc);
  Editor other_editor(other);
  std::vector<std::unique_ptr<UndoManager>> managers;
  for (int i = 0; i < 2; ++i) managers.push_back(make_manager(doc, script, now));
  for (std::size_t steps = 0; !script.ended() && steps < kStepsMax; ++steps) {
    switch (script.byte() % 8) {
      case 0: other_editor.edit(script); break;
      case 1: hear(other, doc, script.one_in(2) ? "" : "other"); break;
      case 2: hear(doc, other, ""); break;
      case 3:
      case 4: step(*managers[script.below(managers.size())], script); break;
      case 5: now += script.byte() * 4; break;
      default: editor.edit(script); break;
    }
    expect_sound(doc);
  }
  hear(other, doc, "other");
  hear(doc, other, "");
  for (const auto& manager : managers) {
    while (manager->undo() != nullptr) expect_sound(doc);
    while (manager->redo() != nullptr) expect_sound(doc);
  }
  hear(doc, other, "");
  expect_sound(other);
  return 0;
}
