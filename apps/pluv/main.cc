// pluv: tools around room tokens, for trying things out and for tests of other back ends, around
// Yjs updates, and for the types of a server's messages.
//
//   pluv token create --room ROOM --user '{"id":"u1"}' [--max-age 60s]   prints a token
//   pluv token inspect TOKEN [--room ROOM]                               prints its claims
//   pluv ycrdt apply|merge|diff|state-vector|json|check|snapshot ...       works on Yjs updates
//   pluv typegen [--out FILE] [--json-schema|--async-api] PROGRAM...    prints a server's types
//
// Secrets: --secret (repeatable, newest first), --secret-file or PLUV_AUTH_SECRET.
// Ends with 0, with 1 when a server would refuse the token or bytes are no update, with 2 when
// misused.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "apps/pluv/typegen_command.h"
#include "apps/pluv/ycrdt_command.h"
#include "apps/pluvd/settings.h"
#include "apps/pluvd/settings_file.h"
#include "apps/pluvd/units.h"
#include "auth/jwe.h"
#include "auth/random.h"
#include "auth/token.h"
#include "json/value.h"

#ifndef PLUV_VERSION
#error "the build says which version this is"
#endif

namespace {

using pluv::Error;
using pluv::ErrorCode;
using pluv::Result;
using pluv::auth::TokenKeys;

constexpr int kExitOk = 0;
constexpr int kExitRefused = 1;
constexpr int kExitMisused = 2;
constexpr std::size_t kFileBytesMax = 64 * 1024;

struct Options {
  std::vector<std::string> secrets;
  std::string secret_file;
  std::string room;
  std::string user;
  std::string max_age = "60s";
  std::string permissions;
  std::string token;
};

int fail(const Error& error, int code) {
  std::fprintf(stderr, "pluv: %s\n", error.message.c_str());
  return code;
}

std::int64_t now_unix_ms() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

Result<TokenKeys> keys_of(const Options& options) {
  std::vector<std::string> secrets = options.secrets;
  if (!options.secret_file.empty()) {
    const Result<std::string> text = pluv::apps::read_text_file(options.secret_file, kFileBytesMax);
    if (!text.ok()) return text.error();
    // One a line, as pluvd reads it: a comma may be part of a secret there.
    for (std::string& secret : pluv::apps::split_lines(text.value())) {
      secrets.push_back(std::move(secret));
    }
  }
  const char* variable = std::getenv("PLUV_AUTH_SECRET");
  if (secrets.empty() && variable != nullptr) secrets = pluv::apps::split_list(variable);
  if (secrets.empty()) {
    return Error{ErrorCode::invalid,
                 "a secret is needed: PLUV_AUTH_SECRET, --secret-file or --secret"};
  }
  return TokenKeys::from_secrets(std::vector<std::string_view>(secrets.begin(), secrets.end()));
}

int create_token(const Options& options) {
  const Result<TokenKeys> keys = keys_of(options);
  if (!keys.ok()) return fail(keys.error(), kExitMisused);
  const Result<std::int64_t> max_age_ms = pluv::apps::parse_duration_ms(options.max_age);
  if (!max_age_ms.ok()) {
    return fail({ErrorCode::invalid, "--max-age: expected " + max_age_ms.error().message},
                kExitMisused);
  }
  const Result<pluv::json::Value> user = pluv::json::Value::parse(options.user);
  const pluv::json::Value* id = user.ok() ? user.value().find("id") : nullptr;
  if (id == nullptr || id->as_string() == nullptr) {
    return fail({ErrorCode::invalid,
                 R"(--user: expected a JSON object with a string "id", such as '{"id":"u1"}')"},
                kExitMisused);
  }
  const std::string user_json = user.value().to_text();

  pluv::auth::TokenRequest request;
  request.room = options.room;
  request.user_json = user_json;
  request.user_id = *id->as_string();
  request.max_age_ms = max_age_ms.value();
  request.permissions = options.permissions;
  request.now_unix_ms = now_unix_ms();
  if (Result<void> drawn = pluv::auth::fill_random(request.iv); !drawn.ok()) {
    return fail(drawn.error(), kExitMisused);
  }
  if (Result<void> drawn = pluv::auth::fill_random(request.id_random); !drawn.ok()) {
    return fail(drawn.error(), kExitMisused);
  }
  const Result<std::string> token = encode_token(keys.value(), request);
  if (!token.ok()) return fail(token.error(), kExitMisused);
  std::puts(token.value().c_str());
  return kExitOk;
}

// Prints the claims of a token that a secret opens, also when it is expired, and then says whether
// a server would let its bearer into the room (the token's own one when none is given).
int inspect_token(const Options& options) {
  const Result<TokenKeys> keys = keys_of(options);
  if (!keys.ok()) return fail(keys.error(), kExitMisused);
  const Result<std::string> token = pluv::auth::normalize_token(options.token);
  if (!token.ok()) return fail(token.error(), kExitRefused);
  const Result<std::string> claims = pluv::auth::jwe_open(keys.value(), token.value());
  if (!claims.ok()) return fail(claims.error(), kExitRefused);
  const Result<pluv::json::Value> parsed = pluv::json::Value::parse(claims.value());
  if (!parsed.ok()) return fail(parsed.error(), kExitRefused);
  std::puts(parsed.value().to_text().c_str());

  std::string room = options.room;
  const pluv::json::Value* own_room = parsed.value().find("room");
  if (room.empty() && own_room != nullptr && own_room->as_string() != nullptr) {
    room = *own_room->as_string();
  }
  const std::int64_t now_ms = now_unix_ms();
  const Result<pluv::auth::TokenClaims> accepted =
      pluv::auth::decode_token(keys.value(), token.value(), room, now_ms);
  if (!accepted.ok()) return fail(accepted.error(), kExitRefused);
  std::fprintf(stderr, "good for room %s, until %lld s from now\n", room.c_str(),
               static_cast<long long>(accepted.value().expires_at_s - now_ms / 1000));
  return kExitOk;
}

void add_secret_options(CLI::App& command, Options& options) {
  command.add_option("--secret", options.secrets, "Secret; repeatable, newest first")
      ->allow_extra_args(false);
  command.add_option("--secret-file", options.secret_file, "File with secrets, one a line");
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Tools for pluv's room tokens, for Yjs updates and for a server's types. Secrets come from "
      "PLUV_AUTH_SECRET, --secret-file or --secret.",
      "pluv");
  app.require_subcommand(1);
  const CLI::App* version = app.add_subcommand("version", "Print the version");
  CLI::App* token = app.add_subcommand("token", "Make and read room tokens")->require_subcommand(1);
  CLI::App* create = token->add_subcommand("create", "Print a token for a user and a room");
  add_secret_options(*create, options);
  create->add_option("--room", options.room, "Room")->required();
  create->add_option("--user", options.user, R"(JSON object with a string "id")")->required();
  create->add_option("--permissions", options.permissions,
                     R"(What it allows, in JSON: '["read"]', or by rooms '{"a-*":["read"]}')");
  create->add_option("--max-age", options.max_age, "How long it is good for (default 60s)");
  CLI::App* inspect = token->add_subcommand("inspect", "Print a token's claims and check it");
  add_secret_options(*inspect, options);
  inspect->add_option("token", options.token, "The token")->required();
  inspect->add_option("--room", options.room, "Check it for this room instead of its own");
  pluv::apps::YcrdtCommand ycrdt(app);
  pluv::apps::TypegenCommand typegen(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitMisused;
  }
  if (*version) {
    std::puts("pluv " PLUV_VERSION);
    return kExitOk;
  }
  if (ycrdt.chosen()) return ycrdt.run();
  if (typegen.chosen()) return typegen.run();
  return *create ? create_token(options) : inspect_token(options);
}

}  // namespace

int main(int argc, char** argv) { return run(argc, argv); }
