// The server of a module, which the application makes: PLUV_CLOUDFLARE_MODULE (pluv/cloudflare.h)
// defines what the module's entry calls once, when it is initialized.
#pragma once

#include <memory>

namespace pluv::detail {
class Core;
}

namespace pluv::cloudflare {

// The same at each call. It lives as long as the module.
[[nodiscard]] std::shared_ptr<detail::Core> module_core();

}  // namespace pluv::cloudflare
