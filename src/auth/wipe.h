// Overwrites secrets that have been used, so that they do not stay in memory that is reused,
// swapped out or dumped. Best effort: copies that were made before are not found.
#pragma once

#include <string>
#include <vector>

namespace pluv::auth {

// Zeroes all that the text has room for, then empties it.
void wipe(std::string& text) noexcept;
// Each, then the list.
void wipe(std::vector<std::string>& texts) noexcept;

}  // namespace pluv::auth
