#include "apps/pluvd/admin_route.h"

#include <algorithm>
#include <charconv>

#include "apps/pluvd/admin_problem.h"
#include "base/base64.h"
#include "base/ids.h"
#include "base/utf8.h"
#include "json/codec.h"

namespace pluv::apps {
namespace {

constexpr std::uint64_t kNumberMax = 9'007'199'254'740'991;  // what JSON's numbers count up to

// Whoever is let in can be named: a user's id has 4,096 characters at most (limits.user_id), each
// of three bytes, or two of them of four.
constexpr std::size_t kIdBytesMax = std::size_t{3} * 4'096;

struct Refusal {
  int status;
  std::string why;
};
using Judged = std::optional<Refusal>;  // nullopt: nothing is wrong

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    out.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

bool matches(std::string_view pattern, const std::vector<std::string_view>& segments) {
  return std::ranges::equal(segments_of(pattern), segments,
                            [](std::string_view expected, std::string_view given) {
                              return is_parameter(expected) || expected == given;
                            });
}

bool is_method(const AdminRoute& route, std::string_view method) {
  return route.method == method || (route.method == "GET" && method == "HEAD");
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || at != end || number > kNumberMax) return std::nullopt;
  return number;
}

// --- Parameters

Refusal expects(std::string_view name, std::string_view what) {
  return {400, std::string(name) + ": " + std::string(what)};
}

std::string* text_of(AdminRequest& request, std::string_view name) {
  if (name == "room") return &request.room;
  if (name == "user") return &request.user;
  if (name == "session") return &request.session;
  if (name == "after") return &request.after;
  return &request.search;
}

Judged set(AdminRequest& request, const AdminParameter& parameter, std::string text) {
  const std::string_view name = parameter.name;
  if (!is_utf8(text)) return expects(name, "the text is not UTF-8");
  switch (parameter.value) {
    case AdminValue::room:
      if (!is_room_id(text)) return expects(name, "no room can have this name");
      break;
    case AdminValue::id:
      if (text.empty() || text.size() > kIdBytesMax) {
        return expects(name, "an id of 1 to " + std::to_string(kIdBytesMax) + " bytes is expected");
      }
      break;
    case AdminValue::text: break;
    case AdminValue::number: {
      const auto number = number_of(text);
      if (!number) return expects(name, "a whole number is expected");
      request.number = *number;
      return std::nullopt;
    }
    case AdminValue::limit: {
      const auto number = number_of(text);
      if (!number || *number < 1 || *number > kAdminLimitMax) {
        return expects(
            name, "a whole number from 1 to " + std::to_string(kAdminLimitMax) + " is expected");
      }
      request.limit = static_cast<std::size_t>(*number);
      return std::nullopt;
    }
    case AdminValue::flag:
      if (text != "true" && text != "false") return expects(name, "true or false is expected");
      request.live = text == "true";
      return std::nullopt;
    case AdminValue::format:
      if (text != "json" && text != "update") return expects(name, "json or update is expected");
      request.format = text == "json" ? DocumentFormat::json : DocumentFormat::update;
      return std::nullopt;
    case AdminValue::base64:
      request.since = base64_decode(text);
      if (!request.since) return expects(name, "base64 is expected");
      return std::nullopt;
  }
  *text_of(request, name) = std::move(text);
  return std::nullopt;
}

Judged read_path(AdminRequest& out, std::string_view path) {
  const auto patterns = segments_of(out.route->path);
  const auto segments = segments_of(path);
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    if (!is_parameter(patterns[i])) continue;
    const std::string_view name = patterns[i].substr(1, patterns[i].size() - 2);
    auto text = net::percent_decode(segments[i]);
    if (!text) return expects(name, "the encoding is malformed");
    if (auto wrong = set(out, admin_path_parameter(name), std::move(*text))) return wrong;
  }
  return std::nullopt;
}

// '+' stands for itself in base64.
std::optional<std::string> query_value(const AdminParameter& parameter, std::string_view text) {
  return net::percent_decode(
      text, parameter.value == AdminValue::base64 ? net::PlusSign::plain : net::PlusSign::space);
}

Judged read_query(AdminRequest& out, std::string_view query) {
  std::vector<std::string_view> seen;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto name = net::percent_decode(pair.substr(0, equals), net::PlusSign::space);
    const auto known = std::ranges::find_if(
        out.route->query, [&](const AdminParameter& one) { return name && one.name == *name; });
    if (known == out.route->query.end()) {
      if (!name || !is_utf8(*name)) {
        return Refusal{400, "The query has a parameter that is not known here"};
      }
      json::Issue issue;
      issue.message = "the parameter is not known here";
      issue.inside_member(*name);  // cut
      return Refusal{400, issue.to_error().message};
    }
    if (std::ranges::find(seen, known->name) != seen.end()) {
      return expects(known->name, "the parameter is there twice");
    }
    seen.push_back(known->name);
    auto value = query_value(*known, pair.substr(std::min(equals + 1, pair.size())));
    if (!value) return expects(known->name, "the encoding is malformed");
    if (auto wrong = set(out, *known, std::move(*value))) return wrong;
  }
  const bool has_format = std::ranges::find(seen, "format") != seen.end();
  if (out.since && !has_format) out.format = DocumentFormat::update;
  if (out.since && out.format != DocumentFormat::update) {
    return expects("since", "only an update can be a difference");
  }
  return std::nullopt;
}

// --- Headers

bool is_media_type(std::string_view text, std::string_view type) {
  const std::string_view rest = text.substr(std::min(type.size(), text.size()));
  return net::equals_ignoring_case(text.substr(0, type.size()), type) &&
         (rest.empty() || rest.front() == ';' || rest.front() == ' ');
}

Judged read_body(AdminRequest& out, const net::Request& request, const AdminBodyLimits& limits) {
  const AdminRoute& route = *out.route;
  if (route.body.empty()) {
    if (request.body_size() > 0) return Refusal{400, "This takes no body"};
    return std::nullopt;
  }
  if (!request.header("Content-Length")) return Refusal{411, "The request needs a Content-Length"};
  if (request.header("Content-Encoding")) {
    return Refusal{415, "The body may have no Content-Encoding"};
  }
  const std::string_view given = request.header("Content-Type").value_or("");
  const auto found = std::ranges::find_if(route.body, [&](const AdminContent& content) {
    return is_media_type(given, content.media_type);
  });
  if (found == route.body.end()) {
    std::string types;
    for (const AdminContent& content : route.body) {
      types += (types.empty() ? "" : " or ") + std::string(content.media_type);
    }
    return Refusal{415, "The body has to be " + types};
  }
  out.media_type = static_cast<std::size_t>(found - route.body.begin());
  const std::size_t bytes_max =
      route.takes_document ? limits.document_bytes_max : limits.other_bytes_max;
  if (request.body_size() > bytes_max) {
    return Refusal{413, "The body may have " + std::to_string(bytes_max) + " bytes"};
  }
  if (request.body_size() == 0) return Refusal{400, "A body is expected"};
  return std::nullopt;
}

// What the header Accept says of it: whether it may be sent, by the first range that names it.
Judged read_accept(AdminRequest& out, const net::Request& request) {
  const bool has_format = std::ranges::any_of(
      out.route->query, [](const AdminParameter& one) { return one.name == "format"; });
  const auto accept = request.head().header_list("Accept");
  if (!has_format || !accept || out.since || request.query_get("format")) return std::nullopt;
  std::string_view ranges = *accept;
  while (!ranges.empty()) {
    const std::size_t end = std::min(ranges.find(','), ranges.size());
    std::string_view range = ranges.substr(0, std::min(end, ranges.find(';')));
    ranges.remove_prefix(std::min(end + 1, ranges.size()));
    while (range.starts_with(' ')) range.remove_prefix(1);
    while (range.ends_with(' ')) range.remove_suffix(1);
    if (range == "*/*" || range == "application/*") return std::nullopt;
    if (net::equals_ignoring_case(range, "application/json")) return std::nullopt;
    if (net::equals_ignoring_case(range, "application/octet-stream")) {
      out.format = DocumentFormat::update;
      return std::nullopt;
    }
  }
  return Refusal{406, "There is application/json and application/octet-stream"};
}

}  // namespace

std::variant<const AdminRoute*, net::Response> admin_route_of(const net::Request& request) {
  const std::string_view path = request.path();
  const auto segments = segments_of(path.substr(std::min(kAdminPath.size(), path.size())));
  std::string allowed;
  for (const AdminRoute& route : admin_routes()) {
    if (!matches(route.path, segments)) continue;
    if (is_method(route, request.method())) return &route;
    allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
    if (route.method == "GET") allowed += ", HEAD";
  }
  if (allowed.empty()) return admin_problem(404, "There is no such route", path);
  return admin_problem(405, "This route has other methods: " + allowed, path)
      .header("Allow", allowed);
}

std::variant<AdminRequest, net::Response> admin_request_of(const AdminRoute& route,
                                                           const net::Request& request,
                                                           const AdminBodyLimits& limits) {
  const std::string_view path = request.path();
  AdminRequest out;
  out.route = &route;
  Judged wrong = read_path(out, path.substr(kAdminPath.size()));
  if (!wrong) wrong = read_query(out, request.query());
  if (!wrong) wrong = read_accept(out, request);
  if (!wrong) wrong = read_body(out, request, limits);
  if (wrong) return admin_problem(wrong->status, wrong->why, path);
  return out;
}

std::optional<std::string_view> bearer_of(const net::Request& request) {
  constexpr std::string_view kScheme = "bearer ";
  const auto given = request.header("Authorization");
  if (!given || !net::equals_ignoring_case(given->substr(0, kScheme.size()), kScheme)) {
    return std::nullopt;
  }
  return given->substr(kScheme.size());
}

}  // namespace pluv::apps
