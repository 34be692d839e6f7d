#include "io/stderr_log.h"

#include <cstdio>
#include <string>

namespace pluv::detail {

Runtime::Logger stderr_log(bool all) {
  return [all](std::string_view level, std::string_view event, std::string_view fields) {
    if (!all && level != "warn" && level != "error") return;
    std::string line = "pluv: ";
    line.append(level).append(" ").append(event);
    if (fields != "{}") line.append(" ").append(fields);
    line.push_back('\n');
    std::fwrite(line.data(), 1, line.size(), stderr);  // one call, so that lines do not mix
  };
}

}  // namespace pluv::detail
