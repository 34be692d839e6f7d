#include "auth/wipe.h"

#include <openssl/crypto.h>

namespace pluv::auth {

void wipe(std::string& text) noexcept {
  text.resize(text.capacity());  // takes no memory: what was longer once may still stand there
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

void wipe(std::vector<std::string>& texts) noexcept {
  for (std::string& text : texts) wipe(text);
  texts.clear();
}

}  // namespace pluv::auth
