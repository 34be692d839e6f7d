# pluv_layer(NAME SOURCES a.cc... [TESTS a_test.cc...] [DEPENDS other layers...] [LINK libs...]
#            [TEST_LINK libs...] [CORE])
# One library target a layer, pluv_NAME (alias pluv::NAME), and one test program, pluv_NAME_test.
# DEPENDS names the only layers that this one may include; tools/tidy checks the same list.
# CORE layers are sans-IO: they also build without exceptions and RTTI and for wasm32-wasi.
function(pluv_layer NAME)
  cmake_parse_arguments(ARG "CORE" "" "SOURCES;TESTS;DEPENDS;LINK;TEST_LINK" ${ARGN})
  set(target pluv_${NAME})
  if(PLUV_CORE_ONLY AND NOT ARG_CORE)
    return()
  endif()
  if(PLUV_CORE_ONLY)
    add_library(${target} OBJECT ${ARG_SOURCES})
    target_compile_options(${target} PRIVATE -fno-exceptions -fno-rtti)
  else()
    add_library(${target} STATIC ${ARG_SOURCES})
    if(ARG_CORE AND PLUV_COVERAGE)
      # Or what only unwinding would run, such as the end of a function, counted as a line.
      target_compile_options(${target} PRIVATE -fno-exceptions)
    endif()
  endif()
  add_library(pluv::${NAME} ALIAS ${target})
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:include>
    $<INSTALL_INTERFACE:include/pluv/detail>)  # where an installed layer's headers are
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${NAME})
  set_property(GLOBAL APPEND PROPERTY pluv_layers ${target})
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:pluv_flags>)
  target_compile_features(${target} PUBLIC cxx_std_20)  # which the headers need, too
  foreach(layer ${ARG_DEPENDS})
    target_link_libraries(${target} PUBLIC pluv_${layer})
  endforeach()
  target_link_libraries(${target} PUBLIC ${ARG_LINK})
  # Sans-IO layers have one thread: nothing there for the thread sanitizer. Others' tests that
  # replace operator new to count allocations are in its way.
  if(PLUV_SANITIZE MATCHES "thread")
    if(ARG_CORE)
      set(ARG_TESTS)
    endif()
    list(FILTER ARG_TESTS EXCLUDE REGEX "allocation_test")
  endif()
  if(ARG_TESTS AND PLUV_BUILD_TESTS)
    pluv_test(${target}_test SOURCES ${ARG_TESTS} LINK ${target} ${ARG_TEST_LINK})
  endif()
endfunction()

# pluv_node_test(NAME SCRIPT ARGUMENTS...): a node program as a CTest test. Without node, or the npm
# packages that it needs, it is skipped; it fails where TESTS_MUST_RUN says that they were installed.
function(pluv_node_test NAME)
  find_program(NODE node)
  set(command ${NODE} ${ARGN})
  if(NOT NODE)
    # No semicolon, which would end a list's element.
    set(command sh -c
      "echo node is not installed && test -n \"\$TESTS_MUST_RUN\" && exit 1 || exit 77")
  endif()
  add_test(NAME ${NAME} COMMAND ${command})
  set_tests_properties(${NAME} PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77 LABELS e2e)
endfunction()

# pluv_test(NAME SOURCES ... LINK ... [LABELS ...]): a GoogleTest program, run as one CTest test.
function(pluv_test NAME)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${NAME} ${ARG_SOURCES})
  set_target_properties(${NAME} PROPERTIES pluv_is_test ON)
  target_link_libraries(${NAME} PRIVATE pluv_flags ${ARG_LINK} GTest::gtest GTest::gtest_main)
  if(PLUV_SANITIZE)  # half the time to compile; what they test is optimised
    target_compile_options(${NAME} PRIVATE -O0)
  endif()
  target_precompile_headers(${NAME} PRIVATE <gtest/gtest.h> <string> <vector>)
  add_test(NAME ${NAME} COMMAND ${NAME} --gtest_brief=1)
  set_tests_properties(${NAME} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()
