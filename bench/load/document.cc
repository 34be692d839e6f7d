#include "document.h"

#include <algorithm>

namespace pluv::bench {
namespace {

void must(const Result<void>& result) {
  if (!result) throw LoadError(result.error().message);
}

}  // namespace

TypedDocument::TypedDocument(std::uint64_t size) : doc_({.client_id = 1'000'001}) {
  constexpr std::uint64_t kPiece = 1000;
  ycrdt::Text text = doc_.get_text("t");
  for (std::uint64_t at = 0; at < size; at += kPiece) {
    must(text.insert(static_cast<std::uint32_t>(at),
                     std::string(std::min(kPiece, size - at), static_cast<char>('a' + at % 23))));
  }
  whole_ = size == 0 ? std::string() : doc_.encode_state_as_update();
  doc_.set_client_id(kTypist);
  doc_.on_update([this](std::string_view update, const ycrdt::Transaction&) { last_ = update; });
}

std::string TypedDocument::type() {
  ycrdt::Text text = doc_.get_text("t");
  must(text.insert(text.length(), std::string(1, static_cast<char>('A' + typed_++ % 26))));
  return last_;
}

std::string text_of(std::string_view document) {
  ycrdt::Doc doc({.client_id = 1});
  if (!document.empty()) must(doc.apply_update(document));
  return doc.get_text("t").to_string();
}

Client& seed(Crowd& crowd, const std::string& room, const TypedDocument& document) {
  Client& first = crowd.add(room, document.whole());
  crowd.wait_joined();
  if (document.whole().empty()) return first;
  const std::string expected = text_of(document.whole());
  for (int i = 0; i < 100; ++i) {
    Client& other = crowd.add(room);
    crowd.wait_joined();
    const bool has_it = text_of(other.document) == expected;
    crowd.close(other);
    if (has_it) return first;
    crowd.settle(100);
  }
  throw LoadError("the server does not give the document back");
}

}  // namespace pluv::bench
