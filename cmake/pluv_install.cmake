# `cmake --install`: libraries, headers and what find_package(pluv) needs. The public headers go to
# include/pluv; the layers' headers that they include, to include/pluv/detail.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(layers GLOBAL PROPERTY pluv_layers)
if(NOT TARGET pluv_pluv)
  return()
endif()
set_target_properties(pluv_pluv PROPERTIES EXPORT_NAME pluv)
install(TARGETS pluv_pluv ${layers} EXPORT pluv)

install(DIRECTORY include/pluv DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
install(DIRECTORY src/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/pluv/detail
  FILES_MATCHING PATTERN "*.h" PATTERN "*_test*" EXCLUDE PATTERN "*_testing.h" EXCLUDE
  PATTERN "test_kit.h" EXCLUDE)
# What pluvd.service names as its documentation, with the units beside it.
install(FILES docs/pluvd.md docs/tokens.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/systemd DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/pluv)
install(EXPORT pluv DESTINATION ${package} NAMESPACE pluv:: FILE pluvTargets.cmake)
configure_package_config_file(cmake/pluvConfig.cmake.in pluvConfig.cmake
  INSTALL_DESTINATION ${package})
# Before 1.0 a minor version may break.
write_basic_package_version_file(pluvConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/pluvConfig.cmake ${PROJECT_BINARY_DIR}/pluvConfigVersion.cmake
  DESTINATION ${package})
