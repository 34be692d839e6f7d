// Who may use the inspector's API, from where, and in which form. In development mode everybody on
// this machine, but no page of another site: neither by its Origin nor by a name of its own that it
// makes point to this machine. Elsewhere whoever has the token. Immutable but for the token;
// thread-safe. Never returns or logs the token.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace pluv::apps {

// The header without which nothing is changed; no page of another site can send it unasked.
inline constexpr std::string_view kInspectorHeader = "X-Pluv-Inspector";

struct InspectorAccessOptions {
  bool dev = false;
  std::string token;  // empty, in development mode alone: none is asked for
};

class InspectorAccess {
 public:
  explicit InspectorAccess(InspectorAccessOptions options);

  // Why not: the answer to give. nullopt: it may.
  [[nodiscard]] std::optional<net::Response> refuse(const net::Request& request) const;

  // In the place of that of the options. From any thread.
  void set_token(std::string token);

 private:
  [[nodiscard]] bool has_token(const net::Request& request) const;

  const bool dev_;
  mutable std::mutex token_mutex_;
  std::string token_;
};

}  // namespace pluv::apps
