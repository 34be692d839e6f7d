// The scenarios of pluv-bench. Each joins its clients, does its work on a fixed schedule or with so
// many messages in flight, checks that all of it arrived, and reports what it cost the server.
// All throw LoadError when something is missing or wrong.
#pragma once

#include <cstdint>
#include <string>

#include "report.h"

namespace pluv::bench {

struct Options {
  std::string scenario;
  std::string protocol = "pluv";
  std::uint16_t port = 3000;
  int pid = 0;  // of the server; 0: its CPU time and memory are not measured
  std::string room_prefix;
  std::uint32_t clients = 50;
  std::uint32_t rooms = 100;
  std::uint32_t per_room = 2;
  std::uint32_t senders = 0;  // of presences; 0: everybody
  double rate = 10;           // a second and sender; 0: flat out, `in_flight` at a time
  double seconds = 10;
  std::uint32_t in_flight = 64;
  std::uint32_t payload = 100;  // bytes of an event
  std::uint64_t document = 0;   // bytes of text
};

// One room or many, in which everybody sends presences, or some do.
void run_presence(const Options& options, std::uint32_t rooms, std::uint32_t per_room,
                  Report& report);
// One client sends events to a room.
void run_broadcast(const Options& options, Report& report);
// One client types into a document, the others of its room follow.
void run_storage(const Options& options, Report& report);
// Everybody joins one room with a document, at once.
void run_join(const Options& options, Report& report);
// A day of an office: few large rooms and many small ones, in which people move, type, come and go,
// and some read slowly.
void run_mixed(const Options& options, Report& report);
// More rooms with a stored document than the server keeps, and joins of those left the longest ago.
void run_cold(const Options& options, Report& report);
// Connections that only exist.
void run_idle(const Options& options, Report& report);

}  // namespace pluv::bench
