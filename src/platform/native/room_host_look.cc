// RoomHost's part for those who look in from outside: copies of what rooms are, made between two
// steps, and messages as they pass. A list of all rooms is made in slices of a turn each, so that
// ten thousand rooms hold up nobody.
#include <algorithm>
#include <memory>
#include <utility>

#include "platform/native/room_host.h"
#include "platform/native/worker.h"

namespace pluv::native {
namespace {

constexpr std::size_t kListedPerTurn = 512;
constexpr std::string_view kTokenMessage = "refreshToken";
constexpr std::string_view kTokenMessageShown = R"({"type":"$refreshToken","data":{}})";
// Rooms that were made in the last moment have no rate worth the name.
constexpr std::int64_t kRateMsMin = 1'000;
// A version as it is shown: which room it is of above, its lowest bits below.
constexpr int kVersionBits = 24;
constexpr std::uint64_t kVersionMask = (std::uint64_t{1} << kVersionBits) - 1;
constexpr std::uint64_t kGenerationMask = (std::uint64_t{1} << (53 - kVersionBits)) - 1;

}  // namespace

void RoomHost::remember(RoomEntry& entry) {
  entry.place = static_cast<std::uint32_t>(all_.size());
  entry.listed_ms = worker_.now_ms();
  all_.push_back(&entry);
}

void RoomHost::take_off_list(const RoomEntry& entry) {
  all_.back()->place = entry.place;
  all_[entry.place] = all_.back();
  all_.pop_back();
}

void RoomHost::list(std::function<void(std::vector<RoomLine>)> done) {
  auto listing = std::make_shared<Listing>();
  listing->left = all_.size();
  listing->number = ++listings_;
  listing->lines.reserve(all_.size());
  listing->done = std::move(done);
  list_some(listing);
}

// Backwards: one that goes is replaced by the last one, which was seen already, and the listing's
// number says so.
void RoomHost::list_some(const std::shared_ptr<Listing>& listing) {
  listing->left = std::min(listing->left, all_.size());
  for (std::size_t i = 0; i < kListedPerTurn && listing->left > 0; ++i) {
    RoomEntry& entry = *all_[--listing->left];
    if (std::exchange(entry.listing, listing->number) == listing->number) continue;
    listing->lines.push_back(line_of(entry));
  }
  if (listing->left == 0) {
    listing->done(std::move(listing->lines));
    return;
  }
  worker_.post([this, listing] { list_some(listing); });
}

RoomLine RoomHost::line_of(RoomEntry& entry) const {
  RoomLine line;
  line.room = entry.room.id();
  line.sessions = static_cast<std::uint32_t>(entry.room.size());
  line.users = static_cast<std::uint32_t>(entry.room.user_count());
  if (const auto document = entry.room.document_state()) line.document_bytes = document->bytes;
  line.idle = line.sessions == 0;
  const std::int64_t passed_ms = worker_.now_ms() - entry.listed_ms;
  line.messages_per_second = static_cast<double>(entry.messages) * 1000 /
                             static_cast<double>(std::max(passed_ms, kRateMsMin));
  entry.messages = 0;
  entry.listed_ms = worker_.now_ms();
  return line;
}

std::optional<RoomLook> RoomHost::look(std::string_view room, const RoomQuestion& question) const {
  const auto found = rooms_.find(room);
  if (found == rooms_.end()) return std::nullopt;
  const RoomEntry& entry = *found->second;
  RoomLook look;
  look.sessions_total = static_cast<std::uint32_t>(entry.room.size());
  entry.room.for_each_session([&](const room::SessionView& session) {
    if (look.sessions.size() >= question.sessions_max) return;
    look.sessions.push_back(
        {.id = std::string(session.id.text()),
         .user_id = std::string(session.user_id),
         .user_json = std::string(session.user_json),
         .presence_json = std::string(session.presence_json),
         .idle_ms = std::max<std::int64_t>(worker_.now_ms() - session.heard_ms, 0)});
  });
  const auto document = entry.room.document_state();
  if (!document) return look;
  DocumentLook& shown = look.document.emplace();
  shown.bytes = document->bytes;
  shown.version =
      ((entry.generation & kGenerationMask) << kVersionBits) | (document->version & kVersionMask);
  if (question.document_unless && *question.document_unless != shown.version) {
    shown.updates = entry.room.copy_document();
  }
  return look;
}

void RoomHost::tap_inbound(const Connection& connection, std::string_view text) {
  // Who looks on is not to be shown what would let him in.
  if (text.find(kTokenMessage) != std::string_view::npos) text = kTokenMessageShown;
  const room::Room& room = connection.room->room;
  tap_->take({.inbound = true,
              .room = room.id(),
              .session = connection.session.text(),
              .user_id = room.user_id(connection.index),
              .text = text,
              .bytes = text.size(),
              .receivers = 1,
              .unix_ms = worker_.now().unix_ms});
}

void RoomHost::tap_outbound(const RoomEntry& entry, const room::Send& send) {
  const std::span<const room::SessionIndex> receivers = effects_.receivers_of(send);
  const Connection* const only =
      receivers.size() == 1 ? entry.sessions[room::raw(receivers.front())] : nullptr;
  TappedMessage message;
  message.room = entry.room.id();
  if (only != nullptr) {
    message.session = only->session.text();
    message.user_id = entry.room.user_id(receivers.front());
  }
  message.text = effects_.view(send.frame);
  message.bytes = send.size();
  message.receivers = static_cast<std::uint32_t>(receivers.size());
  message.unix_ms = worker_.now().unix_ms;
  tap_->take(message);
}

}  // namespace pluv::native
