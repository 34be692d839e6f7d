# pluv_cloudflare_module(NAME SOURCES...): NAME.wasm, a module for Cloudflare Durable Objects. One of
# the sources has PLUV_CLOUDFLARE_MODULE (pluv/cloudflare.h). With the preset wasm:
#
#   pluv_cloudflare_module(chat_room chat_module.cc)   # build/wasm/bin/chat_room.wasm
#
# It is a reactor: the host calls _initialize once and then what is exported by export_name.
#
# What keeps modules small: -Oz over all layers at once (-flto); the library's sorts, printf and
# tables for doubles are not used (base/sort.h, json/decimal.h, platform/cloudflare/last_words.cc);
# parts of the engine that no room uses are reached only once somebody asks for them
# (ycrdt/doc_state.h, Callers); and wasm-opt (Debian's binaryen), which clang runs after each link
# where it finds it, takes another seventh. bench/cloudflare/module_speed.mjs shows size and speed.
if(CMAKE_SYSTEM_NAME STREQUAL "WASI")
  find_program(WASM_OPT wasm-opt)
  if(NOT WASM_OPT)
    message(STATUS "wasm-opt (binaryen) is not there: modules will be a sixth larger")
  endif()
endif()

function(pluv_cloudflare_module NAME)
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "WASI")
    message(FATAL_ERROR "pluv_cloudflare_module: modules are built with the preset wasm")
  endif()
  add_executable(${NAME} ${ARGN})
  target_compile_options(${NAME} PRIVATE -fno-exceptions -fno-rtti)
  # Layers are objects here, of which a link takes only those that are named; what is not used of
  # them goes (--gc-sections).
  target_link_libraries(${NAME} PRIVATE pluv_flags pluv_cloudflare pluv_room pluv_net pluv_protocol
    pluv_ycrdt pluv_json pluv_base)
  # The stack comes first in memory, so that an overflow traps instead of writing over data.
  target_link_options(${NAME} PRIVATE -mexec-model=reactor -Wl,--gc-sections -Wl,--stack-first
    -Wl,-z,stack-size=524288 $<$<CONFIG:MinSizeRel>:-Wl,--strip-all>)
endfunction()
