#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Finds, in include/, examples/, bench/, tests/ and README.md, coroutines that GCC 12 compiles wrongly or not at all:

  1  co_await in the condition of if, while, for or switch with nothing declared there: the body may be skipped.
     Write `const auto r = co_await f(); if (r)` or `if (auto r = co_await f(); r)`.
  2  a lambda that captures by value inside a co_await expression: its closure is destroyed twice.
     Name it first and move it, or pass arguments to a lambda without captures.
  5  a braced list of like elements as an argument inside a co_await expression: does not compile. Name it first.

A line that says `// gcc12: <why it is right here>` is let through."""

import argparse
import re
import sys

import tally

noise = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
condition = re.compile(r"\b(if|while|for|switch)\s*(?:constexpr\s*)?\(")
capturing = re.compile(r"(?<![\w)\]\[])\s*\[(?!\[)(?P<captures>[^\[\]]+)\]\s*(?:\(|\{|<|mutable\b|noexcept\b|->)")
# In a call: { 1, 2 } or { "", "" }, elements alike, which become an array. Unlike ones initialise an aggregate.
text, numeral = r'"\s*"\s*', r"-?\d[\w.']*\s*"
braced_list = re.compile(rf"[\w>]\s*\((?:[^()]*,)?\s*\{{\s*(?:{text}(?:,\s*{text})+|{numeral}(?:,\s*{numeral})+)\}}")
closing = {"(": ")", "[": "]", "{": "}"}
opening = {v: k for k, v in closing.items()}


def blank(text):
    """The text without comments and literals, every other character where it was."""
    return noise.sub(lambda m: re.sub(r"[^\n]", " ", m.group()) if m.group()[0] == "/"
                     else m.group()[0] + re.sub(r"[^\n]", " ", m.group()[1:-1]) + m.group()[-1], text)


def matching(text, start):
    """Where the bracket that opens at `start` closes."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in closing) - (text[at] in opening)
        if depth == 0:
            return at
    return len(text)


def expression(text, start):
    """The operand of the co_await at `start` and what follows it, to the end of the full expression, lambda bodies
    left out."""
    depth, at, kept = 0, start, []
    while at < len(text):
        c = text[at]
        if depth == 0 and c in ";}":
            break
        if c == "{" and re.search(r"(\)|\]|mutable|noexcept|->\s*[\w:<>]+)\s*$", text[start:at]) and \
                re.search(r"\[[^\[\]]*\]\s*(\([^()]*\))?\s*(mutable|noexcept|->\s*[\w:<>]+)?\s*$", text[start:at]):
            at = matching(text, at) + 1
            kept.append("{}")
            continue
        depth += (c in closing) - (c in opening)
        if depth < 0:  # left the call that the co_await is an argument of
            depth = 0
        kept.append(c)
        at += 1
    return "".join(kept)


def declares(head):
    """Whether the part of a condition before its co_await declares a variable."""
    initialiser = re.search(r"[\w>&*\]]\s*(=(?!=)|\{)", head)
    return bool(initialiser and re.search(r"[\w>]\s*[&*]*\s+[&*]*[\w\[]", head))


def faults(text):
    """(offset, row of the table) for each fault."""
    code = blank(text)
    for match in condition.finditer(code):
        start = match.end() - 1
        inside = code[start + 1:matching(code, start)]
        inside = re.sub(r"\{[^{}]*\}", "{}", inside)  # the bodies of lambdas
        last = inside.rpartition(";")[2] if match.group(1) != "for" else inside.partition(";")[2]
        if "co_await" in last and not declares(last.partition("co_await")[0]):
            yield match.start(), 1
    for match in re.finditer(r"\bco_await\b", code):
        operand = expression(code, match.end())
        for found in capturing.finditer(operand):
            captures = [c.strip() for c in found.group("captures").split(",")]
            if any(not c.startswith("&") and c not in ("this", "") for c in captures):
                yield match.start(), 2
        if braced_list.search(operand):
            yield match.start(), 5


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="*", help="look at these instead")
    arguments = parser.parse_args()
    count = tally.Tally()
    files = [tally.root / f for f in arguments.file]
    if not files:
        for folder in ("include", "examples", "bench", "tests"):
            files += sorted(f for f in (tally.root / folder).rglob("*.[ch]pp"))
        files += [f for f in [tally.root / "README.md"] if f.exists()]
    for file in files:
        text = file.read_text()
        if file.suffix == ".md":  # only the C++ in it, everything where it was
            blocks = "".join(m.group() for m in re.finditer(r"```cpp\n.*?```", text, re.S))
            text = blocks
        lines = text.split("\n")
        found = sorted({(text.count("\n", 0, at) + 1, row) for at, row in faults(text)})
        found = [(n, row) for n, row in found if "// gcc12: " not in lines[n - 1]]
        name = file.relative_to(tally.root).as_posix()
        count.record(f"coroutines/{name}", "; ".join(f"line {n}: row {row} of --help: {lines[n - 1].strip()}"
                                                     for n, row in found))
    return count.finish()


if __name__ == "__main__":
    sys.exit(main())
