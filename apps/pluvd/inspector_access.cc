#include "apps/pluvd/inspector_access.h"

#include <utility>

#include "apps/pluvd/inspector_answer.h"
#include "apps/pluvd/settings_load.h"
#include "auth/hmac.h"
#include "auth/wipe.h"

namespace pluv::apps {
namespace {

// Without its port and the brackets of an IPv6 address.
std::string_view host_name(std::string_view host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

// "https://example.com:8443" is of the host "example.com:8443".
bool is_same_site(std::string_view origin, std::string_view host) {
  const std::size_t at = origin.find("://");
  if (at == std::string_view::npos) return false;
  return net::equals_ignoring_case(origin.substr(at + 3), host);
}

bool is_json(std::string_view content_type) {
  constexpr std::string_view kJson = "application/json";
  const std::string_view rest = content_type.substr(std::min(kJson.size(), content_type.size()));
  return net::equals_ignoring_case(content_type.substr(0, kJson.size()), kJson) &&
         (rest.empty() || rest.front() == ';' || rest.front() == ' ');
}

}  // namespace

InspectorAccess::InspectorAccess(InspectorAccessOptions options)
    : dev_(options.dev), token_(std::exchange(options.token, {})) {}

void InspectorAccess::set_token(std::string token) {
  const std::lock_guard lock(token_mutex_);
  token_.swap(token);
  auth::wipe(token);
}

bool InspectorAccess::has_token(const net::Request& request) const {
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view given = request.header("Authorization").value_or("");
  const std::lock_guard lock(token_mutex_);
  if (token_.empty()) return dev_;
  return net::equals_ignoring_case(given.substr(0, kScheme.size()), kScheme) &&
         auth::equal_constant_time(given.substr(std::min(kScheme.size(), given.size())), token_);
}

std::optional<net::Response> InspectorAccess::refuse(const net::Request& request) const {
  if (dev_ && !is_loopback_host(host_name(request.host()))) {
    return inspector_error(403, "In development mode the inspector answers to localhost alone");
  }
  if (const auto origin = request.header("Origin");
      origin && !is_same_site(*origin, request.host())) {
    return inspector_error(403, "A page of another site may not use the inspector");
  }
  if (!has_token(request)) {
    return inspector_error(401, "This needs the bearer token of the setting admin-token")
        .header("WWW-Authenticate", "Bearer realm=\"pluvd inspector\"");
  }
  const std::string_view method = request.method();
  if (method == "GET" || method == "HEAD") return std::nullopt;
  if (method != "POST") {
    return inspector_error(405, "Only GET, HEAD and POST are known here")
        .header("Allow", "GET, HEAD, POST");
  }
  if (request.header(kInspectorHeader) != "1") {
    return inspector_error(403, "What changes something needs the header X-Pluv-Inspector: 1");
  }
  if (!is_json(request.header("Content-Type").value_or(""))) {
    return inspector_error(415, "The body has to be application/json");
  }
  return std::nullopt;
}

}  // namespace pluv::apps
