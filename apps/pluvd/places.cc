#include "apps/pluvd/places.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace pluv::apps {
namespace {

Error refusal(const std::string& what, int error) {
  return {ErrorCode::unavailable, what + ": " + std::strerror(error)};
}

// "." for a name without a folder.
std::string folder_of(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// The kernel's own trees, where nothing can be made, whatever the rights say to root.
bool is_of_the_kernel(const std::string& folder) {
  struct statfs system{};
  if (::statfs(folder.c_str(), &system) != 0) return false;
  return system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC;
}

// A folder that is there.
Result<void> can_make_in(const std::string& folder, int rights) {
  struct stat status{};
  if (::stat(folder.c_str(), &status) != 0) return refusal("cannot use " + folder, errno);
  if (!S_ISDIR(status.st_mode)) return Error{ErrorCode::invalid, folder + " is not a folder"};
  if (::access(folder.c_str(), rights) != 0) return refusal("cannot write to " + folder, errno);
  if (is_of_the_kernel(folder)) return refusal("cannot write to " + folder, EROFS);
  return {};
}

}  // namespace

Result<void> can_have_folder(const std::string& path) {
  struct stat status{};
  std::string there = path;
  while (::stat(there.c_str(), &status) != 0) {
    if (errno != ENOENT || there == "." || there == "/") {
      return refusal("cannot make " + there, errno);
    }
    there = folder_of(there);
  }
  if (there == path) return can_make_in(path, R_OK | W_OK | X_OK);
  Result<void> made = can_make_in(there, W_OK | X_OK);
  if (made.ok()) return made;
  return Error{made.error().code, "cannot make " + path + ": " + made.error().message};
}

Result<void> can_have_file(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) return refusal("cannot open " + path, errno);
    const Result<void> made = can_make_in(folder_of(path), W_OK | X_OK);
    if (made.ok()) return {};
    return Error{made.error().code, "cannot make " + path + ": " + made.error().message};
  }
  if (S_ISDIR(status.st_mode)) return refusal("cannot open " + path, EISDIR);
  if (::access(path.c_str(), W_OK) != 0) return refusal("cannot open " + path, errno);
  return {};
}

void judge_places(LoadedSettings& loaded) {
  const Settings& settings = loaded.settings;
  const auto judge = [&loaded](const char* setting, const Result<void>& result) {
    if (!result.ok()) {
      loaded.problems.push_back(std::string(setting) + ": " + result.error().message);
    }
  };
  if (settings.storage == "sqlite" && !settings.data.empty()) {
    judge("data", can_have_folder(settings.data));
  }
  if (settings.audit_log.empty()) return;
  judge("audit-log", can_have_file(settings.audit_log));
  judge("audit-log", can_have_file(settings.audit_log + ".refused"));
}

}  // namespace pluv::apps
