#include "apps/pluvd/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>

#include "json/reader.h"
#include "json/writer.h"

namespace pluv::apps {
namespace {

spdlog::level::level_enum level_of(std::string_view name) {
  if (name == "debug") return spdlog::level::debug;
  if (name == "warn") return spdlog::level::warn;
  if (name == "error") return spdlog::level::err;
  if (name == "off") return spdlog::level::off;
  return spdlog::level::info;
}

bool is_plain_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
  });
}

// As JSON, but without quotation marks around plain words. Bytes of other scripts pass; controls,
// also DEL, are escaped, so nothing can drive a terminal.
void append_word(std::string& out, std::string_view text) {
  if (is_plain_word(text)) {
    out += text;
    return;
  }
  std::string quoted;
  json::append_string(quoted, text);
  for (std::size_t at = 0; at < quoted.size(); ++at) {
    const auto c = static_cast<unsigned char>(quoted[at]);
    // C1 controls are 0xc2 0x80 to 0xc2 0x9f in UTF-8.
    if (c == 0x7f) {
      out += "\\u007f";
    } else if (c == 0xc2 && static_cast<unsigned char>(quoted[at + 1]) < 0xa0) {
      static constexpr std::string_view kHex = "0123456789abcdef";
      const auto low = static_cast<unsigned char>(quoted[++at]);
      out += "\\u00";
      out += kHex[low >> 4];
      out += kHex[low & 15];
    } else {
      out += quoted[at];
    }
  }
}

// Calls visit(key, reader) for each member; visit reads the value. False when fields is no object.
template <class Visit>
bool for_each_field(std::string_view fields, Visit&& visit) {
  if (!json::validate(fields).ok()) return false;
  json::Reader reader(fields);
  std::string scratch;
  std::string_view key;
  if (!reader.enter_object()) return false;
  while (reader.next_member(scratch, key)) visit(key, reader);
  return true;
}

}  // namespace

std::string log_line_text(std::string_view event, std::string_view fields) {
  std::string out;
  for (const char c : event) out += c < ' ' || c == 0x7f ? ' ' : c;
  std::string scratch;
  for_each_field(fields, [&](std::string_view key, json::Reader& reader) {
    out += ' ';
    append_word(out, key);
    out += '=';
    std::string_view value;
    if (reader.peek() == json::Kind::string) {
      if (reader.read_string(value, scratch)) append_word(out, value);
    } else if (reader.raw_value(value)) {
      out += value;
    }
  });
  return out;
}

std::string log_line_json(std::string_view level, std::string_view event, std::string_view fields) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("level");
  writer.string(level);
  writer.key("event");
  writer.string(event);
  for_each_field(fields, [&](std::string_view key, json::Reader& reader) {
    std::string_view value;
    if (!reader.raw_value(value)) return;
    writer.key(key == "level" || key == "event" || key == "time" ? "field_" + std::string(key)
                                                                 : std::string(key));
    // Raw line ends can only be white space between tokens; one line stays one line.
    std::string flat(value);
    std::replace_if(flat.begin(), flat.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    writer.raw(flat);
  });
  writer.end_object();
  return out;
}

struct Log::Impl {
  Impl(std::shared_ptr<spdlog::sinks::sink> sink, LogFormat the_format)
      : logger("pluvd", std::move(sink)), format(the_format) {}

  spdlog::logger logger;
  LogFormat format;
};

Log::Log(std::string_view level, LogFormat format) {
  std::shared_ptr<spdlog::sinks::sink> sink;
  if (format == LogFormat::json) {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    // The line is a whole object: the time goes in front of its first member, which write() cut.
    sink->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v)", spdlog::pattern_time_type::utc));
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
    sink->set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%Y-%m-%d %H:%M:%S.%e %^%-7l%$ %v"));
  }
  impl_ = std::make_unique<Impl>(std::move(sink), format);
  impl_->logger.set_level(level_of(level));
  impl_->logger.set_error_handler([](const std::string&) {});  // stderr is gone: nowhere to say so
  impl_->logger.flush_on(spdlog::level::debug);
}

Log::~Log() = default;

void Log::write(std::string_view level, std::string_view event, std::string_view fields) {
  const spdlog::level::level_enum at = level_of(level);
  if (!impl_->logger.should_log(at)) return;
  std::string line;
  if (impl_->format == LogFormat::json) {
    line = log_line_json(level, event, fields).substr(1);
  } else {
    line = log_line_text(event, fields);
  }
  impl_->logger.log(at, spdlog::string_view_t(line.data(), line.size()));
}

void Log::explain(std::string_view level, std::string_view event, std::string_view reason) {
  std::string fields = R"({"reason":)";
  json::append_string(fields, reason);
  write(level, event, fields + "}");
}

}  // namespace pluv::apps
