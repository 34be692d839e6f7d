// Any JSON read into C++ types by their schema: what is accepted keeps every rule, is written, and
// reads as the same again; what is refused names where.
// link: json base
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "json/reader.h"
#include "json/schema.h"

namespace {

using namespace pluv::json;

struct Point {
  double x = 0;
  float y = 0;
};
struct Circle {
  static constexpr Tag pluv_tag{"circle", "kind"};
  std::uint8_t radius = 0;
};
struct Label {
  static constexpr Tag pluv_tag{"label", "kind"};
  std::string text;
};
struct Strict {
  static constexpr bool pluv_strict = true;
  std::int64_t number = 0;
};
struct Drawing {
  std::string name;
  std::optional<std::int32_t> count;
  std::vector<Point> points;
  std::vector<std::variant<Circle, Label>> shapes;
  std::map<std::string, std::int16_t> numbers;
  std::optional<Strict> strict;
  Value any;
  Raw raw;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Schema<Drawing> schema{
      check(&Drawing::name, min_length(1), max_length(16), pattern("^[a-z ]+$")),
      check(&Drawing::count, default_value(3), minimum(0), maximum(10)),
      check(&Drawing::points, max_items(4)),
      refine([](const Drawing& drawing) { return drawing.shapes.size() < 8; }, "too many shapes")};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto plain = from_json<Drawing>(text);
  const auto drawing = schema.parse(text);
  if (!drawing.ok()) {
    PLUV_ASSERT(!drawing.error().message.empty());
    PLUV_ASSERT(drawing.error().message.size() < 4096);
    return 0;
  }
  PLUV_ASSERT(validate(text).ok() && plain.ok());
  PLUV_ASSERT(!drawing->name.empty() && drawing->name.size() <= 16);
  PLUV_ASSERT(drawing->count && *drawing->count >= 0 && *drawing->count <= 10);
  PLUV_ASSERT(drawing->points.size() <= 4 && drawing->shapes.size() < 8);
  const std::string written = to_json(*drawing);
  PLUV_ASSERT(validate(written).ok());
  const auto again = schema.parse(written);
  PLUV_ASSERT(again.ok() && to_json(*again) == written);
  return 0;
}
