#include "net/deflate_negotiation.h"

#include <gtest/gtest.h>

namespace pluv::net {
namespace {

DeflatePolicy wide() {
  DeflatePolicy policy;
  policy.server_window_bits = 15;
  policy.client_window_bits = 15;
  return policy;
}

// The answer's header, "declined" or "malformed".
std::string answer_to(std::string_view offers, const DeflatePolicy& policy = wide()) {
  const auto agreement = negotiate_deflate(offers, policy);
  if (!agreement.ok()) return "malformed";
  return agreement.value() ? deflate_answer(*agreement.value()) : "declined";
}

TEST(DeflateNegotiation, AnswersOffers) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "declined"},
      {"permessage-deflate", "permessage-deflate"},
      {" permessage-deflate ", "permessage-deflate"},
      {",, permessage-deflate,", "permessage-deflate"},
      {"permessage-deflate;server_no_context_takeover",
       "permessage-deflate; server_no_context_takeover"},
      {"permessage-deflate ; client_no_context_takeover",
       "permessage-deflate; client_no_context_takeover"},
      {"permessage-deflate; server_max_window_bits=10",
       "permessage-deflate; server_max_window_bits=10"},
      {"permessage-deflate; server_max_window_bits=\"10\"",
       "permessage-deflate; server_max_window_bits=10"},
      {"permessage-deflate; server_max_window_bits=\"1\\0\"",
       "permessage-deflate; server_max_window_bits=10"},
      {"permessage-deflate; server_max_window_bits = 10",
       "permessage-deflate; server_max_window_bits=10"},
      {"permessage-deflate; server_max_window_bits=15", "permessage-deflate"},
      {"permessage-deflate; client_max_window_bits", "permessage-deflate"},
      {"permessage-deflate; client_max_window_bits=9",
       "permessage-deflate; client_max_window_bits=9"},
      {"permessage-deflate; client_max_window_bits=8",
       "permessage-deflate; client_max_window_bits=8"},
      {"permessage-deflate; client_max_window_bits=10; server_max_window_bits=9; "
       "client_no_context_takeover; server_no_context_takeover",
       "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
       "server_max_window_bits=9; client_max_window_bits=10"},
      // Declined, and the next offer taken
      {"permessage-deflate; server_max_window_bits=8", "declined"},
      {"permessage-deflate; server_max_window_bits=8, permessage-deflate", "permessage-deflate"},
      {"permessage-deflate; unknown", "declined"},
      {"permessage-deflate; unknown=1, permessage-deflate; server_no_context_takeover",
       "permessage-deflate; server_no_context_takeover"},
      {"x-webkit-deflate-frame", "declined"},
      {"permessage-bzip2; a=b; c, permessage-deflate", "permessage-deflate"},
      {"permessage-deflate; server_no_context_takeover, permessage-deflate",
       "permessage-deflate; server_no_context_takeover"},
      {"permessage-deflate; server_no_context_takeover=1", "declined"},
      {"permessage-deflate; client_no_context_takeover=true", "declined"},
      {"permessage-deflate; server_no_context_takeover; server_no_context_takeover", "declined"},
      {"permessage-deflate; client_no_context_takeover; client_no_context_takeover", "declined"},
      {"permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", "declined"},
      {"permessage-deflate; client_max_window_bits; client_max_window_bits", "declined"},
      {"permessage-deflate; client_max_window_bits; client_max_window_bits=9", "declined"},
      {"permessage-deflate; server_max_window_bits", "declined"},
      {"permessage-deflate; server_max_window_bits=7", "declined"},
      {"permessage-deflate; server_max_window_bits=16", "declined"},
      {"permessage-deflate; server_max_window_bits=010", "declined"},
      {"permessage-deflate; server_max_window_bits=1", "declined"},
      {"permessage-deflate; server_max_window_bits=-9", "declined"},
      {"permessage-deflate; server_max_window_bits=9a", "declined"},
      {"permessage-deflate; server_max_window_bits=99999999999999999999", "declined"},
      {"permessage-deflate; client_max_window_bits=7", "declined"},
      {"permessage-deflate; client_max_window_bits=0", "declined"},
      {"permessage-deflate; client_max_window_bits=16", "declined"},
      {"Permessage-Deflate", "declined"},
      // Not of the grammar
      {"permessage-deflate;", "malformed"},
      {";", "malformed"},
      {"permessage-deflate; =", "malformed"},
      {"permessage-deflate; a=", "malformed"},
      {"permessage-deflate; a=;b", "malformed"},
      {"permessage-deflate; a=\"", "malformed"},
      {"permessage-deflate; a=\"\"", "malformed"},
      {"permessage-deflate; a=\"b c\"", "malformed"},
      {"permessage-deflate; a=\"b", "malformed"},
      {"permessage-deflate; a=\"b\\", "malformed"},
      {"permessage-deflate; a=\"b\"c", "malformed"},
      {"permessage-deflate; a b", "malformed"},
      {"permessage-deflate a", "malformed"},
      {"permessage-deflate; a=b=c", "malformed"},
      {"permessage-deflate; a;;b", "malformed"},
      {"permessage/deflate", "malformed"},
      {"\"permessage-deflate\"", "malformed"},
      {"permessage-deflate, @", "malformed"},
  };
  for (const auto& [offers, answer] : cases) EXPECT_EQ(answer_to(offers), answer) << offers;
}

TEST(DeflateNegotiation, TheServersPolicyBoundsBothWindows) {
  const DeflatePolicy policy;  // 11 and 11
  EXPECT_EQ(answer_to("permessage-deflate; client_max_window_bits", policy),
            "permessage-deflate; server_max_window_bits=11; client_max_window_bits=11");
  EXPECT_EQ(
      answer_to("permessage-deflate; client_max_window_bits=9; server_max_window_bits=10", policy),
      "permessage-deflate; server_max_window_bits=10; client_max_window_bits=9");
  // A client that did not offer its window cannot be told one: it may use 15.
  const auto agreement = negotiate_deflate("permessage-deflate", policy);
  ASSERT_TRUE(agreement.ok() && agreement.value());
  EXPECT_EQ(agreement.value()->client_window_bits, 15);
  EXPECT_EQ(deflate_answer(*agreement.value()), "permessage-deflate; server_max_window_bits=11");
}

TEST(DeflateNegotiation, TheServersPolicyMayRefuseTakeover) {
  DeflatePolicy policy = wide();
  policy.server_takeover = ContextTakeover::no;
  policy.client_takeover = ContextTakeover::no;
  EXPECT_EQ(answer_to("permessage-deflate", policy),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
}

TEST(DeflateNegotiation, ClientAndServerAgree) {
  for (const int server_bits : {9, 11, 15}) {
    for (const int client_bits : {9, 12, 15}) {
      for (const auto takeover : {ContextTakeover::no, ContextTakeover::yes}) {
        DeflatePolicy ours;
        ours.server_window_bits = server_bits;
        ours.client_window_bits = client_bits;
        ours.client_takeover = takeover;
        for (const DeflatePolicy& theirs : {DeflatePolicy(), wide(), ours}) {
          const auto server = negotiate_deflate(deflate_offer(ours), theirs);
          ASSERT_TRUE(server.ok() && server.value());
          const auto client = read_deflate_answer(deflate_answer(*server.value()), ours);
          ASSERT_TRUE(client.ok() && client.value()) << deflate_answer(*server.value());
          EXPECT_EQ(*client.value(), *server.value());
        }
      }
    }
  }
}

TEST(DeflateNegotiation, AClientRefusesWhatItDidNotOffer) {
  DeflatePolicy policy;
  policy.server_takeover = ContextTakeover::no;
  const std::string head = "permessage-deflate; server_no_context_takeover";
  const auto read = [&](const std::string& answer) {
    const auto result = read_deflate_answer(answer, policy);
    return !result.ok() ? "refused" : result.value() ? "agreed" : "declined";
  };
  EXPECT_STREQ(read(""), "declined");
  EXPECT_STREQ(read(head + "; server_max_window_bits=11"), "agreed");
  EXPECT_STREQ(read(head + "; server_max_window_bits=8"), "agreed");
  EXPECT_STREQ(read(head + "; server_max_window_bits=11; client_max_window_bits=9"), "agreed");
  EXPECT_STREQ(read(head), "refused");  // a window of 15
  EXPECT_STREQ(read(head + "; server_max_window_bits=12"), "refused");
  EXPECT_STREQ(read("permessage-deflate; server_max_window_bits=11"), "refused");  // takeover
  EXPECT_STREQ(read(head + "; server_max_window_bits=11; client_max_window_bits"), "refused");
  EXPECT_STREQ(read(head + "; server_max_window_bits=11; client_max_window_bits=12"), "refused");
  EXPECT_STREQ(read(head + "; server_max_window_bits=11; client_max_window_bits=8"), "refused");
  EXPECT_STREQ(read(head + "; server_max_window_bits=11; x"), "refused");
  EXPECT_STREQ(read(head + "; server_max_window_bits=11, permessage-deflate"), "refused");
  EXPECT_STREQ(read("permessage-bzip2"), "refused");
  EXPECT_STREQ(read(";"), "refused");
}

}  // namespace
}  // namespace pluv::net
