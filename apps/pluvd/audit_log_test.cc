#include "apps/pluvd/audit_log.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <string>
#include <vector>

namespace pluv::apps {
namespace {

class AuditLogTest : public testing::Test {
 protected:
  AuditLogTest() {
    std::string pattern = testing::TempDir() + "audit_XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    path = folder + "/audit.log";
  }
  ~AuditLogTest() override {
    for (const char* end : {"", ".1", ".refused", ".refused.1"}) ::unlink((path + end).c_str());
    ::rmdir(folder.c_str());
  }
  std::unique_ptr<AuditLog> open(std::int64_t bytes_max = 1'000'000) {
    return std::move(AuditLog::open({.path = path,
                                     .bytes_max = bytes_max,
                                     .unix_ms = [this] { return now_ms; },
                                     .project_refusals_max = 3,
                                     .refusals_max = 5}))
        .value();
  }
  static std::vector<std::string> lines(const std::string& file) {
    std::ifstream in(file);
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
  }

  std::string folder;
  std::string path;
  std::int64_t now_ms = 1'795'678'898'250;
};

TEST_F(AuditLogTest, WritesALineOfJsonForWhatHappened) {
  const auto log = open();
  log->write("acme", "joined", R"({"room":"a","user":"u\n1"})");
  log->write("", "left", "{}");
  EXPECT_EQ(lines(path),
            (std::vector<std::string>{
                R"({"at":"2026-11-26T07:41:38.250Z","project":"acme","event":"joined",)"
                R"("room":"a","user":"u\n1"})",
                R"({"at":"2026-11-26T07:41:38.250Z","event":"left"})"}));
}

TEST_F(AuditLogTest, GoesOnBehindWhatIsThere) {
  open()->write("a", "one", "{}");
  open()->write("a", "two", "{}");
  EXPECT_EQ(lines(path).size(), 2U);
}

TEST_F(AuditLogTest, IsRenamedWhenItIsTooLarge) {
  const auto log = open(200);
  for (int n = 0; n < 10; ++n) log->write("a", "event" + std::to_string(n), "{}");
  const auto now = lines(path);
  const auto before = lines(path + ".1");
  ASSERT_EQ(now.size(), 1U);
  ASSERT_EQ(before.size(), 3U);  // of some 65 bytes each
  EXPECT_NE(now[0].find("event9"), std::string::npos);
  EXPECT_NE(before[0].find("event6"), std::string::npos);
}

TEST_F(AuditLogTest, CountsTheRefusalsOfAProjectThatAreTooMany) {
  const auto log = open();
  for (int n = 0; n < 10; ++n) log->write("a", "join_refused", "{}");
  log->write("b", "join_refused", "{}");
  log->write("a", "joined", "{}");  // is no refusal
  const std::string refused = path + ".refused";
  EXPECT_EQ(lines(path).size(), 1U);
  EXPECT_EQ(lines(refused).size(), 4U);
  EXPECT_NE(lines(refused)[3].find(R"("project":"b")"), std::string::npos);
  now_ms += 1'000;
  log->write("b", "join_refused", "{}");
  const auto all = lines(refused);
  ASSERT_EQ(all.size(), 6U);
  EXPECT_NE(all[4].find(R"("project":"a","event":"suppressed","refusals":7})"), std::string::npos)
      << all[4];
}

TEST_F(AuditLogTest, CountsRefusalsThatAreTooManyInAll) {
  const auto log = open();
  for (const char* project : {"a", "b", "c", "", "d"}) {
    for (int n = 0; n < 2; ++n) log->write(project, "refused", "{}");
  }
  EXPECT_EQ(lines(path + ".refused").size(), 5U);
}

TEST_F(AuditLogTest, WhatWasRefusedCannotMakeWhatHappenedGo) {
  const auto log = open(200);
  log->write("a", "joined", "{}");
  for (int n = 0; n < 100; ++n) {
    now_ms += 1'000;
    log->write("", "admin_refused", "{}");
  }
  EXPECT_EQ(lines(path).size(), 1U);
  EXPECT_EQ(lines(path + ".1").size(), 0U);
  EXPECT_GT(lines(path + ".refused.1").size(), 0U);
}

TEST_F(AuditLogTest, GoesOnInTheNewFileOfAnotherProcess) {
  const auto log = open(200);
  const auto other = open(200);
  for (int n = 0; n < 20; ++n) {
    log->write("a", "of_the_first", "{}");
    other->write("a", "of_the_second", "{}");
  }
  // None is lost at the end: the last two stand together.
  auto all = lines(path + ".1");
  for (const std::string& line : lines(path)) all.push_back(line);
  ASSERT_GE(all.size(), 2U);
  EXPECT_NE(all[all.size() - 2].find("of_the_first"), std::string::npos);
  EXPECT_NE(all.back().find("of_the_second"), std::string::npos);
}

TEST_F(AuditLogTest, OpensTheFileAnewAfterSomebodyMovedIt) {
  const auto log = open();
  log->write("a", "before", "{}");
  ASSERT_EQ(std::rename(path.c_str(), (path + ".1").c_str()), 0);
  ASSERT_TRUE(log->reopen().ok());
  log->write("a", "after", "{}");
  EXPECT_EQ(lines(path).size(), 1U);
  EXPECT_EQ(lines(path + ".1").size(), 1U);
}

TEST_F(AuditLogTest, BeginsALineOfItsOwnAfterOneThatDidNotFit) {
  std::signal(SIGXFSZ, SIG_IGN);
  const auto log = open();
  log->write("a", "fits", "{}");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit full{100, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  log->write("a", "does_not_fit_any_more", "{}");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(log->lost(), 1U);
  log->write("a", "fits_again", "{}");
  const auto all = lines(path);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_TRUE(all[2].starts_with("{")) << all[2];
  EXPECT_NE(all[2].find("fits_again"), std::string::npos);
}

TEST(AuditLog, WithoutAFileSaysNothing) {
  const auto log = std::move(AuditLog::open({.path = {}, .unix_ms = nullptr})).value();
  log->write("a", "joined", "{}");
  log->write("a", "refused", "{}");
  EXPECT_EQ(log->lost(), 0U);
}

TEST(AuditLog, AFileThatCannotBeOpenedIsAnError) {
  const auto log = AuditLog::open({.path = "/nowhere/at/all/audit.log", .unix_ms = nullptr});
  ASSERT_FALSE(log.ok());
  EXPECT_NE(log.error().message.find("/nowhere/at/all/audit.log"), std::string::npos);
}

}  // namespace
}  // namespace pluv::apps
