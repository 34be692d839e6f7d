#include "platform/hosted/http_client.h"

#include <curl/curl.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <future>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/assert.h"

namespace pluv::hosted {
namespace {

// Connections that are kept for later calls to the same server.
constexpr long kIdleConnectionsMax = 64;
constexpr int kPollMs = 1'000;
// Of a body that is not wanted: to open a new connection costs less than to read more than this.
constexpr std::size_t kPassedOverBytesMax = std::size_t{64} * 1024;

struct EasyCleanup {
  void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};
struct ListFree {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyCleanup>;

// Its members outlive the handle, which refers to them.
struct Transfer {
  HttpCall call;
  HttpClient::Done done;
  HttpReply reply;
  std::size_t head_bytes = 0;
  int status = 0;  // of the last head that is complete, and none of 1xx; 0 until then
  std::size_t passed_over_bytes = 0;  // of a body that is not wanted
  bool too_large = false;
  std::array<char, CURL_ERROR_SIZE> error{};
  std::unique_ptr<curl_slist, ListFree> headers;
  Easy handle;
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// The answer is there, as far as it is wanted. Who says success before it has the whole of a call
// goes on reading it; who refuses may be left at once.
bool is_settled(const Transfer& transfer) {
  if (!transfer.call.status_only || transfer.status == 0 || transfer.too_large) return false;
  if (transfer.status < 200 || transfer.status > 299) return true;
  curl_off_t sent = 0;
  curl_easy_getinfo(transfer.handle.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
  return sent >= 0 && static_cast<std::size_t>(sent) >= transfer.call.body.size();
}

// Answering another number than it was given makes libcurl give up.
std::size_t take_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.call.status_only) {
    transfer.passed_over_bytes += size;
    // What is little is read to its end, for the connection's sake.
    return is_settled(transfer) && transfer.passed_over_bytes > kPassedOverBytesMax ? 0 : size;
  }
  if (size > transfer.call.response_bytes_max - transfer.reply.body.size() ||
      (transfer.call.may_read && !transfer.call.may_read(size))) {
    transfer.too_large = true;
    return 0;
  }
  transfer.reply.body.append(data, size);
  return size;
}

std::size_t take_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.call.status_only && transfer.status != 0) return size;  // it comes after the body
  transfer.head_bytes += size;
  if (transfer.head_bytes > kReplyHeadBytesMax) {
    transfer.too_large = true;
    return 0;
  }
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) {  // the last head counts: others were "100 Continue" and the like
    transfer.reply.headers.clear();
    return size;
  }
  if (line == "\r\n" || line == "\n") {  // the head is complete
    long status = 0;
    curl_easy_getinfo(transfer.handle.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200) transfer.status = static_cast<int>(status);
    return size;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(), lower);
  transfer.reply.headers.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
  return size;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Result<void> check(const HttpCall& call) {
  if (!call.url.starts_with("http://") && !call.url.starts_with("https://")) {
    return Error{ErrorCode::invalid, "Only http and https addresses can be called"};
  }
  const auto is_letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (call.method.empty() || !std::all_of(call.method.begin(), call.method.end(), is_letter)) {
    return Error{ErrorCode::invalid, "The method is none of HTTP's"};
  }
  for (const auto& [name, value] : call.headers) {
    if (name.empty() || name.find_first_of(": ;") != std::string::npos || has_control(name) ||
        has_control(value)) {
      return Error{ErrorCode::invalid, "A header has characters that headers must not have"};
    }
  }
  return {};
}

bool append_header(Transfer& transfer, const std::string& line) {
  curl_slist* const list = curl_slist_append(transfer.headers.get(), line.c_str());
  if (list == nullptr) return false;
  [[maybe_unused]] curl_slist* const same = transfer.headers.release();
  transfer.headers.reset(list);
  return true;
}

// False: no memory.
bool prepare(Transfer& transfer) {
  transfer.handle.reset(curl_easy_init());
  if (!transfer.handle) return false;
  bool good = true;
  const auto set = [&](auto option, auto value) {
    good = curl_easy_setopt(transfer.handle.get(), option, value) == CURLE_OK && good;
  };
  const HttpCall& call = transfer.call;
  // "Expect" would wait for a permission that few servers give.
  good = append_header(transfer, "Expect:");
  for (const auto& [name, value] : call.headers) {
    // With an empty value libcurl leaves a header out, unless it is written so.
    std::string line = name;
    line.append(value.empty() ? ";" : ": ").append(value);
    good = append_header(transfer, line) && good;
  }
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // or a call that is over would wait for its name server
  set(CURLOPT_URL, call.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_PROXY, "");
  set(CURLOPT_USERAGENT, "pluv");
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!call.ca_file.empty()) {
    set(CURLOPT_CAINFO, call.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // that file's alone
  }
  const std::int64_t timeout_ms = std::max<std::int64_t>(call.timeout_ms, 1);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_ms));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(timeout_ms, kConnectMsMax)));
  if (call.method == "GET") {
    set(CURLOPT_HTTPGET, 1L);
  } else if (call.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    set(CURLOPT_POSTFIELDS, call.body.data());
    if (call.method != "POST") set(CURLOPT_CUSTOMREQUEST, call.method.c_str());
  }
  set(CURLOPT_HTTPHEADER, transfer.headers.get());
  set(CURLOPT_WRITEFUNCTION, &take_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
  set(CURLOPT_HEADERFUNCTION, &take_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(&transfer));
  set(CURLOPT_ERRORBUFFER, transfer.error.data());
  return good;
}

Result<HttpReply> outcome(Transfer& transfer, CURLcode code) {
  if (transfer.too_large) return Error{ErrorCode::limit, "The answer is too large"};
  if (is_settled(transfer)) code = CURLE_OK;
  if (code != CURLE_OK) {
    const bool malformed = code == CURLE_URL_MALFORMAT;
    const char* what = transfer.error[0] != 0 ? transfer.error.data() : curl_easy_strerror(code);
    return Error{malformed ? ErrorCode::invalid : ErrorCode::unavailable, what};
  }
  // libcurl is content with a head that ends in its middle.
  if (transfer.status == 0) return Error{ErrorCode::unavailable, "The answer has no whole head"};
  transfer.reply.status = transfer.status;
  return std::move(transfer.reply);
}

void initialise_library() {
  static std::once_flag once;
  std::call_once(once, [] { PLUV_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
}

const Error kClosed{ErrorCode::unavailable, "The client is closed"};

}  // namespace

std::string_view HttpReply::header(std::string_view name) const noexcept {
  const auto at = std::find_if(headers.begin(), headers.end(),
                               [name](const auto& header) { return header.first == name; });
  return at == headers.end() ? std::string_view() : std::string_view(at->second);
}

class HttpClient::Loop {
 public:
  Loop() {
    initialise_library();
    multi_ = curl_multi_init();
    PLUV_ASSERT(multi_ != nullptr);
    curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, kCallsMax);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kIdleConnectionsMax);
    thread_ = std::thread([this] { run(); });
  }
  ~Loop() {
    close();
    curl_multi_cleanup(multi_);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void start(HttpCall call, Done done) {
    auto transfer = std::make_unique<Transfer>();
    transfer->call = std::move(call);
    transfer->done = std::move(done);
    {
      const std::lock_guard lock(mutex_);
      if (!closing_) {
        waiting_.push_back(std::move(transfer));
        curl_multi_wakeup(multi_);
        return;
      }
    }
    transfer->done(kClosed);
  }

  void close() {
    const std::lock_guard closing(close_mutex_);
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
      curl_multi_wakeup(multi_);
    }
    PLUV_ASSERT(!on_own_thread());
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] bool on_own_thread() const { return std::this_thread::get_id() == thread_id_; }

 private:
  void run() {
    // Signals are others' business; a peer that has gone is no reason to die.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    thread_id_ = std::this_thread::get_id();
    while (begin_waiting()) {
      int running = 0;
      curl_multi_perform(multi_, &running);
      finish_done();
      finish_settled();
      curl_multi_poll(multi_, nullptr, 0, kPollMs, nullptr);
    }
    cancel_all();
  }

  // False: it is closed.
  bool begin_waiting() {
    std::vector<std::unique_ptr<Transfer>> waiting;
    {
      const std::lock_guard lock(mutex_);
      if (closing_) return false;
      waiting.swap(waiting_);
    }
    for (std::unique_ptr<Transfer>& transfer : waiting) begin(std::move(transfer));
    return true;
  }

  void begin(std::unique_ptr<Transfer> transfer) {
    if (Result<void> checked = check(transfer->call); !checked.ok()) {
      transfer->done(std::move(checked).error());
      return;
    }
    if (!prepare(*transfer) || curl_multi_add_handle(multi_, transfer->handle.get()) != CURLM_OK) {
      transfer->done(Error{ErrorCode::unavailable, "There is no memory for the call"});
      return;
    }
    CURL* const handle = transfer->handle.get();
    under_way_.emplace(handle, std::move(transfer));
  }

  void finish_done() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;  // the message goes with its handle
      const auto at = under_way_.find(message->easy_handle);
      const std::unique_ptr<Transfer> transfer = std::move(at->second);
      under_way_.erase(at);
      curl_multi_remove_handle(multi_, transfer->handle.get());
      transfer->done(outcome(*transfer, code));
    }
  }

  // Those that libcurl goes on with, for the rest of an answer that nobody wants.
  void finish_settled() {
    for (auto at = under_way_.begin(); at != under_way_.end();) {
      if (!is_settled(*at->second)) {
        ++at;
        continue;
      }
      const std::unique_ptr<Transfer> transfer = std::move(at->second);
      at = under_way_.erase(at);
      curl_multi_remove_handle(multi_, transfer->handle.get());
      transfer->done(outcome(*transfer, CURLE_OK));
    }
  }

  void cancel_all() {
    for (auto& [handle, transfer] : under_way_) {
      curl_multi_remove_handle(multi_, handle);
      transfer->handle.reset();
      transfer->done(kClosed);
    }
    under_way_.clear();
    std::vector<std::unique_ptr<Transfer>> waiting;
    {
      const std::lock_guard lock(mutex_);
      waiting.swap(waiting_);
    }
    for (const std::unique_ptr<Transfer>& transfer : waiting) transfer->done(kClosed);
  }

  CURLM* multi_ = nullptr;
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> under_way_;  // of the thread's
  std::mutex mutex_;
  std::vector<std::unique_ptr<Transfer>> waiting_;
  bool closing_ = false;
  std::mutex close_mutex_;
  std::atomic<std::thread::id> thread_id_;
  std::thread thread_;
};

HttpClient::HttpClient() : loop_(std::make_unique<Loop>()) {}
HttpClient::~HttpClient() = default;

void HttpClient::start(HttpCall call, Done done) { loop_->start(std::move(call), std::move(done)); }

Result<HttpReply> HttpClient::run(HttpCall call) {
  PLUV_ASSERT(!loop_->on_own_thread());
  std::promise<Result<HttpReply>> promise;
  auto answer = promise.get_future();
  loop_->start(std::move(call),
               [&promise](Result<HttpReply> reply) { promise.set_value(std::move(reply)); });
  return answer.get();
}

void HttpClient::close() { loop_->close(); }

}  // namespace pluv::hosted
