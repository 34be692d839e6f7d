// TLS over real sockets, against OpenSSL as the client, with a certificate made on the spot.
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>

#include "platform/native/server.h"
#include "platform/native/test_kit.h"

namespace pluv::native {
namespace {

using test::connect_to;
using test::eventually;
using test::RunningServer;

// Writes a key and a certificate that it signed itself.
void write_certificate(const TlsConfig& files, long serial) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(), &X509_free);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  std::FILE* file = std::fopen(files.certificate_chain_file.c_str(), "w");
  PEM_write_X509(file, certificate.get());
  std::fclose(file);
  file = std::fopen(files.private_key_file.c_str(), "w");
  PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
}

void overwrite(const std::string& path, std::string_view text) { std::ofstream(path) << text; }

std::string read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class TlsTest : public testing::Test {
 protected:
  TlsTest() { write_certificate(files, 1); }
  ~TlsTest() override {
    ::unlink(files.certificate_chain_file.c_str());
    ::unlink(files.private_key_file.c_str());
  }
  RunningServer running_server(room::Definition definition = {}) {
    ServerConfig config;
    config.tls = files;
    return RunningServer(std::move(config), std::move(definition));
  }
  TlsConfig files{test::temporary_path("cert.pem"), test::temporary_path("key.pem")};
};

// A blocking TLS client.
class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, int receive_bytes = 0)
      : context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free),
        fd_(connect_to(port, receive_bytes)),
        ssl_(SSL_new(context_.get()), &SSL_free) {
    SSL_set_fd(ssl_.get(), fd_.get());
    connected_ = SSL_connect(ssl_.get()) == 1;
  }
  [[nodiscard]] bool join(std::string_view room) {
    send("GET /api/pluv/room/" + std::string(room) +
         " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    return connected_ && read_until("\r\n\r\n").starts_with("HTTP/1.1 101 ");
  }
  // Of the server's certificate; 0: there is none.
  [[nodiscard]] long serial() const {
    const std::unique_ptr<X509, void (*)(X509*)> certificate(SSL_get1_peer_certificate(ssl_.get()),
                                                             &X509_free);
    return certificate ? ASN1_INTEGER_get(X509_get0_serialNumber(certificate.get())) : 0;
  }
  void send(std::string_view bytes) {
    SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
  }
  void send_text(std::string_view text) {
    std::string frame;
    net::append_frame(frame, net::Opcode::text, text, net::MaskKey{9, 8, 7, 6});
    send(frame);
  }
  // Up to and with the text; what came when the stream ends.
  std::string read_until(std::string_view text) {
    for (;;) {
      const std::size_t at = received_.find(text);
      if (at != std::string::npos) {
        std::string taken = received_.substr(0, at + text.size());
        received_.erase(0, taken.size());
        return taken;
      }
      char buffer[4096];
      const int size = SSL_read(ssl_.get(), buffer, sizeof(buffer));
      if (size <= 0) return std::exchange(received_, {});
      received_.append(buffer, static_cast<std::size_t>(size));
    }
  }

 private:
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  OwnedFd fd_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
  std::string received_;
  bool connected_ = false;
};

TEST_F(TlsTest, RoomsWorkAcrossLoops) {
  RunningServer running = running_server();
  for (int i = 0; i < 6; ++i) {  // some of these rooms belong to the other loop
    const std::string room = "room" + std::to_string(i);
    TlsClient a(running.port());
    TlsClient b(running.port());
    ASSERT_TRUE(a.join(room));
    ASSERT_TRUE(b.join(room));
    EXPECT_NE(b.read_until("\"$registered\"").find("p_"), std::string::npos);
    a.send_text(R"({"type":"hello","data":{"n":1}})");
    EXPECT_NE(b.read_until("\"hello\"").find("{\"n\":1}"), std::string::npos);
  }
}

TEST_F(TlsTest, MuchDataArrivesWholeThroughASmallWindow) {
  RunningServer running = running_server();
  TlsClient client(running.port(), 4096);
  ASSERT_TRUE(client.join("room"));
  EXPECT_FALSE(client.read_until("\"$registered\"").empty());
  const std::string body(300'000, 'x');
  for (int i = 0; i < 20; ++i) {
    running.server->emit("room", "big" + std::to_string(i) + "-", "{\"a\":\"" + body + "\"}");
  }
  for (int i = 0; i < 20; ++i) {
    const std::string message = client.read_until("\"big" + std::to_string(i) + "-\"");
    ASSERT_NE(message.find("\"" + body + "\""), std::string::npos) << i;
  }
}

TEST_F(TlsTest, PlainTextAndSilenceDoNotHoldTheServer) {
  room::Definition definition;
  definition.limits.handshake_ms_max = 200;
  RunningServer running = running_server(std::move(definition));
  test::Client plain(connect_to(running.port()));
  plain.send_raw("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(plain.ended());
  test::Client silent(connect_to(running.port()));
  EXPECT_TRUE(silent.ended());
  EXPECT_TRUE(eventually([&] { return running.server->metrics().connections == 0; }));
  EXPECT_EQ(running.server->metrics().connections_refused_total["tls_failed"], 1U);
  EXPECT_EQ(running.server->metrics().connections_refused_total["handshake_timeout"], 1U);
  TlsClient good(running.port());
  EXPECT_TRUE(good.join("room"));
}

TEST_F(TlsTest, ARenewedCertificateIsForNewConnectionsAndOldOnesStay) {
  RunningServer running = running_server();
  TlsClient before(running.port());
  ASSERT_TRUE(before.join("room"));
  EXPECT_EQ(before.serial(), 1);
  write_certificate(files, 2);
  running.server->reload_tls();
  EXPECT_TRUE(eventually([&] { return TlsClient(running.port()).serial() == 2; }));
  TlsClient after(running.port());
  ASSERT_TRUE(after.join("room"));
  after.send_text(R"({"type":"hello","data":{}})");
  EXPECT_NE(before.read_until("\"hello\"").find("hello"), std::string::npos);
}

TEST_F(TlsTest, ACertificateThatCannotBeUsedChangesNothing) {
  RunningServer running = running_server();
  const auto reload = [&] {
    running.server->reload_tls();
    std::atomic<bool> done = false;  // what is posted to the accepting loop comes after it
    running.server->post({}, [&] { done = true; });
    EXPECT_TRUE(eventually([&] { return done.load(); }));
  };
  const auto serial = [&] { return TlsClient(running.port()).serial(); };
  const std::string key = read(files.private_key_file);
  overwrite(files.certificate_chain_file, "no certificate");
  reload();
  EXPECT_EQ(serial(), 1);
  write_certificate(files, 2);  // half renewed: with the old key
  overwrite(files.private_key_file, key);
  reload();
  EXPECT_EQ(serial(), 1);
  write_certificate(files, 3);
  reload();
  EXPECT_EQ(serial(), 3);
}

}  // namespace
}  // namespace pluv::native
