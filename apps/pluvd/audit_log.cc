#include "apps/pluvd/audit_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "apps/pluvd/moment.h"
#include "json/writer.h"

namespace pluv::apps {
namespace {

Result<int> open_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file >= 0) return file;
  return Error{ErrorCode::unavailable, "cannot open " + path + ": " + std::strerror(errno)};
}

std::int64_t size_of(int file) {
  struct stat status{};
  return ::fstat(file, &status) == 0 ? status.st_size : 0;
}

}  // namespace

AuditLog::AuditLog(AuditLogOptions options) : options_(std::move(options)) {}

AuditLog::~AuditLog() {
  if (file_ >= 0) ::close(file_);
}

Result<std::unique_ptr<AuditLog>> AuditLog::open(AuditLogOptions options) {
  std::unique_ptr<AuditLog> out(new AuditLog(std::move(options)));
  if (Result<void> opened = out->reopen(); !opened.ok()) return std::move(opened).error();
  return out;
}

Result<void> AuditLog::reopen() {
  if (options_.path.empty()) return {};
  const Result<int> fresh = open_file(options_.path);
  if (!fresh.ok()) return fresh.error();
  const std::lock_guard lock(mutex_);
  if (file_ >= 0) ::close(file_);
  file_ = *fresh;
  bytes_ = size_of(file_);
  return {};
}

void AuditLog::write(std::string_view project, std::string_view event, std::string_view fields) {
  if (!is_on()) return;
  const std::lock_guard lock(mutex_);
  const std::int64_t now_ms = options_.unix_ms();
  if (event.ends_with("refused") && !takes_refusal(now_ms)) return;
  write_line(now_ms, project, event, fields);
}

bool AuditLog::takes_refusal(std::int64_t now_ms) {
  if (now_ms / 1000 != second_) {
    second_ = now_ms / 1000;
    refusals_ = 0;
    if (const std::uint64_t count = std::exchange(suppressed_, 0); count > 0) {
      write_line(now_ms, {}, "suppressed", "{\"refusals\":" + std::to_string(count) + "}");
    }
  }
  if (++refusals_ <= options_.refusals_per_second_max) return true;
  ++suppressed_;
  return false;
}

void AuditLog::write_line(std::int64_t now_ms, std::string_view project, std::string_view event,
                          std::string_view fields) {
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
  if (bytes_ > 0 && bytes_ + static_cast<std::int64_t>(line_.size()) > options_.bytes_max) rotate();
  const ssize_t written = ::write(file_, line_.data(), line_.size());
  if (written == static_cast<ssize_t>(line_.size())) {
    bytes_ += written;
    return;
  }
  lost_.fetch_add(1);
  // Of a line that did not fit nothing stays, or the next one would end it.
  if (written > 0 && ::ftruncate(file_, bytes_) != 0) bytes_ += written;
}

void AuditLog::rotate() {
  const std::string old = options_.path + ".1";
  if (std::rename(options_.path.c_str(), old.c_str()) != 0) return;
  const Result<int> fresh = open_file(options_.path);
  if (!fresh.ok()) {  // on with the one that was renamed
    bytes_ = 0;
    return;
  }
  ::close(file_);
  file_ = *fresh;
  bytes_ = size_of(file_);
}

}  // namespace pluv::apps
