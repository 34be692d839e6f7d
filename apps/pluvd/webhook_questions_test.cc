#include "apps/pluvd/webhook_questions.h"

#include <gtest/gtest.h>

#include <vector>

namespace pluv::apps {
namespace {

using Places = std::vector<std::shared_ptr<WebhookQuestions::Place>>;

// As many as there are places for; answers how many those were.
std::size_t fill(WebhookQuestions& questions, const std::string& project, Places& places) {
  std::size_t count = 0;
  while (auto place = questions.begin(project)) {
    places.push_back(std::move(place));
    ++count;
  }
  return count;
}

TEST(WebhookQuestions, BoundsThoseOfAProjectAndOfAll) {
  WebhookQuestions questions({.of_project_max = 5, .all_max = 12, .reserved = 2, .hard_max = 15});
  Places places;
  EXPECT_EQ(fill(questions, "a", places), 5U);
  EXPECT_EQ(fill(questions, "b", places), 5U);
  EXPECT_EQ(fill(questions, "c", places), 2U);
  EXPECT_EQ(fill(questions, "d", places), 2U);  // its own, though all places are taken
  EXPECT_EQ(fill(questions, "e", places), 1U);  // and these were the last
  EXPECT_EQ(fill(questions, "f", places), 0U);
  places.erase(places.begin());
  EXPECT_EQ(fill(questions, "f", places), 1U);
  places.clear();
  EXPECT_EQ(fill(questions, "f", places), 5U);
}

TEST(WebhookQuestions, BoundsTheBytesOfAnswers) {
  WebhookQuestions questions({.bytes_of_project_max = 100, .bytes_max = 150, .bytes_reserved = 10});
  const auto a = questions.begin("a");
  auto again = questions.begin("a");
  const auto b = questions.begin("b");
  const auto c = questions.begin("c");
  EXPECT_TRUE(a->take(60));
  EXPECT_TRUE(again->take(40));
  EXPECT_FALSE(again->take(1));
  EXPECT_TRUE(b->take(50));
  EXPECT_FALSE(b->take(1));
  EXPECT_TRUE(c->take(10));  // its own, though there are no more
  EXPECT_FALSE(c->take(1));
  a->clear();
  EXPECT_TRUE(b->take(40));
  EXPECT_FALSE(b->take(20));
  again.reset();
  EXPECT_TRUE(b->take(10));
  EXPECT_TRUE(a->take(40));
}

}  // namespace
}  // namespace pluv::apps
