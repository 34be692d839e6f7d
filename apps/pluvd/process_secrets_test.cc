#include "apps/pluvd/process_secrets.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace pluv::apps {
namespace {

std::string value_of(const Environment& environment, std::string_view name) {
  for (const auto& [key, value] : environment) {
    if (key == name) return value;
  }
  return "(none)";
}

TEST(ProcessSecrets, AreTakenOutOfTheEnvironment) {
  ::setenv("PLUV_AUTH_SECRET", "a secret of the environment", 1);
  ::setenv("PLUV_METRICS_TOKEN", "a token of the environment", 1);
  ::setenv("PLUV_HOST", "127.0.0.1", 1);
  const char* const stood = std::getenv("PLUV_AUTH_SECRET");
  const Environment taken = take_process_environment();
  EXPECT_EQ(value_of(taken, "PLUV_AUTH_SECRET"), "a secret of the environment");
  EXPECT_EQ(value_of(taken, "PLUV_METRICS_TOKEN"), "a token of the environment");
  EXPECT_EQ(value_of(taken, "PLUV_HOST"), "127.0.0.1");
  EXPECT_EQ(std::string(stood, 27), std::string(27, '\0'));
  EXPECT_STREQ(std::getenv("PLUV_METRICS_TOKEN"), "");
  EXPECT_STREQ(std::getenv("PLUV_HOST"), "127.0.0.1");
  for (const char* name : {"PLUV_AUTH_SECRET", "PLUV_METRICS_TOKEN", "PLUV_HOST"}) ::unsetenv(name);
}

// What is left of a command line, its arguments joined by spaces.
std::string hidden(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "pluvd");
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  hide_secret_arguments(static_cast<int>(pointers.size()), pointers.data());
  std::string out;
  for (const std::string& argument : arguments) out += argument + " ";
  return out;
}

TEST(ProcessSecrets, AreTakenOutOfTheCommandLine) {
  EXPECT_EQ(hidden({"--secret", "one", "--port", "3000"}), "pluvd --secret *** --port 3000 ");
  EXPECT_EQ(hidden({"--secret=one", "--metrics-token=four"}),
            "pluvd --secret=*** --metrics-token=**** ");
  EXPECT_EQ(hidden({"check-config", "--secret", "a=b", "--secret", "two"}),
            "pluvd check-config --secret *** --secret *** ");
  EXPECT_EQ(hidden({"--secret-file", "/x", "--secret"}), "pluvd --secret-file /x --secret ");
  EXPECT_EQ(hidden({}), "pluvd ");
}

}  // namespace
}  // namespace pluv::apps
