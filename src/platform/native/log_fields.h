// The fields of a log line as a JSON object: LogFields().add("room", id).add("count", n).text().
// A value of the moment; owns its text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "json/writer.h"

namespace pluv::native {

class LogFields {
 public:
  LogFields& add(std::string_view name, std::string_view value) {
    begin(name);
    json::append_string(text_, value);
    return *this;
  }
  LogFields& add(std::string_view name, std::uint64_t value) {
    begin(name);
    text_ += std::to_string(value);
    return *this;
  }
  [[nodiscard]] std::string text() const { return text_ + "}"; }

 private:
  void begin(std::string_view name) {
    if (text_.size() > 1) text_.push_back(',');
    json::append_string(text_, name);
    text_.push_back(':');
  }
  std::string text_ = "{";
};

}  // namespace pluv::native
