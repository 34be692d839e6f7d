#include "apps/pluvd/secret_files.h"

#include <sys/stat.h>

#include <vector>

#include "apps/pluvd/settings_file.h"
#include "auth/wipe.h"

namespace pluv::apps {
namespace {

constexpr std::size_t kSecretFileBytesMax = 64 * 1024;

// The lines of a file of secrets; none when there is a problem, which is then told.
std::vector<std::string> read_secrets(LoadedSettings& out, const std::string& setting,
                                      const std::string& path) {
  Result<std::string> text = read_text_file(path, kSecretFileBytesMax);
  if (!text.ok()) {
    out.problems.push_back(setting + ": " + text.error().message);
    out.is_incomplete = true;
    return {};
  }
  std::vector<std::string> secrets = split_lines(text.value());
  auth::wipe(text.value());
  if (secrets.empty()) {
    out.problems.push_back(setting + ": " + path + " has no secret in it");
    out.is_incomplete = true;
  }
  judge_secret_file(out, setting, path);
  return secrets;
}

// setting: that of the token itself.
void load_token_file(LoadedSettings& out, const std::string& setting, const std::string& path,
                     std::string& token) {
  if (path.empty()) return;
  const std::string file_setting = setting + "-file";
  if (!token.empty()) {
    out.problems.push_back(file_setting + ": " + setting + " is set, too; set one of them");
    return;
  }
  std::vector<std::string> tokens = read_secrets(out, file_setting, path);
  if (tokens.size() > 1) {
    out.problems.push_back(file_setting + ": " + path + " has more than one line in it");
  } else if (!tokens.empty()) {
    token = std::move(tokens.front());
  }
}

void append_secrets(LoadedSettings& out, const std::string& setting, const std::string& path,
                    std::vector<std::string>& secrets) {
  if (path.empty()) return;
  for (std::string& secret : read_secrets(out, setting, path)) {
    secrets.push_back(std::move(secret));
  }
}

}  // namespace

void load_secret_files(LoadedSettings& out) {
  Settings& settings = out.settings;
  append_secrets(out, "secret-file", settings.secret_file, settings.secrets);
  for (ProjectSettings& project : settings.projects) {
    const std::string name = "projects." + project.id;
    append_secrets(out, name + ".secret_key_file", project.secret_key_file, project.secret_keys);
    append_secrets(out, name + ".webhook_secret_file", project.webhook_secret_file,
                   project.webhook_secrets);
  }
  load_token_file(out, "metrics-token", settings.metrics_token_file, settings.metrics_token);
  load_token_file(out, "admin-token", settings.admin_token_file, settings.admin_token);
}

void judge_secret_file(LoadedSettings& out, std::string_view where, const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return;
  if ((status.st_mode & S_IWOTH) != 0) {
    out.problems.push_back(std::string(where) + ": every user of this machine can write to " +
                           path + ", and so choose the secret; chmod 600");
  } else if ((status.st_mode & S_IROTH) != 0) {
    out.warnings.push_back(std::string(where) + ": every user of this machine can read " + path +
                           "; chmod 600");
  }
}

}  // namespace pluv::apps
