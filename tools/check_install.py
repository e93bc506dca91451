#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Uses tenon as strangers do, in a folder that is thrown away: after `cmake --install` with find_package, with
add_subdirectory, as one header beside one source, and from two translation units with two runtimes."""

import argparse
import pathlib
import sys
import tempfile

import tally

install = tally.root / "tests/install"


def steps(*commands):
    """Runs commands until one fails; why it did, or None."""
    for command in commands:
        done = tally.run(command)
        if done.returncode:
            return f"`{' '.join(map(str, command))}` ended with {done.returncode}\n" + done.stdout[-3000:]
    return None


def configured(source, folder, *options):
    return ["cmake", "-G", "Ninja", "-S", source, "-B", folder, "-DCMAKE_CXX_COMPILER_LAUNCHER=", *options]


def find_package(folder):
    prefix = folder / "prefix"
    why = steps(configured(tally.root, folder / "tenon", "-DTENON_TESTS=OFF", "-DTENON_EXAMPLES=OFF", "-DTENON_BENCH=OFF"),
                ["cmake", "--install", folder / "tenon", "--prefix", prefix])
    return why or steps(configured(install / "find_package", folder / "consumer", f"-DCMAKE_PREFIX_PATH={prefix}"),
                        ["cmake", "--build", folder / "consumer"], [folder / "consumer/consumer"],
                        [folder / "consumer/consumer_all"])


def add_subdirectory(folder):
    return steps(configured(install / "add_subdirectory", folder, f"-DTENON_SOURCE={tally.root}"),
                 ["cmake", "--build", folder], [folder / "consumer"])


def one_header(compiler):
    """The single header as a stranger gets it: nothing but it and the compiler's own folders."""
    def use(folder):
        header = tally.root / "single_include/tenon/tenon.hpp"
        (folder / "tenon").mkdir()
        (folder / "tenon/tenon.hpp").write_text(header.read_text())
        return steps([compiler, "-std=c++20", "-pthread", "-I", folder, install / "hello.cpp", "-o", folder / "one"],
                     [folder / "one"])
    return use


def two_runtimes(compiler):
    def use(folder):
        sources = [install / "two_runtimes/one.cpp", install / "two_runtimes/two.cpp"]
        return steps([compiler, *tally.strict, "-pthread", *sources, "-o", folder / "two"], [folder / "two"])
    return use


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("filter", nargs="*", help="only the ways whose name contains one of these")
    arguments = parser.parse_args()
    count = tally.Tally()
    ways = {"find_package": find_package, "add_subdirectory": add_subdirectory}
    for name, compiler in tally.compilers(count, "install"):
        ways[f"single_header ({name})"] = one_header(compiler)
        ways[f"two_runtimes ({name})"] = two_runtimes(compiler)
    for name in tally.chosen(ways, arguments.filter):
        needed = "single_include/tenon/tenon.hpp" if "single_header" in name else "include/tenon/tenon.hpp"
        if not (tally.root / needed).exists():
            count.skip(f"install/{name}", f"{needed} is not there")
            continue
        with tempfile.TemporaryDirectory() as folder:
            count.record(f"install/{name}", ways[name](pathlib.Path(folder)))
    return count.finish()


if __name__ == "__main__":
    sys.exit(main())
