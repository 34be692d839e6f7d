# pluv_typegen(NAME ROUTER_HEADER chat.h FUNCTION chat::make_server [OUTPUT chat.d.ts]
#              [JSON_SCHEMA chat.schema.json] [ASYNC_API chat.asyncapi.json] [LINK libraries...])
# Writes the types of a server's messages whenever the project is built and they have changed. The
# header declares the function, which takes nothing and returns a router or a server; LINK names what
# defines it, where the header does not. Target NAME stands for the written files; they may also be
# named as DEPENDS of a custom command in the same CMakeLists.txt. A small program is compiled and
# run for it, so a cross build needs an emulator (CMAKE_CROSSCOMPILING_EMULATOR).
set(_pluv_typegen_dir ${CMAKE_CURRENT_LIST_DIR})

function(pluv_typegen NAME)
  cmake_parse_arguments(ARG "" "ROUTER_HEADER;FUNCTION;OUTPUT;JSON_SCHEMA;ASYNC_API" "LINK" ${ARGN})
  foreach(needed ROUTER_HEADER FUNCTION)
    if(NOT ARG_${needed})
      message(FATAL_ERROR "pluv_typegen(${NAME}): say ${needed}")
    endif()
  endforeach()
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "pluv_typegen(${NAME}): unknown argument ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  cmake_path(ABSOLUTE_PATH ARG_ROUTER_HEADER BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
    OUTPUT_VARIABLE PLUV_TYPEGEN_HEADER)
  if(NOT EXISTS ${PLUV_TYPEGEN_HEADER})
    message(FATAL_ERROR "pluv_typegen(${NAME}): there is no ${PLUV_TYPEGEN_HEADER}")
  endif()
  set(PLUV_TYPEGEN_FUNCTION ${ARG_FUNCTION})
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${NAME}_generator.cc)
  configure_file(${_pluv_typegen_dir}/pluv_typegen.cc.in ${source} @ONLY)
  add_executable(${NAME}_generator ${source})
  target_link_libraries(${NAME}_generator PRIVATE pluv::pluv ${ARG_LINK})

  set(arguments)
  set(files)
  foreach(kind OUTPUT JSON_SCHEMA ASYNC_API)
    if(ARG_${kind})
      cmake_path(ABSOLUTE_PATH ARG_${kind} BASE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
      string(TOLOWER ${kind} format)
      list(APPEND arguments ${format} ${ARG_${kind}})
      list(APPEND files ${ARG_${kind}})
    endif()
  endforeach()
  if(NOT files)
    message(FATAL_ERROR "pluv_typegen(${NAME}): say OUTPUT, JSON_SCHEMA or ASYNC_API")
  endif()
  add_custom_command(OUTPUT ${files} COMMAND ${NAME}_generator ${arguments}
    DEPENDS ${NAME}_generator COMMENT "Writing the types of ${ARG_FUNCTION}" VERBATIM)
  add_custom_target(${NAME} ALL DEPENDS ${files})
endfunction()
