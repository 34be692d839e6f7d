// The listeners that hear of a room's end, one after the other.
#include <memory>
#include <utility>

#include "pluv/server.h"

namespace pluv::detail {
namespace {

struct Teardown {
  std::vector<TeardownStep> steps;
};

void run_from(const std::shared_ptr<const Teardown>& teardown, std::size_t at,
              const std::shared_ptr<const room::ListenerEvent>& event,
              const room::ListenerDone& done) {
  if (at == teardown->steps.size()) {
    done();
    return;
  }
  teardown->steps[at](*event,
                      [teardown, at, event, done] { run_from(teardown, at + 1, event, done); });
}

}  // namespace

std::function<void(room::ListenerEvent, room::ListenerDone)> make_teardown(
    std::vector<TeardownStep> steps) {
  auto teardown = std::make_shared<const Teardown>(Teardown{std::move(steps)});
  return [teardown](room::ListenerEvent event, room::ListenerDone done) {
    run_from(teardown, 0, std::make_shared<const room::ListenerEvent>(std::move(event)), done);
  };
}

}  // namespace pluv::detail
