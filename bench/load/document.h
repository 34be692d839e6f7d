// The document that the storage scenarios work on: a text, "t", of so many characters by one
// writer, and another one who types at its end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "crowd.h"
#include "ycrdt/doc.h"

namespace pluv::bench {

inline constexpr ycrdt::ClientId kTypist = 2'000'002;

class TypedDocument {
 public:
  explicit TypedDocument(std::uint64_t size);

  // The document as it was before anybody typed, as an update.
  [[nodiscard]] const std::string& whole() const noexcept { return whole_; }
  // The update of the next keystroke. Those of kTypist: the clock of the first one is 0.
  [[nodiscard]] std::string type();
  [[nodiscard]] std::string text() { return doc_.get_text("t").to_string(); }

 private:
  ycrdt::Doc doc_;
  std::string whole_;
  std::string last_;
  std::uint64_t typed_ = 0;
};

// The text of such a document. Throws LoadError.
[[nodiscard]] std::string text_of(std::string_view document);

// Brings the document into a room that is empty: a client of the crowd joins with it and stays, and
// others look until they are given it. Answers the client that stays.
Client& seed(Crowd& crowd, const std::string& room, const TypedDocument& document);

}  // namespace pluv::bench
