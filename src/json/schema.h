// Schema<T>: a type's codec together with refinements of its members, in the manner of zod:
//
//   const Schema<SendMessage> schema{
//       check(&SendMessage::message, min_length(1), max_length(4096)),
//       check(&SendMessage::volume, default_value(5), minimum(0), maximum(10)),
//       refine([](const SendMessage& m) { return ...; }, "must not be both loud and long")};
//   Result<SendMessage> message = schema.parse(text);
//
// Checks run in their order after the whole text was read; the first failure is the error, with the
// path of its member ("message: expected at least 1 character, received 0"). Optional and nullable
// are matters of the member's type. A schema is an immutable value that shares its rules between
// copies; using one from many threads is safe when its predicates are.
#pragma once

#include <concepts>
#include <memory>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "json/codec.h"
#include "json/rules.h"

namespace pluv::json {

// Rules for one member; made by check().
template <class T, class M, Rule... R>
struct Check {
  using PluvCheckOf = T;
  M T::* member;
  std::tuple<R...> parts;

  // Gives a missing member its default. `seen` has a bit for every field that was read.
  void fill(T& value, codec::FieldBits& seen) const {
    std::apply([&](const R&... part) { (fill_one(part, value, seen), ...); }, parts);
  }
  bool test(const T& value, Issue& issue) const {
    const bool good = std::apply(
        [&](const R&... part) { return (rules::apply(part, value.*member, issue) && ...); }, parts);
    if (!good) issue.inside_member(name_in(value));
    return good;
  }
  void describe(std::vector<Fact>& out) const {
    const std::size_t before = out.size();
    std::apply([&](const R&... part) { (rules::describe(part, out), ...); }, parts);
    name_facts(out, before, name_in(T{}));
  }

 private:
  template <class Part>
  void fill_one(const Part& part, T& value, codec::FieldBits& seen) const {
    if constexpr (rules::kIsDefault<Part>) {
      static_assert(std::is_assignable_v<M&, const decltype(Part::value)&>,
                    "pluv: the default does not fit the type of the member");
      const codec::FieldBits bit = bit_in(value);
      if ((seen & bit) != 0) return;
      if constexpr (rules::Number<M>) {
        value.*member = static_cast<M>(part.value);
      } else {
        value.*member = part.value;
      }
      seen |= bit;
    }
  }
  // A member pointer is found among the fields by the address that it gives.
  [[nodiscard]] codec::FieldBits bit_in(const T& value) const {
    codec::FieldBits bit = 1;
    codec::FieldBits found = 0;
    for_each_field(value, [&](std::string_view, const auto& field) {
      if (same(field, value.*member)) found = bit;
      bit <<= 1;
    });
    return found;
  }
  [[nodiscard]] std::string_view name_in(const T& value) const {
    std::string_view found;
    for_each_field(value, [&](std::string_view name, const auto& field) {
      if (same(field, value.*member)) found = name;
    });
    return found;
  }
  template <class F>
  static bool same(const F& field, const M& wanted) {
    if constexpr (std::same_as<F, M>) {
      return &field == &wanted;
    } else {
      return false;
    }
  }
};

template <class C>
concept MemberCheck = requires { typename C::PluvCheckOf; };

// check(&SendMessage::message, min_length(1), max_length(4096)).
template <class T, class M, Rule... R>
[[nodiscard]] Check<T, M, R...> check(M T::* member, R... parts) {
  return {member, {std::move(parts)...}};
}

namespace rules {

template <MemberCheck... C>
struct Fields {
  using PluvRule = void;
  std::tuple<C...> checks;

  template <class V>
    requires(std::same_as<V, typename C::PluvCheckOf> && ...)
  bool test(const V& value, Issue& issue) const {
    return std::apply([&](const C&... one) { return (one.test(value, issue) && ...); }, checks);
  }
  void describe(std::vector<Fact>& out) const {
    Fact fact{.kind = FactKind::fields};
    std::apply([&](const C&... one) { (one.describe(fact.inner), ...); }, checks);
    out.push_back(std::move(fact));
  }
};

}  // namespace rules

// Checks of a nested struct's members, as a rule: check(&Order::user, fields(check(&User::name,
// min_length(1)))). Defaults have no effect here.
template <MemberCheck... C>
[[nodiscard]] rules::Fields<C...> fields(C... checks) {
  return {{std::move(checks)...}};
}

// As a part of a Schema: members that T has no field for are an error. Of T itself, not of structs
// inside it (they say `static constexpr bool pluv_strict = true`).
struct Strict {};
inline constexpr Strict strict{};

template <class T>
class Schema {
 public:
  Schema() = default;
  // Parts are checks of members, rules for the whole value, and `strict`.
  template <class... P>
    requires(sizeof...(P) > 0 && ((MemberCheck<P> || Rule<P> || std::same_as<P, Strict>) && ...))
  explicit Schema(P... parts) {
    steps_.reserve(sizeof...(P));
    (add(std::move(parts)), ...);
  }

  // The whole text as a T that passes every check.
  [[nodiscard]] Result<T> parse(std::string_view text, std::size_t depth_max = kDepthMax) const {
    Reader reader(text, depth_max);
    Issue issue;
    T value{};
    if (!read(reader, value, issue)) return issue.to_error();
    if (!reader.finish()) return reader.error().to_error();
    return value;
  }

  // The next value of reader; `out` should be fresh. False with the issue filled.
  [[nodiscard]] bool read(Reader& reader, T& out, Issue& issue) const {
    if constexpr (kStruct) {
      codec::FieldBits seen = 0;
      if (!codec::read_members(reader, out, seen, unknown_, issue)) return false;
      for (const Step& step : steps_) {
        if (step.fill != nullptr) step.fill(step.part.get(), out, seen);
      }
      if (!codec::require_members(out, seen, issue)) return false;
    } else if (!Codec<T>::read(reader, out, issue)) {
      return false;
    }
    return test(out, issue);
  }

  // The checks alone, of a value that was made in C++.
  [[nodiscard]] Result<void> validate(const T& value) const {
    Issue issue;
    if (!test(value, issue)) return issue.to_error();
    return {};
  }

  // What the checks ask for.
  [[nodiscard]] SchemaFacts facts() const {
    SchemaFacts facts;
    facts.strict = unknown_ == Unknown::refuse;
    for (const Step& step : steps_) step.describe(step.part.get(), facts.list);
    return facts;
  }

 private:
  static constexpr bool kStruct = Reflected<T> && !codec::StringMap<T>;

  // A part without its type: what it owns, and what it does.
  struct Step {
    std::shared_ptr<const void> part;
    void (*fill)(const void*, T&, codec::FieldBits&) = nullptr;
    bool (*test)(const void*, const T&, Issue&) = nullptr;
    void (*describe)(const void*, std::vector<Fact>&) = nullptr;
  };

  bool test(const T& value, Issue& issue) const {
    for (const Step& step : steps_) {
      if (!step.test(step.part.get(), value, issue)) return false;
    }
    return true;
  }

  template <class P>
  void add(P part) {
    if constexpr (std::same_as<P, Strict>) {
      static_assert(kStruct, "pluv: only a struct can be strict");
      unknown_ = Unknown::refuse;
    } else {
      Step step;
      if constexpr (MemberCheck<P>) {
        static_assert(std::same_as<typename P::PluvCheckOf, T>,
                      "pluv: this check is of another struct's member");
        step.fill = [](const void* p, T& value, codec::FieldBits& seen) {
          static_cast<const P*>(p)->fill(value, seen);
        };
        step.test = [](const void* p, const T& value, Issue& issue) {
          return static_cast<const P*>(p)->test(value, issue);
        };
        step.describe = [](const void* p, std::vector<Fact>& out) {
          static_cast<const P*>(p)->describe(out);
        };
      } else {
        step.test = [](const void* p, const T& value, Issue& issue) {
          return rules::apply(*static_cast<const P*>(p), value, issue);
        };
        step.describe = [](const void* p, std::vector<Fact>& out) {
          rules::describe(*static_cast<const P*>(p), out);
        };
      }
      step.part = std::make_shared<const P>(std::move(part));
      steps_.push_back(std::move(step));
    }
  }

  std::vector<Step> steps_;
  Unknown unknown_ = Unknown::strip;
};

}  // namespace pluv::json
