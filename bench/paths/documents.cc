#include "documents.h"

#include <string_view>

#include "path.h"
#include "ycrdt/doc.h"

namespace pluv::bench {
namespace {

constexpr std::string_view kText = "t";

}  // namespace

std::string document_of(std::size_t bytes) {
  constexpr std::size_t kStructBytes = 27;  // around each piece and what it parts
  constexpr std::string_view kPiece = "some words of a long text, and others. ";
  ycrdt::Doc doc({.client_id = 1'000'001});
  std::uint32_t state = 1;
  for (std::size_t written = 0; written < bytes; written += kPiece.size() + kStructBytes) {
    state = state * 1'664'525 + 1'013'904'223;
    ycrdt::Text text = doc.get_text(kText);
    const std::uint64_t place = (std::uint64_t{state} * (text.length() + 1)) >> 32;
    expect(text.insert(static_cast<std::uint32_t>(place), kPiece).ok(), "a text was not written");
  }
  return doc.encode_state_as_update();
}

std::vector<std::string> typed(const std::string& document, std::uint64_t client,
                               std::uint32_t place, std::size_t count) {
  ycrdt::Doc doc({.client_id = client});
  expect(doc.apply_update(document).ok(), "the document was not read");
  std::vector<std::string> updates;
  const auto observed = doc.on_update(
      [&](std::string_view update, const ycrdt::Transaction&) { updates.emplace_back(update); });
  ycrdt::Text text = doc.get_text(kText);
  for (std::uint32_t i = 0; i < count; ++i) {
    expect(text.insert(place + i, i % 6 == 5 ? " " : "x").ok(), "nothing was typed");
  }
  doc.unobserve(observed);
  return updates;
}

std::string text_of(const std::string& document, std::span<const std::string> updates) {
  ycrdt::Doc doc({.client_id = 1});
  expect(doc.apply_update(document).ok(), "the document was not read");
  for (const std::string& update : updates) {
    expect(doc.apply_update(update).ok(), "a keystroke was not read");
  }
  return doc.get_text(kText).to_string();
}

std::string document_of_a_megabyte() {
  constexpr std::size_t kBytes = 1'000'000;
  std::string document = document_of(kBytes);
  expect(document.size() > kBytes * 9 / 10 && document.size() < kBytes * 11 / 10,
         "the document is not of the size that the row says");
  return document;
}

}  // namespace pluv::bench
