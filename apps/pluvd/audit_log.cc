#include "apps/pluvd/audit_log.h"

#include <utility>

#include "apps/pluvd/moment.h"
#include "json/writer.h"

namespace pluv::apps {

AuditLog::AuditLog(AuditLogOptions options) : options_(std::move(options)) {
  if (options_.path.empty()) return;
  acts_.emplace(options_.path, options_.bytes_max);
  refused_.emplace(options_.path + ".refused", options_.bytes_max);
}

Result<std::unique_ptr<AuditLog>> AuditLog::open(AuditLogOptions options) {
  std::unique_ptr<AuditLog> out(new AuditLog(std::move(options)));
  if (Result<void> opened = out->reopen(); !opened.ok()) return std::move(opened).error();
  return out;
}

Result<void> AuditLog::reopen() {
  if (!is_on()) return {};
  const std::lock_guard lock(mutex_);
  Result<void> opened = acts_->reopen();
  return opened.ok() ? refused_->reopen() : opened;
}

void AuditLog::write(std::string_view project, std::string_view event, std::string_view fields) {
  if (!is_on()) return;
  const std::lock_guard lock(mutex_);
  const std::int64_t now_ms = options_.unix_ms();
  if (!event.ends_with("refused")) {
    write_line(*acts_, now_ms, project, event, fields);
  } else if (takes_refusal(now_ms, project)) {
    write_line(*refused_, now_ms, project, event, fields);
  }
}

bool AuditLog::takes_refusal(std::int64_t now_ms, std::string_view project) {
  if (now_ms / 1000 != second_) {
    second_ = now_ms / 1000;
    refusals_in_all_ = 0;
    for (const auto& [of, refusals] : std::exchange(refusals_, {})) {
      if (refusals.suppressed == 0) continue;
      write_line(*refused_, now_ms, of, "suppressed",
                 "{\"refusals\":" + std::to_string(refusals.suppressed) + "}");
    }
  }
  auto at = refusals_.find(project);
  if (at == refusals_.end()) at = refusals_.emplace(project, Refusals()).first;
  if (at->second.written >= options_.project_refusals_max ||
      refusals_in_all_ >= options_.refusals_max) {
    ++at->second.suppressed;
    return false;
  }
  ++at->second.written;
  ++refusals_in_all_;
  return true;
}

void AuditLog::write_line(AuditFile& file, std::int64_t now_ms, std::string_view project,
                          std::string_view event, std::string_view fields) {
  line_.clear();
  json::Writer writer(line_);
  writer.begin_object();
  writer.key("at");
  writer.string(format_moment(now_ms));
  if (!project.empty()) {
    writer.key("project");
    writer.string(project);
  }
  writer.key("event");
  writer.string(event);
  writer.end_object();
  if (fields.size() > 2) {
    line_.back() = ',';
    line_.append(fields.substr(1));
  }
  line_ += '\n';
  if (!file.write(line_)) lost_.fetch_add(1);
}

}  // namespace pluv::apps
