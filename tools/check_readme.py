#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Checks that the code in README.md and docs/ is cut from the examples.

A C++ block is preceded by a comment that names its source, `<!-- examples/02_echo.cpp -->`, and stands in that file word for
word. Relative links must lead to a file. Prints one line a finding; exits 1 if there was any.
"""
import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(?:<!-- (?P<source>\S+) -->\n)?```cpp\n(?P<code>.*?)```", re.S)
LINK = re.compile(r"\[[^\]]*\]\(([^)#]+)[^)]*\)")


def findings(page: pathlib.Path):
    text = page.read_text()
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 1
        source = block["source"]
        if source is None:
            yield f"{page.name}:{line}: a C++ block names no source"
        elif not (ROOT / source).is_file():
            yield f"{page.name}:{line}: there is no {source}"
        elif block["code"] not in (ROOT / source).read_text():
            yield f"{page.name}:{line}: the block does not stand in {source}"
    for link in LINK.finditer(text):
        target = link[1]
        if "://" not in target and not (page.parent / target).exists():
            line = text.count("\n", 0, link.start()) + 1
            yield f"{page.name}:{line}: the link {target} leads nowhere"


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    found = [finding for page in pages for finding in findings(page)]
    for finding in found:
        print(finding)
    print(f"{len(pages)} pages, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
