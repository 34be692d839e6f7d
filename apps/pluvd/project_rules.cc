// judge_projects: what is wrong or dangerous about projects that are each well formed.
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "apps/pluvd/project_settings.h"
#include "apps/pluvd/secret_files.h"
#include "apps/pluvd/settings_load.h"
#include "apps/pluvd/units.h"
#include "auth/token_keys.h"

namespace pluv::apps {
namespace {

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

// "http://host" with something behind "://", without spaces or an '@', which would be a password.
bool is_web_address(std::string_view url) {
  const std::size_t at = url.find("://");
  if (at == std::string_view::npos) return false;
  const std::string_view scheme = url.substr(0, at);
  const std::string_view rest = url.substr(at + 3);
  return (scheme == "http" || scheme == "https") && !rest.empty() && rest.front() != '/' &&
         rest.find_first_of(" \t\r\n@#") == std::string_view::npos;
}

// Of a web address, without its port.
std::string_view host_of(std::string_view url) {
  url.remove_prefix(std::min(url.size(), url.find("://") + 3));
  if (url.starts_with('[')) return url.substr(1, url.find(']') - 1);
  return url.substr(0, url.find_first_of(":/?"));
}

class ProjectJudge {
 public:
  explicit ProjectJudge(LoadedSettings& loaded) : loaded_(loaded) {}

  void run() {
    const Settings& settings = loaded_.settings;
    if (settings.projects.size() > kProjectsMax) {
      problem("projects", std::to_string(settings.projects.size()) + " of them, at most " +
                              std::to_string(kProjectsMax) + " are allowed");
    }
    for (const std::string& secret : settings.secrets) secrets_.emplace(secret, "secret");
    if (!settings.admin_token.empty()) secrets_.emplace(settings.admin_token, "admin-token");
    for (const ProjectSettings& project : settings.projects) {
      name_ = "projects." + project.id;
      keys(project);
      webhook(project);
      limits(project);
    }
  }

 private:
  void problem(const std::string& name, const std::string& text) {
    loaded_.problems.push_back(name + ": " + text);
  }
  void warn(const std::string& name, const std::string& text) {
    loaded_.warnings.push_back(name + ": " + text);
  }

  void keys(const ProjectSettings& project) {
    if (project.public_keys.empty() && !loaded_.is_incomplete) {
      problem(name_ + ".public_key",
              "none is set, so no client could say that it is of this "
              "project; it is no secret, any unique text will do");
    }
    for (const std::string& key : project.public_keys) {
      if (!std::ranges::all_of(key, is_key_character)) {
        problem(name_ + ".public_key",
                "\"" + key +
                    "\" has other characters than letters, digits, '-', '_', '.' and '~', "
                    "which need no escapes in a URL");
      }
      unique(name_ + ".public_key", key, public_keys_, "the same key as ");
    }
    if (project.secret_keys.empty() && !loaded_.is_incomplete) {
      problem(name_ + ".secret_key",
              "none is set, so nobody could make a token of this project; use at least 32 random "
              "characters (openssl rand -base64 32)");
    }
    if (project.secret_keys.size() > auth::kTokenSecretsMax) {
      problem(name_ + ".secret_key", std::to_string(project.secret_keys.size()) +
                                         " are set, at most " +
                                         std::to_string(auth::kTokenSecretsMax) + " are allowed");
    }
    for (const std::string& key : project.secret_keys) strength(name_ + ".secret_key", key);
    for (const std::string& secret : project.webhook_secrets) {
      strength(name_ + ".webhook_secret", secret);
    }
  }

  void strength(const std::string& name, const std::string& secret) {
    constexpr const char* kAdvice =
        " can be guessed; use at least 32 random ones "
        "(openssl rand -base64 32)";
    if (secret.size() < kSecretBytesMin) {
      problem(name, "one of " + std::to_string(secret.size()) + " characters" + kAdvice);
    } else if (std::set<char>(secret.begin(), secret.end()).size() < kSecretVarietyMin) {
      warn(name, std::string("one of few different characters") + kAdvice);
    }
    // Whoever knows the one would know the other, and be taken for somebody else.
    unique(name, secret, secrets_, "the same as ");
  }

  void unique(const std::string& name, const std::string& key,
              std::map<std::string, std::string>& seen, const char* what) {
    const auto [at, is_new] = seen.emplace(key, name);
    if (!is_new) problem(name, what + at->second);
  }

  void webhook(const ProjectSettings& project) {
    const std::string name = name_ + ".webhook_url";
    const std::string& url = project.webhook_url;
    if (url.empty()) {
      if (!project.webhook_secrets.empty()) {
        warn(name_ + ".webhook_secret", "has no effect without webhook_url");
      }
      if (project.webhook_initial_storage) {
        problem(name_ + ".webhook_initial_storage", "there is nobody to ask without webhook_url");
      }
      return;
    }
    if (!is_web_address(url)) {
      problem(name, "\"" + url + "\" is no address such as https://example.com/webhooks");
      return;
    }
    if (project.webhook_secrets.empty() && !loaded_.is_incomplete) {
      problem(name_ + ".webhook_secret",
              "none is set, so the receiver could not tell these events from anybody's");
    }
    if (url.starts_with("http://") && !is_loopback_host(host_of(url))) {
      warn(name, "events cross the network unencrypted; use https");
    }
    if (!project.webhook_ca_file.empty() && ::access(project.webhook_ca_file.c_str(), R_OK) != 0) {
      problem(name_ + ".webhook_ca_file", "cannot read " + project.webhook_ca_file);
    }
  }

  void limits(const ProjectSettings& project) {
    const Limits& own = project.limits;
    const std::size_t needed = own.document_message_bytes_max();
    if (own.storage_first_bytes_max < needed || own.queue_bytes_hard_max < needed) {
      problem(name_ + ".limits.document",
              format_size(static_cast<std::int64_t>(own.document_bytes_max)) + " travels as " +
                  format_size(static_cast<std::int64_t>(needed)) +
                  " of base64, more than max-storage-first or max-queue-hard: nobody could join "
                  "its room");
    }
  }

  LoadedSettings& loaded_;
  std::string name_;
  std::map<std::string, std::string> public_keys_;
  std::map<std::string, std::string> secrets_;
};

}  // namespace

void judge_projects(LoadedSettings& loaded) { ProjectJudge(loaded).run(); }

}  // namespace pluv::apps
