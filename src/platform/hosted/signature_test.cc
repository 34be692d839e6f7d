#include "platform/hosted/signature.h"

#include <gtest/gtest.h>

#include <cctype>

namespace pluv::hosted {
namespace {

struct Vector {
  const char* secret;
  const char* stable;
  const char* header;
};

// By npm fast-json-stable-stringify 2.1.0 and node:crypto's createHmac, with node 20.
constexpr Vector kVectors[] = {
    {"whsec_1", "{\"data\":{\"room\":\"my-room\"},\"event\":\"initial-storage\"}",
     "sha256=28cb27dfa2855ab5d9bb6e752f430dc8953bd877045544ba0ec6566e7fee1653"},
    {"whsec_1",
     "{\"data\":{\"room\":\"my-room\",\"storage\":null},\"event\":\"storage-destroyed\"}",
     "sha256=5887f5fe804ca2ad71f3f0c531252ec11eb6f4f294092e161c56d9426b2d3f70"},
    {"cl\303\251 \360\237\230\200",
     "{\"data\":{\"room\":\"r\",\"storage\":\"AAA=\",\"user\":{\"id\":\"1\",\"name\":"
     "\"Zo\303\253\"}},\"event\":\"user-connected\"}",
     "sha256=b540b8cdf99ed4100adcc403428ccb20fbe7540325271ae5556f82b21654979e"},
    {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxx",
     "{\"data\":{\"room\":\"r\",\"storage\":\"\",\"user\":{\"id\":\"\\ud800\",\"n\":1e+21}},"
     "\"event\":\"user-disconnected\"}",
     "sha256=2ca4fd11a8c2cdb907437d110915acc9d0cf4f04aba344b7f81105c489684068"},
};

TEST(WebhookSignature, IsTheOneThatNodeMakes) {
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(stable_json(vector.stable).value(), vector.stable);
    EXPECT_EQ(sign_webhook(vector.secret, vector.stable).value(), vector.header);
    EXPECT_TRUE(verify_webhook(vector.secret, vector.header, vector.stable));
  }
}

TEST(WebhookSignature, IsOfTheSecretAndTheText) {
  const Vector& vector = kVectors[0];
  EXPECT_FALSE(verify_webhook("whsec_2", vector.header, vector.stable));
  EXPECT_FALSE(verify_webhook(vector.secret, vector.header, kVectors[1].stable));
  EXPECT_FALSE(verify_webhook(vector.secret, kVectors[1].header, vector.stable));
}

TEST(WebhookSignature, HasOneSpelling) {
  const Vector& vector = kVectors[0];
  const std::string good = vector.header;
  std::string changed = good;
  changed.back() = changed.back() == '0' ? '1' : '0';
  std::string upper = good;
  for (std::size_t i = 7; i < upper.size(); ++i)
    upper[i] = static_cast<char>(std::toupper(upper[i]));
  for (const std::string& bad :
       {std::string(), std::string("sha256="), good.substr(7), good.substr(0, good.size() - 1),
        good + "0", "sha1=" + good.substr(7), " " + good, good + "=", changed, upper}) {
    EXPECT_FALSE(verify_webhook(vector.secret, bad, vector.stable)) << bad;
  }
}

TEST(WebhookSignature, NeedsASecret) {
  EXPECT_EQ(sign_webhook("", "{}").error().code, ErrorCode::invalid);
  EXPECT_FALSE(verify_webhook(
      "", "sha256=22f8eea909400af98adf3681a9f31923ef6b7fcba4abb553d92823a3e9d5c25e", "{}"));
}

}  // namespace
}  // namespace pluv::hosted
