#include "pluv/detail/exceptions.h"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "pluv/task.h"

namespace pluv::detail {
namespace {

constexpr const char* kDropped = "The resolver was dropped without a result";

}  // namespace

#ifdef __cpp_exceptions

Error error_of(const Failure& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Failed& failed) {
    return failed.error;
  } catch (const std::exception& thrown) {
    return {ErrorCode::internal, thrown.what()};
  } catch (...) {
    return {ErrorCode::internal, "Unknown exception"};
  }
}

Error current_error() { return error_of(std::current_exception()); }

Failure dropped_resolver() { return std::make_exception_ptr(std::runtime_error(kDropped)); }

#else

void end_module(const std::string& message) noexcept {
  const std::string line = "pluv: " + message + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::abort();
}

Failure dropped_resolver() { return Error{ErrorCode::internal, kDropped}; }

#endif

}  // namespace pluv::detail
