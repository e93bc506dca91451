# SPDX-License-Identifier: BSL-1.0
# cmake --install: headers, tenon-config.cmake and its targets.
include(CMakePackageConfigHelpers)
set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tenon)

install(TARGETS tenon EXPORT tenon-targets FILE_SET HEADERS)
install(EXPORT tenon-targets NAMESPACE tenon:: DESTINATION ${config_dir})
configure_package_config_file(cmake/tenon-config.cmake.in tenon-config.cmake INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(tenon-config-version.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tenon-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/tenon-config-version.cmake
              cmake/tenon-doors.cmake DESTINATION ${config_dir})
