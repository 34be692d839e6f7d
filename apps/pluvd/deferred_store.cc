#include "apps/pluvd/deferred_store.h"

#include <chrono>
#include <utility>

namespace pluv::apps {
namespace {

constexpr std::chrono::milliseconds kRetry{50};

}  // namespace

DeferredStore::DeferredStore(Open open, Log log)
    : open_(std::move(open)), log_(std::move(log)), thread_([this] { try_open(); }) {}

DeferredStore::~DeferredStore() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ended_.notify_all();
  thread_.join();
  for (const Call& call : waiting_) {
    call(Error{ErrorCode::unavailable, "The store was closed before it was open"});
  }
}

void DeferredStore::try_open() {
  while (true) {
    Result<std::unique_ptr<adapters::Store>> opened = open_();
    std::unique_lock lock(mutex_);
    if (opened.ok()) {
      store_ = std::move(*opened);
      log_("info", "store_opened", "the file is free");
    } else if (opened.error().code != ErrorCode::conflict) {
      failure_ = Error{ErrorCode::unavailable, opened.error().message};
      log_("error", "store_failed", failure_->message);
    } else {
      ended_.wait_for(lock, kRetry, [this] { return ending_; });
      if (!ending_) continue;
    }
    break;
  }
  settle();
}

// In order, also with what comes meanwhile: that waits behind what is settled.
void DeferredStore::settle() {
  std::unique_lock lock(mutex_);
  while (!waiting_.empty() && (store_ != nullptr || failure_)) {
    std::vector<Call> calls;
    calls.swap(waiting_);
    for (const Call& call : calls) {
      call(store_ ? Result<adapters::Store*>(store_.get()) : Result<adapters::Store*>(*failure_));
    }
  }
}

void DeferredStore::ask(Call call) {
  const std::lock_guard lock(mutex_);
  if (store_ != nullptr && waiting_.empty()) {
    call(store_.get());
  } else if (failure_) {
    call(*failure_);
  } else {
    waiting_.push_back(std::move(call));
  }
}

void DeferredStore::load(std::string room, Done<adapters::StoredDocument> done) {
  ask([room = std::move(room), done = std::move(done)](Result<adapters::Store*> store) {
    if (store.ok()) {
      (*store)->load(room, done);
    } else {
      done(store.error());
    }
  });
}

void DeferredStore::append(std::string room, std::string update, Done<std::uint64_t> done) {
  ask([room = std::move(room), update = std::move(update),
       done = std::move(done)](Result<adapters::Store*> store) {
    if (store.ok()) {
      (*store)->append(room, update, done);
    } else {
      done(store.error());
    }
  });
}

void DeferredStore::compact(std::string room, std::uint64_t last, std::string snapshot,
                            Done<void> done) {
  ask([room = std::move(room), last, snapshot = std::move(snapshot),
       done = std::move(done)](Result<adapters::Store*> store) {
    if (store.ok()) {
      (*store)->compact(room, last, snapshot, done);
    } else {
      done(store.error());
    }
  });
}

void DeferredStore::remove(std::string room, Done<void> done) {
  ask([room = std::move(room), done = std::move(done)](Result<adapters::Store*> store) {
    if (store.ok()) {
      (*store)->remove(room, done);
    } else {
      done(store.error());
    }
  });
}

void DeferredStore::list(std::string after, std::size_t limit,
                         Done<std::vector<adapters::StoredRoom>> done) {
  ask([after = std::move(after), limit, done = std::move(done)](Result<adapters::Store*> store) {
    if (store.ok()) {
      (*store)->list(after, limit, done);
    } else {
      done(store.error());
    }
  });
}

void DeferredStore::flush(Done<void> done) {
  ask([done = std::move(done)](Result<adapters::Store*> store) {
    if (store.ok()) {
      (*store)->flush(done);
    } else {
      done(store.error());
    }
  });
}

void DeferredStore::history_before(std::string room, std::uint64_t number, std::size_t limit,
                                   Done<std::vector<adapters::HistoryEntry>> done) {
  ask([room = std::move(room), number, limit,
       done = std::move(done)](Result<adapters::Store*> store) {
    if (store.ok()) {
      (*store)->history_before(room, number, limit, done);
    } else {
      done(store.error());
    }
  });
}

void DeferredStore::load_number(std::string room, std::uint64_t number,
                                Done<adapters::PastDocument> done) {
  ask([room = std::move(room), number, done = std::move(done)](Result<adapters::Store*> store) {
    if (store.ok()) {
      (*store)->load_number(room, number, done);
    } else {
      done(store.error());
    }
  });
}

}  // namespace pluv::apps
