#include "apps/pluvd/webhook_questions.h"

#include <utility>

namespace pluv::apps {

std::shared_ptr<WebhookQuestions::Place> WebhookQuestions::begin(const std::string& project) {
  const WebhookQuestionLimits& limits = state_->limits;
  {
    const std::lock_guard lock(state_->mutex);
    const auto at = state_->projects.find(project);
    const std::size_t own = at == state_->projects.end() ? 0 : at->second.questions;
    if (own >= limits.of_project_max || state_->questions >= limits.hard_max ||
        (state_->questions >= limits.all_max && own >= limits.reserved)) {
      return nullptr;
    }
    ++state_->questions;
    ++state_->projects[project].questions;
  }
  return std::make_shared<Place>(state_, project);
}

bool WebhookQuestions::Place::take(std::size_t bytes) {
  const WebhookQuestionLimits& limits = state_->limits;
  const std::lock_guard lock(state_->mutex);
  OfProject& project = state_->projects.at(project_);
  const std::size_t own = project.bytes + bytes;
  if (own > limits.bytes_of_project_max ||
      (state_->bytes + bytes > limits.bytes_max && own > limits.bytes_reserved)) {
    return false;
  }
  project.bytes += bytes;
  state_->bytes += bytes;
  bytes_ += bytes;
  return true;
}

void WebhookQuestions::Place::clear() {
  const std::lock_guard lock(state_->mutex);
  state_->projects.at(project_).bytes -= bytes_;
  state_->bytes -= std::exchange(bytes_, 0);
}

WebhookQuestions::Place::~Place() {
  clear();
  const std::lock_guard lock(state_->mutex);
  --state_->questions;
  const auto at = state_->projects.find(project_);
  if (--at->second.questions == 0) state_->projects.erase(at);
}

}  // namespace pluv::apps
