// judge_settings: what is wrong or dangerous about settings that are each well formed.
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "apps/pluvd/secret_files.h"
#include "apps/pluvd/settings_load.h"
#include "apps/pluvd/units.h"
#include "auth/token_keys.h"
#include "net/forwarded.h"
#include "net/ip_address.h"
#include "net/origin.h"

namespace pluv::apps {
namespace {

// pluvd itself takes some 20 MiB.
constexpr std::size_t kMemoryBytesLeast = std::size_t{64} * 1024 * 1024;

class Judge {
 public:
  explicit Judge(LoadedSettings& loaded) : loaded_(loaded), settings_(loaded.settings) {}

  void run() {
    host();
    secrets();
    tls();
    networks();
    limits();
    storage();
    inspector();
    exposure();
  }

 private:
  void problem(std::string text) { loaded_.problems.push_back(std::move(text)); }
  void warn(std::string text) { loaded_.warnings.push_back(std::move(text)); }

  void host() {
    if (settings_.host != "localhost" && !net::IpAddress::parse(settings_.host)) {
      problem("host: \"" + settings_.host +
              "\" is not an IP address or localhost (0.0.0.0 or :: listens on all addresses)");
    } else if (settings_.dev && !is_loopback_host(settings_.host)) {
      problem("host: " + settings_.host +
              " can be reached from other machines, and development mode lets everybody in; leave "
              "--host out, or leave --dev out and set a secret");
    }
  }

  void secrets() {
    const bool has_any = !settings_.secrets.empty() || !settings_.projects.empty();
    if (!has_any && !settings_.dev && !loaded_.is_incomplete) {
      problem(
          "secret: none is set, so no token could be checked; set PLUV_AUTH_SECRET or "
          "--secret-file to at least 32 random characters (openssl rand -base64 32), the same that "
          "your back end makes tokens with, or start with --dev to try things out");
    }
    if (settings_.secrets.size() > auth::kTokenSecretsMax) {
      problem("secret: " + std::to_string(settings_.secrets.size()) + " are set, at most " +
              std::to_string(auth::kTokenSecretsMax) + " are allowed");
    }
    if (settings_.dev) return;
    for (const std::string& secret : settings_.secrets) strength(secret);
  }

  void strength(const std::string& secret) {
    constexpr const char* kAdvice =
        " can be guessed, and whoever guesses it is every user; use at least 32 random ones "
        "(openssl rand -base64 32)";
    if (secret.size() < kSecretBytesMin) {
      problem("secret: one of " + std::to_string(secret.size()) + " characters" + kAdvice);
      return;
    }
    const std::size_t different = std::set<char>(secret.begin(), secret.end()).size();
    if (different < kSecretVarietyMin) {
      warn("secret: one of " + std::to_string(different) + " different characters" + kAdvice);
    }
  }

  void tls() {
    if (settings_.tls_cert.empty() != settings_.tls_key.empty()) {
      problem("tls-cert and tls-key: one is set without the other");
    }
    judge_secret_file(loaded_, "tls-key", settings_.tls_key);
    for (const auto& [name, path] :
         {std::pair<std::string_view, const std::string&>{"tls-cert", settings_.tls_cert},
          {"tls-key", settings_.tls_key}}) {
      if (!path.empty() && ::access(path.c_str(), R_OK) != 0) {
        problem(std::string(name) + ": cannot read " + path);
      }
    }
  }

  void networks() {
    if (const auto list = net::OriginList::parse(settings_.origins); !list.ok()) {
      problem("origin: " + list.error().message);
    }
    if (const auto list = net::OriginList::parse(settings_.cors_origins); !list.ok()) {
      problem("cors-origin: " + list.error().message);
    }
    if (const auto list = net::TrustedProxies::parse(settings_.trusted_proxies); !list.ok()) {
      problem("trusted-proxy: " + list.error().message);
    }
    for (const std::string& network : settings_.trusted_proxies) {
      if (network.ends_with("/0")) {
        warn("trusted-proxy: " + network +
             " is everybody, so every client may claim any address; name your proxies only");
      }
    }
  }

  void ordered(std::string_view smaller, std::int64_t small, std::string_view larger,
               std::int64_t large, std::string (*format)(std::int64_t)) {
    if (small > large) {
      problem(std::string(smaller) + ": " + format(small) + " is more than " + std::string(larger) +
              ", which is " + format(large));
    }
  }

  void limits() {
    const Limits& limits = settings_.limits;
    ordered("drain-window", settings_.drain_window_ms, "drain-deadline",
            settings_.drain_deadline_ms, format_duration);
    ordered("pacing-min", limits.pacing_ms_min, "pacing-max", limits.pacing_ms_max,
            format_duration);
    ordered("ping-after", limits.ping_after_ms, "max-silence", limits.silence_ms_max,
            format_duration);
    ordered("max-queue", static_cast<std::int64_t>(limits.queue_bytes_max), "max-queue-hard",
            static_cast<std::int64_t>(limits.queue_bytes_hard_max), format_size);
    const std::size_t needed = limits.document_message_bytes_max();
    for (const auto& [name, bytes] :
         {std::pair<const char*, std::size_t>{"max-storage-first", limits.storage_first_bytes_max},
          {"max-queue-hard", limits.queue_bytes_hard_max}}) {
      if (bytes >= needed) continue;
      problem(std::string(name) + ": " + format_size(static_cast<std::int64_t>(bytes)) +
              " is too little for max-document, since a document of " +
              format_size(static_cast<std::int64_t>(limits.document_bytes_max)) + " travels as " +
              format_size(static_cast<std::int64_t>(needed)) +
              " of base64: nobody could join its room");
    }
    if (limits.memory_bytes_max > 0 && limits.memory_bytes_max < kMemoryBytesLeast) {
      problem("max-memory: " + format_size(static_cast<std::int64_t>(limits.memory_bytes_max)) +
              " is too little to serve anybody; at least " +
              format_size(static_cast<std::int64_t>(kMemoryBytesLeast)));
    }
    if (limits.messages_per_second_max == 0) {
      warn("rate-limit: off, so one client can keep a core busy");
    }
  }

  void storage() {
    if (settings_.storage == "sqlite" && settings_.data.empty()) {
      problem(
          "data: no folder is set for the documents; set one, or --storage memory to keep none");
    }
    struct stat status{};
    if (settings_.storage == "sqlite" && ::stat(settings_.data.c_str(), &status) == 0 &&
        (status.st_mode & S_IWOTH) != 0) {
      warn("data: every user of this machine can write to " + settings_.data +
           ", and so replace the documents; chmod 700");
    }
    if (settings_.storage == "memory") {
      warn("storage: documents end with the last session of their room");
    }
  }

  // Whoever has the token reads every document and changes it.
  void inspector() {
    const std::string& token = settings_.admin_token;
    if (!settings_.inspector) {
      if (!token.empty()) warn("admin-token: has no effect, since the inspector is off");
      return;
    }
    if (token.empty() && !settings_.dev) {
      if (loaded_.is_incomplete) return;
      problem(
          "inspector: it shows every room and needs a token; set PLUV_ADMIN_TOKEN or "
          "--admin-token-file (openssl rand -base64 32)");
    } else if (!token.empty() && token.size() < kSecretBytesMin && !settings_.dev) {
      problem("admin-token: one of " + std::to_string(token.size()) +
              " characters can be guessed, and it opens every room; use at least 32 random ones "
              "(openssl rand -base64 32)");
    }
  }

  void exposure() {
    if (!settings_.metrics && !settings_.metrics_token.empty()) {
      warn("metrics-token: has no effect, since metrics are off");
    }
    if (settings_.dev) return;
    if (settings_.demo) warn("demo: the demo events are for trying things out");
    if (is_loopback_host(settings_.host)) return;
    if (settings_.tls_cert.empty() && settings_.trusted_proxies.empty()) {
      warn("host: " + settings_.host +
           " without tls-cert: tokens and messages cross the network unencrypted; put a proxy with "
           "TLS in front (and name it in trusted-proxy) or set tls-cert and tls-key");
    }
    if (settings_.limits.memory_bytes_max == 0) {
      warn(
          "max-memory: none is set, so clients can make pluvd take all memory there is; set three "
          "quarters of what this machine or container may use");
    }
    if (settings_.metrics && settings_.metrics_token.empty()) {
      warn("metrics: everybody who reaches port " + std::to_string(settings_.port) +
           " can read /metrics; set metrics-token, or --metrics=false, or hide it by a proxy");
    }
  }

  LoadedSettings& loaded_;
  const Settings& settings_;
};

}  // namespace

bool is_loopback_host(std::string_view host) {
  if (host == "localhost") return true;
  const auto address = net::IpAddress::parse(host);
  return address && address->is_loopback();
}

void judge_settings(LoadedSettings& loaded) {
  Judge(loaded).run();
  judge_projects(loaded);
}

}  // namespace pluv::apps
