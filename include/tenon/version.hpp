// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The one place where the version is written; CMake, Conan and vcpkg read these three lines.
#define TENON_VERSION_MAJOR 0
#define TENON_VERSION_MINOR 1
#define TENON_VERSION_PATCH 0
