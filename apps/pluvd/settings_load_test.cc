#include "apps/pluvd/settings_load.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "apps/pluvd/settings_file.h"
#include "apps/pluvd/temporary_file_testing.h"

namespace pluv::apps {
namespace {

constexpr const char* kSecret = "a secret of thirty-two characters";

LoadedSettings load(std::vector<std::string> arguments, const Environment& environment = {}) {
  return load_settings(parse_command_line(arguments).value(), environment);
}

std::string all(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += text + "\n";
  return out;
}

bool mentions(const std::vector<std::string>& texts, std::string_view what) {
  return all(texts).find(what) != std::string::npos;
}

TEST(LoadSettings, LetsFlagsWinOverTheEnvironmentOverTheFile) {
  const TemporaryFile file("dev = true\nport = 1\nthreads = 1\ndrain_window = \"1s\"\n");
  const LoadedSettings loaded =
      load({"--config", file.path(), "--port", "3"}, {{"PLUV_PORT", "2"}, {"PLUV_THREADS", "2"}});
  EXPECT_EQ(loaded.problems, std::vector<std::string>());
  EXPECT_EQ(loaded.settings.port, 3);
  EXPECT_EQ(loaded.settings.threads, 2);
  EXPECT_EQ(loaded.settings.drain_window_ms, 1'000);
  EXPECT_EQ(loaded.settings.drain_deadline_ms, 10'000);
}

TEST(LoadSettings, ReplacesListsAsAWhole) {
  const TemporaryFile file("dev = true\norigin = [\"https://a.example\", \"https://b.example\"]\n");
  const Environment environment = {{"PLUV_CONFIG", file.path()}};
  EXPECT_EQ(load({}, environment).settings.origins.size(), 2U);
  const LoadedSettings loaded = load({"--origin", "https://c.example"}, environment);
  EXPECT_EQ(loaded.settings.origins, std::vector<std::string>{"https://c.example"});
}

TEST(LoadSettings, PrefersTheFlagsConfigFile) {
  const TemporaryFile flags_file("dev = true\nport = 1\n");
  const TemporaryFile variables_file("dev = true\nport = 2\n");
  const LoadedSettings loaded =
      load({"--config", flags_file.path()}, {{"PLUV_CONFIG", variables_file.path()}});
  EXPECT_EQ(loaded.settings.port, 1);
}

TEST(LoadSettings, ReadsTheLimitsTable) {
  const TemporaryFile file("dev = true\n[limits]\nmessage = \"8KiB\"\npresence = 1024\nrate = 7\n");
  const LoadedSettings loaded = load({"--config", file.path()});
  EXPECT_EQ(loaded.problems, std::vector<std::string>());
  EXPECT_EQ(loaded.settings.limits.message_bytes_max, 8'192U);
  EXPECT_EQ(loaded.settings.limits.presence_bytes_max, 1'024U);
  EXPECT_EQ(loaded.settings.limits.messages_per_second_max, 7U);
  EXPECT_EQ(loaded.settings.limits.messages_burst_max, 28U);
}

TEST(LoadSettings, NamesFileLineAndKeyOfAProblem) {
  const TemporaryFile file(
      "dev = true\nprot = 1\n\nport = \"x\"\n[limits]\nmesage = 1\nrate = 1.5\nuser = [1]\n");
  const std::string problems = all(load({"--config", file.path()}).problems);
  EXPECT_EQ(problems,
            file.path() + ":2: prot is not a setting; did you mean port?\n" + file.path() +
                ":4: port: \"x\" is not a whole number, from 0 to 65535\n" + file.path() +
                ":6: limits.mesage is not a setting; did you mean limits.message?\n" + file.path() +
                ":7: limits.rate: a text, a whole number, true or false is expected\n" +
                file.path() + ":8: limits.user: one value is expected, not a list\n");
}

TEST(LoadSettings, NamesTheLineOfBrokenToml) {
  const TemporaryFile file("dev = true\nport = = 3\n");
  const std::vector<std::string> problems = load({"--dev", "--config", file.path()}).problems;
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_TRUE(problems[0].starts_with(file.path() + ":2: ")) << problems[0];
}

TEST(LoadSettings, RefusesAConfigFileThatIsNotThere) {
  EXPECT_TRUE(mentions(load({"--dev", "--config", "/nowhere/pluvd.toml"}).problems,
                       "config: cannot read /nowhere/pluvd.toml: No such file"));
}

TEST(LoadSettings, NamesTheVariableOfAProblem) {
  EXPECT_EQ(all(load({"--dev"}, {{"PLUV_PORT", "x"}}).problems),
            "PLUV_PORT: \"x\" is not a whole number, from 0 to 65535\n");
  EXPECT_EQ(all(load({"--dev", "--port=x"}).problems),
            "--port: \"x\" is not a whole number, from 0 to 65535\n");
}

TEST(LoadSettings, WarnsOfVariablesThatAreNoSetting) {
  const LoadedSettings loaded = load({"--dev"}, {{"PLUV_PROT", "1"}, {"HOME", "/"}});
  EXPECT_EQ(loaded.problems, std::vector<std::string>());
  EXPECT_EQ(all(loaded.warnings),
            "PLUV_PROT in the environment is not a setting; did you mean PLUV_PORT?\n");
}

TEST(LoadSettings, RequiresASecretOutsideDevelopment) {
  EXPECT_TRUE(mentions(load({}).problems, "PLUV_AUTH_SECRET"));
  EXPECT_TRUE(load({}, {{"PLUV_AUTH_SECRET", kSecret}}).problems.empty());
  EXPECT_TRUE(load({"--dev"}).problems.empty());
  EXPECT_TRUE(load({"--dev", "--auth"}).problems.empty());
  EXPECT_TRUE(mentions(load({"--auth=false"}).problems, "PLUV_AUTH_SECRET"));
}

TEST(LoadSettings, SaysNothingOfWhatAFileThatCannotBeUsedMayHaveHad) {
  const auto problems = [](const std::string& text) {
    const TemporaryFile file(text);
    std::string out = all(load({"--config", file.path()}).problems);
    for (std::size_t at = 0; (at = out.find(file.path())) != std::string::npos;) {
      out.replace(at, file.path().size(), "FILE");
    }
    return out;
  };
  EXPECT_EQ(all(load({"--config", "/nowhere/pluvd.toml"}).problems),
            "config: cannot read /nowhere/pluvd.toml: No such file or directory\n");
  EXPECT_EQ(all(load({"--secret-file", "/nowhere"}).problems),
            "secret-file: cannot read /nowhere: No such file or directory\n");
  const std::string broken = problems("port = = 3\n");
  EXPECT_TRUE(broken.starts_with("FILE:1: ")) << broken;
  EXPECT_EQ(std::count(broken.begin(), broken.end(), '\n'), 1) << broken;
  EXPECT_EQ(problems("secert = \"x\"\n"),
            "FILE:1: secert is not a setting; did you mean secret?\n");
  EXPECT_EQ(problems("[project.acme]\npublic_key = \"pk\"\nsecret_key = \"sk\"\n"
                     "[project.acme.limits]\nrate = 1\n[project.beta]\npublic_key = \"pk\"\n"),
            "FILE:2: project.acme is not a setting; did you mean projects.acme?\n"
            "FILE:7: project.beta is not a setting; did you mean projects.beta?\n");
  EXPECT_EQ(problems("[projects.acme]\npublc_key = \"pk\"\nsecret_keyfile = \"f\"\n"),
            "FILE:2: projects.acme.publc_key is not a setting of a project; did you mean "
            "public_key?\n"
            "FILE:3: projects.acme.secret_keyfile is not a setting of a project; did you mean "
            "secret_key_file?\n");
  EXPECT_EQ(problems("port = \"x\"\n").find("PLUV_AUTH_SECRET") == std::string::npos, false)
      << "all problems are told where nothing hides another";
}

TEST(LoadSettings, TakesSecretsNewestFirst) {
  const TemporaryFile file("  third secret of the file \n\nfourth secret of the file\r\n");
  const LoadedSettings loaded =
      load({"--secret-file", file.path()},
           {{"PLUV_AUTH_SECRET", "first secret value,second secret value"}});
  EXPECT_EQ(loaded.settings.secrets,
            (std::vector<std::string>{"first secret value", "second secret value",
                                      "third secret of the file", "fourth secret of the file"}));
  EXPECT_EQ(loaded.warnings, std::vector<std::string>());
}

TEST(LoadSettings, RefusesASecretFileWithoutSecrets) {
  const TemporaryFile file(" \n\n");
  EXPECT_TRUE(mentions(load({"--secret-file", file.path()}).problems, "has no secret in it"));
  EXPECT_TRUE(mentions(load({"--secret-file", "/nowhere"}).problems, "cannot read /nowhere"));
}

TEST(LoadSettings, RefusesShortSecretsAtTheirLimit) {
  const std::string varied = "0123456789abcdefg";
  for (const std::size_t size : {kSecretBytesMin - 1, kSecretBytesMin, kSecretBytesMin + 1}) {
    const Environment environment = {{"PLUV_AUTH_SECRET", varied.substr(0, size)}};
    const LoadedSettings loaded = load({}, environment);
    EXPECT_EQ(mentions(loaded.problems, std::to_string(size) + " characters can be guessed"),
              size < kSecretBytesMin);
    EXPECT_EQ(loaded.warnings, std::vector<std::string>());
    EXPECT_TRUE(load({"--dev"}, environment).problems.empty());
    // A strong one in front does not make up for it.
    EXPECT_EQ(
        load({}, {{"PLUV_AUTH_SECRET", kSecret + ("," + varied.substr(0, size))}}).problems.empty(),
        size >= kSecretBytesMin);
  }
}

TEST(LoadSettings, WarnsOfSecretsOfFewDifferentCharactersAtTheirLimit) {
  const std::string varied = "012345678";
  for (const std::size_t different :
       {kSecretVarietyMin - 1, kSecretVarietyMin, kSecretVarietyMin + 1}) {
    const std::string secret = varied.substr(0, different) + std::string(32, '0');
    const LoadedSettings loaded = load({}, {{"PLUV_AUTH_SECRET", secret}});
    EXPECT_TRUE(loaded.problems.empty());
    EXPECT_EQ(mentions(loaded.warnings, "different characters can be guessed"),
              different < kSecretVarietyMin);
    EXPECT_FALSE(mentions(load({"--dev"}, {{"PLUV_AUTH_SECRET", secret}}).warnings, "guessed"));
  }
}

TEST(LoadSettings, WarnsOfADataFolderThatOthersCanWriteTo) {
  std::string folder = testing::TempDir() + "pluvd_data_XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  EXPECT_FALSE(mentions(load({"--dev", "--data", folder}).warnings, "can write to"));
  ASSERT_EQ(::chmod(folder.c_str(), 0777), 0);
  EXPECT_TRUE(mentions(load({"--dev", "--data", folder}).warnings, "can write to " + folder));
  ::rmdir(folder.c_str());
}

TEST(LoadSettings, BoundsTheNumberOfSecrets) {
  std::string eight = kSecret;
  for (int at = 1; at < 8; ++at) eight.append(",").append(kSecret);
  EXPECT_TRUE(load({}, {{"PLUV_AUTH_SECRET", eight}}).problems.empty());
  EXPECT_TRUE(mentions(load({}, {{"PLUV_AUTH_SECRET", eight + "," + kSecret}}).problems,
                       "9 are set, at most 8"));
}

TEST(LoadSettings, WarnsOfSecretsThatOthersCanRead) {
  EXPECT_TRUE(mentions(load({"--secret", kSecret}).warnings, "can see a command line"));
  EXPECT_TRUE(mentions(load({"--dev", "--metrics-token=x"}).warnings, "PLUV_METRICS_TOKEN"));
  const std::string config_text = std::string("secret = \"") + kSecret + "\"\n";
  const std::string secret = "PLUV_AUTH_SECRET";
  for (const mode_t mode : {0600U, 0640U, 0604U, 0644U, 0602U, 0666U}) {
    const TemporaryFile secrets(kSecret, mode);
    const TemporaryFile token("a token of its own", mode);
    const TemporaryFile config(config_text, mode);
    for (const LoadedSettings& loaded :
         {load({"--secret-file", secrets.path()}), load({"--config", config.path()}),
          load({"--metrics-token-file", token.path()}, {{secret, kSecret}})}) {
      EXPECT_EQ(loaded.problems.empty(), (mode & 02) == 0) << mode;
      EXPECT_EQ(mentions(loaded.problems, "can write to"), (mode & 02) != 0) << mode;
      EXPECT_EQ(mentions(loaded.warnings, "can read"), (mode & 06) == 04) << mode;
    }
  }
  const TemporaryFile pem("pem", 0644);
  EXPECT_TRUE(mentions(load({"--dev", "--tls-cert", pem.path(), "--tls-key", pem.path()}).warnings,
                       "tls-key: every user of this machine can read"));
}

TEST(LoadSettings, TakesTheMetricsTokenFromAFile) {
  const Environment secret = {{"PLUV_AUTH_SECRET", kSecret}};
  const TemporaryFile file("  a token of its own \n");
  const LoadedSettings loaded = load({"--metrics-token-file", file.path()}, secret);
  EXPECT_EQ(loaded.settings.metrics_token, "a token of its own");
  EXPECT_EQ(loaded.warnings, std::vector<std::string>());
  EXPECT_TRUE(mentions(load({"--metrics-token-file", file.path()},
                            {{"PLUV_METRICS_TOKEN", "another one"}, secret.front()})
                           .problems,
                       "set one of them"));
  const TemporaryFile two("one\ntwo\n");
  EXPECT_TRUE(mentions(load({"--metrics-token-file", two.path()}, secret).problems, "one line"));
  const TemporaryFile empty("\n");
  EXPECT_TRUE(mentions(load({"--metrics-token-file", empty.path()}, secret).problems,
                       "has no secret in it"));
  EXPECT_TRUE(mentions(load({"--metrics-token-file", "/nowhere"}, secret).problems,
                       "metrics-token-file: cannot read /nowhere"));
}

TEST(LoadSettings, TheInspectorIsOnInDevelopmentModeUnlessSomethingSaysOtherwise) {
  const Environment secret = {{"PLUV_AUTH_SECRET", kSecret}};
  EXPECT_TRUE(load({"--dev"}).settings.inspector);
  EXPECT_FALSE(load({"--dev", "--inspector=false"}).settings.inspector);
  EXPECT_FALSE(load({"--dev"}, {{"PLUV_INSPECTOR", "false"}}).settings.inspector);
  EXPECT_FALSE(load({}, secret).settings.inspector);
  const LoadedSettings with_token =
      load({"--inspector"}, {{"PLUV_ADMIN_TOKEN", "0123456789abcdef"}, secret.front()});
  EXPECT_TRUE(with_token.settings.inspector);
  EXPECT_EQ(with_token.problems, std::vector<std::string>());
}

TEST(LoadSettings, AnInspectorOutsideOfDevelopmentModeNeedsAToken) {
  const Environment secret = {{"PLUV_AUTH_SECRET", kSecret}};
  EXPECT_TRUE(mentions(load({"--inspector"}, secret).problems, "needs a token"));
  EXPECT_TRUE(mentions(load({"--inspector", "--admin-token=short"}, secret).problems,
                       "5 characters can be guessed"));
  EXPECT_TRUE(load({"--dev", "--admin-token=short"}).problems.empty());
  EXPECT_TRUE(mentions(load({"--admin-token=0123456789abcdef"}, secret).warnings, "no effect"));
  EXPECT_TRUE(mentions(load({"--dev", "--admin-token=x"}).warnings, "--admin-token-file"));
  const TemporaryFile file("an admin's token of some length\n");
  const LoadedSettings loaded = load({"--inspector", "--admin-token-file", file.path()}, secret);
  EXPECT_EQ(loaded.settings.admin_token, "an admin's token of some length");
  EXPECT_EQ(loaded.problems, std::vector<std::string>());
  EXPECT_TRUE(mentions(load({"--inspector", "--admin-token-file", file.path()},
                            {{"PLUV_ADMIN_TOKEN", "0123456789abcdef"}, secret.front()})
                           .problems,
                       "admin-token-file: admin-token is set, too"));
}

TEST(LoadSettings, NeverRepeatsASecretInAMessage) {
  const LoadedSettings loaded = load({"--secret", "tell nobody", "--metrics-token", "nor this"},
                                     {{"PLUV_AUTH_SECRET", "hide me"}});
  const std::string said = all(loaded.problems) + all(loaded.warnings);
  for (const char* secret : {"tell nobody", "nor this", "hide me"}) {
    EXPECT_EQ(said.find(secret), std::string::npos) << secret;
  }
}

TEST(LoadSettings, KeepsDevelopmentModeOnLoopback) {
  for (const char* host : {"127.0.0.1", "127.1.2.3", "::1", "localhost", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(load({"--dev", "--host", host}).problems.empty()) << host;
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const char* host : {"0.0.0.0", "::", "192.0.2.1", "128.0.0.1", "2001:db8::1"}) {
    EXPECT_TRUE(mentions(load({"--dev", "--host", host}).problems, "development mode")) << host;
    EXPECT_TRUE(load({"--host", host}, {{"PLUV_AUTH_SECRET", kSecret}}).problems.empty()) << host;
  }
  for (const char* host : {"", "example.com", "127.0.0", "1"}) {
    EXPECT_TRUE(mentions(load({"--dev", "--host", host}).problems, "is not an IP address")) << host;
  }
}

TEST(LoadSettings, RefusesHalfATlsSetting) {
  const TemporaryFile file("pem");
  EXPECT_TRUE(mentions(load({"--dev", "--tls-cert", file.path()}).problems, "without the other"));
  EXPECT_TRUE(mentions(load({"--dev", "--tls-key", file.path()}).problems, "without the other"));
  EXPECT_TRUE(
      load({"--dev", "--tls-cert", file.path(), "--tls-key", file.path()}).problems.empty());
  EXPECT_TRUE(mentions(load({"--dev", "--tls-cert", "/nowhere", "--tls-key", file.path()}).problems,
                       "tls-cert: cannot read /nowhere"));
}

TEST(LoadSettings, RefusesOriginsAndNetworksThatAreNone) {
  EXPECT_TRUE(mentions(load({"--dev", "--origin", "example"}).problems, "origin: "));
  EXPECT_TRUE(mentions(load({"--dev", "--cors-origin", "example"}).problems, "cors-origin: "));
  EXPECT_TRUE(mentions(load({"--dev", "--trusted-proxy", "10/8"}).problems, "trusted-proxy: "));
}

TEST(LoadSettings, RefusesLimitsThatContradictEachOther) {
  EXPECT_TRUE(mentions(load({"--dev", "--drain-window", "11s"}).problems,
                       "drain-window: 11s is more than drain-deadline, which is 10s"));
  EXPECT_TRUE(load({"--dev", "--drain-window", "10s"}).problems.empty());
  EXPECT_TRUE(mentions(load({"--dev", "--pacing-min", "6s"}).problems, "pacing-max"));
  EXPECT_TRUE(mentions(load({"--dev", "--ping-after", "31s"}).problems, "max-silence"));
  EXPECT_TRUE(mentions(load({"--dev", "--max-queue", "65MiB"}).problems, "max-queue-hard"));
  // A full document must fit into the messages that carry it.
  EXPECT_TRUE(mentions(load({"--dev", "--max-document", "45MiB"}).problems, "max-storage-first: "));
  EXPECT_TRUE(
      mentions(load({"--dev", "--max-document", "60MiB", "--max-storage-first", "90MiB"}).problems,
               "max-queue-hard: "));
  EXPECT_TRUE(load({"--dev", "--max-document", "60MiB", "--max-storage-first", "90MiB",
                    "--max-queue-hard", "90MiB"})
                  .problems.empty());
}

TEST(LoadSettings, RefusesACeilingOnMemoryThatServesNobody) {
  const auto refused = [](const char* size) {
    return mentions(load({"--dev", "--max-memory", size}).problems, "max-memory: ");
  };
  EXPECT_FALSE(refused("0"));
  EXPECT_TRUE(refused("1"));
  EXPECT_TRUE(refused("67108863"));
  EXPECT_FALSE(refused("64MiB"));
  EXPECT_FALSE(refused("67108865"));
}

TEST(LoadSettings, WarnsOfDangerousExposure) {
  const Environment secret = {{"PLUV_AUTH_SECRET", kSecret}};
  EXPECT_EQ(load({}, secret).warnings, std::vector<std::string>());
  EXPECT_TRUE(mentions(load({"--host", "0.0.0.0"}, secret).warnings, "unencrypted"));
  EXPECT_TRUE(mentions(load({"--host", "0.0.0.0"}, secret).warnings, "/metrics"));
  EXPECT_TRUE(mentions(load({"--host", "0.0.0.0"}, secret).warnings, "max-memory"));
  EXPECT_FALSE(
      mentions(load({"--host", "0.0.0.0", "--max-memory", "1GiB"}, secret).warnings, "max-memory"));
  EXPECT_TRUE(mentions(load({"--rate-limit", "0"}, secret).warnings, "rate-limit"));
  EXPECT_TRUE(mentions(load({"--demo"}, secret).warnings, "demo"));
  EXPECT_TRUE(mentions(load({"--trusted-proxy", "0.0.0.0/0"}, secret).warnings, "everybody"));
  EXPECT_TRUE(mentions(
      load({"--metrics=false"}, {{"PLUV_METRICS_TOKEN", "x"}, {"PLUV_AUTH_SECRET", kSecret}})
          .warnings,
      "no effect"));
}

TEST(SettingsToml, IsReadBackAsItWasWritten) {
  Settings settings;
  for (const Setting& setting : setting_table()) {
    std::vector<std::string> values = {"a \"quoted\" \\ value"};
    if (setting.kind == SettingKind::on_off) values = {"true"};
    if (setting.kind == SettingKind::choice) {
      values = {std::string(setting.placeholder.substr(0, setting.placeholder.find('|')))};
    }
    if (setting.max > 0) values = {display_value(Settings(), setting)};
    if (is_list(setting.kind)) values.emplace_back("second");
    ASSERT_TRUE(assign(settings, setting, values).ok()) << setting.name;
  }
  const auto entries = parse_settings_text(settings_toml(settings), "test");
  ASSERT_TRUE(entries.ok()) << entries.error().message;
  ASSERT_EQ(entries.value().size(), setting_table().size());
  Settings again;
  for (const FileEntry& entry : entries.value()) {
    const Setting* setting = find_setting_by_key(entry.key);
    ASSERT_NE(setting, nullptr) << entry.key;
    ASSERT_TRUE(assign(again, *setting, entry.values).ok()) << entry.key;
    EXPECT_EQ(display_value(again, *setting), display_value(settings, *setting));
  }
}

}  // namespace
}  // namespace pluv::apps
