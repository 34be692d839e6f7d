#include "net/http_head.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.h"

namespace pluv::net {
namespace {

constexpr std::array<bool, 256> token_table() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
    table[static_cast<std::uint8_t>(c)] = true;
  }
  return table;
}

constexpr auto kToken = token_table();

// RFC 9110 section 5.5: visible characters, bytes above 0x7f, spaces and tabs.
bool is_field_text(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

// What a start line can hold before it is known where it ends. Looked at as it comes: a peer that
// speaks something else (a TLS hello, say) hears so at once, not when its time is up.
bool is_start_line_text(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    return byte == '\t' || byte == '\r' || byte == '\n' || (byte >= 0x20 && byte != 0x7f);
  });
}

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_http_space(char c) noexcept { return c == ' ' || c == '\t'; }

}  // namespace

bool is_http_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return kToken[static_cast<std::uint8_t>(c)]; });
}

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim_http_space(std::string_view text) noexcept {
  while (!text.empty() && is_http_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_http_space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::string_view> next_list_element(std::string_view& list) noexcept {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view element = trim_http_space(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (!element.empty()) return element;
  }
  return std::nullopt;
}

std::string_view HttpHead::start_line() const noexcept {
  return std::string_view(bytes_).substr(0, start_line_size_);
}

HeaderField HttpHead::header_at(std::size_t index) const noexcept {
  PLUV_ASSERT(index < fields_.size());
  const Field& field = fields_[index];
  const std::string_view bytes = bytes_;
  return {bytes.substr(field.name_at, field.name_size),
          bytes.substr(field.value_at, field.value_size)};
}

std::optional<std::string_view> HttpHead::header(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const HeaderField field = header_at(i);
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::size_t HttpHead::count(std::string_view name) const noexcept {
  std::size_t found = 0;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    found += equals_ignoring_case(header_at(i).name, name) ? 1 : 0;
  }
  return found;
}

std::optional<std::string> HttpHead::header_list(std::string_view name) const {
  std::optional<std::string> list;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const HeaderField field = header_at(i);
    if (!equals_ignoring_case(field.name, name)) continue;
    if (list) {
      list->append(", ");
    } else {
      list.emplace();
    }
    list->append(field.value);
  }
  return list;
}

bool HttpHead::has_token(std::string_view name, std::string_view token) const noexcept {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const HeaderField field = header_at(i);
    if (!equals_ignoring_case(field.name, name)) continue;
    std::string_view list = field.value;
    while (const auto element = next_list_element(list)) {
      if (equals_ignoring_case(*element, token)) return true;
    }
  }
  return false;
}

HttpHeadReader::HttpHeadReader(const HttpLimits& limits, std::size_t start_line_bytes_max) noexcept
    : head_bytes_max_(limits.head_bytes_max),
      header_count_max_(limits.header_count_max),
      start_line_bytes_max_(start_line_bytes_max) {}

HttpProgress HttpHeadReader::fail(int status, const char* problem) noexcept {
  status_ = status;
  problem_ = problem;
  return HttpProgress::failed;
}

HttpProgress HttpHeadReader::feed(std::string_view& bytes) {
  while (progress_ == HttpProgress::need_more && !bytes.empty()) {
    const bool in_start_line = line_at_ == 0;
    // What the line may still grow by, its line end included, and one byte more to see it fail.
    const std::size_t end_max =
        in_start_line ? std::min(start_line_bytes_max_ + 2, head_bytes_max_) : head_bytes_max_;
    const std::size_t size = head_.bytes_.size();
    const std::size_t room = end_max + 1 - size;
    const std::size_t newline = bytes.substr(0, room).find('\n');
    const std::size_t taken =
        newline == std::string_view::npos ? std::min(room, bytes.size()) : newline + 1;
    head_.bytes_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (in_start_line && !is_start_line_text(std::string_view(head_.bytes_).substr(size))) {
      progress_ = fail(400, "a control character");
    } else if (head_.bytes_.size() > end_max) {
      progress_ = in_start_line ? fail(414, "the request line is too long")
                                : fail(431, "the request head is too big");
    } else if (newline != std::string_view::npos) {
      progress_ = end_of_line(size + taken);
    }
  }
  return progress_;
}

// line_end: the position after the line feed.
HttpProgress HttpHeadReader::end_of_line(std::size_t line_end) {
  const std::string_view line =
      std::string_view(head_.bytes_).substr(line_at_, line_end - line_at_ - 1);
  if (line.empty() || line.back() != '\r') return fail(400, "a line does not end in CRLF");
  if (line_at_ == 0) {
    head_.start_line_size_ = line.size() - 1;
    if (line.size() == 1) return fail(400, "the start line is empty");
    if (!is_field_text(head_.start_line())) return fail(400, "a control character");
  } else if (line.size() == 1) {
    return HttpProgress::done;
  } else if (const HttpProgress added = add_field(line_end - 2); added == HttpProgress::failed) {
    return added;
  }
  line_at_ = line_end;
  return HttpProgress::need_more;
}

// line_end: the position of the CRLF.
HttpProgress HttpHeadReader::add_field(std::size_t line_end) {
  const std::string_view line =
      std::string_view(head_.bytes_).substr(line_at_, line_end - line_at_);
  if (head_.fields_.size() >= header_count_max_) return fail(431, "too many header fields");
  if (is_http_space(line.front())) return fail(400, "a header field is folded");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return fail(400, "a header field without a colon");
  const std::string_view name = line.substr(0, colon);
  if (!is_http_token(name)) return fail(400, "a header field's name is not a token");
  const std::string_view value = trim_http_space(line.substr(colon + 1));
  if (!is_field_text(value)) return fail(400, "a control character in a header field");
  const auto position = [&](std::string_view part) {
    return static_cast<std::uint32_t>(part.data() - head_.bytes_.data());
  };
  head_.fields_.push_back({position(name), static_cast<std::uint32_t>(name.size()), position(value),
                           static_cast<std::uint32_t>(value.size())});
  return HttpProgress::need_more;
}

HttpHead HttpHeadReader::take() noexcept {
  PLUV_ASSERT(progress_ == HttpProgress::done);
  progress_ = HttpProgress::need_more;
  line_at_ = 0;
  return std::exchange(head_, HttpHead());
}

}  // namespace pluv::net
