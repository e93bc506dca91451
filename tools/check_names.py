#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Checks how identifiers are spelled, by clang-tidy 19 and .clang-tidy: snake_case, template parameters CamelCase,
private members with a trailing underscore. The public headers are read in one file; with --full the examples too."""

import argparse
import re
import shutil
import sys
import tempfile

import tally

finding = re.compile(r"^(\S+?:\d+):\d+: error: (.*)$", re.M)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="read the examples too")
    arguments = parser.parse_args()
    count = tally.Tally()
    if not shutil.which("clang-tidy-19"):
        count.skip("names", "clang-tidy-19 is not installed")
        return count.finish()
    (tally.root / "build").mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".cpp", dir=tally.root / "build") as every:
        every.write("".join(f"#include <{h}>\n" for h in tally.headers()))
        every.flush()
        files = [("headers", every.name)]
        if arguments.full:
            files += [(f.relative_to(tally.root).as_posix(), str(f)) for f in sorted((tally.root / "examples").rglob("*.cpp"))]

        def tidy(file):
            return tally.run(["clang-tidy-19", "--quiet", f"--config-file={tally.root}/.clang-tidy", file[1], "--",
                              "-std=c++20", "-I", tally.include, *tally.doors()])

        for (name, _), done in tally.in_parallel(tidy, files):
            found = sorted(set(finding.findall(done.stdout.replace(f"{tally.root}/", ""))))
            for place, what in found:
                count.record(f"names/{place}", what)
            if not found:
                count.record(f"names/{name}", done.returncode and done.stdout)
    return count.finish()


if __name__ == "__main__":
    sys.exit(main())
