// The outbox of webhooks: what happened in rooms and was not delivered yet. What is added is in the
// hands of the system when the call returns, before anybody is shown what happened: a killed
// process loses none of it. It knows who was announced as connected; what a process left open when
// it was killed is closed by the next one, in order, before anything new.
//
// One process at a time has the file; a successor that starts before its predecessor has ended
// keeps its events in memory until it gets it, and when it is killed meanwhile they are lost. So it
// does when the disk fails. Thread-safe: event loops add, one thread delivers; it is that one that
// takes the file and writes what was kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/file_lock.h"
#include "apps/pluvd/webhook_clock.h"
#include "apps/pluvd/webhook_outbox_file.h"
#include "base/result.h"

namespace pluv::apps {

// Dead letters of one project: enough to see what is wrong and to make up for some days of it. Over
// either bound the oldest go. Bodies may have whole documents.
inline constexpr std::size_t kDeadLettersMax = 10'000;
inline constexpr std::size_t kDeadLetterBytesMax = std::size_t{256} * 1024 * 1024;
inline constexpr std::int64_t kDeadLetterMsMax = std::int64_t{30} * 24 * 3'600 * 1'000;
// How old they are is what the clock says, which may be wrong after a start: not before this.
inline constexpr std::int64_t kDeadLettersKeptMs = std::int64_t{3'600} * 1'000;
// What is kept in memory while the file cannot be written; over either bound it is lost, and
// counted. A disk that is full for so long has worse to offer.
inline constexpr std::size_t kUnsavedEventsMax = 100'000;
inline constexpr std::size_t kUnsavedBytesMax = std::size_t{64} * 1024 * 1024;

struct OutboxEvent {
  std::string_view name;
  std::string body;  // stable JSON
};

// An event without its body.
struct OutboxItem {
  std::uint64_t id = 0;        // the order
  std::uint64_t delivery = 0;  // for the receiver: the same however often it is sent
  std::string project;
  std::string room;
  std::string event;
  std::int64_t at_unix_ms = 0;
  std::int64_t since_unix_ms = 0;  // in the queue since; later than at when it was dead meanwhile
  std::uint32_t attempts = 0;
  std::int64_t next_unix_ms = 0;  // not before; 0: at once
  std::size_t bytes = 0;
  // The delivery's: when it first saw it, in steady milliseconds, and how old it was by the clock.
  std::int64_t seen_ms = 0;
  std::int64_t seen_age_ms = 0;
  bool accepted = false;  // by its receiver, but it could not be taken out of the outbox yet
};

struct DeadLetter {
  std::uint64_t id = 0;
  std::string delivery;  // its x-pluv-delivery
  std::string room;
  std::string event;
  std::int64_t at_unix_ms = 0;
  std::int64_t dead_unix_ms = 0;
  std::uint32_t attempts = 0;
  std::string reason;
  std::uint64_t bytes = 0;
};

struct DeadLetterBody {
  DeadLetter letter;
  std::string body;
};

struct OutboxOptions {
  std::string path;  // empty: in memory
  std::function<std::int64_t()> unix_ms;
  std::function<std::int64_t()> steady_ms = webhook_steady_ms;
  std::function<void(std::string_view level, std::string_view event, std::string_view fields)> log;
  std::size_t dead_letters_max = kDeadLettersMax;
  std::size_t dead_letter_bytes_max = kDeadLetterBytesMax;
};

struct DeadCounts {
  std::uint64_t letters = 0;
  std::uint64_t bytes = 0;
};

class WebhookOutbox {
 public:
  // Takes the file if nobody else has it. Errors: OutboxFile::open's.
  [[nodiscard]] static Result<std::unique_ptr<WebhookOutbox>> open(OutboxOptions options);
  ~WebhookOutbox();

  // Is told of each event that was written, in its order; under the lock, so it must be quick and
  // not call back. Once, before anything is added.
  void on_added(std::function<void(OutboxItem)> added) { added_ = std::move(added); }

  // Writes what is kept in memory if that can be done now, and lets go of the file for good.
  void close();

  // What happened in a room. room: its name. user: a JSON object.
  void connected(std::string_view project, std::string_view room, std::string_view session,
                 std::string_view user, OutboxEvent event);
  void disconnected(std::string_view project, std::string_view room, std::string_view session,
                    OutboxEvent event);
  void destroyed(std::string_view project, std::string_view room, std::vector<OutboxEvent> events);

  // --- The delivery's.

  // Takes the file and writes what is kept in memory, if that can be done now. Whether the file is
  // there.
  bool settle();
  // All that is to be delivered, in order.
  [[nodiscard]] Result<std::vector<OutboxItem>> list();
  // not_found: there is no such event any more.
  [[nodiscard]] Result<std::string> body(std::uint64_t id);
  // What deliveries of this file are called, before a '-' and their number.
  [[nodiscard]] std::string instance();
  [[nodiscard]] Result<void> delivered(std::uint64_t id);
  [[nodiscard]] Result<void> postpone(std::uint64_t id, std::uint32_t attempts,
                                      std::int64_t next_unix_ms);
  // Makes a dead letter of it.
  [[nodiscard]] Result<void> bury(const OutboxItem& item, std::string_view reason);
  // Once a second: syncs what was written, and puts the log into the file when it has grown, on a
  // connection of its own.
  void care();
  // Drops dead letters that are too old, some at a time.
  void drop_old();

  // --- Dead letters. not_found: the project has none of that id.

  [[nodiscard]] Result<std::vector<DeadLetter>> dead(std::string_view project,
                                                     std::uint64_t after_id, std::size_t limit);
  // One of them, and what was to be sent.
  [[nodiscard]] Result<DeadLetterBody> dead_letter(std::string_view project, std::uint64_t id);
  // The id of its newest one, 0 without any: what dies from now on has a higher one.
  [[nodiscard]] std::uint64_t last_dead(const std::string& project);
  // Puts it at the end of what is to be delivered.
  [[nodiscard]] Result<void> replay(std::string_view project, std::uint64_t id);
  [[nodiscard]] Result<void> drop(std::string_view project, std::uint64_t id);

  [[nodiscard]] std::map<std::string, DeadCounts> dead_counts() const;
  [[nodiscard]] std::size_t unsaved() const;    // kept in memory now
  [[nodiscard]] std::uint64_t lost() const;     // since the start
  [[nodiscard]] std::uint64_t dropped() const;  // dead letters, for their age or number

 private:
  enum class Kind : std::uint8_t { connected, disconnected, destroyed };
  struct Change {
    Kind kind{};
    std::string project;
    std::string room;
    std::string session;
    std::string user;
    std::int64_t at_unix_ms = 0;
    std::vector<OutboxEvent> events;

    [[nodiscard]] std::size_t bytes() const;
  };
  using AddedItems = std::vector<OutboxItem>;

  explicit WebhookOutbox(OutboxOptions options) : options_(std::move(options)) {}

  void add(Change change);
  void keep(Change change);
  // Whether there is no more.
  bool write_one_unsaved();
  [[nodiscard]] Result<void> write(const Change& change);
  [[nodiscard]] static Result<void> write_rows(OutboxFile& file, const Change& change,
                                               AddedItems& added);
  [[nodiscard]] static Result<void> write_live(OutboxFile& file, const Change& change,
                                               std::uint64_t id);
  // Runs fn in a transaction, which its error takes back.
  [[nodiscard]] static Result<void> transact(OutboxFile& file,
                                             const std::function<Result<void>()>& fn);
  [[nodiscard]] Result<void> ready() const;
  void failed(const Error& error);
  void well();

  [[nodiscard]] Result<void> open_reader();
  [[nodiscard]] bool checkpoint(int pages);

  [[nodiscard]] Result<void> take_file();
  [[nodiscard]] Result<void> close_left_open(OutboxFile& file);
  [[nodiscard]] static Result<std::map<std::string, DeadCounts>> count_dead(OutboxFile& file);
  [[nodiscard]] Result<std::vector<DeadLetter>> list_dead(std::string_view project,
                                                          std::uint64_t after_id,
                                                          std::size_t limit);
  [[nodiscard]] Result<std::uint64_t> remove_dead(std::string_view project, std::uint64_t id);
  void bound_dead(const std::string& project);
  [[nodiscard]] std::optional<std::uint64_t> dead_id(OutboxSql which, const std::string& project);

  const OutboxOptions options_;
  std::function<void(OutboxItem)> added_;

  std::mutex settling_;  // held while the file is opened, by which nobody who adds is held up
  mutable std::mutex mutex_;
  std::optional<adapters::FileLock> lock_;
  std::unique_ptr<OutboxFile> file_;  // null: somebody else has it
  std::deque<Change> unsaved_;
  std::size_t unsaved_events_ = 0;
  std::size_t unsaved_bytes_ = 0;
  bool failing_ = false;
  bool closed_ = false;
  std::int64_t taken_ms_ = 0;  // the file: steady, and by the clock
  std::int64_t taken_unix_ms_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t lost_before_ = 0;  // this failure
  std::map<std::string, DeadCounts> dead_;
  std::uint64_t dropped_ = 0;

  std::mutex reading_;
  std::optional<adapters::SqliteDatabase> reader_;  // for bodies and checkpoints
  std::uint64_t synced_commits_ = 0;
};

}  // namespace pluv::apps
