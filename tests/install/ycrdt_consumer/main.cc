// Uses something of each header behind pluv/ycrdt.h, and prints what came out of it.
#include <pluv/ycrdt.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace ycrdt = pluv::ycrdt;

int main() {
  // doc.h, types.h, any.h: edits in a transaction, whose update an observer gets.
  ycrdt::Doc doc({.client_id = 1});
  std::vector<std::string> updates;
  doc.on_update(
      [&](std::string_view update, const ycrdt::Transaction&) { updates.emplace_back(update); });
  bool ok = true;
  doc.transact([&] {
    ok = doc.get_text("text").insert(0, "Zoë", {{"bold", true}}).ok() && ok;
    ok = doc.get_array("array").push({1, "two", ycrdt::Any::Array{nullptr}}).ok() && ok;
  });
  ok = doc.get_map("map").set_type("list", {ycrdt::TypeKind::array, {}}).ok() && ok;

  // event.h: what the update of another changes.
  ycrdt::Doc other({.client_id = 2});
  std::string seen;
  other.get_array("array").observe([&](ycrdt::Event& event) {
    for (const auto& step : event.list_delta()) seen += std::to_string(step.values.size());
  });

  // updates.h, state_vector.h, limits.h: bytes without a document.
  const std::vector<std::string_view> views(updates.begin(), updates.end());
  const auto merged = ycrdt::merge_updates(views);
  if (!merged) return 1;
  ok = other.apply_update(*merged).ok() && ok;
  const auto missing = ycrdt::diff_update(*merged, other.state_vector());
  const auto state = ycrdt::decode_state_vector(doc.encode_state_vector());
  ok = missing.ok() && *missing == ycrdt::kEmptyUpdate && ok;
  ok = state.ok() && state->clock(1) == other.state_vector().clock(1) && ok;
  const auto refused = other.apply_update("\xff", "somebody");
  const auto limited = ycrdt::diff_update(*merged, {}, ycrdt::UpdateLimits{.update_bytes_max = 1});

  std::printf("ok: %d\nupdates: %zu\ndocument: %s\ndelta: %s\nevent: %s\n", ok ? 1 : 0,
              updates.size(), other.to_json().c_str(), other.get_text("text").delta_json().c_str(),
              seen.c_str());
  if (refused.ok() || limited.ok()) return 1;
  std::printf("refused: %s, %s\n", pluv::error_code_name(refused.error().code),
              pluv::error_code_name(limited.error().code));
  return 0;
}
