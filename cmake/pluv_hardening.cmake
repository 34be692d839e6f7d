# What makes an exploit of a memory bug harder, for everything that is built here: on pluv_flags, so
# that projects that link the installed libraries choose for themselves. Sanitizers see more, and
# go without; so does what is no ELF program. tests/hardening looks whether the programs have it.
#
# What it costs, in instructions of bench/instructions.mjs, and what was left out for that:
#   all that is here                  0 to 3 %: most of it zeroes, but for the few large variables
#                                     that are marked (base/uninitialized.h), which cost up to 13 %
#   -D_GLIBCXX_ASSERTIONS             up to 10 % more, most where the engine is at work: only in debug
#                                     and sanitizer builds
#   -fcf-protection=full              up to 3 % more for endbr64, which no kernel enforces in user
#                                     space; "return", for shadow stacks, costs nothing
option(PLUV_HARDENING "Build with the hardening flags of cmake/pluv_hardening.cmake" ON)
set(pluv_hardened OFF)  # whether it is: for the test

if(NOT CMAKE_SYSTEM_NAME STREQUAL "WASI")
  target_compile_options(pluv_flags INTERFACE $<$<CONFIG:Debug>:-D_GLIBCXX_ASSERTIONS>)
endif()
if(NOT PLUV_HARDENING OR PLUV_SANITIZE OR PLUV_COVERAGE OR PLUV_CORE_ONLY
    OR NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
  return()
endif()
set(pluv_hardened ON)

include(CheckPIESupported)
check_pie_supported(LANGUAGES C CXX)  # and with it -pie, also where it is not the default

target_compile_options(pluv_flags INTERFACE
  -fstack-protector-strong
  -fstack-clash-protection
  -ftrivial-auto-var-init=zero
  -Wformat -Wformat-security)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|i.86")
  target_compile_options(pluv_flags INTERFACE -fcf-protection=return)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  target_compile_options(pluv_flags INTERFACE -mbranch-protection=pac-ret)
endif()
# Fortified calls are inlined or not at all: without optimisation it would only warn. Distributions
# set another level by default, hence -U.
target_compile_options(pluv_flags INTERFACE
  $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
target_link_options(pluv_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
