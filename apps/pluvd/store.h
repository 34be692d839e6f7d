// Opens the store that the settings name. With a running predecessor, which lets go of its file
// only after it has closed its connections, the file is opened when it is free: until then what is
// asked of it waits.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/store.h"
#include "apps/pluvd/settings.h"
#include "base/result.h"

namespace pluv::apps {

inline constexpr std::string_view kDocumentsFile = "pluv.sqlite";

// Where the documents are: in the folder of --data. Empty when none are kept.
[[nodiscard]] std::string storage_file(const Settings& settings);

using StoreLog =
    std::function<void(std::string_view level, std::string_view event, std::string_view message)>;
// Null when none are kept. An error says which file and why.
[[nodiscard]] Result<std::shared_ptr<adapters::Store>> open_store(const Settings& settings,
                                                                  StoreLog log);

}  // namespace pluv::apps
