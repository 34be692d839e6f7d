# `cmake --install`: libraries, headers and what find_package(pluv) needs. The public headers go to
# include/pluv; the layers' headers that they include, to include/pluv/detail.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(layers GLOBAL PROPERTY pluv_layers)
if(NOT TARGET pluv_pluv)
  return()
endif()
set_target_properties(pluv_pluv PROPERTIES EXPORT_NAME pluv)

# `cmake --install --component ycrdt` installs the Yjs engine alone, which needs nothing else to be
# built; without a component everything is installed, this included. It has a file of exported
# targets of its own, since such a file asks for all libraries that it names.
set(engine base json ycrdt)
list(TRANSFORM engine PREPEND pluv_ OUTPUT_VARIABLE engine_targets)
set(other_targets pluv_pluv ${layers})
list(REMOVE_ITEM other_targets ${engine_targets})
install(TARGETS ${engine_targets} EXPORT pluv_engine COMPONENT ycrdt)
install(TARGETS ${other_targets} EXPORT pluv)

set(headers FILES_MATCHING PATTERN "*.h" PATTERN "*_test*" EXCLUDE PATTERN "*_testing.h" EXCLUDE
  PATTERN "test_kit.h" EXCLUDE PATTERN "faulty_store.h" EXCLUDE)
install(DIRECTORY include/pluv DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${headers})
install(DIRECTORY src/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/pluv/detail ${headers})
install(FILES include/pluv/ycrdt.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/pluv COMPONENT ycrdt)
list(TRANSFORM engine PREPEND src/ OUTPUT_VARIABLE engine_folders)
install(DIRECTORY ${engine_folders} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/pluv/detail
  COMPONENT ycrdt ${headers})
# What pluvd.service names as its documentation, with the units beside it.
install(FILES docs/pluvd.md docs/security.md docs/tokens.md docs/typegen.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/systemd DESTINATION ${CMAKE_INSTALL_DOCDIR})

# What pluvConfig.cmake has to look for, by the namespace of the targets that it brings.
set(package_Boost Boost 1.74)
set(package_CURL CURL 7.85)
set(package_OpenSSL OpenSSL 3.0)
set(package_SQLite SQLite3)
set(package_Threads Threads)
set(package_ZLIB ZLIB)

# Which of them each component needs, taken from what its target links to, so that there is no
# second list to keep in step. Lower layers come first: what those below need is known by then.
set(pluv_components)
set(pluv_needs)
set(namespaces)
foreach(target ${layers} pluv_pluv)
  get_target_property(component ${target} EXPORT_NAME)
  get_target_property(links ${target} INTERFACE_LINK_LIBRARIES)
  set(needs_${component} "")
  foreach(link IN LISTS links)
    if(link MATCHES "BUILD_INTERFACE")
      continue()
    elseif(link MATCHES "pluv_([a-z0-9_]+)")
      list(APPEND needs_${component} ${needs_${CMAKE_MATCH_1}})
    elseif(link MATCHES "([A-Za-z0-9]+)::")
      if(NOT DEFINED package_${CMAKE_MATCH_1})
        message(FATAL_ERROR "${target} links to ${link}: name its package in pluv_install.cmake")
      endif()
      list(APPEND needs_${component} ${CMAKE_MATCH_1})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES needs_${component})
  list(APPEND namespaces ${needs_${component}})
  string(APPEND pluv_components " ${component}")
  string(APPEND pluv_needs "set(_pluv_needs_${component} \"${needs_${component}}\")\n")
endforeach()
list(REMOVE_DUPLICATES namespaces)
foreach(namespace IN LISTS namespaces)
  string(APPEND pluv_needs "set(_pluv_package_${namespace} ${package_${namespace}})\n")
endforeach()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/pluv)
install(EXPORT pluv_engine DESTINATION ${package} NAMESPACE pluv:: FILE pluvEngineTargets.cmake
  COMPONENT ycrdt)
install(EXPORT pluv DESTINATION ${package} NAMESPACE pluv:: FILE pluvTargets.cmake)
configure_package_config_file(cmake/pluvConfig.cmake.in pluvConfig.cmake
  INSTALL_DESTINATION ${package})
# Before 1.0 a minor version may break.
write_basic_package_version_file(pluvConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/pluv_typegen.cmake cmake/pluv_typegen.cc.in DESTINATION ${package})
install(FILES ${PROJECT_BINARY_DIR}/pluvConfig.cmake ${PROJECT_BINARY_DIR}/pluvConfigVersion.cmake
  DESTINATION ${package} COMPONENT ycrdt)
