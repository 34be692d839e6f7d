#include "apps/pluvd/project_settings.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "apps/pluvd/settings_load.h"
#include "apps/pluvd/temporary_file_testing.h"

namespace pluv::apps {
namespace {

LoadedSettings load(const std::string& toml, const std::vector<std::string>& arguments = {}) {
  const TemporaryFile file(toml);
  std::vector<std::string> all = {"--config", file.path()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return load_settings(parse_command_line(all).value(), {});
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += text + "\n";
  return out;
}

// All that is needed, and the rest.
std::string project(const std::string& id, const std::string& more = {}) {
  return "[projects." + id + "]\npublic_key = \"pk-" + id + "\"\nsecret_key = \"" + id +
         " secret of enough characters\"\n" + more;
}

bool refuses(const std::string& toml, std::string_view what) {
  const std::string problems = joined(load(toml).problems);
  EXPECT_NE(problems.find(what), std::string::npos) << toml << "\n" << problems;
  return problems.find(what) != std::string::npos;
}

TEST(ProjectSettings, AreReadWithTheirLimits) {
  const LoadedSettings loaded = load(
      "[limits]\npresence = \"1KiB\"\n" +
      project("acme",
              "webhook_url = \"https://acme.example/hooks\"\n"
              "webhook_secret = [\"a new secret of the hook\", \"an old secret of the hook\"]\n"
              "webhook_timeout = \"3s\"\nwebhook_initial_storage = true\nconnections = 100\n"
              "[projects.acme.limits]\ndocument = \"1MiB\"\nrate = 50\n") +
      project("other"));
  ASSERT_EQ(joined(loaded.problems), "");
  ASSERT_EQ(loaded.settings.projects.size(), 2U);
  const ProjectSettings& acme = loaded.settings.projects[0];
  EXPECT_EQ(acme.id, "acme");
  EXPECT_EQ(acme.public_keys, std::vector<std::string>{"pk-acme"});
  EXPECT_EQ(acme.secret_keys, std::vector<std::string>{"acme secret of enough characters"});
  EXPECT_EQ(acme.webhook_url, "https://acme.example/hooks");
  EXPECT_EQ(acme.webhook_secrets.size(), 2U);
  EXPECT_EQ(acme.webhook_timeout_ms, 3'000);
  EXPECT_TRUE(acme.webhook_initial_storage);
  EXPECT_EQ(acme.connections_max, 100);
  EXPECT_EQ(acme.limits.document_bytes_max, std::size_t{1} << 20);
  EXPECT_EQ(acme.limits.messages_per_second_max, 50U);
  EXPECT_EQ(acme.limits.messages_burst_max, 200U);
  EXPECT_EQ(acme.limits.presence_bytes_max, 1'024U);
  const ProjectSettings& other = loaded.settings.projects[1];
  EXPECT_EQ(other.limits.document_bytes_max, Limits{}.document_bytes_max);
  EXPECT_EQ(other.limits.presence_bytes_max, 1'024U);
}

TEST(ProjectSettings, StandOverTheServersLimitsWhereverTheseComeFrom) {
  const LoadedSettings loaded =
      load(project("a", "[projects.a.limits]\nuser = \"100\"\n"), {"--max-presence", "2KiB"});
  ASSERT_EQ(joined(loaded.problems), "");
  EXPECT_EQ(loaded.settings.projects[0].limits.presence_bytes_max, 2'048U);
  EXPECT_EQ(loaded.settings.projects[0].limits.user_bytes_max, 100U);
}

TEST(ProjectSettings, SpareTheSecretOfTheServer) {
  EXPECT_EQ(joined(load(project("a")).problems), "");
  EXPECT_NE(joined(load("port = 1\n").problems).find("secret: none is set"), std::string::npos);
}

TEST(ProjectSettings, ReadSecretsInFiles) {
  const TemporaryFile keys("newest key of the project\nolder key of the project\n");
  const LoadedSettings loaded =
      load("[projects.a]\npublic_key = \"a\"\nsecret_key_file = \"" + keys.path() + "\"\n");
  ASSERT_EQ(joined(loaded.problems), "");
  EXPECT_EQ(loaded.settings.projects[0].secret_keys,
            (std::vector<std::string>{"newest key of the project", "older key of the project"}));
}

TEST(ProjectSettings, RefuseWhatCannotBeMeant) {
  EXPECT_TRUE(refuses(project("a", "webhok_url = \"x\"\n"), "did you mean webhook_url?"));
  EXPECT_TRUE(refuses(project("a", "port = 1\n"), "a setting of the whole server"));
  EXPECT_TRUE(refuses(project("a", "[projects.a.limits]\nmemory = \"1GiB\"\n"),
                      "limits.memory is a setting of the whole server"));
  EXPECT_TRUE(refuses(project("a", "[projects.a.limits]\npresence = \"1\"\n"), "out of range"));
  EXPECT_TRUE(refuses(project("a", "connections = -1\n"), "is not"));
  EXPECT_TRUE(refuses(project("a", "strict = \"perhaps\"\n"), "is not"));
  EXPECT_TRUE(refuses(project("a", "webhook_timeout = [\"1s\", \"2s\"]\n"), "not a list"));
  EXPECT_TRUE(refuses(project("a", "webhook_timeout = \"1h\"\n"), "out of range"));
  EXPECT_TRUE(refuses("[projects]\na = 1\n", "has to be a table"));
  EXPECT_TRUE(refuses("[projects.\"a.b\"]\npublic_key = \"x\"\n", "a.b"));
  EXPECT_TRUE(refuses("[projects.\"-a\"]\npublic_key = \"x\"\n", "a project's name"));
  EXPECT_TRUE(refuses("[projects." + std::string(65, 'a') + "]\npublic_key = \"x\"\n",
                      "at most 64 characters"));
  EXPECT_TRUE(refuses("[projects.a]\n", "projects.a has nothing in it"));
}

TEST(ProjectSettings, RefuseKeysThatAreMissingWeakOrShared) {
  EXPECT_TRUE(refuses("[projects.a]\nsecret_key = \"a secret of enough characters\"\n",
                      "projects.a.public_key: none is set"));
  EXPECT_TRUE(refuses("[projects.a]\npublic_key = \"a\"\n", "projects.a.secret_key: none is set"));
  EXPECT_TRUE(refuses("[projects.a]\npublic_key = \"a\"\nsecret_key = \"short\"\n",
                      "one of 5 characters can be guessed"));
  EXPECT_TRUE(
      refuses("[projects.a]\npublic_key = \"a&b\"\nsecret_key = \"long enough to be a key\"",
              "which need no escapes"));
  const std::string same =
      "[projects.b]\npublic_key = \"pk-a\"\nsecret_key = \"a secret of enough "
      "characters\"\n";
  EXPECT_TRUE(refuses(project("a") + same, "projects.b.public_key: the same key as projects.a"));
  EXPECT_TRUE(refuses(project("a") + same, "projects.b.secret_key: the same as projects.a"));
  EXPECT_TRUE(refuses("secret = [\"a secret of enough characters\"]\n" + project("a"),
                      "projects.a.secret_key: the same as secret"));
  EXPECT_TRUE(refuses(project("a",
                              "webhook_url = \"http://127.0.0.1/\"\n"
                              "webhook_secret = \"a secret of enough characters\"\n"),
                      "projects.a.webhook_secret: the same as projects.a.secret_key"));
}

TEST(ProjectSettings, RefuseWebhooksThatCannotWork) {
  EXPECT_TRUE(refuses(project("a", "webhook_url = \"ftp://x\"\n"), "is no address"));
  EXPECT_TRUE(refuses(project("a", "webhook_url = \"https://u:p@x/\"\n"), "is no address"));
  EXPECT_TRUE(refuses(project("a", "webhook_url = \"https://x/\"\n"),
                      "could not tell these events from anybody's"));
  EXPECT_TRUE(refuses(project("a", "webhook_initial_storage = true\n"), "nobody to ask"));
  const auto warnings = load(project("a",
                                     "webhook_url = \"http://x.example/\"\n"
                                     "webhook_secret = \"a secret of the webhooks\"\n"))
                            .warnings;
  EXPECT_NE(joined(warnings).find("unencrypted"), std::string::npos);
}

TEST(ProjectSettings, RefuseADocumentThatNobodyCouldJoin) {
  EXPECT_TRUE(
      refuses(project("a", "[projects.a.limits]\ndocument = \"500MiB\"\n"), "nobody could join"));
}

TEST(ProjectSettings, AreShownWithoutTheirSecrets) {
  const LoadedSettings loaded = load(project("a", "[projects.a.limits]\ndocument = \"1MiB\"\n"));
  const std::string shown = settings_toml(loaded.settings);
  EXPECT_NE(shown.find("[projects.a]\npublic_key = [\"pk-a\"]\nsecret_key = [\"***\"]\n"),
            std::string::npos)
      << shown;
  EXPECT_NE(shown.find("[projects.a.limits]\ndocument = \"1MiB\"\n"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("enough characters"), std::string::npos);
}

TEST(ProjectSettings, OfEachLimitTheServerHasOneOfThatName) {
  for (const std::string_view key : project_limit_keys()) {
    EXPECT_NE(find_setting_by_key(key), nullptr) << key;
  }
}

}  // namespace
}  // namespace pluv::apps
