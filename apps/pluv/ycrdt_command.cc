#include "apps/pluv/ycrdt_command.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/utf8.h"
#include "json/writer.h"
#include "ycrdt/doc.h"
#include "ycrdt/snapshot.h"
#include "ycrdt/update_reader.h"
#include "ycrdt/updates.h"
#include "ycrdt/updates_v2.h"

namespace pluv::apps {
namespace {

constexpr int kExitOk = 0;
constexpr int kExitRefused = 1;
constexpr int kExitFailed = 2;

int fail(const std::string& what, int code) {
  std::fprintf(stderr, "pluv ycrdt: %s\n", what.c_str());
  return code;
}

constexpr const char* kStandardInput = "standard input";

// How messages name a file.
std::string name_of(const std::string& path) { return path == "-" ? kStandardInput : path; }

int refuse(const std::string& name, const Error& error) {
  return fail(name + ": " + error.message, kExitRefused);
}

Result<std::string> read_all(std::FILE* file, const std::string& name) {
  std::string out;
  char buffer[64 * 1024];
  std::size_t size = 0;
  while ((size = std::fread(buffer, 1, sizeof buffer, file)) != 0) out.append(buffer, size);
  if (std::ferror(file) != 0) {
    return Error{ErrorCode::unavailable, name + ": " + std::strerror(errno)};
  }
  return out;
}

Result<std::string> read_file(const std::string& path) {
  if (path == "-") return read_all(stdin, kStandardInput);
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return Error{ErrorCode::not_found, path + ": " + std::strerror(errno)};
  Result<std::string> out = read_all(file, path);
  std::fclose(file);
  return out;
}

int write_all(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size() ||
      std::fflush(stdout) != 0) {
    return fail(std::string("cannot write: ") + std::strerror(errno), kExitFailed);
  }
  return kExitOk;
}

// A file's updates: itself, or, when its name ends in .frames, each one after its length in four
// bytes, the lowest first.
struct Updates {
  std::string path;
  std::string bytes;
  std::vector<std::string_view> updates;

  // How messages name one of them.
  [[nodiscard]] std::string name(std::size_t index) const {
    return name_of(path) +
           (path.ends_with(".frames") ? ", frame " + std::to_string(index + 1) : std::string());
  }
};

Result<std::unique_ptr<Updates>> read_updates(const std::string& path) {
  Result<std::string> bytes = read_file(path);
  if (!bytes) return bytes.error();
  auto out = std::make_unique<Updates>();
  out->path = path;
  out->bytes = std::move(*bytes);
  if (!path.ends_with(".frames")) {
    out->updates.emplace_back(out->bytes);
    return out;
  }
  std::string_view rest = out->bytes;
  while (!rest.empty()) {
    std::uint32_t size = 0;
    if (rest.size() >= 4) {
      for (int i = 3; i >= 0; --i) {
        size = (size << 8) | static_cast<std::uint8_t>(rest[static_cast<std::size_t>(i)]);
      }
    }
    if (rest.size() < 4 || size > rest.size() - 4) {
      return Error{ErrorCode::invalid, path + ": the last frame is cut off"};
    }
    out->updates.push_back(rest.substr(4, size));
    rest.remove_prefix(4 + std::size_t{size});
  }
  return out;
}

int exit_code(const Error& error) {
  return error.code == ErrorCode::not_found || error.code == ErrorCode::unavailable ? kExitFailed
                                                                                    : kExitRefused;
}

// Of a list of files; the second time it would be empty.
bool names_input_twice(const std::vector<std::string>& files) {
  return std::count(files.begin(), files.end(), "-") > 1;
}
constexpr const char* kInputTwice = "standard input (-) can be read only once";

}  // namespace

struct YcrdtCommand::Options {
  std::vector<std::string> files;
  std::string state_vector;
  std::string from;
  bool v2 = false;
  std::vector<std::string> texts;
  std::vector<std::string> arrays;
  std::vector<std::string> maps;
  std::vector<std::string> xmls;
  std::string snapshot;
  std::string later_snapshot;
  std::string root;  // the text to be compared

  [[nodiscard]] int apply() const;
  [[nodiscard]] int merge() const;
  [[nodiscard]] int diff() const;
  [[nodiscard]] int state_vector_of_input() const;
  [[nodiscard]] int convert() const;
  [[nodiscard]] int json() const;
  [[nodiscard]] int print_roots(ycrdt::Doc& doc) const;
  [[nodiscard]] bool names_roots() const noexcept;
  // Why the roots that are named cannot be the members of one object, empty when they can.
  [[nodiscard]] std::string fault_of_roots() const;
  [[nodiscard]] int snapshot_of_input() const;
  [[nodiscard]] int json_at_snapshot() const;
  [[nodiscard]] int diff_of_snapshots() const;
  [[nodiscard]] int check() const;
  // In the chosen format.
  [[nodiscard]] Result<void> apply_to(ycrdt::Doc& doc, std::string_view update) const {
    return v2 ? doc.apply_update_v2(update) : doc.apply_update(update);
  }
  [[nodiscard]] Result<void> check_bytes(std::string_view update) const {
    return v2 ? ycrdt::check_update_v2(update) : ycrdt::check_update(update);
  }
};

YcrdtCommand::YcrdtCommand(CLI::App& app) : options_(std::make_unique<Options>()) {
  Options& options = *options_;
  command_ = app.add_subcommand("ycrdt", "Work on Yjs updates (version 1 format; --v2: version 2)")
                 ->require_subcommand(1);
  // Before the subcommands, which take it over.
  command_->footer(
      "Results go to standard output.\n"
      "Ends with 0, with 1 when bytes are refused, with 2 when misused or when a file cannot be "
      "read or written.");
  apply_ = command_->add_subcommand("apply",
                                    "Apply files in order to a new document and write its update; "
                                    "NAME.frames holds many: each after its length (u32le)");
  apply_->add_option("file", options.files, "Files; - is standard input, once")->required();
  merge_ = command_->add_subcommand("merge", "Merge files into one update, without a document");
  merge_->add_option("file", options.files, "Files; - is standard input, once")->required();
  diff_ = command_->add_subcommand(
      "diff", "Write what of the update on standard input somebody lacks who has the state vector");
  diff_->add_option("state-vector", options.state_vector, "File with an encoded state vector")
      ->required();
  state_vector_ = command_->add_subcommand(
      "state-vector", "Write the state vector of the update on standard input");
  json_ = command_->add_subcommand(
      "json",
      "Print what the update on standard input holds as one JSON object: the roots that are named, "
      "each once, in the order texts, arrays, maps, XML; or all, each as what it looks like");
  add_roots(*json_);
  check_ = command_->add_subcommand(
      "check", "Say whether the update on standard input is well formed and applies");
  for (CLI::App* const command : {apply_, merge_, diff_, state_vector_, json_, check_}) {
    command->add_flag("--v2", options.v2, "Updates, in and out, are of version 2");
  }
  convert_ = command_->add_subcommand(
      "convert", "Write the update on standard input in the other format, version 1 or 2");
  convert_->add_option("--from", options.from, "Which one it is in; else its bytes say so")
      ->check(CLI::IsMember({"v1", "v2"}));
  add_snapshot();
}

void YcrdtCommand::add_roots(CLI::App& command) {
  Options& options = *options_;
  command.add_option("--text", options.texts, "Root to read as a text, and as a delta: NAME#delta")
      ->allow_extra_args(false);
  command.add_option("--array", options.arrays, "Root to read as an array")
      ->allow_extra_args(false);
  command.add_option("--map", options.maps, "Root to read as a map")->allow_extra_args(false);
  command.add_option("--xml", options.xmls, "Root to read as an XML fragment, printed as a string")
      ->allow_extra_args(false);
}

void YcrdtCommand::add_snapshot() {
  Options& options = *options_;
  CLI::App* const snapshot = command_->add_subcommand(
      "snapshot",
      "Look back at the document whose update is on standard input, which needs documents that "
      "collect no garbage: yjs with {gc: false}");
  snapshot->require_subcommand(1);
  take_snapshot_ = snapshot->add_subcommand("take", "Write a snapshot of what is there now");
  snapshot_json_ = snapshot->add_subcommand(
      "json", "Print what was there at a snapshot; roots are named as for pluv ycrdt json");
  snapshot_json_->add_option("snapshot", options.snapshot, "File with a snapshot")->required();
  add_roots(*snapshot_json_);
  snapshot_diff_ = snapshot->add_subcommand(
      "diff",
      "Print a text as a delta in which the attribute \"ychange\" says what was added and removed "
      "since a snapshot, and by which client; of what was removed, by whom it was written");
  snapshot_diff_->add_option("snapshot", options.snapshot, "File with the earlier snapshot")
      ->required();
  snapshot_diff_->add_option("later", options.later_snapshot,
                             "File with the later one; without it, what is there now");
  snapshot_diff_->add_option("--text", options.root, "Root to read as a text")->required();
  for (CLI::App* const command : {take_snapshot_, snapshot_json_, snapshot_diff_}) {
    command->add_flag("--v2", options.v2, "The update and the snapshots are of version 2");
  }
}

YcrdtCommand::~YcrdtCommand() = default;

bool YcrdtCommand::chosen() const noexcept { return command_->parsed(); }

int YcrdtCommand::run() {
  if (*apply_) return options_->apply();
  if (*merge_) return options_->merge();
  if (*diff_) return options_->diff();
  if (*state_vector_) return options_->state_vector_of_input();
  if (*convert_) return options_->convert();
  if (*take_snapshot_) return options_->snapshot_of_input();
  if (*snapshot_json_) return options_->json_at_snapshot();
  if (*snapshot_diff_) return options_->diff_of_snapshots();
  return *json_ ? options_->json() : options_->check();
}

int YcrdtCommand::Options::apply() const {
  if (names_input_twice(files)) return fail(kInputTwice, kExitFailed);
  ycrdt::Doc doc;
  for (const std::string& path : files) {
    const Result<std::unique_ptr<Updates>> updates = read_updates(path);
    if (!updates) return fail(updates.error().message, exit_code(updates.error()));
    for (std::size_t i = 0; i < (*updates)->updates.size(); ++i) {
      const Result<void> applied = apply_to(doc, (*updates)->updates[i]);
      if (!applied) return refuse((*updates)->name(i), applied.error());
    }
  }
  return write_all(v2 ? doc.encode_state_as_update_v2() : doc.encode_state_as_update());
}

int YcrdtCommand::Options::merge() const {
  if (names_input_twice(files)) return fail(kInputTwice, kExitFailed);
  std::vector<std::unique_ptr<Updates>> owned;  // the views into them must not move
  std::vector<std::string_view> all;
  for (const std::string& path : files) {
    Result<std::unique_ptr<Updates>> updates = read_updates(path);
    if (!updates) return fail(updates.error().message, exit_code(updates.error()));
    // Merging does not say which one it refuses, and answers a single one unread.
    for (std::size_t i = 0; i < (*updates)->updates.size(); ++i) {
      const Result<void> checked = check_bytes((*updates)->updates[i]);
      if (!checked) return refuse((*updates)->name(i), checked.error());
    }
    all.insert(all.end(), (*updates)->updates.begin(), (*updates)->updates.end());
    owned.push_back(std::move(*updates));
  }
  const Result<std::string> merged = v2 ? ycrdt::merge_updates_v2(all) : ycrdt::merge_updates(all);
  return merged ? write_all(*merged) : fail(merged.error().message, kExitRefused);
}

int YcrdtCommand::Options::diff() const {
  if (state_vector == "-") {
    return fail("the state vector must be a file: standard input is the update", kExitFailed);
  }
  const Result<std::string> encoded = read_file(state_vector);
  if (!encoded) return fail(encoded.error().message, exit_code(encoded.error()));
  const auto state = ycrdt::decode_state_vector(*encoded);
  if (!state) return refuse(state_vector, state.error());
  const Result<std::string> update = read_all(stdin, "standard input");
  if (!update) return fail(update.error().message, kExitFailed);
  const Result<std::string> diff =
      v2 ? ycrdt::diff_update_v2(*update, *state) : ycrdt::diff_update(*update, *state);
  return diff ? write_all(*diff) : refuse(kStandardInput, diff.error());
}

int YcrdtCommand::Options::state_vector_of_input() const {
  const Result<std::string> update = read_all(stdin, "standard input");
  if (!update) return fail(update.error().message, kExitFailed);
  const Result<std::string> state = v2 ? ycrdt::encode_state_vector_from_update_v2(*update)
                                       : ycrdt::encode_state_vector_from_update(*update);
  return state ? write_all(*state) : refuse(kStandardInput, state.error());
}

int YcrdtCommand::Options::convert() const {
  const Result<std::string> update = read_all(stdin, "standard input");
  if (!update) return fail(update.error().message, kExitFailed);
  const Result<std::string> from_v1 = ycrdt::convert_update_v1_to_v2(*update);
  const Result<std::string> from_v2 = ycrdt::convert_update_v2_to_v1(*update);
  if (from.empty() && from_v1 && from_v2) {
    return fail("standard input can be read as either version: say --from v1 or --from v2",
                kExitRefused);
  }
  // A version 2 update begins with a zero; so does one of version 1 that has deletes only.
  const bool looks_like_v2 = from_v2.ok() || (!from_v1 && update->starts_with('\0'));
  const Result<std::string>& converted =
      from == "v2" || (from.empty() && looks_like_v2) ? from_v2 : from_v1;
  return converted ? write_all(*converted) : refuse(kStandardInput, converted.error());
}

bool YcrdtCommand::Options::names_roots() const noexcept {
  return !texts.empty() || !arrays.empty() || !maps.empty() || !xmls.empty();
}

std::string YcrdtCommand::Options::fault_of_roots() const {
  std::vector<std::string> keys;
  for (const auto* names : {&texts, &arrays, &maps, &xmls}) {
    keys.insert(keys.end(), names->begin(), names->end());
  }
  for (const std::string& name : texts) keys.push_back(name + "#delta");
  std::sort(keys.begin(), keys.end());
  if (!std::all_of(keys.begin(), keys.end(), [](const auto& key) { return is_utf8(key); })) {
    return "the name of a root is not UTF-8";
  }
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  return twice == keys.end() ? std::string() : *twice + " would be printed twice: name a root once";
}

namespace {

// Applies the update on standard input. 0, or what the program ends with.
int read_document(ycrdt::Doc& doc, bool v2) {
  const Result<std::string> update = read_all(stdin, "standard input");
  if (!update) return fail(update.error().message, kExitFailed);
  const Result<void> applied = v2 ? doc.apply_update_v2(*update) : doc.apply_update(*update);
  return applied ? kExitOk : refuse(kStandardInput, applied.error());
}

void warn_of_pending(const ycrdt::Doc& doc) {
  if (!doc.has_pending()) return;
  std::fprintf(stderr,
               "pluv ycrdt: something waits for updates that are not here, and is not printed\n");
}

// 0, or what the program ends with.
int read_snapshot(const std::string& path, bool v2, ycrdt::Snapshot& out) {
  if (path == "-") {
    return fail("the snapshot must be a file: standard input is the update", kExitFailed);
  }
  const Result<std::string> bytes = read_file(path);
  if (!bytes) return fail(bytes.error().message, exit_code(bytes.error()));
  Result<ycrdt::Snapshot> snapshot =
      v2 ? ycrdt::decode_snapshot_v2(*bytes) : ycrdt::decode_snapshot(*bytes);
  if (!snapshot) return refuse(path, snapshot.error());
  out = std::move(*snapshot);
  return kExitOk;
}

// What "ychange" says of a run.
ycrdt::Any who_did_what(ycrdt::TextChange change, ycrdt::Id id) {
  const bool added = change == ycrdt::TextChange::added;
  return ycrdt::Any(ycrdt::Any::Object{{"type", ycrdt::Any(added ? "added" : "removed")},
                                       {"user", ycrdt::Any(id.client)}});
}

}  // namespace

int YcrdtCommand::Options::snapshot_of_input() const {
  ycrdt::Doc doc({.gc = false});
  if (const int code = read_document(doc, v2); code != kExitOk) return code;
  const ycrdt::Snapshot taken = ycrdt::take_snapshot(doc);
  return write_all(v2 ? ycrdt::encode_snapshot_v2(taken) : ycrdt::encode_snapshot(taken));
}

int YcrdtCommand::Options::json_at_snapshot() const {
  if (const std::string fault = fault_of_roots(); !fault.empty()) return fail(fault, kExitFailed);
  ycrdt::Snapshot at;
  if (const int code = read_snapshot(snapshot, v2, at); code != kExitOk) return code;
  ycrdt::Doc doc({.gc = false});
  if (const int code = read_document(doc, v2); code != kExitOk) return code;
  Result<ycrdt::Doc> restored = ycrdt::create_doc_from_snapshot(doc, at, {.gc = false});
  if (!restored) return refuse(snapshot, restored.error());
  return print_roots(*restored);
}

int YcrdtCommand::Options::diff_of_snapshots() const {
  if (!is_utf8(root)) return fail("the name of a root is not UTF-8", kExitFailed);
  ycrdt::Snapshot earlier;
  ycrdt::Snapshot later;
  if (const int code = read_snapshot(snapshot, v2, earlier); code != kExitOk) return code;
  if (!later_snapshot.empty()) {
    if (const int code = read_snapshot(later_snapshot, v2, later); code != kExitOk) return code;
  }
  ycrdt::Doc doc({.gc = false});
  if (const int code = read_document(doc, v2); code != kExitOk) return code;
  if (later_snapshot.empty()) {
    warn_of_pending(doc);
    later = ycrdt::take_snapshot(doc);
  }
  return write_all(doc.get_text(root).delta_json(
                       {.snapshot = &later, .previous = &earlier, .ychange = who_did_what}) +
                   "\n");
}

int YcrdtCommand::Options::json() const {
  if (const std::string fault = fault_of_roots(); !fault.empty()) return fail(fault, kExitFailed);
  ycrdt::Doc doc;
  if (const int code = read_document(doc, v2); code != kExitOk) return code;
  return print_roots(doc);
}

int YcrdtCommand::Options::print_roots(ycrdt::Doc& doc) const {
  warn_of_pending(doc);
  std::string out;
  if (!names_roots()) {
    out = doc.to_json();
  } else {
    json::Writer writer(out);
    writer.begin_object();
    for (const std::string& name : texts) {
      const ycrdt::Text text = doc.get_text(name);
      writer.key(name);
      writer.string(text.to_string());
      writer.key(name + "#delta");
      writer.raw(text.delta_json());
    }
    for (const std::string& name : arrays) {
      writer.key(name);
      writer.raw(doc.get_array(name).json());
    }
    for (const std::string& name : maps) {
      writer.key(name);
      writer.raw(doc.get_map(name).json());
    }
    for (const std::string& name : xmls) {
      writer.key(name);
      writer.string(doc.get_xml_fragment(name).to_string());
    }
    writer.end_object();
  }
  out.push_back('\n');
  return write_all(out);
}

int YcrdtCommand::Options::check() const {
  ycrdt::Doc doc;
  if (const int code = read_document(doc, v2); code != kExitOk) return code;
  if (const std::string fault = doc.check(); !fault.empty()) return fail(fault, kExitRefused);
  return write_all(doc.has_pending() ? "ok, but something waits for updates that are not here\n"
                                     : "ok\n");
}

}  // namespace pluv::apps
