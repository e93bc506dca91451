#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Writes docs/legality.md, which words of a runtime go together, from the rules in the code.

With --check writes nothing, and fails when the page is not what it would write."""

import argparse
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

import tally

page = tally.root / "docs/legality.md"
rules = tally.include / "tenon/runtime/detail/house_rules.hpp"
sentence = re.compile(r'static_assert\(\s*holds<Composition>,\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\)')


def sentences():
    """What the rules say when they are broken, from their static_asserts."""
    return ["".join(re.findall(r'"((?:[^"\\]|\\.)*)"', found)) for found in sentence.findall(rules.read_text())]


def table():
    """The page, or the compiler's message as an exception."""
    _, compiler = tally.compilers(tally.Tally(), "legality")[0]
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "table"
        done = tally.run([compiler, *tally.strict, "-pthread", "tools/make_legality_table.cpp", "-o", str(program)])
        if done.returncode != 0:
            raise RuntimeError("tools/make_legality_table.cpp does not compile\n" + done.stdout)
        return subprocess.run([program, *sentences()], check=True, capture_output=True, text=True).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare, do not write")
    arguments = parser.parse_args()
    text = table()
    if not arguments.check:
        page.write_text(text)
        return 0
    count = tally.Tally()
    there = page.read_text() if page.exists() else ""
    difference = "\n".join(difflib.unified_diff(there.splitlines(), text.splitlines(), "docs/legality.md", "the code",
                                                lineterm=""))
    count.record("legality/docs", difference and "run tools/make_legality_table.py\n" + difference)
    return count.finish()


if __name__ == "__main__":
    sys.exit(main())
