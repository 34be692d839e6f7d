#include "apps/pluvd/store.h"

#include <chrono>
#include <utility>

#include "adapters/sqlite_store.h"
#include "apps/pluvd/deferred_store.h"

namespace pluv::apps {
namespace {

adapters::Durability durability_of(std::string_view name) {
  if (name == "strict") return adapters::Durability::strict;
  return name == "none" ? adapters::Durability::none : adapters::Durability::process;
}

}  // namespace

std::string storage_file(const Settings& settings) {
  if (settings.storage != "sqlite") return {};
  return settings.data + "/" + std::string(kDocumentsFile);
}

Result<std::shared_ptr<adapters::Store>> open_store(const Settings& settings, StoreLog log) {
  if (settings.storage != "sqlite") return std::shared_ptr<adapters::Store>();
  adapters::SqliteOptions options;
  options.path = storage_file(settings);
  options.durability = durability_of(settings.durability);
  options.history_ms = settings.history_ms;
  options.log = log;
  const auto open = [options]() -> Result<std::unique_ptr<adapters::Store>> {
    auto opened = adapters::SqliteStore::open(options);
    if (!opened.ok()) return std::move(opened).error();
    return std::unique_ptr<adapters::Store>(std::move(*opened));
  };
  Result<std::unique_ptr<adapters::Store>> opened = open();
  if (opened.ok()) return std::shared_ptr<adapters::Store>(std::move(*opened));
  if (opened.error().code != ErrorCode::conflict || settings.handover.empty()) {
    return std::move(opened).error();
  }
  log("info", "store_waits", opened.error().message);
  return std::shared_ptr<adapters::Store>(std::make_shared<DeferredStore>(open, std::move(log)));
}

}  // namespace pluv::apps
