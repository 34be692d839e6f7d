// The part that HTTP/1.1 requests and responses share: a start line and header fields, gathered
// line by line from bytes cut anywhere, with strict rules (RFC 9112, and stricter where leniency is
// how requests are smuggled): lines end in CRLF and nothing else, no folding, no space before a
// colon, no control characters. Owned by the parser and then by the request or response made of
// it. Never reads a socket; holds one string and one vector.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pluv::net {

struct HttpLimits {
  std::size_t head_bytes_max = 16 * 1024;    // start line and fields with their line ends: 431
  std::size_t header_count_max = 100;        // fields: 431
  std::size_t target_bytes_max = 8 * 1024;   // request target: 414
  std::size_t body_bytes_max = 1024 * 1024;  // Content-Length: 413
};

struct HeaderField {
  std::string_view name;   // as sent
  std::string_view value;  // without white space around it
};

// A complete head. Views are borrowed until the head is moved, changed or destroyed.
class HttpHead {
 public:
  [[nodiscard]] std::string_view start_line() const noexcept;
  [[nodiscard]] std::size_t header_count() const noexcept { return fields_.size(); }
  [[nodiscard]] HeaderField header_at(std::size_t index) const noexcept;

  // The first field of that name, names compared without case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
  // All fields of that name joined by ", " (RFC 9110 section 5.3), nullopt when there is none.
  [[nodiscard]] std::optional<std::string> header_list(std::string_view name) const;
  // Whether a comma-separated list field holds the token, compared without case.
  [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const noexcept;

 private:
  friend class HttpHeadReader;
  struct Field {  // positions in bytes_, so that a head can be moved
    std::uint32_t name_at;
    std::uint32_t name_size;
    std::uint32_t value_at;
    std::uint32_t value_size;
  };
  std::string bytes_;
  std::size_t start_line_size_ = 0;
  std::vector<Field> fields_;
};

enum class HttpProgress : std::uint8_t { need_more, done, failed };

// Gathers one head. Any split of the bytes gives the same result.
class HttpHeadReader {
 public:
  // start_line_bytes_max without the line end.
  HttpHeadReader(const HttpLimits& limits, std::size_t start_line_bytes_max) noexcept;

  // Consumes bytes from the front up to the end of the head; what follows it is left.
  [[nodiscard]] HttpProgress feed(std::string_view& bytes);

  // After failed: 400, 414 (only while in the start line) or 431, and why.
  [[nodiscard]] int status() const noexcept { return status_; }
  [[nodiscard]] const char* problem() const noexcept { return problem_; }
  // Whether any byte has come.
  [[nodiscard]] bool started() const noexcept { return !head_.bytes_.empty(); }

  // After done; leaves the reader ready for the next head.
  [[nodiscard]] HttpHead take() noexcept;

 private:
  HttpProgress fail(int status, const char* problem) noexcept;
  [[nodiscard]] HttpProgress end_of_line(std::size_t line_end);
  [[nodiscard]] HttpProgress add_field(std::size_t line_end);

  HttpHead head_;
  std::size_t head_bytes_max_;
  std::size_t header_count_max_;
  std::size_t start_line_bytes_max_;
  std::size_t line_at_ = 0;  // where the line being read begins
  int status_ = 0;
  const char* problem_ = "";
  HttpProgress progress_ = HttpProgress::need_more;
};

// True for a token of RFC 9110 section 5.6.2 (field names, methods), not empty.
[[nodiscard]] bool is_http_token(std::string_view text) noexcept;
// ASCII only, without locale.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;
// Without the spaces and tabs at both ends.
[[nodiscard]] std::string_view trim_http_space(std::string_view text) noexcept;
// Cuts the next element off a comma-separated list, trimmed; nullopt at the end. Empty elements
// are skipped. Does not know quoted strings.
[[nodiscard]] std::optional<std::string_view> next_list_element(std::string_view& list) noexcept;

}  // namespace pluv::net
