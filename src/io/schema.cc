#include "pluv/schema.h"

#include "json/reader.h"

namespace pluv::detail {

Result<void> require_object(std::string_view raw) {
  const json::Kind kind = json::kind_of(raw);
  if (kind != json::Kind::object) {
    return Error{ErrorCode::invalid,
                 "expected object, received " + std::string(json::kind_name(kind))};
  }
  return json::validate(raw);
}

}  // namespace pluv::detail
