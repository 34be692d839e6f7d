// The transcripts as a plain program, which is also built for WebAssembly:
//
//   transcripts golden < ours-x.jsonl      prints the file as it should be
//   transcripts replay < noauth.jsonl      prints what differs from the original; nothing is right
//
// compare_wasm.mjs runs both builds. Exit code 1: the input is none, or something differs.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "golden.h"
#include "replay.h"

namespace {

std::vector<std::string> read_input() {
  std::string text;
  char block[4096];
  for (std::size_t size = 0; (size = std::fread(block, 1, sizeof block, stdin)) > 0;) {
    text.append(block, size);
  }
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

int print_golden() {
  const auto rendered = pluv::transcripts::render_golden(read_input());
  if (!rendered.ok()) {
    std::fprintf(stderr, "transcripts: %s\n", rendered.error().message.c_str());
    return 1;
  }
  std::fwrite(rendered->data(), 1, rendered->size(), stdout);
  return 0;
}

int print_differences() {
  const auto report = pluv::transcripts::replay(read_input());
  for (const std::string& failure : report.failures) std::printf("%s\n", failure.c_str());
  std::printf("%d messages compared\n", report.messages_compared);
  return report.failures.empty() && report.messages_compared > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "golden") == 0) return print_golden();
  if (argc == 2 && std::strcmp(argv[1], "replay") == 0) return print_differences();
  std::fprintf(stderr, "usage: transcripts golden|replay < FILE\n");
  return 2;
}
