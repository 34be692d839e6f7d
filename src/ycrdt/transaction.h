// What happens to a document in one go (yjs: Transaction). Observers get a reference to it; it
// lives until the last of them has returned.
#pragma once

#include <string>

#include "ycrdt/delete_set.h"
#include "ycrdt/store.h"

namespace pluv::ycrdt {

struct Transaction {
  Change change;
  std::string origin;  // who began it, as the caller of transact() or apply_update() named itself
  bool local = true;   // false: an update was applied
  bool clean_formatting = false;  // a rich text was changed by others
};

}  // namespace pluv::ycrdt
