// The admin API's routes about a room's document and what it was.
#include <algorithm>
#include <atomic>
#include <limits>
#include <memory>
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

// An edit is made for the document as it was read; when others have edited it meanwhile, and that
// makes a difference, it is made again.
constexpr int kEditTries = 8;

std::size_t bytes_of(const Updates& updates) {
  std::size_t out = 0;
  for (const std::string& update : updates) out += update.size();
  return out;
}

AdminReply bytes_reply(std::string bytes) {
  return {.media_type = "application/octet-stream", .body = std::move(bytes)};
}

AdminReply edited(bool changed) { return admin_reply(admin_api::Edited{.changed = changed}); }

Error too_large(std::size_t bytes, std::size_t bytes_max) {
  return {ErrorCode::limit, "The document would have " + std::to_string(bytes) +
                                " bytes, and may have " + std::to_string(bytes_max) +
                                " (limits.document)"};
}
Error too_often() { return {ErrorCode::conflict, "Others edit the document too often; try again"}; }
const Error& stale() {
  static const Error error{ErrorCode::unavailable, "stale"};
  return error;
}

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

// An update that cuts what is there makes more than its own bytes: of a delete of four bytes, the
// heads of two more structs.
constexpr std::size_t kBytesOfAByteMax = 8;

// Whether the update may be put into what the document, of which it was made then, is now: what it
// builds upon is there, and it fits for certain.
bool takes(const ycrdt::Doc& now, const ycrdt::Snapshot& then, const std::string& update,
           std::size_t bytes_max) {
  const ycrdt::StateVector state = now.state_vector();
  const bool has_all = std::ranges::all_of(then.state().entries(), [&](const auto& known) {
    return state.clock(known.first) >= known.second;
  });
  return has_all &&
         now.encode_state_as_update().size() + kBytesOfAByteMax * update.size() <= bytes_max;
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
  const auto update = update_in(call);
  if (!update.ok()) return update.error();
  return edit_document(call, OnChange::measure, [&](ycrdt::LazyDoc& copy) -> Result<std::string> {
    // What waits for others is not part of a document, and nobody would ever see it.
    const std::size_t waited = copy.pending_bytes();
    auto added = copy.apply_update(*update);
    if (!added.ok()) {
      return Error{ErrorCode::limit, "The update cannot be applied: " + added.error().message};
    }
    if (copy.pending_bytes() > waited) {
      return Error{ErrorCode::limit, "The update depends on others that are not in the document"};
    }
    return added;
  });
}

Result<AdminReply> AdminHandlers::patch_document(const AdminCall& call) {
  const auto patch = parse_patch(call.body);
  if (!patch.ok()) return patch.error();
  if (const Result<void> once = members_once(call.body); !once.ok()) {
    return Error{ErrorCode::invalid, "The patch: " + once.error().message};
  }
  return edit_document(call, OnChange::again, [&](ycrdt::LazyDoc& copy) -> Result<std::string> {
    const auto writer = random_writer();
    if (!writer.ok()) return writer.error();
    ycrdt::Doc& doc = **copy.doc();
    doc.set_client_id(*writer);
    std::string update;
    const auto observing =
        doc.on_update([&](std::string_view made, const ycrdt::Transaction&) { update = made; });
    const Result<void> patched = apply_patch(doc, *patch);
    doc.unobserve(observing);
    if (patched.ok()) return update;
    // Of places in the document, and not of the route.
    const bool no_place = patched.error().code == ErrorCode::not_found;
    return no_place ? Error{ErrorCode::limit, patched.error().message} : patched.error();
  });
}

Result<AdminReply> AdminHandlers::edit_document(const AdminCall& call, OnChange on_change,
                                                const MakeEdit& make) {
  for (int i = 0; i < kEditTries; ++i) {
    const auto done = edit_once(call, on_change, make);
    if (done.ok()) return edited(*done);
    if (done.error() != stale()) return done.error();
    call.may_have_changed = false;
  }
  return too_often();
}

Result<bool> AdminHandlers::edit_once(const AdminCall& call, OnChange on_change,
                                      const MakeEdit& make) {
  std::size_t bytes_max = call.project.limits.document_bytes_max;
  auto document = rooms_.document(call.key());
  if (!document.ok()) return document.error();
  const auto copy = document_of(*document ? (*document)->updates : Updates());
  if (!copy.ok()) return copy.error();
  ycrdt::Snapshot before = ycrdt::take_snapshot(**(*copy)->doc());
  // What was there when the limit was set lower may be made smaller, in steps.
  if (*document && bytes_of((*document)->updates) > bytes_max) {
    bytes_max = std::max(bytes_max, (*copy)->encode_state_as_update().size());
  }
  const bool is_there = *document && !(*document)->updates.empty();
  auto update = make(**copy);
  if (!update.ok() && !is_there) return refused_when_empty(call, update.error());
  if (!update.ok()) return update.error();
  if (update->empty()) return false;
  if (const std::size_t bytes = (*copy)->encode_state_as_update().size(); bytes > bytes_max) {
    return too_large(bytes, bytes_max);
  }
  // Where nothing is there the room asks for what it begins with.
  const auto done = rooms_.edit(
      call.key(),
      [before = std::move(before), update = std::move(*update), on_change,
       bytes_max](ycrdt::Doc& now) -> Result<void> {
        if (!(ycrdt::take_snapshot(now) == before) &&
            (on_change == OnChange::again || !takes(now, before, update, bytes_max))) {
          return stale();
        }
        return now.apply_update(update);
      },
      is_there ? std::numeric_limits<std::int64_t>::max() : kAdminFirstDocumentMsMax);
  call.may_have_changed = done.begun;
  const bool none = !is_there && !done.begun && !done.changed.ok() &&
                    done.changed.error().code == ErrorCode::unavailable;
  return none ? admin_no_document() : done.changed;
}

// An edit that cannot be made of nothing may be one of what the room begins with, which the room
// asks for: stale() when it has that now, else why the edit is refused.
Error AdminHandlers::refused_when_empty(const AdminCall& call, const Error& refusal) {
  const auto is_empty = std::make_shared<std::atomic<bool>>(true);
  const auto asked = rooms_.edit(
      call.key(),
      [is_empty](ycrdt::Doc& now) -> Result<void> {
        *is_empty = now.item_count() == 0;
        return {};
      },
      kAdminFirstDocumentMsMax);
  if (!asked.begun) return admin_no_document();
  return *is_empty ? refusal : stale();
}

// --- Versions

Result<AdminReply> AdminHandlers::list_versions(const AdminCall& call) {
  std::uint64_t before = INT64_MAX;
  if (!call.request.after.empty()) {
    const auto number = json::from_json<std::uint64_t>(call.request.after);
    if (!number.ok()) return Error{ErrorCode::invalid, "after: not the next of a page"};
    before = *number;
  }
  const std::size_t limit = call.request.limit;
  admin_api::VersionList out;
  for (bool is_last = false; !is_last && !out.next;) {
    // One more says whether there are more; those of one number come together.
    const auto entries = rooms_.history(call.key(), before, limit + 1);
    if (!entries.ok()) return entries.error();
    for (const adapters::HistoryEntry& entry : *entries) {
      // A snapshot and the newest update in it are the same version.
      if (!out.versions.empty() && out.versions.back().number == entry.number) continue;
      if (out.versions.size() == limit) {
        out.next = std::to_string(out.versions.back().number);
        break;
      }
      out.versions.push_back({.number = entry.number,
                              .at = format_moment(entry.unix_ms),
                              .is_snapshot = entry.is_snapshot,
                              .bytes = entry.bytes});
    }
    is_last = entries->size() <= limit;
    if (!is_last) before = entries->back().number;
  }
  if (out.versions.empty() && call.request.after.empty()) {
    const auto document = rooms_.stored(call.key());
    if (!document.ok()) return document.error();
    if (!*document) return admin_no_room();
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
  return edit_document(call, OnChange::measure, [&](ycrdt::LazyDoc& copy) -> Result<std::string> {
    const auto writer = random_writer();
    if (!writer.ok()) return writer.error();
    const std::vector<std::string> present = copy.copy();
    auto update = revert_update(present, past->document.updates, *writer);
    if (!update.ok() || update->empty()) return update;
    if (const auto added = copy.apply_update(*update); !added.ok()) return added.error();
    return update;
  });
}

}  // namespace pluv::apps
