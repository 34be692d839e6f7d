// The reader, the document and the work on raw objects must agree about what JSON is.
// link: json base
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "json/object.h"
#include "json/reader.h"
#include "json/value.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pluv::json;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const bool valid = validate(text).ok();
  const auto value = Value::parse(text);
  PLUV_ASSERT(valid || !value.ok());
  if (!value.ok()) return 0;

  const std::string written = value->to_text();
  const auto again = Value::parse(written);
  PLUV_ASSERT(again.ok());
  PLUV_ASSERT(again->to_text() == written);

  std::string small;
  append_minified(text, small);
  PLUV_ASSERT(validate(small).ok());
  PLUV_ASSERT(Value::parse(small)->to_text() == written);

  if (value->kind() != Kind::object) return 0;
  std::string merged;
  PLUV_ASSERT(merge_objects("{}", text, merged).ok());
  PLUV_ASSERT(Value::parse(merged)->to_text() == written);
  std::string twice;
  PLUV_ASSERT(merge_objects(merged, merged, twice).ok());
  PLUV_ASSERT(twice == merged);
  return 0;
}
