// Two people edit a document offline, each on a copy, and merge: both end up with the same.
//
//   ./example_ycrdt
#include <cstdio>
#include <string>

#include "pluv/ycrdt.h"

using pluv::ycrdt::Doc;

// What `to` lacks of `from`. Over a network `to` sends its state vector and gets the difference.
static bool send_missing(const Doc& from, Doc& to) {
  return to.apply_update(from.encode_state_as_update(to.state_vector())).ok();
}

int main() {
  // A number of its own for everybody who writes, each time they open the document. In earnest it
  // is drawn, 32 random bits: Doc ada({.client_id = std::random_device{}()}).
  Doc ada({.client_id = 1});
  Doc bob({.client_id = 2});

  bool ok = ada.get_text("note").insert(0, "Buy milk").ok();
  ok = ok && ada.get_map("trip").set("to", "Oslo").ok() && send_missing(ada, bob);

  // Both are offline. Observers of a transaction hear once, and it makes one update.
  ada.transact([&] {
    ok = ok && ada.get_text("note").insert(4, "oat ").ok();
    ok = ok && ada.get_map("trip").set("days", 3).ok();
  });
  ok = ok && bob.get_text("note").insert(8, " and bread").ok();
  ok = ok && bob.get_map("trip").set("to", "Bergen").ok();

  ok = ok && send_missing(ada, bob) && send_missing(bob, ada);
  std::printf("ada %s\nbob %s\n", ada.to_json().c_str(), bob.to_json().c_str());
  return ok && ada.to_json() == bob.to_json() ? 0 : 1;
}
