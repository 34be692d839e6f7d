#include "json/writer.h"

#include "json/number.h"
#include "json/scan.h"

namespace pluv::json {
namespace {

void append_control(std::string& out, unsigned char c) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  out += "\\u00";
  out.push_back(kHex[c >> 4]);
  out.push_back(kHex[c & 15]);
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  out.push_back('"');
  while (at != end) {
    const char* const run = scan::plain_run(at, end);
    out.append(at, run);
    at = run;
    if (at == end) break;
    const auto c = static_cast<unsigned char>(*at);
    if (c >= 0x80) {
      const int size = scan::utf8_size(at, end);
      if (size == 0) {
        out += "\xef\xbf\xbd";
        ++at;
      } else {
        out.append(at, static_cast<std::size_t>(size));
        at += size;
      }
      continue;
    }
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(static_cast<char>(c));
    } else {
      append_control(out, c);
    }
    ++at;
  }
  out.push_back('"');
}

void Writer::key(std::string_view name) {
  comma();
  append_string(out_, name);
  out_.push_back(':');
  comma_ = false;
}

void Writer::string(std::string_view text) {
  comma();
  append_string(out_, text);
}

void Writer::number(double value) {
  comma();
  append_number(out_, value);
}

void Writer::number(std::int64_t value) {
  comma();
  append_number(out_, value);
}

void Writer::number(std::uint64_t value) {
  comma();
  append_number(out_, value);
}

void Writer::boolean(bool value) {
  comma();
  out_ += value ? "true" : "false";
}

void Writer::null() {
  comma();
  out_ += "null";
}

void Writer::raw(std::string_view json) {
  comma();
  out_ += json;
}

}  // namespace pluv::json
