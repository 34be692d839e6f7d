#include "net/deflate_negotiation.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "net/http_head.h"

namespace pluv::net {
namespace {

constexpr std::string_view kName = "permessage-deflate";

struct Parameter {
  std::string_view name;
  std::optional<std::string> value;
};

struct Extension {
  std::string_view name;
  std::vector<Parameter> parameters;
};

// Reads the grammar of RFC 6455 section 9.1.
class ExtensionScanner {
 public:
  explicit ExtensionScanner(std::string_view text) noexcept : rest_(text) {}

  Result<std::vector<Extension>> scan() {
    std::vector<Extension> list;
    for (;;) {
      skip_space();
      if (rest_.empty()) return list;
      if (take(',')) continue;  // empty elements are legal (RFC 9110 section 5.6.1)
      Extension extension;
      extension.name = token();
      if (extension.name.empty()) return malformed();
      while (take(';')) {
        Parameter parameter;
        parameter.name = token();
        if (parameter.name.empty()) return malformed();
        if (take('=')) {
          parameter.value = value();
          if (!parameter.value) return malformed();
        }
        extension.parameters.push_back(std::move(parameter));
      }
      list.push_back(std::move(extension));
      if (!rest_.empty() && rest_.front() != ',') return malformed();
    }
  }

 private:
  static Error malformed() { return {ErrorCode::invalid, "Sec-WebSocket-Extensions is malformed"}; }

  void skip_space() noexcept {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) {
      rest_.remove_prefix(1);
    }
  }

  // Takes the character and the space on both sides of it.
  bool take(char c) noexcept {
    skip_space();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    skip_space();
    return true;
  }

  std::string_view token() noexcept {
    std::size_t size = 0;
    while (size < rest_.size() && is_http_token(rest_.substr(size, 1))) ++size;
    const std::string_view found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    skip_space();
    return found;
  }

  // A token, or a quoted string that holds one.
  std::optional<std::string> value() {
    if (rest_.empty() || rest_.front() != '"') {
      const std::string_view text = token();
      return text.empty() ? std::nullopt : std::optional<std::string>(text);
    }
    rest_.remove_prefix(1);
    std::string text;
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') {
        skip_space();
        return is_http_token(text) ? std::optional<std::string>(std::move(text)) : std::nullopt;
      }
      if (c == '\\') {
        if (rest_.empty()) break;
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      text.push_back(c);
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

// A parameter that was not given, given without a value, or given with one.
enum class Given : std::uint8_t { no, bare, with_bits };

struct Parameters {
  bool server_no_takeover = false;
  bool client_no_takeover = false;
  Given server_bits_given = Given::no;
  Given client_bits_given = Given::no;
  int server_bits = 15;
  int client_bits = 15;
};

// 8-15 in decimal without leading zeros (RFC 7692 section 7.1.2), else 0.
int read_bits(std::string_view text) noexcept {
  if (text.size() == 1 && (text[0] == '8' || text[0] == '9')) return text[0] - '0';
  if (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5') {
    return 10 + (text[1] - '0');
  }
  return 0;
}

bool read_flag(const Parameter& parameter, bool& flag) noexcept {
  if (flag || parameter.value) return false;
  flag = true;
  return true;
}

bool read_window(const Parameter& parameter, Given& given, int& bits) noexcept {
  if (given != Given::no) return false;
  given = parameter.value ? Given::with_bits : Given::bare;
  if (!parameter.value) return true;
  bits = read_bits(*parameter.value);
  return bits != 0;
}

// nullopt for what section 7.1 tells to decline: unknown, repeated and malformed parameters.
std::optional<Parameters> read_parameters(const Extension& extension) noexcept {
  Parameters read;
  for (const Parameter& parameter : extension.parameters) {
    bool good = false;
    if (parameter.name == "server_no_context_takeover") {
      good = read_flag(parameter, read.server_no_takeover);
    } else if (parameter.name == "client_no_context_takeover") {
      good = read_flag(parameter, read.client_no_takeover);
    } else if (parameter.name == "server_max_window_bits") {
      good = read_window(parameter, read.server_bits_given, read.server_bits) &&
             read.server_bits_given == Given::with_bits;
    } else if (parameter.name == "client_max_window_bits") {
      good = read_window(parameter, read.client_bits_given, read.client_bits);
    }
    if (!good) return std::nullopt;
  }
  return read;
}

std::optional<DeflateAgreement> accept_offer(const Extension& extension,
                                             const DeflatePolicy& policy) noexcept {
  if (extension.name != kName) return std::nullopt;
  const std::optional<Parameters> offer = read_parameters(extension);
  if (!offer || offer->server_bits < kDeflateWindowBitsMin) return std::nullopt;
  DeflateAgreement agreement;
  const auto takeover = [](bool refused, ContextTakeover wanted) {
    return refused ? ContextTakeover::no : wanted;
  };
  agreement.server_takeover = takeover(offer->server_no_takeover, policy.server_takeover);
  agreement.client_takeover = takeover(offer->client_no_takeover, policy.client_takeover);
  agreement.server_window_bits = std::min(offer->server_bits, policy.server_window_bits);
  agreement.client_window_bits_offered = offer->client_bits_given != Given::no;
  if (agreement.client_window_bits_offered) {
    agreement.client_window_bits = std::min(offer->client_bits, policy.client_window_bits);
  }
  return agreement;
}

void check_policy(const DeflatePolicy& policy) noexcept {
  const auto in_range = [](int bits) {
    return bits >= kDeflateWindowBitsMin && bits <= kDeflateWindowBitsMax;
  };
  PLUV_ASSERT(in_range(policy.server_window_bits) && in_range(policy.client_window_bits));
}

void append_bits(std::string& out, std::string_view name, int bits) {
  out.append("; ").append(name).append("=").append(std::to_string(bits));
}

}  // namespace

Result<std::optional<DeflateAgreement>> negotiate_deflate(std::string_view header,
                                                          const DeflatePolicy& policy) {
  check_policy(policy);
  const Result<std::vector<Extension>> offers = ExtensionScanner(header).scan();
  if (!offers) return offers.error();
  for (const Extension& extension : *offers) {
    if (const auto agreement = accept_offer(extension, policy)) return agreement;
  }
  return std::optional<DeflateAgreement>();
}

std::string deflate_answer(const DeflateAgreement& agreement) {
  std::string out(kName);
  if (agreement.server_takeover == ContextTakeover::no) out.append("; server_no_context_takeover");
  if (agreement.client_takeover == ContextTakeover::no) out.append("; client_no_context_takeover");
  if (agreement.server_window_bits < kDeflateWindowBitsMax) {
    append_bits(out, "server_max_window_bits", agreement.server_window_bits);
  }
  if (agreement.client_window_bits_offered &&
      agreement.client_window_bits < kDeflateWindowBitsMax) {
    append_bits(out, "client_max_window_bits", agreement.client_window_bits);
  }
  return out;
}

std::string deflate_offer(const DeflatePolicy& policy) {
  check_policy(policy);
  std::string out(kName);
  if (policy.server_takeover == ContextTakeover::no) out.append("; server_no_context_takeover");
  if (policy.client_takeover == ContextTakeover::no) out.append("; client_no_context_takeover");
  if (policy.server_window_bits < kDeflateWindowBitsMax) {
    append_bits(out, "server_max_window_bits", policy.server_window_bits);
  }
  if (policy.client_window_bits < kDeflateWindowBitsMax) {
    append_bits(out, "client_max_window_bits", policy.client_window_bits);
  } else {
    out.append("; client_max_window_bits");
  }
  return out;
}

Result<std::optional<DeflateAgreement>> read_deflate_answer(std::string_view header,
                                                            const DeflatePolicy& policy) {
  check_policy(policy);
  const Result<std::vector<Extension>> answers = ExtensionScanner(header).scan();
  if (!answers) return answers.error();
  if (answers->empty()) return std::optional<DeflateAgreement>();
  const auto wrong = [](const char* what) { return Error{ErrorCode::invalid, what}; };
  if (answers->size() > 1 || answers->front().name != kName) {
    return wrong("The server answered an extension that was not offered");
  }
  const std::optional<Parameters> read = read_parameters(answers->front());
  if (!read) return wrong("The server's answer to permessage-deflate is malformed");
  if (read->client_bits_given == Given::bare) {
    return wrong("The server answered client_max_window_bits without a value");
  }
  if (policy.server_takeover == ContextTakeover::no && !read->server_no_takeover) {
    return wrong("The server did not accept server_no_context_takeover");
  }
  // An offered maximum is accepted by naming it or a smaller one; one that is not named is 15.
  if (read->server_bits > policy.server_window_bits) {
    return wrong("The server did not accept server_max_window_bits");
  }
  if (read->client_bits_given == Given::with_bits &&
      (read->client_bits > policy.client_window_bits ||
       read->client_bits < kDeflateWindowBitsMin)) {
    return wrong("The server answered a client_max_window_bits that cannot be used");
  }
  DeflateAgreement agreement;
  agreement.server_takeover = read->server_no_takeover ? ContextTakeover::no : ContextTakeover::yes;
  agreement.client_takeover =
      read->client_no_takeover ? ContextTakeover::no : policy.client_takeover;
  agreement.server_window_bits = read->server_bits;
  agreement.client_window_bits = std::min(read->client_bits, policy.client_window_bits);
  agreement.client_window_bits_offered = true;
  return std::optional<DeflateAgreement>(agreement);
}

}  // namespace pluv::net
