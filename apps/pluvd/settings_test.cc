#include "apps/pluvd/settings.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "apps/pluvd/units.h"

namespace pluv::apps {
namespace {

Result<void> set(Settings& settings, std::string_view name, std::vector<std::string> values) {
  return assign(settings, *find_setting(name), values);
}

std::string problem(std::string_view name, std::vector<std::string> values) {
  Settings settings;
  const Result<void> assigned = set(settings, name, std::move(values));
  return assigned.ok() ? "accepted" : assigned.error().message;
}

std::string as_given(const Setting& setting, std::int64_t number) {
  return std::to_string(number) + (setting.kind == SettingKind::duration ? "ms" : "");
}

bool is_number(const Setting& setting) {
  return setting.kind == SettingKind::count || setting.kind == SettingKind::size ||
         setting.kind == SettingKind::duration;
}

TEST(SettingTable, NamesEverySettingOnceInEverySpelling) {
  std::set<std::string_view> names;
  std::set<std::string_view> keys;
  std::set<std::string_view> variables;
  for (const Setting& setting : setting_table()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_TRUE(keys.insert(setting.key).second) << setting.key;
    EXPECT_TRUE(variables.insert(setting.env).second) << setting.env;
    EXPECT_TRUE(setting.env.starts_with("PLUV_")) << setting.env;
    EXPECT_FALSE(setting.help.empty() || setting.help.ends_with('.')) << setting.name;
    EXPECT_EQ(find_setting(setting.name), &setting);
    EXPECT_EQ(find_setting_by_key(setting.key), &setting);
  }
  EXPECT_EQ(find_setting("nothing"), nullptr);
  EXPECT_EQ(find_setting_by_key("nothing"), nullptr);
}

TEST(SettingTable, HoldsEveryNumberToItsRange) {
  for (const Setting& setting : setting_table()) {
    if (!is_number(setting)) continue;
    ASSERT_LT(setting.min, setting.max) << setting.name;
    Settings settings;
    for (const std::int64_t number : {setting.min, setting.min + 1, setting.max - 1, setting.max}) {
      EXPECT_TRUE(set(settings, setting.name, {as_given(setting, number)}).ok())
          << setting.name << " " << number;
      const std::string shown = display_value(settings, setting);
      const std::int64_t read = setting.kind == SettingKind::duration
                                    ? parse_duration_ms(shown).value()
                                    : parse_size_bytes(shown).value();
      EXPECT_EQ(read, number) << setting.name;
    }
    EXPECT_FALSE(set(settings, setting.name, {as_given(setting, setting.max + 1)}).ok())
        << setting.name;
    if (setting.min > 0) {
      EXPECT_FALSE(set(settings, setting.name, {as_given(setting, setting.min - 1)}).ok())
          << setting.name;
    }
  }
}

TEST(SettingTable, GivesEverySettingAMemberOfItsOwn) {
  for (const Setting& changed : setting_table()) {
    Settings settings;
    const Settings defaults;
    std::string value = "text";
    if (changed.kind == SettingKind::on_off) {
      value = display_value(defaults, changed) == "true" ? "false" : "true";
    } else if (changed.kind == SettingKind::choice) {
      value = std::string(changed.placeholder.substr(changed.placeholder.rfind('|') + 1));
    } else if (is_number(changed)) {
      value = as_given(changed, changed.max);
    }
    ASSERT_TRUE(set(settings, changed.name, {value}).ok()) << changed.name;
    for (const Setting& other : setting_table()) {
      EXPECT_EQ(display_value(settings, other) != display_value(defaults, other),
                other.name == changed.name)
          << changed.name << " and " << other.name;
    }
  }
}

TEST(SettingTable, HasDefaultsInsideTheirRanges) {
  const Settings defaults;
  for (const Setting& setting : setting_table()) {
    if (!is_number(setting)) continue;
    Settings settings;
    EXPECT_TRUE(set(settings, setting.name, {display_value(defaults, setting)}).ok())
        << setting.name;
  }
}

TEST(Settings, SayWhatIsExpectedInsteadOfAWrongValue) {
  EXPECT_EQ(problem("port", {"70000"}),
            "\"70000\" is out of range: expected a value from 0 to 65535");
  EXPECT_EQ(problem("port", {"http"}), "\"http\" is not a whole number, from 0 to 65535");
  EXPECT_EQ(problem("drain-window", {"5"}),
            "\"5\" is not a duration with its unit, such as 500ms, 5s, 2m or 1h (at most 366d), "
            "from 0 to 1d");
  EXPECT_EQ(problem("log-format", {"xml"}), "\"xml\" is not one of text|json");
  EXPECT_EQ(problem("log-format", {"te"}), "\"te\" is not one of text|json");
  EXPECT_EQ(problem("dev", {"maybe"}), "\"maybe\" is not true or false");
  EXPECT_EQ(problem("host", {"a", "b"}), "one value is expected, not a list");
  EXPECT_EQ(problem("origin", {"https://a.example", ""}), "an empty value is not allowed");
}

TEST(Settings, NeverShowASecret) {
  Settings settings;
  ASSERT_TRUE(set(settings, "secret", {"first secret", "second secret"}).ok());
  ASSERT_TRUE(set(settings, "metrics-token", {"third secret"}).ok());
  EXPECT_EQ(display_value(settings, *find_setting("secret")), "***, ***");
  const std::string toml = settings_toml(settings);
  EXPECT_EQ(toml.find("first secret"), std::string::npos);
  EXPECT_EQ(toml.find("third secret"), std::string::npos);
  EXPECT_NE(toml.find("secret = [\"***\", \"***\"]\n"), std::string::npos);
  EXPECT_NE(toml.find("metrics_token = \"***\"\n"), std::string::npos);
  EXPECT_EQ(problem("secret", {std::string("hidden\0value", 12)}).find("hidden"),
            std::string::npos);
}

TEST(Settings, SplitListsAtCommasAndLineEnds) {
  EXPECT_EQ(split_list("a, b\nc,,\r\n d e "), (std::vector<std::string>{"a", "b", "c", "d e"}));
  EXPECT_TRUE(split_list(" , \n").empty());
  EXPECT_EQ(split_lines("a, b\n\r\n c"), (std::vector<std::string>{"a, b", "c"}));
}

}  // namespace
}  // namespace pluv::apps
