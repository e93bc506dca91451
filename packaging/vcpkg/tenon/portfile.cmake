# SPDX-License-Identifier: BSL-1.0
# tenon as an overlay port: vcpkg install tenon --overlay-ports=packaging/vcpkg
set(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../..")

file(STRINGS "${SOURCE_PATH}/include/tenon/version.hpp" lines REGEX "define TENON_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
list(TRANSFORM lines REPLACE ".* " "")
list(JOIN lines "." version)
if(NOT version STREQUAL VERSION)
  message(FATAL_ERROR "vcpkg.json says ${VERSION}, include/tenon/version.hpp says ${version}")
endif()

vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS -DTENON_TESTS=OFF -DTENON_EXAMPLES=OFF -DTENON_BENCH=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/tenon)
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug" "${CURRENT_PACKAGES_DIR}/lib")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
