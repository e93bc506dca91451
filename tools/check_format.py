#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Checks that every C++ file is formatted as .clang-format says, by clang-format 19 (another version formats
otherwise). --fix formats them."""

import argparse
import shutil
import sys

import tally

folders = ["include", "tests", "examples", "bench"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fix", action="store_true", help="format the files in place")
    parser.add_argument("file", nargs="*", help="only these files")
    arguments = parser.parse_args()
    count = tally.Tally()
    if not shutil.which("clang-format-19"):
        count.skip("format", "clang-format-19 is not installed")
        return count.finish()
    files = arguments.file or [f.relative_to(tally.root).as_posix() for folder in folders
                               for f in sorted((tally.root / folder).rglob("*.[ch]pp"))]

    def format_file(file):
        how = ["-i"] if arguments.fix else ["--dry-run", "-Werror"]
        return tally.run(["clang-format-19", *how, file])

    for file, done in tally.in_parallel(format_file, files):
        line = done.stdout.partition(":")[2].partition(":")[0]
        count.record(f"format/{file}", done.returncode and f"line {line}: run tools/check_format.py --fix {file}")
    return count.finish()


if __name__ == "__main__":
    sys.exit(main())
