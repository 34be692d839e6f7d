#include "net/origin.h"

#include <algorithm>
#include <optional>

#include "net/http_head.h"

namespace pluv::net {
namespace {

constexpr std::string_view kWildcard = "*.";

struct OriginParts {
  std::string_view scheme;
  std::string_view host;
  std::uint16_t port = 0;
};

bool is_letter_or_digit(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::uint16_t default_port(std::string_view scheme) noexcept {
  if (equals_ignoring_case(scheme, "http") || equals_ignoring_case(scheme, "ws")) return 80;
  if (equals_ignoring_case(scheme, "https") || equals_ignoring_case(scheme, "wss")) return 443;
  return 0;
}

// 1-65535, else 0.
std::uint16_t read_port(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || text[0] == '0') return 0;
  std::uint32_t port = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return 0;
    port = port * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return port <= 65535 ? static_cast<std::uint16_t>(port) : std::uint16_t{0};
}

bool is_scheme(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter_or_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

// Labels between dots, none empty; or an IPv6 address in brackets.
bool is_host(std::string_view text) noexcept {
  if (text.starts_with('[')) {
    return text.size() > 4 && text.ends_with(']') &&
           text.find_first_not_of("0123456789abcdefABCDEF:.", 1) == text.size() - 1;
  }
  if (text.empty() || text.front() == '.' || text.back() == '.' ||
      text.find("..") != std::string_view::npos) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
  });
}

// scheme "://" host [":" port] (RFC 6454 section 6.2); a star is left to the caller.
std::optional<OriginParts> split_origin(std::string_view text) noexcept {
  OriginParts parts;
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  parts.scheme = text.substr(0, colon);
  if (!is_scheme(parts.scheme)) return std::nullopt;
  parts.port = default_port(parts.scheme);
  std::string_view host = text.substr(colon + 3);
  const std::size_t bracket = host.find(']');
  const std::size_t port_at = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (port_at != std::string_view::npos) {
    parts.port = read_port(host.substr(port_at + 1));
    if (parts.port == 0) return std::nullopt;
    host = host.substr(0, port_at);
  }
  parts.host = host;
  return parts;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

}  // namespace

Result<OriginList> OriginList::parse(std::span<const std::string> patterns) {
  OriginList list;
  for (const std::string& text : patterns) {
    if (text == "*") {
      list.any_ = true;
      continue;
    }
    if (text == "null") {
      list.null_ = true;
      continue;
    }
    const auto parts = split_origin(text);
    const bool wildcard = parts && parts->host.starts_with(kWildcard);
    const auto host = !parts     ? std::string_view()
                      : wildcard ? parts->host.substr(kWildcard.size())
                                 : parts->host;
    if (!is_host(host) || (wildcard && host.starts_with('['))) {
      return Error{ErrorCode::invalid, "\"" + text +
                                           "\" is not an origin like https://example.com or "
                                           "https://*.example.com"};
    }
    list.patterns_.push_back(
        {lower(parts->scheme), (wildcard ? "." : "") + lower(host), parts->port, wildcard});
  }
  return list;
}

bool OriginList::allows(std::string_view origin) const noexcept {
  if (any_) return true;
  if (origin == "null") return null_;
  const auto parts = split_origin(origin);
  if (!parts || !is_host(parts->host)) return false;
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const Pattern& pattern) {
    if (pattern.port != parts->port || !equals_ignoring_case(pattern.scheme, parts->scheme)) {
      return false;
    }
    if (!pattern.wildcard) return equals_ignoring_case(pattern.host, parts->host);
    return parts->host.size() > pattern.host.size() &&
           equals_ignoring_case(parts->host.substr(parts->host.size() - pattern.host.size()),
                                pattern.host);
  });
}

}  // namespace pluv::net
