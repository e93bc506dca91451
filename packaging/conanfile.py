# SPDX-License-Identifier: BSL-1.0
"""tenon for Conan 2: `conan create packaging`. One option for each optional library."""

import os
import re

from conan import ConanFile
from conan.tools.files import copy, load

doors = {"io_uring": "liburing/[>=2.3 <3]", "libuv": "libuv/[>=1.44 <2]", "mimalloc": "mimalloc/[>=2.0.9 <3]",
         "hwloc": "hwloc/[>=2.9 <3]", "toml": "tomlplusplus/[>=3.3 <4]",
         "gzip": "zlib/[>=1.2.11 <2]", "brotli": "brotli/[>=1.0.9 <2]", "zstd": "zstd/[>=1.5 <1.6]",
         "tls": "openssl/[>=3.0 <4]", "json": "boost/[>=1.81]"}


class Tenon(ConanFile):
    name = "tenon"
    license = "BSL-1.0"
    description = "A runtime is a type: header-only task runtimes composed at compile time"
    topics = ("coroutines", "runtime", "scheduler", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {door: [True, False] for door in doors}
    default_options = {door: False for door in doors}
    no_copy_source = True

    def set_version(self):
        text = load(self, os.path.join(self.recipe_folder, "..", "include", "tenon", "version.hpp"))
        self.version = ".".join(re.findall(r"define TENON_VERSION_\w+ (\d+)", text))

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..")
        for pattern in ("include/*", "LICENSE"):
            copy(self, pattern, root, self.export_sources_folder)

    def requirements(self):
        built = self.options.get_safe("json")  # Boost.JSON is a library
        self.requires(doors["json"] if built else "boost/[>=1.70]", options={"header_only": not built})
        for door, reference in doors.items():
            if self.options.get_safe(door) and door != "json":
                self.requires(reference)

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "*.hpp", os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))

    def package_id(self):
        self.info.clear()

    def package_info(self):
        self.cpp_info.bindirs = self.cpp_info.libdirs = []
        base = self.cpp_info.components["tenon"]
        base.set_property("cmake_target_name", "tenon::tenon")
        base.requires = ["boost::headers"]
        base.system_libs = ["pthread"]
        if self.settings.compiler == "gcc":
            base.cxxflags = ["-foptimize-sibling-calls"]
        for door, reference in doors.items():
            if self.options.get_safe(door):
                package = reference.partition("/")[0]
                component = self.cpp_info.components[door]
                component.set_property("cmake_target_name", f"tenon::{door}")
                component.requires = ["tenon", "boost::json" if door == "json" else f"{package}::{package}"]
                component.defines = [f"TENON_WITH_{door.upper()}=1"]
