// A decoder with a planted bug, reached only through four checked bytes: a length that is believed.
// tools/fuzz_smoke fails unless the fuzzer finds it, as proof that the run would find one of ours.
#include <cstddef>
#include <cstdint>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 6 || data[0] != 'p' || data[1] != 'l' || data[2] != 'u' || data[3] != 'v') return 0;
  const std::vector<std::uint8_t> payload(data + 5, data + size);
  const std::uint8_t* last = payload.data() + data[4];  // the bug: data[4] may be past the payload
  volatile std::uint8_t sink = *last;
  static_cast<void>(sink);
  return 0;
}
