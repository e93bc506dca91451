# SPDX-License-Identifier: BSL-1.0
# What only this project's own tests, examples and benchmarks use: warnings, the compiler cache, link flags.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CCACHE ccache)
mark_as_advanced(CCACHE)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The sloppiness is what ccache asks for before it keeps objects that use a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()

add_library(tenon_development INTERFACE)
target_compile_options(tenon_development INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion $<$<BOOL:${TENON_WERROR}>:-Werror>
  # GCC 12 takes some std::string operators for overlapping copies at -O3.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
  $<$<CXX_COMPILER_ID:Clang>:-Werror=reorder-init-list -Werror=initializer-overrides>
  $<$<AND:$<BOOL:${CCACHE}>,$<CXX_COMPILER_ID:GNU>>:-fpch-preprocess>
  "$<$<AND:$<BOOL:${CCACHE}>,$<CXX_COMPILER_ID:Clang>>:SHELL:-Xclang -fno-pch-timestamp>")
# A program that uses nothing of a door is not linked to it. mimalloc's library has a malloc and an operator new too: it
# stands behind the usual ones, or it would be needed by all, and replace them.
target_link_options(tenon_development INTERFACE LINKER:--as-needed)
target_link_libraries(tenon_development INTERFACE stdc++ -l:libc.so.6 tenon::all)  # -lc, a script, comes too late

# tenon_programs(<prefix>): each NN_name.cpp or name.cpp of this folder is a program, and each folder of sources is one.
# Sets `programs` to their targets, <prefix>_<name>.
function(tenon_programs prefix)
  file(GLOB files CONFIGURE_DEPENDS *.cpp)
  file(GLOB folder_files CONFIGURE_DEPENDS */*.cpp)
  set(found "")
  foreach(file IN LISTS files)
    cmake_path(GET file STEM name)
    add_executable(${prefix}_${name} ${file})
    list(APPEND found ${prefix}_${name})
  endforeach()
  foreach(file IN LISTS folder_files)
    cmake_path(GET file PARENT_PATH folder)
    cmake_path(GET folder FILENAME name)
    if(NOT TARGET ${prefix}_${name})
      add_executable(${prefix}_${name})
      list(APPEND found ${prefix}_${name})
    endif()
    target_sources(${prefix}_${name} PRIVATE ${file})
  endforeach()
  foreach(target IN LISTS found)
    string(REGEX REPLACE "^${prefix}_" "" name ${target})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name})
    target_link_libraries(${target} PRIVATE tenon_development)
  endforeach()
  set(programs ${found} PARENT_SCOPE)
endfunction()
