#include <algorithm>
#include <cstddef>
#include <vector>

#include "crowd.h"
#include "document.h"
#include "measurement.h"
#include "scenarios.h"
#include "ycrdt/updates.h"

namespace pluv::bench {
namespace {

class StorageRun {
 public:
  StorageRun(const Options& options, const Protocol& protocol)
      : options_(options),
        document_(options.document),
        crowd_(protocol, options.port),
        room_(options.room_prefix + "0"),
        writer_(seed(crowd_, room_, document_)),
        first_reader_(crowd_.size()) {
    const std::string before = document_.text();
    crowd_.on_joined = [&](Client& client) {
      if (text_of(client.document) != before) throw LoadError("a client joined another document");
      std::string().swap(client.document);
    };
    const auto room_of = [&](std::uint32_t) { return room_; };
    crowd_.join(1, room_of);  // alone, to see how long that takes
    const Client& alone = crowd_.at(first_reader_);
    one_join_us_ = alone.joined_us() - alone.began_us();
    crowd_.join(options.clients - 2, room_of);
    readers_.resize(options.clients - 1);
    crowd_.settle(1000);
  }

  void run(Report& report) {
    Measurement measurement(options_.pid, crowd_);
    begin_us_ = now_us();
    crowd_.on_received = [this](Client& client, Received& received) { take(client, received); };
    if (options_.rate > 0) {
      type_on_schedule();
    } else {
      type_flat_out();
    }
    const bool all = crowd_.turn_until([&] { return complete_ == keystrokes_.size(); }, 30);
    measurement.stop();
    if (!all) {
      throw LoadError(std::to_string(keystrokes_.size() - complete_) +
                      " updates have not reached everybody");
    }
    check();
    tell(report, measurement);
  }

 private:
  struct Keystroke {
    std::int64_t due_us;
    std::uint32_t arrived;
  };
  struct Reader {
    std::size_t known = 0;  // keystrokes
    std::vector<std::string> updates;
  };

  void type(std::int64_t due_us) {
    keystrokes_.push_back({due_us, 0});
    crowd_.send(writer_, writer_.session().update(document_.type()));
  }

  void type_on_schedule() {
    const auto count = static_cast<std::size_t>(options_.rate * options_.seconds);
    while (keystrokes_.size() < count) {
      const std::int64_t due =
          begin_us_ +
          static_cast<std::int64_t>(static_cast<double>(keystrokes_.size()) * 1e6 / options_.rate);
      const std::int64_t left_us = due - now_us();
      if (left_us > 0) {
        crowd_.turn(left_us > 1000 ? 1 : 0);
        continue;
      }
      type(due);
      if (keystrokes_.size() % 16 == 0) crowd_.turn(0);
    }
  }

  void type_flat_out() {
    const std::int64_t until = begin_us_ + static_cast<std::int64_t>(options_.seconds * 1e6);
    while (now_us() < until) {
      while (keystrokes_.size() - complete_ < options_.in_flight) type(now_us());
      crowd_.turn(10);
    }
  }

  void take(Client& client, Received& received) {
    if (received.kind != Received::Kind::update || client.number() < first_reader_) return;
    Reader& reader = readers_[client.number() - first_reader_];
    const auto meta = ycrdt::parse_update_meta(received.bytes);
    if (!meta) throw LoadError("an update that is none: " + meta.error().message);
    for (const auto& range : meta->clients) {
      if (range.client != kTypist) continue;
      if (range.from > reader.known) {
        throw LoadError("keystrokes " + std::to_string(reader.known) + " to " +
                        std::to_string(range.from) + " are missing");
      }
      const std::int64_t now = now_us();
      for (; reader.known < range.to; ++reader.known) {
        Keystroke& keystroke = keystrokes_.at(reader.known);
        latency_.record(now - keystroke.due_us);
        ++keystroke.arrived;
      }
    }
    while (complete_ < keystrokes_.size() && keystrokes_[complete_].arrived == readers_.size()) {
      ++complete_;
    }
    reader.updates.push_back(std::move(received.bytes));
  }

  // What every reader has in the end is what was written.
  void check() {
    const std::string expected = document_.text();
    for (const Reader& reader : readers_) {
      ycrdt::Doc doc({.client_id = 1});
      bool applied = document_.whole().empty() || doc.apply_update(document_.whole()).ok();
      for (const std::string& update : reader.updates) {
        applied = applied && doc.apply_update(update).ok();
      }
      if (!applied || doc.get_text("t").to_string() != expected) {
        throw LoadError("a client ends with another document than was written");
      }
    }
  }

  void tell(Report& report, const Measurement& measurement) const {
    const auto updates = static_cast<double>(keystrokes_.size());
    report.number("updates", updates);
    report.number("updates_per_second", updates / measurement.seconds(), "/s");
    measurement.report_cost(report, kMilliseconds, "update", updates);
    report.number("bytes_per_update_and_client",
                  static_cast<double>(measurement.received_bytes()) / updates /
                      static_cast<double>(readers_.size()),
                  "bytes");
    report.number("one_join_ms", static_cast<double>(one_join_us_) / 1e3, "ms");
    report.latency("latency", latency_);
    measurement.report(report);
  }

  const Options& options_;
  TypedDocument document_;
  Crowd crowd_;
  const std::string room_;
  Client& writer_;
  const std::size_t first_reader_;
  std::vector<Reader> readers_;
  std::vector<Keystroke> keystrokes_;
  std::size_t complete_ = 0;
  std::int64_t one_join_us_ = 0;
  std::int64_t begin_us_ = 0;
  Histogram latency_;
};

}  // namespace

void run_storage(const Options& options, Report& report) {
  const auto protocol = make_protocol(options.protocol);
  if (!protocol->has_documents()) throw LoadError("this protocol has no documents");
  report.number("clients", options.clients);
  report.number("document", static_cast<double>(options.document), "bytes");
  StorageRun(options, *protocol).run(report);
}

void run_join(const Options& options, Report& report) {
  const auto protocol = make_protocol(options.protocol);
  if (!protocol->has_documents()) throw LoadError("this protocol has no documents");
  TypedDocument document(options.document);
  Crowd crowd(*protocol, options.port);
  const std::string room = options.room_prefix + "0";
  (void)seed(crowd, room, document);
  const std::string expected = document.text();
  crowd.settle(500);
  const std::size_t first = crowd.size();
  Histogram joins;
  std::string checked;  // the bytes that were compared last: mostly all get the same
  crowd.on_joined = [&](Client& client) {
    joins.record(client.joined_us() - client.began_us());
    if (client.document != checked) {
      if (text_of(client.document) != expected) throw LoadError("a client joined another document");
      checked = client.document;
    }
    std::string().swap(client.document);
  };
  Measurement measurement(options.pid, crowd);
  for (std::uint32_t i = 0; i < options.clients; ++i) (void)crowd.add(room);
  crowd.wait_joined(120);
  measurement.stop();
  const auto count = static_cast<double>(crowd.size() - first);
  report.number("clients", count);
  report.number("document", static_cast<double>(options.document), "bytes");
  report.number("joins_per_second", count / measurement.seconds(), "/s");
  measurement.report_cost(report, kMilliseconds, "join", count);
  report.number("bytes_per_join", static_cast<double>(measurement.received_bytes()) / count,
                "bytes");
  report.latency("join", joins);
  measurement.report(report);
}

}  // namespace pluv::bench
