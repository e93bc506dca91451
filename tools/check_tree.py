#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Checks what each file of the tree promises: a licence line, ASCII, at most 120 columns and, for a header, 400 lines;
a test of the same path for each public header; no heavy standard header where compile time is budgeted; and no word,
path or host that may not be committed."""

import argparse
import json
import re
import subprocess
import sys

import tally

most_columns, most_lines = 120, 400
# Each costs every program that includes tenon.hpp; tests may.
heavy = {"functional", "iostream", "sstream", "fstream", "iomanip", "algorithm", "regex", "map", "set", "unordered_map",
         "unordered_set", "filesystem", "format", "future", "random", "condition_variable", "numeric"}
licence = "SPDX-License-Identifier: BSL-1.0"
unfinished = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
machine_path = re.compile(r"(^|[^A-Za-z0-9_.])/(wo" r"rk|fa" r"rm|ro" r"ot)/")
registry = re.compile(r"deb\.deb" r"ian\.org|registry\.npm" r"js", re.I)
sources = (".hpp", ".cpp", ".py", ".cmake", ".sh", "CMakeLists.txt")
include_line = re.compile(r"\s*#\s*include\s*<(\w+)>", re.M)


def files():
    """What git holds or would: tracked files and new ones that are not ignored."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=tally.root,
                            capture_output=True, text=True)
    names = sorted(set(filter(None, listed.stdout.split("\0"))))
    return [n for n in names if (tally.root / n).is_file() and not (tally.root / n).is_symlink()]


def problems(name, text):
    """What is wrong with one text file, one phrase each."""
    lines = text.splitlines()
    first = "".join(lines[:2])
    generated = name.startswith("single_include/")
    if (name.endswith(sources) or first.startswith("#!")) and licence not in first:
        yield f"the first lines do not say {licence}"
    if name.endswith((".hpp", ".cpp")):
        if not text.isascii():
            yield "is not ASCII"
        # Line 1 of a compile-fail test is a regex that cannot be broken.
        long = [n for n, line in enumerate(lines, 1)
                if len(line) > most_columns and not generated and not line.startswith(("// error: ", "// symbols: "))]
        if long:
            yield f"lines of more than {most_columns} columns: {', '.join(map(str, long[:8]))}"
    if name.startswith("include/") and name.endswith(".hpp"):
        if "#pragma once" not in lines[:3]:
            yield "no #pragma once on line 2"
        if len(lines) > most_lines:
            yield f"{len(lines)} lines, more than {most_lines}: probably two ideas"
        costly = sorted(heavy & set(include_line.findall(text)))
        if costly and not name.startswith("include/tenon/config/"):
            yield f"includes <{'>, <'.join(costly)}>, which costs too much to compile"
        test = "tests/" + name.removeprefix("include/tenon/").removesuffix(".hpp") + ".cpp"
        if name.count("/") > 2 and "/detail/" not in name and not (tally.root / test).exists():
            yield f"has no {test}"
    if not generated:
        for what, pattern in (("an unfinished mark", unfinished), ("a path of this machine", machine_path),
                              ("a registry's host", registry)):
            match = pattern.search(text)
            if match:
                yield f"line {text.count(chr(10), 0, match.start()) + 1} has {what}"
    if text and not text.endswith("\n"):
        yield "no newline at the end"


def version():
    """The number that include/tenon/version.hpp writes."""
    return ".".join(re.findall(r"define TENON_VERSION_\w+ (\d+)", (tally.include / "tenon/version.hpp").read_text()))


def main():
    argparse.ArgumentParser(description=__doc__).parse_args()
    count = tally.Tally()
    names = files()
    if not names:
        count.skip("tree", "this is not a git checkout")
    for name in names:
        try:
            text = (tally.root / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        count.record(f"tree/{name}", "; ".join(problems(name, text)))
    count.record("tree/one version number", None if version() == json.loads(
        (tally.root / "packaging/vcpkg/tenon/vcpkg.json").read_text())["version"]
        else f"version.hpp says {version()}; packaging/vcpkg/tenon/vcpkg.json must say the same")
    for front in ("examples/run", "tests/run", "bench/run", ".ci/run"):
        runs = (tally.root / front).exists() and (tally.root / front).stat().st_mode & 0o111
        count.record(f"tree/{front} runs", None if runs else "is missing or has no run bit")
    return count.finish()


if __name__ == "__main__":
    sys.exit(main())
