// The half of a Core that every platform has: what io.server() was given. Internal to src/io and
// the platforms' halves (core_native.cc, platform/cloudflare/core_cloudflare.cc). Immutable once
// made.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "pluv/detail/core.h"
#include "room/definition.h"

namespace pluv::detail {

// Throws std::invalid_argument unless everybody could join a room whose document is full.
void check_limits(const Limits& limits);

struct Core::State {
  State(CoreConfig config, std::shared_ptr<Runtime> shared_runtime);

  std::shared_ptr<const Authorizer> authorizer;
  std::vector<ProcedureEntry> procedures;
  room::Definition definition;
  Persistence persistence;
  std::function<Api()> describe;
  bool debug = false;
  std::shared_ptr<Runtime> runtime;
};

}  // namespace pluv::detail
