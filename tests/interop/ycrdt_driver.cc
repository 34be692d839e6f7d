// Runs scripts of operations in Yjs documents of ours, for ycrdt.test.mjs, which runs the same
// scripts in yjs and compares all that comes out. A script is a list of steps; a step is a list
// [number, operation, document, arguments...], ycrdt.test.mjs says which there are. Standard input
// holds scripts, each a length (4 bytes, little endian) and the encoded list (lib0: Any); standard
// output, framed alike, holds for each its number of answers and each answer as a string.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "driver_awareness.h"
#include "driver_step.h"
#include "driver_user_data.h"
#include "driver_values.h"
#include "ycrdt/any.h"
#include "ycrdt/doc.h"
#include "ycrdt/event.h"
#include "ycrdt/lib0.h"
#include "ycrdt/relative_position.h"
#include "ycrdt/snapshot.h"
#include "ycrdt/types.h"
#include "ycrdt/undo_manager.h"
#include "ycrdt/update_writer.h"
#include "ycrdt/updates.h"
#include "ycrdt/updates_v2.h"

namespace pluv::ycrdt {
namespace {

class Script {
 public:
  // Runs the steps and answers what they answered.
  std::string run(const Any::Array& steps) {
    for (const Any& any : steps) step(Step(any));
    std::string out;
    write_var_uint(out, answers_.size());
    for (const std::string& answer : answers_) write_var_bytes(out, answer);
    return out;
  }

 private:
  struct Member {
    std::unique_ptr<Doc> doc;
    std::unique_ptr<PermanentUserData> user_data;
    std::map<std::uint64_t, SharedType> types;  // by the step that opened them
    std::map<std::uint64_t, std::unique_ptr<UndoManager>> undo;
  };

  void answer(std::string_view text) { answers_.emplace_back(text); }
  // An update that was kept.
  struct Blob {
    std::string bytes;
    bool v2 = false;
  };
  // Keeps bytes for later steps; several of one step have numbers side by side.
  void keep(std::string_view bytes, bool v2) {
    blobs_[step_ * 8 + kept_++] = {std::string(bytes), v2};
    answer(bytes);
  }
  void keep_result(const Result<std::string>& bytes, bool v2) {
    if (bytes) {
      keep(*bytes, v2);
    } else {
      answer("error " + bytes.error().message);
    }
  }
  void done(const Result<void>& result) { answer(result ? "ok" : "error"); }
  template <class T>
  void done(const Result<T>& result) {
    answer(result ? "ok" : "error");
  }

  const Blob* blob(std::uint64_t number) const {
    const auto at = blobs_.find(number);
    return at == blobs_.end() ? nullptr : &at->second;
  }

  void step(const Step& step) {
    step_ = step.number(0);
    kept_ = 0;
    const std::string& operation = step.string(1);
    if (operation == "doc") {
      make_doc(step);
      return;
    }
    if (operation == "aw") {
      awareness_.run(step, [this](std::uint64_t number) -> const std::string* {
        const Blob* const found = blob(number);
        return found == nullptr ? nullptr : &found->bytes;
      });
      return;
    }
    const auto at = members_.find(step.number(2));
    if (at == members_.end()) {
      answer(kSkipped);
      return;
    }
    Member& member = at->second;
    if (operation == "tx") {
      transact(member, step);
    } else if (!undo_step(member, step, operation) && !doc_step(member, step, operation)) {
      type_step(member, step, operation);
    }
  }

  void make_doc(const Step& step) {
    Member& member = members_[step.number(2)];
    add_doc(member, Doc(options_of(step.number(3), step.boolean(4))), step.boolean(5));
  }

  DocOptions options_of(ClientId client, bool gc) const {
    return {
        .client_id = client, .gc = gc, .clean_formatting = true, .hash_seed = step_, .limits = {}};
  }

  // v2: its changes are kept in version 2, too.
  void add_doc(Member& member, Doc doc, bool v2) {
    member.types.clear();
    member.user_data.reset();
    member.undo.clear();
    member.doc = std::make_unique<Doc>(std::move(doc));
    member.doc->on_update([this](std::string_view update, const Transaction& transaction) {
      answer(transaction.local ? "local" : "remote");
      keep(update, false);
    });
    if (v2) {
      member.doc->on_update_v2(
          [this](std::string_view update, const Transaction&) { keep(update, true); });
    }
    member.doc->on_subdocs([this](const SubdocsChange& change, const Transaction&) {
      answer("added " + show_guids(change.added) + " removed " + show_guids(change.removed) +
             " loaded " + show_guids(change.loaded));
    });
  }

  void transact(Member& member, const Step& outer) {
    const std::uint64_t number = step_;
    const std::string origin = outer.size() > 4 ? outer.string(4) : "";
    member.doc->transact(
        [&] {
          for (const Any& any : outer.list(3)) step(Step(any));
          step_ = number;
          kept_ = 0;
        },
        origin);
  }

  bool undo_step(Member& member, const Step& step, const std::string& operation) {
    if (operation == "time") {
      time_ms_ = static_cast<std::int64_t>(step.number(3));
      return true;
    }
    if (operation == "um") {
      make_undo_manager(member, step);
      return true;
    }
    constexpr std::string_view kOperations = "urcsatx";
    if (operation.size() != 2 || operation[0] != 'u' ||
        kOperations.find(operation[1]) == std::string_view::npos) {
      return false;
    }
    const auto at = member.undo.find(step.number(3));
    if (at == member.undo.end()) {
      answer(kSkipped);
      return true;
    }
    UndoManager& undo = *at->second;
    switch (operation[1]) {
      case 'u': answer(undo.undo() == nullptr ? "nothing" : "undone"); break;
      case 'r': answer(undo.redo() == nullptr ? "nothing" : "redone"); break;
      case 'c':
        if (step.boolean(4) && step.boolean(5)) undo.clear();
        if (step.boolean(4) && !step.boolean(5)) undo.clear_undo();
        if (!step.boolean(4) && step.boolean(5)) undo.clear_redo();
        break;
      case 's': undo.stop_capturing(); break;
      case 'a':
        if (!step.has(4)) undo.add_document_to_scope();
        if (step.has(4) && member.types.count(step.number(4)) != 0) {
          undo.add_to_scope(member.types[step.number(4)]);
        }
        break;
      case 't':
        if (step.boolean(5)) {
          undo.add_tracked_origin(step.string(4));
        } else {
          undo.remove_tracked_origin(step.string(4));
        }
        break;
      default: break;
    }
    answer("undo " + std::to_string(undo.undo_stack().size()) + " redo " +
           std::to_string(undo.redo_stack().size()));
    if (operation == "ux") member.undo.erase(at);
    return true;
  }

  void make_undo_manager(Member& member, const Step& step) {
    const Any::Object& given = *step.any(4).get<Any::Object>();
    const auto option = [&](std::string_view name) -> const Any& {
      for (const auto& [key, value] : given) {
        if (key == name) return value;
      }
      std::abort();
    };
    UndoOptions options;
    options.now_ms = [this] { return time_ms_; };
    options.capture_timeout_ms = static_cast<std::uint32_t>(*option("timeout").get<double>());
    options.tracked_origins.clear();
    for (const Any& origin : *option("origins").get<Any::Array>()) {
      options.tracked_origins.insert(*origin.get<std::string>());
    }
    options.ignore_remote_map_changes = *option("ignore").get<bool>();
    if (*option("filter").get<bool>()) {
      options.delete_filter = [](const UndoDeletion& deletion) {
        return deletion.kind != ContentKind::type || deletion.type.as_array().length() == 0;
      };
    }
    if (*option("local").get<bool>()) {
      options.capture_transaction = [](const Transaction& transaction) {
        return transaction.local;
      };
    }
    std::unique_ptr<UndoManager> undo;
    if (step.has(3)) {
      std::vector<SharedType> scope;
      for (const Any& number : step.list(3)) {
        const auto type = member.types.find(static_cast<std::uint64_t>(*number.get<double>()));
        if (type != member.types.end()) scope.push_back(type->second);
      }
      undo = std::make_unique<UndoManager>(*member.doc, scope, std::move(options));
    } else {
      undo = std::make_unique<UndoManager>(*member.doc, std::move(options));
    }
    const std::string own = undo->origin();
    const auto number = static_cast<double>(step_);
    undo->on_stack_item_added([this, own, number](const StackItemEvent& event) {
      event.item.meta["step"] = number;
      answer(show_stack_event("added", event, own));
    });
    undo->on_stack_item_updated([this, own](const StackItemEvent& event) {
      answer(show_stack_event("updated", event, own));
    });
    undo->on_stack_item_popped([this, own](const StackItemEvent& event) {
      answer(show_stack_event("popped", event, own));
    });
    undo->on_stack_cleared([this](const StackClearedEvent& event) {
      answer(std::string("cleared ") + (event.undo_stack ? "true" : "false") +
             (event.redo_stack ? " true" : " false"));
    });
    member.undo[step_] = std::move(undo);
    answer("ok");
  }

  bool doc_step(Member& member, const Step& step, const std::string& operation) {
    Doc& doc = *member.doc;
    if (operation == "root") {
      member.types[step_] = root(doc, step.string(3), static_cast<TypeKind>(step.number(4)));
    } else if (operation == "id") {
      doc.set_client_id(step.number(3));
    } else if (operation == "state") {
      state(doc, step);
    } else if (operation == "apply") {
      const Blob* update = blob(step.number(3));
      if (update == nullptr) {
        answer(kSkipped);
      } else {
        const std::string copy = update->bytes;
        const std::string_view origin = step.size() > 4 ? step.string(4) : std::string_view();
        const auto applied =
            update->v2 ? doc.apply_update_v2(copy, origin) : doc.apply_update(copy, origin);
        answer(applied ? "ok" : "error " + applied.error().message);
      }
    } else if (operation == "merge" || operation == "diff" || operation == "cut" ||
               operation == "vector" || operation == "meta" || operation == "convert" ||
               operation == "hide") {
      bytes_step(doc, step, operation);
    } else if (operation == "dump") {
      dump(member, step);
    } else if (operation == "pud") {
      if (step.string(3) == "new") {
        member.user_data = std::make_unique<PermanentUserData>(doc);
      } else if (member.user_data == nullptr) {
        answer(kSkipped);
      } else {
        user_data_step(*member.user_data, doc, step, [this](std::string_view a) { answer(a); });
      }
    } else {
      return position_step(member, step, operation) || snapshot_step(member, step, operation);
    }
    return true;
  }

  // --- Positions and snapshots.

  void note(std::string bytes) {
    answer(bytes);
    notes_[step_] = std::move(bytes);
  }

  bool position_step(Member& member, const Step& step, const std::string& operation) {
    if (operation == "position") {
      const auto type = member.types.find(step.number(3));
      if (type == member.types.end() || !type->second.valid()) {
        answer(kSkipped);
        return true;
      }
      const auto assoc = static_cast<std::int64_t>(*step.any(5).get<double>());
      const auto position = create_relative_position(type->second, step.index(4), assoc);
      const std::string json = relative_position_to_json(*position);
      answer(json);
      answer(*relative_position_from_json(json) == *position ? "true" : "false");
      note(encode_relative_position(*position));
    } else if (operation == "locate") {
      const auto bytes = notes_.find(step.number(3));
      if (bytes == notes_.end()) {
        answer(kSkipped);
      } else {
        locate(*member.doc, *decode_relative_position(bytes->second));
      }
    } else {
      return false;
    }
    return true;
  }

  void locate(Doc& doc, const RelativePosition& position) {
    answer(relative_position_to_json(position));
    const auto found = create_absolute_position(position, doc);
    if (!found) {
      answer("nowhere");
      return;
    }
    std::string where = "deleted";
    if (found->type.valid()) where = show_place(*create_relative_position(found->type, 0));
    answer(where + ' ' + std::to_string(found->index) + ' ' + std::to_string(found->assoc));
  }

  std::optional<Snapshot> snapshot_of(const Any& number) const {
    if (number.is_null()) return std::nullopt;
    const auto bytes = notes_.find(static_cast<std::uint64_t>(*number.get<double>()));
    if (bytes == notes_.end()) return std::nullopt;
    return *decode_snapshot(bytes->second);
  }

  bool snapshot_step(Member& member, const Step& step, const std::string& operation) {
    if (operation == "snapshot") {
      const Snapshot snapshot = take_snapshot(*member.doc);
      answer(encode_snapshot_v2(snapshot));
      note(encode_snapshot(snapshot));
      return true;
    }
    if (operation == "between" || operation == "at") {
      read_step(member, step, operation);
      return true;
    }
    if (operation != "contains" && operation != "equal" && operation != "restore") return false;
    const std::optional<Snapshot> snapshot = snapshot_of(step.any(3));
    if (!snapshot) {
      answer(kSkipped);
    } else if (operation == "contains") {
      const Blob* const update = blob(step.number(4));
      if (update == nullptr) {
        answer(kSkipped);
      } else {
        const auto contains = update->v2 ? snapshot_contains_update_v2 : snapshot_contains_update;
        answer(*contains(*snapshot, update->bytes, {}) ? "true" : "false");
      }
    } else if (operation == "equal") {
      const std::optional<Snapshot> other = snapshot_of(step.any(4));
      answer(!other ? kSkipped : *snapshot == *other ? "true" : "false");
    } else {
      members_.erase(step.number(4));
      auto restored = create_doc_from_snapshot(*member.doc, *snapshot,
                                               options_of(step.number(5), step.boolean(6)));
      if (restored) add_doc(members_[step.number(4)], std::move(*restored), false);
      answer(restored ? "ok" : "error");
    }
    return true;
  }

  // "ychange" as yjs_script.mjs computes it.
  static std::function<Any(TextChange, Id)> ychange_of(std::uint64_t number) {
    if (number == 0) return {};
    return [number](TextChange change, Id id) {
      const Any type(change == TextChange::added ? "added" : "removed");
      return number == 1 ? Any(Any::Object{{"user", Any(id.client)}, {"type", type}})
                         : Any(Any::Object{{"type", type}, {"clock", Any(id.clock)}});
    };
  }

  void read_step(Member& member, const Step& step, const std::string& operation) {
    const auto type = member.types.find(step.number(3));
    const std::optional<Snapshot> snapshot = snapshot_of(step.any(4));
    const std::optional<Snapshot> previous =
        operation == "between" ? snapshot_of(step.any(5)) : std::nullopt;
    if (type == member.types.end() || (!snapshot && !previous)) {
      answer(kSkipped);
    } else if (operation == "at") {
      read_at(type->second, *snapshot);
    } else if (!suits('t', type->second.kind())) {
      answer(kSkipped);
    } else {
      std::string out;
      for (const DeltaOp& op :
           type->second.as_text().to_delta({.snapshot = snapshot ? &*snapshot : nullptr,
                                            .previous = previous ? &*previous : nullptr,
                                            .ychange = ychange_of(step.number(6))})) {
        out += (out.empty() ? "" : "\n") + show_op(op);
      }
      answer(out);
    }
  }

  void read_at(const SharedType& type, const Snapshot& snapshot) {
    std::string out;
    bool first = true;
    const bool text = suits('t', type.kind());
    for (const Value& value : text ? std::vector<Value>() : type.as_array().to_array(snapshot)) {
      out += (first ? "" : ",") + show_value(value);
      first = false;
    }
    answer(out);
    auto entries = type.as_map().entries(snapshot);
    std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
      return array_index(a.first).value_or(UINT32_MAX) < array_index(b.first).value_or(UINT32_MAX);
    });
    for (const auto& [key, value] : entries) {
      const auto again = type.as_map().get(key, snapshot);
      answer(key + ' ' + show_value(value) + ' ' + (again ? show_value(*again) : "undefined"));
    }
    // Where yjs is asked, runs are split for a moment, which surrogate pairs do not survive.
    (void)type.as_text().to_delta({.snapshot = &snapshot});
  }

  static SharedType root(Doc& doc, const std::string& name, TypeKind kind) {
    switch (kind) {
      case TypeKind::text: return doc.get_text(name);
      case TypeKind::array: return doc.get_array(name);
      case TypeKind::map: return doc.get_map(name);
      default: return doc.get_xml_fragment(name);
    }
  }

  // What another document lacks, or everything.
  void state(Doc& doc, const Step& step) {
    const bool v2 = step.boolean(4);
    if (!step.has(3)) {
      keep(v2 ? doc.encode_state_as_update_v2() : doc.encode_state_as_update(), v2);
      return;
    }
    const auto other = members_.find(step.number(3));
    if (other == members_.end()) {
      answer(kSkipped);
      return;
    }
    const std::string vector = other->second.doc->encode_state_vector();
    answer(vector);
    const StateVector state = *decode_state_vector(vector);
    keep(v2 ? doc.encode_state_as_update_v2(state) : doc.encode_state_as_update(state), v2);
  }

  static Result<std::string> converted(const Blob& update) {
    return update.v2 ? convert_update_v2_to_v1(update.bytes)
                     : convert_update_v1_to_v2(update.bytes);
  }

  void bytes_step(Doc& doc, const Step& step, const std::string& operation) {
    std::vector<std::string> owned;
    bool v2 = false;  // as the first one
    for (const Any& number : step.list(3)) {
      const Blob* update = blob(static_cast<std::uint64_t>(*number.get<double>()));
      if (update == nullptr) {
        answer(kSkipped);
        return;
      }
      if (owned.empty()) v2 = update->v2;
      owned.push_back(update->v2 == v2 ? update->bytes : *converted(*update));
    }
    const std::vector<std::string_view> updates(owned.begin(), owned.end());
    const std::string_view update = updates[0];
    if (operation == "merge") {
      keep_result(v2 ? merge_updates_v2(updates) : merge_updates(updates), v2);
    } else if (operation == "diff" || operation == "cut") {
      const StateVector state = operation == "diff" ? doc.state_vector() : vector_of(step.list(4));
      keep_result(v2 ? diff_update_v2(update, state) : diff_update(update, state), v2);
    } else if (operation == "convert") {
      keep_result(converted({owned[0], v2}), !v2);
    } else if (operation == "hide") {
      const ObfuscateOptions options{.formatting = step.boolean(4),
                                     .subdocs = step.boolean(5),
                                     .yxml = step.boolean(6),
                                     .limits = {}};
      const auto out =
          v2 ? obfuscate_update_v2(update, options) : obfuscate_update(update, options);
      answer(out ? *out : "error " + out.error().message);
    } else if (operation == "meta") {
      const auto meta = v2 ? parse_update_meta_v2(update) : parse_update_meta(update);
      answer(meta ? show_meta(*meta) : "error " + meta.error().message);
    } else {
      const auto vector =
          v2 ? encode_state_vector_from_update_v2(update) : encode_state_vector_from_update(update);
      answer(vector ? *vector : "error " + vector.error().message);
    }
  }

  void dump(Member& member, const Step& step) {
    Doc& doc = *member.doc;
    for (const auto& [number, type] : member.types) dump_type(type);
    answer(doc.encode_state_vector());
    answer(doc.has_pending() ? "pending" : "complete");
    if (step.boolean(3)) {  // all that is to be seen
      keep(doc.encode_state_as_update(), false);
      keep(doc.encode_state_as_update_v2(), true);
      if (step.boolean(4)) answer(doc.to_json());
      for (const std::string& name : doc.root_names()) answer(name);
    }
    if (const std::string fault = doc.check(); !fault.empty()) answer("fault " + fault);
  }

  void dump_type(const SharedType& type) {
    if (!type.valid()) {
      answer("deleted");
      return;
    }
    answer(type.json());
    switch (type.kind()) {
      case TypeKind::xml_text:
      case TypeKind::text:
        answer(type.as_text().to_string());
        answer(type.as_text().delta_json());
        answer(std::to_string(type.as_text().length()));
        if (type.kind() == TypeKind::xml_text) answer(type.as_xml_text().to_xml());
        break;
      case TypeKind::array: answer(std::to_string(type.as_array().length())); break;
      case TypeKind::xml_element:
      case TypeKind::xml_fragment:
        answer(type.as_xml_fragment().to_string());
        answer(std::to_string(type.as_array().length()));
        break;
      default: {
        answer(std::to_string(type.as_map().size()));
        for (const std::string& key : type.as_map().keys()) answer(key);
        break;
      }
    }
  }

  void type_step(Member& member, const Step& step, const std::string& operation) {
    const auto at = member.types.find(step.number(3));
    if (at == member.types.end() || !at->second.valid()) {
      answer(kSkipped);
      return;
    }
    const SharedType type = at->second;
    if (!suits(operation[0], type.kind())) {
      answer(kSkipped);
      return;
    }
    switch (operation[0]) {
      case 'w': watch(type); break;
      case 'c': open_child(member, type, step.any(4)); break;
      case 't': text_step(type.as_text(), step, operation); break;
      case 'a': array_step(type.as_array(), step, operation); break;
      case 'm': map_step(type.as_map(), step, operation); break;
      default: attribute_step(type, step, operation); break;
    }
  }

  void watch(const SharedType& type) {
    type.observe([this](Event& event) { answer("shallow " + show_event(event)); });
    type.observe_deep([this](const std::vector<Event*>& events, const Transaction&) {
      for (Event* event : events) answer("deep " + show_event(*event));
    });
    answer("ok");
  }

  void open_child(Member& member, const SharedType& type, const Any& place) {
    std::optional<Value> value;
    if (const auto* key = place.get<std::string>()) {
      value = type.as_map().get(*key);
    } else {
      const auto index = static_cast<std::uint32_t>(*place.get<double>());
      if (type.kind() == TypeKind::text || type.kind() == TypeKind::xml_text) {
        const std::vector<DeltaOp> delta = type.as_text().to_delta();
        if (index < delta.size()) value = delta[index].insert;
      } else {
        value = type.as_array().get(index);
      }
    }
    const auto* child = value ? std::get_if<SharedType>(&*value) : nullptr;
    if (child == nullptr) {
      answer(kSkipped);
      return;
    }
    member.types[step_] = *child;
    answer(std::to_string(static_cast<int>(child->kind())));
  }

  void text_step(Text text, const Step& step, const std::string& operation) {
    if (operation == "tD") {
      done(text.apply_delta(delta_of(step.list(4))));
      return;
    }
    const std::uint32_t index = step.index(4);
    if (index > text.length()) {
      answer(kSkipped);
    } else if (operation == "ti") {
      done(step.has(6) ? text.insert(index, step.string(5), attributes_of(step.any(6)))
                       : text.insert(index, step.string(5)));
    } else if (operation == "te") {
      const Input input = input_of(step.any(5));
      if (const auto* type = std::get_if<NewType>(&input)) {
        done(text.insert_type(index, *type, attributes_of(step.any(6))));
      } else {
        done(text.insert_embed(index, std::get<Any>(input), attributes_of(step.any(6))));
      }
    } else if (operation == "tf") {
      done(text.format(index, step.index(5), attributes_of(step.any(6))));
    } else {
      done(text.erase(index, step.index(5)));
    }
  }

  void array_step(Array array, const Step& step, const std::string& operation) {
    if (operation == "ap") {
      done(array.push(inputs_of(step.list(4))));
      return;
    }
    const std::uint32_t index = step.index(4);
    if (index > array.length()) {
      answer(kSkipped);
    } else if (operation == "ai") {
      done(array.insert(index, inputs_of(step.list(5))));
    } else {
      done(array.erase(index, step.index(5)));
    }
  }

  void map_step(Map map, const Step& step, const std::string& operation) {
    if (operation == "ms") {
      done(map.set(step.string(4), input_of(step.any(5))));
    } else if (operation == "md") {
      done(map.erase(step.string(4)));
    } else {
      done(map.clear());
    }
  }

  void attribute_step(const SharedType& type, const Step& step, const std::string& operation) {
    const bool text = type.kind() == TypeKind::text || type.kind() == TypeKind::xml_text;
    if (operation == "xs") {
      done(text ? type.as_text().set_attribute(step.string(4), step.any(5))
                : type.as_xml_element().set_attribute(step.string(4), step.any(5)));
    } else {
      done(text ? type.as_text().remove_attribute(step.string(4))
                : type.as_xml_element().remove_attribute(step.string(4)));
    }
  }

  std::map<std::uint64_t, Member> members_;
  AwarenessSteps awareness_{
      [this](std::string_view text) { answer(text); },
      [this](const Result<std::string>& bytes) { keep_result(bytes, false); }};
  std::unordered_map<std::uint64_t, std::string> notes_;
  std::unordered_map<std::uint64_t, Blob> blobs_;
  std::vector<std::string> answers_;
  std::uint64_t step_ = 0;
  std::uint64_t kept_ = 0;
  std::int64_t time_ms_ = 0;
};

bool read_exactly(char* data, std::size_t size) { return std::fread(data, 1, size, stdin) == size; }

int serve() {
  for (;;) {
    unsigned char head[4];
    if (!read_exactly(reinterpret_cast<char*>(head), sizeof head)) return EXIT_SUCCESS;
    const std::uint32_t size =
        head[0] | head[1] << 8 | head[2] << 16 | static_cast<std::uint32_t>(head[3]) << 24;
    std::string encoded(size, '\0');
    if (!read_exactly(encoded.data(), size)) return EXIT_FAILURE;
    const Any steps = decode_any(encoded);
    const std::string out = Script().run(*steps.get<Any::Array>());
    char length[4];
    for (int i = 0; i < 4; ++i) length[i] = static_cast<char>(out.size() >> (8 * i));
    std::fwrite(length, 1, sizeof length, stdout);
    std::fwrite(out.data(), 1, out.size(), stdout);
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace pluv::ycrdt

int main() { return pluv::ycrdt::serve(); }
