#include "pluv/persistence.h"

#include "adapters/sqlite_store.h"

namespace pluv {

Persistence sqlite(SqliteOptions options) {
  return Persistence([options = std::move(options)](
                         Persistence::Log log) -> Result<std::shared_ptr<adapters::Store>> {
    adapters::SqliteOptions settings;
    settings.path = options.path;
    settings.durability = options.durability;
    settings.history_ms = options.history.count();
    settings.log = std::move(log);
    auto opened = adapters::SqliteStore::open(std::move(settings));
    if (!opened.ok()) return std::move(opened).error();
    return std::shared_ptr<adapters::Store>(std::move(*opened));
  });
}

Persistence store(std::shared_ptr<adapters::Store> own) {
  return Persistence([own = std::move(own)](Persistence::Log) {
    return Result<std::shared_ptr<adapters::Store>>(own);
  });
}

}  // namespace pluv
