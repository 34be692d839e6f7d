// What the members of the admin API's bodies mean (admin_types.h), in the words of its OpenAPI
// document. Constants.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace pluv::apps {

enum class AdminFormat : std::uint8_t { none, moment, base64 };

struct AdminDescription {
  std::string_view type;  // as admin_types.h calls it
  std::string_view member;
  std::string_view text;
  AdminFormat format = AdminFormat::none;
};

// Of every member of every type.
[[nodiscard]] std::span<const AdminDescription> admin_descriptions();

}  // namespace pluv::apps
