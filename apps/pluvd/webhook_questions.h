// How many questions for documents may be under way, and how much of their answers in memory: of a
// project and of all. A receiver that hangs or answers with much takes nothing from the others;
// what finds no place is not asked. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace pluv::apps {

struct WebhookQuestionLimits {
  // Under way at once, their repeats included: each is a connection, and a room whose people wait.
  std::size_t of_project_max = 64;
  std::size_t all_max = 256;
  // So many a project may always have, whatever others do.
  std::size_t reserved = 4;
  // And all together never more than these, which are sockets.
  std::size_t hard_max = 500;
  // Of the answers, which may be whole documents: two of a project's largest ones.
  std::size_t bytes_of_project_max = std::size_t{96} * 1024 * 1024;
  std::size_t bytes_max = std::size_t{256} * 1024 * 1024;
  // What a project may have in any case: most documents are far smaller.
  std::size_t bytes_reserved = std::size_t{1024} * 1024;
};

class WebhookQuestions {
 private:
  struct State;

 public:
  // A question that is under way for as long as this lives.
  class Place {
   public:
    Place(std::shared_ptr<State> state, std::string project)
        : state_(std::move(state)), project_(std::move(project)) {}
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    // So many more bytes of its answer. False: there is no room for them.
    [[nodiscard]] bool take(std::size_t bytes);
    // What was taken counts no more: another answer begins.
    void clear();

   private:
    const std::shared_ptr<State> state_;
    const std::string project_;
    std::size_t bytes_ = 0;  // under the state's mutex
  };

  explicit WebhookQuestions(WebhookQuestionLimits limits = {})
      : state_(std::make_shared<State>(limits)) {}

  // Null: there are too many.
  [[nodiscard]] std::shared_ptr<Place> begin(const std::string& project);

 private:
  struct OfProject {
    std::size_t questions = 0;
    std::size_t bytes = 0;
  };
  struct State {
    explicit State(WebhookQuestionLimits limits_of_all) : limits(limits_of_all) {}
    const WebhookQuestionLimits limits;
    std::mutex mutex;
    std::map<std::string, OfProject> projects;  // that have any
    std::size_t questions = 0;
    std::size_t bytes = 0;
  };

  const std::shared_ptr<State> state_;
};

}  // namespace pluv::apps
