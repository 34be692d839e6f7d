// The documents of paths, made by the Yjs engine, the same ones in every run: a text, what somebody
// types into it, and how it reads. Owns nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pluv::bench {

// A text of about so many bytes as an update, written as people write: in pieces, here and there.
[[nodiscard]] std::string document_of(std::size_t bytes);
// The one that rows speak of: 1 MB, give or take a tenth.
[[nodiscard]] std::string document_of_a_megabyte();

// The updates of somebody who types so many characters there, one after another. client: no other
// one's, see ycrdt::DocOptions.
[[nodiscard]] std::vector<std::string> typed(const std::string& document, std::uint64_t client,
                                             std::uint32_t place, std::size_t count);

// The document's text, after these updates.
[[nodiscard]] std::string text_of(const std::string& document,
                                  std::span<const std::string> updates = {});

}  // namespace pluv::bench
