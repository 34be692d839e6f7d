// PLUV_FIELDS: says by hand which members of a struct are fields and what they are called. Needed
// only for renames and for types that automatic reflection (reflect.h) cannot see into: more than
// 32 members, C arrays, base classes, private or default-initialised members with constructors.
// It wins over automatic reflection. Stands after the struct, in the struct's own namespace:
//
//   struct User { int id; std::string display_name; };
//   PLUV_FIELDS(User, PLUV_FIELD(id), PLUV_FIELD_AS(display_name, "displayName"))
#pragma once

#include <string_view>
#include <tuple>

namespace pluv::json {

template <class Class, class Member>
struct Field {
  std::string_view name;
  Member Class::* pointer;
};

}  // namespace pluv::json

#define PLUV_FIELDS(Type, ...)                                        \
  [[maybe_unused]] constexpr auto pluv_fields(const Type*) noexcept { \
    using PluvSelf = Type;                                            \
    return ::std::tuple(__VA_ARGS__);                                 \
  }
#define PLUV_FIELD(member) PLUV_FIELD_AS(member, #member)
#define PLUV_FIELD_AS(member, name) \
  ::pluv::json::Field<PluvSelf, decltype(PluvSelf::member)> { name, &PluvSelf::member }
