// A document that stays bytes beside one that does not. Of any bytes: what the document takes the
// bytes take, and what is known of it is the same. Of what documents wrote, in any order: what is
// new of an update is enough for who follows, and the document made of the bytes reads the same.
// link: ycrdt json base
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "fuzz/ycrdt_cut.h"
#include "fuzz/ycrdt_peers.h"
#include "ycrdt/doc.h"
#include "ycrdt/lazy_doc.h"
#include "ycrdt/update_reader.h"

namespace {

using namespace pluv::ycrdt;

constexpr std::size_t kStepsMax = 60;

LazyDocOptions options(ClientId client) {
  LazyDocOptions out;
  out.doc.client_id = client;
  out.doc.clean_formatting = false;
  return out;
}

// Who knows the same.
void expect_alike(LazyDoc& lazy, const Doc& doc) {
  PLUV_ASSERT(lazy.state_vector() == doc.state_vector());
  PLUV_ASSERT(lazy.has_pending() == doc.has_pending());
  PLUV_ASSERT(check_update(lazy.encode_state_as_update()).ok());
  PLUV_ASSERT(check_update(lazy.encode_without_pending()).ok());
}

void try_bytes(std::string_view bytes) {
  LazyDoc lazy(options(1));
  LazyDoc follower(options(2));
  Doc doc({.client_id = 1, .clean_formatting = false});
  std::size_t count = 0;
  for (const std::string_view update : cut(bytes)) {
    const std::string before = lazy.encode_state_as_update();
    const auto news = lazy.apply_update(update);
    const bool taken = doc.apply_update(update).ok();
    PLUV_ASSERT(news.ok() || lazy.encode_state_as_update() == before);
    // Conflicts take work in the document alone; so far no further.
    if (news.ok() != taken) {
      PLUV_ASSERT(news.ok());
      return;
    }
    // Much that waits is tried at another time by who has not been a document all along.
    if (doc.pending_bytes() > 256 * 1024) return;
    if (!taken) continue;
    expect_alike(lazy, doc);
    if (!news->empty()) PLUV_ASSERT(follower.apply_update(*news).ok());
    if (++count % 4 == 3) (void)lazy.unload();
  }
  const auto made = lazy.doc();
  if (!made.ok()) return;
  PLUV_ASSERT((*made)->check().empty());
  expect_alike(lazy, doc);
  if (!lazy.has_pending()) {
    PLUV_ASSERT(lazy.unload() && !lazy.loaded());
    expect_alike(lazy, doc);
    PLUV_ASSERT(follower.state_vector() == doc.state_vector());
  }
}

void try_written(std::string_view bytes) {
  Script script(bytes);
  Peers peers(script);
  for (std::size_t steps = 0; !script.ended() && steps < kStepsMax; ++steps) peers.step();
  LazyDoc lazy(options(21));
  LazyDoc follower(options(22));
  Doc doc({.client_id = 21, .clean_formatting = false});
  name_roots(doc);
  const auto& messages = peers.messages();
  const auto hear = [&](std::string_view update) {
    const auto news = lazy.apply_update(update);
    PLUV_ASSERT(news.ok() && doc.apply_update(update).ok());
    expect_alike(lazy, doc);
    if (!news->empty()) PLUV_ASSERT(follower.apply_update(*news).ok());
  };
  // The later half first, so that much has to wait.
  for (std::size_t i = messages.size() / 2; i < messages.size(); ++i) hear(messages[i]);
  for (const std::string& message : messages) hear(message);
  PLUV_ASSERT(!lazy.has_pending());
  PLUV_ASSERT(lazy.unload());
  PLUV_ASSERT(lazy.apply_update(lazy.encode_state_as_update())->empty());
  for (LazyDoc* each : {&lazy, &follower}) {
    const auto made = each->doc();
    PLUV_ASSERT(made.ok());
    expect_sound(**made);
    name_roots(**made);
    PLUV_ASSERT(describe(**made) == describe(doc));
  }
}

}  // namespace

// Updates, each after its size; or, after a 254, a script.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size != 0 && data[0] == 254) {
    try_written(bytes.substr(1));
  } else {
    try_bytes(bytes);
  }
  return 0;
}
