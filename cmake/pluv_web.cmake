# The pages of web/ as sources: pluv_web_sources, empty without them. Built with npm's packages when
# they are there (scripts/setup installs them); what is served needs no node. Types are checked first.
option(PLUV_WEB "Build the demo and the inspector into pluvd (needs node, python3)"
  ${PROJECT_IS_TOP_LEVEL})

set(web ${PROJECT_SOURCE_DIR}/web)
set(pluv_web_sources)
find_program(PLUV_NODE node)
find_package(Python3 COMPONENTS Interpreter)
if(NOT PLUV_WEB OR NOT PLUV_NODE OR NOT Python3_Interpreter_FOUND
    OR NOT EXISTS ${web}/node_modules/vite)
  if(PLUV_WEB)
    message(STATUS "pluvd is built without its pages: they need node, and `npm ci --prefix web`")
  endif()
  return()
endif()

enable_language(ASM)
file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${web}/client/src/* ${web}/demo/* ${web}/inspector/*
  ${web}/shared/*)
set(built ${PROJECT_BINARY_DIR}/web)
# The demo is typed by the demo's C++: a struct that changed breaks its build where it is used.
set(demo_types ${web}/generated/demo_events.d.ts)
pluv_typegen(pluvd_demo_types ROUTER_HEADER ${PROJECT_SOURCE_DIR}/apps/pluvd/demo_events.h
  FUNCTION pluv::apps::demo::demo_server OUTPUT ${demo_types})
add_custom_command(
  OUTPUT ${built}/web_files.S ${built}/web_files.cc
  COMMAND ${PLUV_NODE} ${web}/node_modules/typescript/bin/tsc --noEmit -p ${web}
  COMMAND ${PLUV_NODE} ${web}/node_modules/vite/bin/vite.js build --logLevel warn
    --outDir ${built}/dist ${web}
  COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/tools/embed_web ${built}/dist
    ${built}/web_files.S ${built}/web_files.cc
  DEPENDS ${web_sources} ${demo_types} ${web}/package-lock.json ${web}/tsconfig.json ${web}/vite.config.ts
    ${PROJECT_SOURCE_DIR}/tools/embed_web
  WORKING_DIRECTORY ${web}
  COMMENT "Building the pages of web/"
  VERBATIM)
# The .S names files that only this command knows of.
set_source_files_properties(${built}/web_files.S PROPERTIES OBJECT_DEPENDS ${built}/web_files.cc)
set(pluv_web_sources ${built}/web_files.S ${built}/web_files.cc)
