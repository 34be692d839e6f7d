// The TOML file as a flat list of entries: what stands where, as text. Knows TOML but no setting.
// The only unit that includes toml++.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pluv::apps {

struct FileEntry {
  std::string key;                  // with its tables: "limits.message"
  std::vector<std::string> values;  // one, or the elements of an array
  bool is_array = false;
  // Why this cannot be the value of any setting; empty when it can.
  std::string problem;
  std::uint32_t line = 0;  // from 1
};

// The entries in the order of their lines. Errors: "file:line: what is wrong".
[[nodiscard]] Result<std::vector<FileEntry>> parse_settings_text(std::string_view text,
                                                                 std::string_view file_name);

// A whole text file of at most bytes_max bytes. Errors say the file and why.
[[nodiscard]] Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max);

}  // namespace pluv::apps
