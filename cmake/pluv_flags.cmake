# The compile and link flags of everything in the project: pluv_flags.
add_library(pluv_flags INTERFACE)
target_compile_features(pluv_flags INTERFACE cxx_std_20)
target_compile_options(pluv_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual)
if(PLUV_WERROR)
  target_compile_options(pluv_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these in inlined library code that is right.
  target_compile_options(pluv_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized
    -Wno-stringop-overflow -Wno-array-bounds -Wno-dangling-pointer)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # libstdc++ 12's stable_sort uses what C++20 deprecates, and clang sees its inside.
  target_compile_options(pluv_flags INTERFACE -Wno-deprecated-declarations)
endif()
if(PLUV_COVERAGE)
  target_compile_options(pluv_flags INTERFACE --coverage)
  target_link_options(pluv_flags INTERFACE --coverage)
endif()
if(PLUV_SANITIZE)
  target_compile_options(pluv_flags INTERFACE -fsanitize=${PLUV_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(pluv_flags INTERFACE -fsanitize=${PLUV_SANITIZE})
  if(PLUV_BUILD_FUZZERS)  # coverage counters in the code under test, not in the tests
    target_compile_options(pluv_flags INTERFACE
      $<$<NOT:$<BOOL:$<TARGET_PROPERTY:pluv_is_test>>>:-fsanitize=fuzzer-no-link>)
    target_link_options(pluv_flags INTERFACE -fsanitize=fuzzer-no-link)
  endif()
endif()
include(cmake/pluv_hardening.cmake)
