#include "pluv/request.h"

#include "net/http.h"

namespace pluv {

std::string_view Request::method() const noexcept {
  return http_ != nullptr ? http_->method() : std::string_view();
}

std::string_view Request::path() const noexcept {
  return http_ != nullptr ? http_->path() : std::string_view();
}

std::optional<std::string> Request::query(std::string_view name) const {
  return http_ != nullptr ? http_->query_get(name) : std::nullopt;
}

std::optional<std::string_view> Request::header(std::string_view name) const noexcept {
  return http_ != nullptr ? http_->header(name) : std::nullopt;
}

}  // namespace pluv
