#include "json/stable.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "base/sort.h"
#include "json/number.h"
#include "json/scan.h"
#include "json/writer.h"

namespace pluv::json {
namespace {

void append_units(std::uint32_t point, std::u16string& out) {
  if (point < 0x10000) {
    out.push_back(static_cast<char16_t>(point));
  } else {
    out.push_back(static_cast<char16_t>(0xd800 + ((point - 0x10000) >> 10)));
    out.push_back(static_cast<char16_t>(0xdc00 + ((point - 0x10000) & 0x3ff)));
  }
}

// What a string means that a Reader has checked, of which `spelled` has the quotation marks. In
// UTF-16, which has lone surrogates, too.
std::u16string units_of(std::string_view spelled) {
  std::u16string units;
  const char* at = spelled.data() + 1;
  const char* const end = spelled.data() + spelled.size() - 1;
  while (at != end) {
    if (*at == '\\') {
      if (at[1] == 'u') {
        units.push_back(static_cast<char16_t>(scan::hex4(at + 2)));
        at += 6;
      } else {
        units.push_back(static_cast<char16_t>(scan::unescaped(at[1])));
        at += 2;
      }
      continue;
    }
    const auto lead = static_cast<std::uint8_t>(*at);
    const int size = scan::utf8_size(at, end);
    std::uint32_t point = size == 1 ? lead : lead & (0xff >> (size + 1));
    for (int i = 1; i < size; ++i) point = point << 6 | (static_cast<std::uint8_t>(at[i]) & 0x3f);
    append_units(point, units);
    at += size;
  }
  return units;
}

bool is_high(char16_t unit) noexcept { return unit >= 0xd800 && unit < 0xdc00; }
bool is_low(char16_t unit) noexcept { return unit >= 0xdc00 && unit < 0xe000; }

void append_escape(char16_t unit, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(kHex[unit >> shift & 15]);
}

// Between the quotation marks, as JSON.stringify writes it: lone surrogates escaped.
void append_string_units(const std::u16string& units, std::string& out) {
  std::string plain;
  std::string written;
  const auto flush = [&] {
    written.clear();
    append_string(written, plain);
    out.append(written, 1, written.size() - 2);
    plain.clear();
  };
  for (std::size_t i = 0; i < units.size(); ++i) {
    std::uint32_t point = units[i];
    if (is_high(units[i]) && i + 1 < units.size() && is_low(units[i + 1])) {
      point = 0x10000 + ((point - 0xd800) << 10) + (units[++i] - 0xdc00u);
    } else if (is_high(units[i]) || is_low(units[i])) {
      flush();
      append_escape(units[i], out);
      continue;
    }
    scan::append_utf8(point, plain);
  }
  flush();
}

void append_stable_string(std::string_view spelled, std::string& out) {
  if (spelled.find('\\') == std::string_view::npos) {  // such as megabytes of base64
    out += spelled;
    return;
  }
  out.push_back('"');
  append_string_units(units_of(spelled), out);
  out.push_back('"');
}

// A member that is written: its place in the output, without the comma.
struct Member {
  std::u16string name;
  std::size_t begin;
  std::size_t end;
};

// A container that is open.
struct Frame {
  bool is_object;
  std::size_t begin;  // behind its bracket
  std::vector<Member> members;
};

bool in_order(const std::vector<Member>& members) {
  for (std::size_t i = 1; i < members.size(); ++i) {
    if (members[i - 1].name >= members[i].name) return false;
  }
  return true;
}

// Brings the members of an object that ends where `out` does into their order.
void put_in_order(Frame& frame, std::string& out) {
  std::vector<Member>& members = frame.members;
  if (in_order(members)) return;
  stable_sort_by(members.begin(), members.end(),
                 [](const Member& a, const Member& b) { return a.name < b.name; });
  std::string sorted;
  sorted.reserve(out.size() - frame.begin);
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i + 1 < members.size() && members[i].name == members[i + 1].name) continue;
    if (!sorted.empty()) sorted.push_back(',');
    sorted.append(out, members[i].begin, members[i].end - members[i].begin);
  }
  out.replace(frame.begin, std::string::npos, sorted);
}

// Containers are kept on a stack of its own, for nothing here recurses.
class StableWriter {
 public:
  StableWriter(std::string_view text, std::size_t depth_max) : reader_(text, depth_max) {}

  Result<std::string> run() {
    append_value();
    while (reader_.ok() && !frames_.empty()) next();
    if (!reader_.finish()) return reader_.error().to_error();
    return std::move(out_);
  }

 private:
  void next() {
    Frame& frame = frames_.back();
    const bool first = out_.size() == frame.begin;
    std::string_view name;
    if (frame.is_object && !first) frame.members.back().end = out_.size();
    if (frame.is_object ? reader_.next_member(scratch_, name) : reader_.next_element()) {
      if (!first) out_.push_back(',');
      if (frame.is_object) {
        const std::string_view spelled = reader_.last_name();
        frame.members.push_back({units_of(spelled), out_.size(), out_.size()});
        append_stable_string(spelled, out_);
        out_.push_back(':');
      }
      append_value();
    } else if (reader_.ok()) {
      if (frame.is_object) put_in_order(frame, out_);
      out_.push_back(frame.is_object ? '}' : ']');
      frames_.pop_back();
    }
  }

  void append_value() {
    switch (reader_.peek()) {
      case Kind::object:
        if (reader_.enter_object()) open('{');
        return;
      case Kind::array:
        if (reader_.enter_array()) open('[');
        return;
      case Kind::number: {
        double number = 0;
        if (reader_.read_number(number)) append_number(out_, number);
        return;
      }
      default: {
        std::string_view raw;
        if (!reader_.raw_value(raw)) return;
        if (kind_of(raw) == Kind::string) {
          append_stable_string(raw, out_);
        } else {
          out_ += raw;
        }
      }
    }
  }

  void open(char bracket) {
    out_.push_back(bracket);
    frames_.push_back({bracket == '{', out_.size(), {}});
  }

  Reader reader_;
  std::string out_;
  std::string scratch_;
  std::vector<Frame> frames_;
};

}  // namespace

Result<std::string> stable_json(std::string_view text, std::size_t depth_max) {
  return StableWriter(text, depth_max).run();
}

}  // namespace pluv::json
