#include "protocol.h"

#include <charconv>

#include "base/base64.h"
#include "stamp.h"
#include "ycrdt/awareness_update.h"
#include "ycrdt/lib0.h"

namespace pluv::bench {
namespace {

using ycrdt::ByteReader;
using ycrdt::write_var_bytes;
using ycrdt::write_var_uint;

// --- pluv.

// The text between the quotes after `key`, which has to be base64.
std::string base64_after(std::string_view message, std::string_view key) {
  const std::size_t at = message.find(key);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = message.substr(at + key.size());
  return base64_decode(rest.substr(0, rest.find('"'))).value_or(std::string());
}

class PluvSession final : public Session {
 public:
  void begin(const Say&, std::string_view document) override { document_ = document; }

  void take(const Say& say, std::string_view message, Received& out) override {
    const std::string_view type = type_of(message);
    if (type == "$presenceUpdated") {
      out.kind = Received::Kind::presence;
      add_stamps(message, out.stamps);
    } else if (type == "load") {
      out.kind = Received::Kind::event;
      add_stamps(message, out.stamps);
    } else if (type == "$storageUpdated") {
      out.kind = Received::Kind::update;
      out.bytes = base64_after(message, kState);
    } else if (type == "$storageReceived" && !joined_) {
      joined_ = true;
      out.kind = Received::Kind::joined;
      out.bytes = base64_after(message, kState);
      say(R"({"type":"$updateStorage","data":{"origin":"$initialized","update":""}})");
    } else if (type == "$registered") {
      say(R"({"type":"$initializeSession","data":{"presence":{"x":0},"update":")" +
          base64_encode(document_) + R"("}})");
      std::string().swap(document_);
    } else if (type == "$userJoined" && !asked_) {
      asked_ = true;
      say(R"({"type":"$getOthers","data":{}})");
    }
  }

  std::string presence(std::int64_t stamp) override {
    return R"({"type":"$updatePresence","data":{"presence":{)" + spelled_stamp(stamp) + "}}}";
  }
  std::string event(std::int64_t stamp, std::size_t size) override {
    return R"({"type":"load","data":{)" + spelled_stamp(stamp) + R"(,"pad":")" +
           std::string(size, 'x') + R"("}})";
  }
  std::string update(std::string_view update) override {
    return R"({"type":"$updateStorage","data":{"origin":null,"update":")" + base64_encode(update) +
           R"("}})";
  }

 private:
  static constexpr std::string_view kState = R"("state":")";

  // The envelope's own type; a value that looks like one is after it or inside "data" and escaped.
  static std::string_view type_of(std::string_view message) {
    constexpr std::string_view kType = R"("type":")";
    const std::size_t at = message.rfind(kType);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = message.substr(at + kType.size());
    return rest.substr(0, rest.find('"'));
  }

  std::string document_;
  bool joined_ = false;
  bool asked_ = false;
};

class Pluv final : public Protocol {
 public:
  std::string target(std::string_view room) const override {
    return "/api/pluv/room/" + std::string(room);
  }
  net::Opcode opcode() const override { return net::Opcode::text; }
  bool has_events() const override { return true; }
  std::unique_ptr<Session> session(std::string_view, std::uint32_t) const override {
    return std::make_unique<PluvSession>();
  }
};

// --- y-websocket and Hocuspocus: y-protocols, with the document's name before it or not.

enum Message : std::uint64_t { kSync = 0, kAwareness = 1, kAuth = 2 };
enum SyncStep : std::uint64_t { kStep1 = 0, kStep2 = 1, kUpdate = 2 };

class YSession final : public Session {
 public:
  // Without a name: y-websocket.
  YSession(std::string name, std::uint32_t number)
      : name_(std::move(name)), client_(1'000'000'000u + number) {}

  void begin(const Say& say, std::string_view document) override {
    document_ = document;
    if (!name_.empty()) {
      std::string auth = head(kAuth);
      write_var_uint(auth, 0);
      write_var_bytes(auth, "");
      write_var_bytes(auth, "4.7.0");
      say(auth);
    }
    std::string step = head(kSync);
    write_var_uint(step, kStep1);
    write_var_bytes(step, std::string_view("\0", 1));
    say(step);
  }

  void take(const Say& say, std::string_view message, Received& out) override {
    ByteReader reader(message);
    if (!name_.empty()) (void)reader.var_bytes();
    const std::uint64_t kind = reader.var_uint();
    if (kind == kAwareness) {
      add_stamps(reader.var_bytes(), out.stamps);
      if (!out.stamps.empty()) out.kind = Received::Kind::presence;
    } else if (kind == kSync) {
      const std::uint64_t step = reader.var_uint();
      if (step == kStep1) return;
      out.bytes = reader.var_bytes();
      out.kind = step == kStep2 && !joined_ ? Received::Kind::joined : Received::Kind::update;
      if (out.kind == Received::Kind::joined) {
        joined_ = true;
        if (!document_.empty()) say(update(document_));
        std::string().swap(document_);
      }
    }
  }

  std::string presence(std::int64_t stamp) override {
    const ycrdt::AwarenessEntry entry{client_, ++clock_, "{" + spelled_stamp(stamp) + "}"};
    std::string out = head(kAwareness);
    write_var_bytes(out, ycrdt::encode_awareness_update(std::span(&entry, 1)));
    return out;
  }
  std::string event(std::int64_t, std::size_t) override { return {}; }
  std::string update(std::string_view update) override {
    std::string out = head(kSync);
    write_var_uint(out, kUpdate);
    write_var_bytes(out, update);
    return out;
  }

 private:
  std::string head(std::uint64_t kind) const {
    std::string out;
    if (!name_.empty()) write_var_bytes(out, name_);
    write_var_uint(out, kind);
    return out;
  }

  std::string name_;
  ycrdt::ClientId client_;
  std::uint64_t clock_ = 0;
  std::string document_;
  bool joined_ = false;
};

class YWebsocket final : public Protocol {
 public:
  std::string target(std::string_view room) const override { return "/" + std::string(room); }
  net::Opcode opcode() const override { return net::Opcode::binary; }
  std::unique_ptr<Session> session(std::string_view, std::uint32_t number) const override {
    return std::make_unique<YSession>("", number);
  }
};

class Hocuspocus final : public Protocol {
 public:
  std::string target(std::string_view) const override { return "/"; }
  net::Opcode opcode() const override { return net::Opcode::binary; }
  std::unique_ptr<Session> session(std::string_view room, std::uint32_t number) const override {
    return std::make_unique<YSession>(std::string(room), number);
  }
};

// --- Relays: the message is the payload.

class RelaySession final : public Session {
 public:
  void begin(const Say& say, std::string_view) override { say("hello"); }
  void take(const Say&, std::string_view message, Received& out) override {
    add_stamps(message, out.stamps);
    if (!out.stamps.empty()) out.kind = Received::Kind::event;
    if (message == "hello" && !joined_) {
      joined_ = true;
      out.kind = Received::Kind::joined;
    }
  }
  std::string presence(std::int64_t) override { return {}; }
  std::string event(std::int64_t stamp, std::size_t size) override {
    std::string out = spelled_stamp(stamp);
    if (out.size() < size) out.resize(size, 'x');
    return out;
  }
  std::string update(std::string_view) override { return {}; }

 private:
  bool joined_ = false;
};

class Relay final : public Protocol {
 public:
  std::string target(std::string_view room) const override { return "/" + std::string(room); }
  net::Opcode opcode() const override { return net::Opcode::text; }
  bool has_presence() const override { return false; }
  bool has_events() const override { return true; }
  bool has_documents() const override { return false; }
  std::unique_ptr<Session> session(std::string_view, std::uint32_t) const override {
    return std::make_unique<RelaySession>();
  }
};

}  // namespace

std::unique_ptr<Protocol> make_protocol(std::string_view name) {
  if (name == "pluv") return std::make_unique<Pluv>();
  if (name == "y-websocket") return std::make_unique<YWebsocket>();
  if (name == "hocuspocus") return std::make_unique<Hocuspocus>();
  if (name == "relay") return std::make_unique<Relay>();
  return nullptr;
}

}  // namespace pluv::bench
