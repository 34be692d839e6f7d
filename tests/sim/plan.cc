#include "tests/sim/plan.h"

namespace pluv::sim {
namespace {

// Most runs are small, so that many fit into a minute and each can be understood; a few are not.
std::uint32_t draw_clients(Random& random) {
  const std::uint32_t kind = random.below(100);
  if (kind < 60) return 2 + random.below(5);
  if (kind < 92) return 7 + random.below(14);
  if (kind < 99) return 21 + random.below(50);
  return 100 + random.below(200);
}

// A fault that is off in many runs, so that others are seen without it.
std::int64_t every(Random& random, std::int64_t low_ms, std::int64_t high_ms) {
  return random.once_in(3) ? 0 : random.between(low_ms, high_ms);
}

std::uint32_t some(Random& random, std::uint32_t once_in) { return random.flip() ? 0 : once_in; }

void draw_limits(Random& random, Plan& plan) {
  Limits& limits = plan.limits;
  limits.linger_ms = random.flip() ? 2'000 : 30'000;
  if (random.once_in(3)) {  // compaction at every turn
    limits.log_bytes_min = 256;
    limits.log_updates_max = 8;
  }
  // With many clients what they bring at once would be over it each time that they come back.
  if (random.once_in(4) && plan.clients <= 12) limits.unsaved_bytes_max = 4 * 1024;
  if (random.once_in(4)) limits.gated_bytes_max = 4 * 1024;
  if (random.once_in(4)) limits.store_retry_ms = 1'000;
  if (random.once_in(4)) {
    limits.queue_bytes_max = 16 * 1024;
    limits.queue_stall_ms = 3'000;
  }
  if (random.once_in(6)) limits.queue_bytes_hard_max = 256 * 1024;
  if (random.once_in(4)) limits.flush_interval_ms = 0;
  if (random.once_in(5)) limits.storage_answer_ms = 2'000;
  if (random.once_in(5)) limits.presence_bytes_max = 96;
  if (random.once_in(8)) limits.waiting_messages_max = 8;
  if (random.once_in(3)) limits.resync_interval_ms = 2'000;
}

}  // namespace

Plan make_plan(std::uint64_t seed, bool sqlite) {
  Random random(seed ^ 0x5eed'0000'0000'0001);
  Plan plan;
  plan.rooms = 1 + random.below(3);
  plan.clients = draw_clients(random);
  plan.faulty_ms = random.between(10'000, plan.clients > 60 ? 20'000 : 60'000);
  plan.tabs_max = random.flip() ? 0 : 1 + random.below(3);
  plan.forgetful_once_in = some(random, 4);
  plan.empty_handed_once_in = some(random, 4);
  plan.hidden_once_in = some(random, 4);
  plan.slow_once_in = some(random, 3);
  plan.silent_storage_once_in = some(random, 4);
  const std::int64_t pace = plan.clients > 60 ? 8 : 1;  // many clients do less each
  plan.edit_every_ms = random.between(100, 2'000) * pace;
  plan.presence_every_ms = random.between(50, 3'000) * pace;
  plan.event_every_ms = random.between(200, 3'000) * pace;
  plan.leave_every_ms = random.between(5'000, 60'000);
  plan.reload_every_ms = random.between(10'000, 90'000);
  plan.server_edit_every_ms = every(random, 500, 8'000);
  plan.latency_ms_max = random.once_in(4) ? 400 : 40;
  plan.cut_every_ms = every(random, 500, 8'000);
  plan.stall_every_ms = every(random, 500, 8'000);
  plan.kill_every_ms = every(random, 3'000, 30'000);
  plan.drain_every_ms = every(random, 8'000, 40'000);
  plan.evict_every_ms = every(random, 2'000, 30'000);
  plan.clock_every_ms = every(random, 5'000, 40'000);
  plan.store_trouble_every_ms = every(random, 2'000, 20'000);
  plan.store_trouble_ms_max = random.once_in(3) ? 20'000 : 4'000;
  plan.store_latency_ms_max = random.once_in(3) ? 500 : 5;
  plan.initial_storage = random.once_in(4);

  const std::uint32_t disk = random.below(8);
  plan.disk = disk == 0 ? DiskKind::none : disk < 4 && sqlite ? DiskKind::sqlite : DiskKind::model;
  plan.durability = random.flip() ? adapters::Durability::process : adapters::Durability::strict;
  if (plan.disk == DiskKind::none) plan.store_trouble_every_ms = 0;
  plan.power_cut_once_in = some(random, 3);
  plan.torn_once_in = plan.disk == DiskKind::sqlite ? some(random, 3) : 0;
  draw_limits(random, plan);
  plan.late_answer_once_in = some(random, 12);
  plan.hibernate_every_ms = every(random, 50, 8'000);
  if (random.once_in(6)) plan.empty_handed_once_in = 1;
  if (plan.clients <= 8) plan.burst_once_in = some(random, 8);
  return plan;
}

std::string describe(const Plan& plan) {
  const auto text = [](std::int64_t number) { return std::to_string(number); };
  std::string line = text(plan.clients) + " clients, " + text(plan.rooms) + " rooms, " +
                     text(plan.faulty_ms / 1'000) + " s; disk: ";
  line += plan.disk == DiskKind::none ? "none" : plan.disk == DiskKind::sqlite ? "sqlite" : "model";
  line += plan.durability == adapters::Durability::strict ? ", strict" : ", process";
  line += "; every ms: cut " + text(plan.cut_every_ms) + ", stall " + text(plan.stall_every_ms) +
          ", kill " + text(plan.kill_every_ms) + " (power 1/" + text(plan.power_cut_once_in) +
          ", torn 1/" + text(plan.torn_once_in) + "), drain " + text(plan.drain_every_ms) +
          ", store trouble " + text(plan.store_trouble_every_ms);
  if (plan.tabs_max > 0) line += "; users with up to " + text(plan.tabs_max) + " tabs";
  return line;
}

}  // namespace pluv::sim
