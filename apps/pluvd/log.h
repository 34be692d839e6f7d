// pluvd's log: lines on stderr, for people or as JSON. Owned by main; any thread may write. A field
// is data and cannot end or forge a line. Knows nothing of secrets: who has one does not pass it.
// log.cc is the only unit that includes spdlog.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pluv::apps {

enum class LogFormat : std::uint8_t { text, json };

class Log {
 public:
  // level: debug, info, warn, error or off.
  Log(std::string_view level, LogFormat format);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // level: debug, info, warn or error; anything else counts as info. event: a few words. fields: a
  // JSON object.
  void write(std::string_view level, std::string_view event, std::string_view fields = "{}");
  // The same with one field, "reason".
  void explain(std::string_view level, std::string_view event, std::string_view reason);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "event words key=value key=\"two words\"": a value that is no plain word is quoted as JSON.
// Fields that are no JSON object are left out.
[[nodiscard]] std::string log_line_text(std::string_view event, std::string_view fields);
// {"level":..,"event":..,fields...}, without the time.
[[nodiscard]] std::string log_line_json(std::string_view level, std::string_view event,
                                        std::string_view fields);

}  // namespace pluv::apps
