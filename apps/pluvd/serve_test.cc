#include "apps/pluvd/serve.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace pluv::apps {
namespace {

TEST(ServerConfig, CarriesTheSettingsOver) {
  Settings settings;
  settings.host = "localhost";
  settings.port = 65'535;
  settings.threads = 3;
  settings.tls_cert = "cert.pem";
  settings.tls_key = "key.pem";
  settings.origins = {"https://a.example"};
  settings.trusted_proxies = {"10.0.0.0/8"};
  settings.deflate = true;
  settings.handover = "/run/pluvd.sock";
  settings.drain_window_ms = 1;
  settings.drain_deadline_ms = 2;
  const native::ServerConfig config = server_config(settings);
  EXPECT_EQ(config.host, "127.0.0.1");
  EXPECT_EQ(config.port, 65'535);
  EXPECT_EQ(config.threads, 3U);
  ASSERT_TRUE(config.tls.has_value());
  EXPECT_EQ(config.tls->certificate_chain_file, "cert.pem");
  EXPECT_EQ(config.tls->private_key_file, "key.pem");
  EXPECT_EQ(config.origins, settings.origins);
  EXPECT_EQ(config.trusted_proxies, settings.trusted_proxies);
  EXPECT_TRUE(config.deflate);
  EXPECT_TRUE(config.handle_signals);
  EXPECT_TRUE(config.per_address_limits);
  EXPECT_EQ(config.handover_path, "/run/pluvd.sock");
  EXPECT_EQ(config.drain_window_ms, 1);
  EXPECT_EQ(config.drain_deadline_ms, 2);
}

TEST(ServerConfig, TakesASocketOfSystemdOutsideDevelopmentOnly) {
  Settings settings;
  EXPECT_TRUE(server_config(settings).socket_activation);
  settings.dev = true;
  EXPECT_FALSE(server_config(settings).socket_activation);
}

TEST(ServerConfig, LimitsNoAddressInDevelopment) {
  Settings settings;
  settings.dev = true;
  EXPECT_FALSE(server_config(settings).per_address_limits);
  EXPECT_FALSE(server_config(settings).tls.has_value());
}

TEST(RoomDefinition, HasTheDemoOnlyWhereItIsWanted) {
  Settings settings;
  EXPECT_TRUE(room_definition(settings).procedures.empty());
  settings.demo = true;
  EXPECT_EQ(room_definition(settings).procedures.size(), 4U);
  settings.demo = false;
  settings.dev = true;
  EXPECT_EQ(room_definition(settings).procedures.size(), 4U);
}

TEST(RoomDefinition, CarriesRulesAndLimitsOver) {
  Settings settings;
  settings.limits.presence_bytes_max = 77;
  settings.strict = true;
  const room::Definition definition = room_definition(settings);
  EXPECT_TRUE(definition.strict);
  EXPECT_FALSE(definition.detailed_errors);
  EXPECT_EQ(definition.limits.presence_bytes_max, 77U);
}

TEST(ServerConfig, DevelopmentModeListensOnTheLoopbackAlone) {
  Settings settings;
  EXPECT_FALSE(server_config(settings).loopback_only);
  settings.dev = true;
  EXPECT_TRUE(server_config(settings).loopback_only);
}

TEST(ServerUrl, NamesSchemeHostAndPort) {
  Settings settings;
  EXPECT_EQ(server_url(settings, "http", 3000), "http://127.0.0.1:3000");
  settings.host = "::1";
  settings.tls_cert = "cert.pem";
  EXPECT_EQ(server_url(settings, "ws", 80), "wss://[::1]:80");
}

TEST(DataFolder, IsMadeForTheOwnerAlone) {
  std::string root = testing::TempDir() + "pluvd_XXXXXX";
  ASSERT_NE(::mkdtemp(root.data()), nullptr);
  const std::string folder = root + "/a/b";
  EXPECT_TRUE(prepare_data_folder(folder).ok());
  struct stat status{};
  ASSERT_EQ(::stat(folder.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  EXPECT_TRUE(prepare_data_folder(folder).ok());
  EXPECT_TRUE(prepare_data_folder(folder + "/").ok());

  const std::string file = root + "/file";
  std::ofstream(file) << "x";
  EXPECT_FALSE(prepare_data_folder(file).ok());
  EXPECT_FALSE(prepare_data_folder(file + "/inside").ok());
  if (::geteuid() != 0) {  // root may write anywhere
    EXPECT_EQ(::chmod(folder.c_str(), 0500), 0);
    EXPECT_FALSE(prepare_data_folder(folder).ok());
  }
  ::rmdir(folder.c_str());
  ::rmdir((root + "/a").c_str());
  ::unlink(file.c_str());
  ::rmdir(root.c_str());
}

}  // namespace
}  // namespace pluv::apps
