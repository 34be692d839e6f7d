#include "apps/pluvd/pages.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace pluv::apps {
namespace {

constexpr std::string_view kDemo = "/demo";
constexpr std::string_view kInspector = "/inspector";
constexpr std::string_view kAssets = "/assets/";
constexpr std::string_view kText = "text/plain; charset=utf-8";
// Their names have a hash of what is in them.
constexpr std::string_view kAssetCaching = "public, max-age=31536000, immutable";
constexpr std::string_view kPageCaching = "no-cache";
// Styles: React and the editor set them on elements.
constexpr std::string_view kPolicy =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; connect-src 'self'";
// Behind it on the demo's page: not all browsers take a WebSocket for the page's own site.
constexpr std::string_view kSockets = " ws: wss:";

// The page itself or any path below it, which the page reads.
bool is_at_or_below(std::string_view path, std::string_view page) {
  return path.starts_with(page) && (path.size() == page.size() || path[page.size()] == '/');
}

bool is_refused(std::string_view quality) {
  const std::size_t at = quality.find("q=");
  if (at == std::string_view::npos) return false;
  return quality.substr(at + 2).find_first_not_of("0.") == std::string_view::npos;
}

bool accepts_gzip(const net::Request& request) {
  const std::string list = request.head().header_list("Accept-Encoding").value_or("");
  std::string_view rest = list;
  while (const std::optional<std::string_view> element = net::next_list_element(rest)) {
    const std::size_t end = std::min(element->find(';'), element->size());
    const std::string_view coding = net::trim_http_space(element->substr(0, end));
    if (net::equals_ignoring_case(coding, "gzip")) return !is_refused(element->substr(end));
  }
  return false;
}

// What is packed and what is not share their tag, which is weak for that.
bool is_known(const net::Request& request, std::string_view etag) {
  const std::string list = request.head().header_list("If-None-Match").value_or("");
  std::string_view rest = list;
  while (std::optional<std::string_view> element = net::next_list_element(rest)) {
    if (*element == "*") return true;
    if (element->starts_with("W/")) element->remove_prefix(2);
    if (*element == etag) return true;
  }
  return false;
}

net::Response missing(std::string text) {
  return net::Response(404).header("Cache-Control", "no-store").body(kText, std::move(text));
}

}  // namespace

Pages::Pages(std::span<const WebFile> files, ServedPages served) noexcept
    : files_(files), served_(served) {}

bool Pages::covers(std::string_view path) const noexcept {
  if (served_.demo && is_at_or_below(path, kDemo)) return true;
  if (served_.inspector && is_at_or_below(path, kInspector)) return true;
  return (served_.demo || served_.inspector) && path.starts_with(kAssets);
}

const WebFile* Pages::find(std::string_view path) const noexcept {
  const auto found = std::ranges::lower_bound(files_, path, {}, &WebFile::path);
  return found != files_.end() && found->path == path ? &*found : nullptr;
}

net::Response Pages::get(const net::Request& request) const {
  if (files_.empty()) {
    return missing(
        "This pluvd was built without its pages. To build it with them: install node 18 or newer, "
        "run `npm ci --prefix web`, and build it again with PLUV_WEB=ON (make build does all "
        "of it).\n");
  }
  const bool is_asset = request.path().starts_with(kAssets);
  const std::string_view page = is_at_or_below(request.path(), kDemo) ? kDemo : kInspector;
  const WebFile* const file =
      find(is_asset ? std::string(request.path()) : std::string(page) + "/index.html");
  if (file == nullptr) return missing("There is no such file.\n");

  const bool known = is_known(request, file->etag);
  net::Response response(known ? 304 : 200);
  response.header("Cache-Control", is_asset ? kAssetCaching : kPageCaching);
  response.header("ETag", "W/" + std::string(file->etag));
  if (!file->gzip.empty()) response.header("Vary", "Accept-Encoding");
  if (known) return response;
  response.header("X-Content-Type-Options", "nosniff");
  if (!is_asset) {
    response.header("Content-Security-Policy",
                    std::string(kPolicy).append(page == kDemo ? kSockets : std::string_view()));
    response.header("Referrer-Policy", "no-referrer");
  }
  const bool packed = !file->gzip.empty() && accepts_gzip(request);
  if (packed) response.header("Content-Encoding", "gzip");
  response.body(file->content_type, std::string(packed ? file->gzip : file->bytes));
  return response;
}

}  // namespace pluv::apps
