#include "apps/pluvd/reload.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pluv::apps {
namespace {

constexpr std::int64_t kNowMs = 1'700'000'000'000;
constexpr const char* kOld = "an old secret of some length";
constexpr const char* kNew = "a new secret of some length!";

LoadedSettings loaded(std::vector<std::string> secrets, std::string metrics_token = {}) {
  LoadedSettings out;
  out.settings.secrets = std::move(secrets);
  out.settings.metrics_token = std::move(metrics_token);
  return out;
}

class ReloadTest : public testing::Test {
 protected:
  bool reload(const LoadedSettings& fresh) {
    return reload_secrets(
        running, fresh,
        {.access = access,
         .routes = routes,
         .inspector_access = &inspector_access,
         .projects = projects.get(),
         .log = [this](std::string_view level, std::string_view event, std::string_view reason) {
           said.append(level).append(" ").append(event).append(": ").append(reason).append("\n");
         }});
  }
  bool accepts(const char* secret) {
    const std::vector<std::string> only = {secret};
    const std::string token =
        Access::make(only, Limits{}).value().make_token("r", "u", "U", kNowMs).value();
    return access
        .authorize({.http = nullptr,
                    .room = "r",
                    .token = token,
                    .client_address = "127.0.0.1",
                    .now_unix_ms = kNowMs})
        .ok();
  }
  bool opens_inspector(const std::string& token) {
    const std::string head =
        "GET /api/inspector/server HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token +
        "\r\n\r\n";
    net::RequestParser parser;
    std::string_view view = head;
    EXPECT_EQ(parser.feed(view), net::HttpProgress::done);
    return !inspector_access.refuse(parser.take());
  }
  int metrics_status(const std::string& token) {
    const std::string head =
        "GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\n\r\n";
    net::RequestParser parser;
    std::string_view view = head;
    EXPECT_EQ(parser.feed(view), net::HttpProgress::done);
    return routes.answer(parser.take())->status();
  }

  InspectorAccess inspector_access{{.dev = false, .token = "first of the inspector"}};
  Access access = Access::make(std::vector<std::string>{kOld}, Limits{}).value();
  static RouteOptions guarded() {
    RouteOptions options;
    options.metrics_token = "first";
    return options;
  }
  Routes routes{guarded(),
                {.make_token = {}, .draining = {}, .metrics_text = [] { return "metrics"; }}};
  std::shared_ptr<Projects> projects;
  Settings running;
  std::string said;
};

ProjectSettings project(const std::string& id, const std::string& secret) {
  ProjectSettings out;
  out.id = id;
  out.public_keys = {"pk-" + id};
  out.secret_keys = {secret};
  return out;
}

TEST_F(ReloadTest, TakesSecretsAndTheMetricsTokenOver) {
  EXPECT_TRUE(reload(loaded({kNew, kOld}, "second")));
  EXPECT_TRUE(accepts(kNew));
  EXPECT_TRUE(accepts(kOld));
  EXPECT_EQ(metrics_status("second"), 200);
  EXPECT_EQ(metrics_status("first"), 401);
  EXPECT_EQ(said, "info reloaded: 2 secrets of the server, the first one signs\n");
  EXPECT_TRUE(reload(loaded({kNew})));
  EXPECT_FALSE(accepts(kOld));
  EXPECT_EQ(metrics_status("any"), 200);
}

TEST_F(ReloadTest, TakesTheInspectorsTokenOver) {
  LoadedSettings fresh = loaded({kNew});
  fresh.settings.admin_token = "second of the inspector";
  EXPECT_TRUE(reload(fresh));
  EXPECT_TRUE(opens_inspector("second of the inspector"));
  EXPECT_FALSE(opens_inspector("first of the inspector"));
}

TEST_F(ReloadTest, ChangesNothingWhenThereIsAProblem) {
  LoadedSettings fresh = loaded({kNew}, "second");
  fresh.settings.admin_token = "second of the inspector";
  fresh.problems = {"secret-file: cannot read x"};
  EXPECT_FALSE(reload(fresh));
  EXPECT_EQ(said, "error reload_refused: secret-file: cannot read x; everything stays as it was\n");
  EXPECT_TRUE(accepts(kOld));
  EXPECT_FALSE(accepts(kNew));
  EXPECT_EQ(metrics_status("first"), 200);
  EXPECT_TRUE(opens_inspector("first of the inspector"));
}

TEST_F(ReloadTest, ChangesNothingWhenSecretsCannotBeUsed) {
  EXPECT_FALSE(reload(loaded({kNew, ""}, "second")));
  EXPECT_NE(said.find("error reload_refused: secret: "), std::string::npos) << said;
  EXPECT_TRUE(accepts(kOld));
  EXPECT_EQ(metrics_status("first"), 200);
}

TEST_F(ReloadTest, SaysWhatNeedsARestartAndNoSecret) {
  LoadedSettings fresh = loaded({kNew}, "second");
  fresh.settings.port = 4000;
  fresh.settings.limits.presence_bytes_max = 4096;
  fresh.settings.secret_file = "/other";
  fresh.warnings = {"something is doubtful"};
  EXPECT_TRUE(reload(fresh));
  EXPECT_EQ(said,
            "warn doubtful_setting: something is doubtful\n"
            "warn reload_needs_restart: port, max-presence\n"
            "info reloaded: 1 secret of the server\n");
}

TEST_F(ReloadTest, TakesTheKeysOfProjectsOver) {
  running.projects = {project("a", kOld), project("b", "the secret of b, for good")};
  projects = Projects::make(running.projects).value();
  LoadedSettings fresh = loaded({kNew});
  fresh.settings.projects = {project("a", kNew), running.projects[1]};
  EXPECT_TRUE(reload(fresh));
  EXPECT_EQ(projects->by_secret_key(kNew), projects->find("a"));
  EXPECT_EQ(projects->by_secret_key(kOld), nullptr);
  EXPECT_EQ(projects->by_secret_key("the secret of b, for good"), projects->find("b"));
  EXPECT_EQ(said, "info reloaded: 1 secret of the server; a: 1 secret key; b: 1 secret key\n");
}

TEST_F(ReloadTest, SaysWhatWasReadInNumbers) {
  running.projects = {project("acme", kOld), project("beta", "the secret of beta, for good")};
  projects = Projects::make(running.projects).value();
  LoadedSettings fresh = loaded({});
  fresh.settings.projects = {project("acme", kNew), running.projects[1],
                             project("new", "the secret of one that comes")};
  fresh.settings.projects[0].secret_keys.emplace_back(kOld);
  fresh.settings.projects[0].webhook_secrets = {"the first of two webhook secrets", "the second"};
  EXPECT_TRUE(reload(fresh));
  EXPECT_NE(said.find("info reloaded: 0 secrets of the server; acme: 2 secret keys, 2 webhook "
                      "secrets; beta: 1 secret key\n"),
            std::string::npos)
      << said;
}

TEST_F(ReloadTest, SaysWhichProjectsNeedARestart) {
  running.projects = {project("a", kOld), project("gone", "the secret of one that goes"),
                      project("same", "the secret of one that stays")};
  projects = Projects::make(running.projects).value();
  LoadedSettings fresh = loaded({kNew});
  fresh.settings.projects = {running.projects[0], running.projects[2],
                             project("new", "the secret of one that comes")};
  fresh.settings.projects[0].connections_max = 7;
  EXPECT_TRUE(reload(fresh));
  EXPECT_NE(said.find("warn reload_needs_restart: projects.a, projects.gone, projects.new\n"),
            std::string::npos)
      << said;
  EXPECT_EQ(projects->by_secret_key("the secret of one that goes"), nullptr);
}

}  // namespace
}  // namespace pluv::apps
