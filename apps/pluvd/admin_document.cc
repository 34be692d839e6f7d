// The admin API's routes about a room's document and what it was.
#include <utility>

#include "apps/pluvd/admin_handlers.h"
#include "apps/pluvd/document_read.h"
#include "apps/pluvd/document_revert.h"
#include "apps/pluvd/json_patch.h"
#include "apps/pluvd/moment.h"
#include "apps/pluvd/random_writer.h"
#include "base/base64.h"
#include "ycrdt/snapshot.h"
#include "ycrdt/state_vector.h"

namespace pluv::apps {
namespace {

using Updates = std::vector<std::string>;

// A patch is made for the document as it was read; while others edit it, it is made again.
constexpr int kPatchTries = 8;

AdminReply bytes_reply(std::string bytes) {
  return {.media_type = "application/octet-stream", .body = std::move(bytes)};
}

AdminReply edited(bool changed) { return admin_reply(admin_api::Edited{.changed = changed}); }

Error too_large() { return {ErrorCode::limit, "The document would be larger than it may be"}; }

Result<std::string> update_since(const Updates& updates, const std::string& since) {
  const auto state = ycrdt::decode_state_vector(since);
  if (!state.ok()) return Error{ErrorCode::invalid, "since: no state vector of Yjs"};
  const auto document = document_of(updates);
  if (!document.ok()) return document.error();
  return (*document)->encode_without_pending(*state);
}

Result<AdminReply> document_reply(const AdminRequest& request, const Updates& updates) {
  if (request.format == DocumentFormat::json) {
    auto json = whole_json(updates);
    if (!json.ok()) return json.error();
    return AdminReply{.media_type = "application/json", .body = std::move(*json)};
  }
  auto update = request.since     ? update_since(updates, *request.since)
                : updates.empty() ? Result<std::string>(std::string(2, '\0'))
                                  : one_update(updates);
  if (!update.ok()) return update.error();
  return bytes_reply(std::move(*update));
}

// The update that the body is.
Result<std::string> update_in(const AdminCall& call) {
  if (call.request.route->body[call.request.media_type].shape == nullptr) return call.body;
  const auto body = admin_body<admin_api::NewUpdate>(call);
  if (!body.ok()) return body.error();
  auto update = base64_decode(body->update);
  if (!update) return Error{ErrorCode::invalid, "update: base64 is expected"};
  return std::move(*update);
}

// The store's own words name the room by its key.
Result<adapters::PastDocument> past_of(WaitingRooms& rooms, const AdminCall& call) {
  auto past = rooms.past(call.key(), call.request.number);
  if (past.ok() || past.error().code != ErrorCode::not_found) return past;
  return Error{ErrorCode::not_found, "There is no such version of a document"};
}

}  // namespace

Result<AdminReply> AdminHandlers::get_document(const AdminCall& call) {
  const auto document = rooms_.document(call.key());
  if (!document.ok()) return document.error();
  if (!*document) return admin_no_room();
  return document_reply(call.request, (*document)->updates);
}

Result<AdminReply> AdminHandlers::post_update(const AdminCall& call) {
  auto update = update_in(call);
  if (!update.ok()) return update.error();
  auto document = rooms_.document(call.key());
  if (!document.ok()) return document.error();
  Updates updates;
  if (*document) updates = std::move((*document)->updates);
  std::size_t bytes = update->size();
  for (const std::string& one : updates) bytes += one.size();
  // What waits for others is not part of a document, and nobody would ever see it.
  const auto copy = document_of(updates);
  if (!copy.ok()) return copy.error();
  const std::size_t waited = (*copy)->pending_bytes();
  const auto added = (*copy)->apply_update(*update);
  if (!added.ok()) {
    return Error{ErrorCode::limit, "The update cannot be applied: " + added.error().message};
  }
  if ((*copy)->pending_bytes() > waited) {
    return Error{ErrorCode::limit, "The update depends on others that are not in the document"};
  }
  if (added->empty()) return edited(false);
  if (bytes > call.project.limits.document_bytes_max) return too_large();
  const auto applied = rooms_.apply(call.key(), std::move(*update));
  if (!applied.ok()) return applied.error();
  return edited(*applied);
}

Result<AdminReply> AdminHandlers::patch_document(const AdminCall& call) {
  const auto patch = parse_patch(call.body);
  if (!patch.ok()) return patch.error();
  for (int i = 0; i < kPatchTries; ++i) {
    const auto done = patch_once(call, *patch);
    if (!done.ok()) {
      // Of places in the document, and not of the route.
      const bool no_place = done.error().code == ErrorCode::not_found;
      return no_place ? Error{ErrorCode::limit, done.error().message} : done.error();
    }
    if (*done) return edited(**done);
  }
  return Error{ErrorCode::conflict, "Others edit the document too often; try again"};
}

Result<std::optional<bool>> AdminHandlers::patch_once(const AdminCall& call,
                                                      const std::vector<PatchOperation>& patch) {
  auto document = rooms_.document(call.key());
  if (!document.ok()) return document.error();
  Updates updates;
  if (*document) updates = std::move((*document)->updates);
  const auto copy = document_of(updates);
  if (!copy.ok()) return copy.error();
  const auto writer = random_writer();
  if (!writer.ok()) return writer.error();
  ycrdt::Doc& doc = **(*copy)->doc();
  const ycrdt::Snapshot before = ycrdt::take_snapshot(doc);
  doc.set_client_id(*writer);
  std::string update;
  const auto observing =
      doc.on_update([&](std::string_view made, const ycrdt::Transaction&) { update = made; });
  const Result<void> patched = apply_patch(doc, patch);
  doc.unobserve(observing);
  if (!patched.ok()) return patched.error();
  if (update.empty()) return std::optional(false);
  std::size_t bytes = update.size();
  for (const std::string& one : updates) bytes += one.size();
  if (bytes > call.project.limits.document_bytes_max) return too_large();
  const Error stale{ErrorCode::unavailable, "stale"};
  const auto applied = rooms_.edit(
      call.key(),
      [before, stale, update = std::move(update)](ycrdt::Doc& document_now) -> Result<void> {
        if (!(ycrdt::take_snapshot(document_now) == before)) return stale;
        return document_now.apply_update(update);
      });
  if (applied.ok()) return std::optional(*applied);
  if (applied.error() == stale) return std::optional<bool>();
  return applied.error();
}

// --- Versions

Result<AdminReply> AdminHandlers::list_versions(const AdminCall& call) {
  std::uint64_t before = INT64_MAX;
  if (!call.request.after.empty()) {
    const auto number = json::from_json<std::uint64_t>(call.request.after);
    if (!number.ok()) return Error{ErrorCode::invalid, "after: not the next of a page"};
    before = *number;
  }
  // One more says whether there are more; those of one number come together.
  const auto entries = rooms_.history(call.key(), before, call.request.limit + 1);
  if (!entries.ok()) return entries.error();
  if (entries->empty() && call.request.after.empty()) {
    const auto document = rooms_.stored(call.key());
    if (!document.ok()) return document.error();
    if (!*document) return admin_no_room();
  }
  admin_api::VersionList out;
  for (const adapters::HistoryEntry& entry : *entries) {
    // A snapshot and the newest update in it are the same version.
    if (!out.versions.empty() && out.versions.back().number == entry.number) continue;
    if (out.versions.size() == call.request.limit) {
      out.next = std::to_string(out.versions.back().number);
      break;
    }
    out.versions.push_back({.number = entry.number,
                            .at = format_moment(entry.unix_ms),
                            .is_snapshot = entry.is_snapshot,
                            .bytes = entry.bytes});
  }
  return admin_reply(out);
}

Result<AdminReply> AdminHandlers::get_version(const AdminCall& call) {
  const auto past = past_of(rooms_, call);
  if (!past.ok()) return past.error();
  return document_reply(call.request, past->document.updates);
}

Result<AdminReply> AdminHandlers::restore_version(const AdminCall& call) {
  const auto past = past_of(rooms_, call);
  if (!past.ok()) return past.error();
  const auto now = rooms_.document(call.key());
  if (!now.ok()) return now.error();
  if (!*now) return admin_no_room();
  const auto writer = random_writer();
  if (!writer.ok()) return writer.error();
  auto update = revert_update((*now)->updates, past->document.updates, *writer);
  if (!update.ok()) return update.error();
  if (update->empty()) return edited(false);
  const auto applied = rooms_.apply(call.key(), std::move(*update));
  if (!applied.ok()) return applied.error();
  return edited(*applied);
}

}  // namespace pluv::apps
