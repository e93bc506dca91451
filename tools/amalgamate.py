#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Writes single_include/tenon/tenon.hpp: include/tenon/tenon.hpp with every tenon header it reaches in its place.

A pure function of include/. Standard and system headers that are always included come first, sorted, once. What stands
inside an #if (the doors: `#if TENON_WITH_IO_URING`) stays inside it; a header that is needed both inside and outside
one is put in front of it."""

import argparse
import difflib
import re
import sys

import tally

target = tally.root / "single_include/tenon/tenon.hpp"
entry = "tenon/tenon.hpp"

include_line = re.compile(r"\s*#\s*include\s*<([^>]+)>")
opens = re.compile(r"\s*#\s*if")
closes = re.compile(r"\s*#\s*endif")
dropped = re.compile(r"\s*#\s*pragma\s+once|// SPDX-License-Identifier:")



def third_party(header):
    """Neither the system's nor Boost's: what may only be included behind a door."""
    return not tally.system_header.match(header) and not header.startswith("boost/")


def walk(header):
    """(line, its #if depth, what it includes or None) of one header."""
    depth = 0
    for line in (tally.include / header).read_text().splitlines():
        match = include_line.match(line)
        depth -= bool(closes.match(line))
        yield line, depth, match and match.group(1)
        depth += bool(opens.match(line))


def always(header, reached):
    """Adds the tenon headers that `header` includes whatever is defined, itself among them."""
    if header not in reached:
        reached.add(header)
        for _, depth, included in walk(header):
            if included and depth == 0 and included.startswith("tenon/"):
                always(included, reached)
    return reached


def needs(header, seen):
    """The tenon headers that `header` may come to include, in the order in which they must stand, itself last."""
    if header not in seen:
        seen[header] = None  # holds the place against a cycle
        for _, _, included in walk(header):
            if included and included.startswith("tenon/"):
                needs(included, seen)
        del seen[header]
        seen[header] = None
    return seen


class Amalgamation:
    def __init__(self):
        self.unconditional = always(entry, set())
        self.placed = set()
        self.systems = set()
        self.faults = []

    def block(self, lines):
        """The lines of one outermost #if ... #endif, what it includes put in its place."""
        front, body, inside = [], [], set()
        for line in lines:
            match = include_line.match(line)
            if match and match.group(1).startswith("tenon/"):
                for header in needs(match.group(1), {}):
                    if header in self.unconditional:
                        front += self.expand(header)
                    elif header not in inside:
                        inside.add(header)
                        body += self.guarded(header)
            else:
                body.append(line)
        for match in filter(None, map(include_line.match, body)):
            if third_party(match.group(1)) and "TENON_WITH_" not in lines[0]:
                self.faults.append(f"<{match.group(1)}> stands inside {lines[0].strip()}, not #if TENON_WITH_...")
        return front + body

    def guarded(self, header):
        """A header that only a door needs: several doors may, so it is there for whichever comes first."""
        name = "TENON_SINGLE_" + re.sub(r"\W", "_", header.removeprefix("tenon/").removesuffix(".hpp")).upper()
        text = [line for line, _, included in walk(header)
                if not dropped.match(line) and not (included or "").startswith("tenon/")]
        return [f"#ifndef {name}", f"#define {name}", f"// {header}", *text, "#endif"]

    def expand(self, header):
        """The text of a header that is always there, once."""
        if header in self.placed:
            return []
        self.placed.add(header)
        out, own, held = [], [f"// {header}"], []
        for line, depth, included in walk(header):
            if dropped.match(line):
                continue
            if depth or opens.match(line):
                held.append(line)
            elif closes.match(line):
                own += self.block([*held, line])
                held = []
            elif included and included.startswith("tenon/"):
                out += self.expand(included)
            elif included:
                self.systems.add(included)
                if third_party(included):
                    self.faults.append(f"{header}: <{included}> is not inside #if TENON_WITH_...")
            else:
                own.append(line)
        return out + own

    def text(self):
        body = self.expand(entry)
        head = ["// SPDX-License-Identifier: BSL-1.0",
                "// tenon in one file, written by tools/amalgamate.py from include/; change those headers, not this.",
                "#pragma once", ""]
        head += [f"#include <{s}>" for s in sorted(self.systems, key=lambda s: (s.endswith(".h"), "/" in s, s))]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(head + [""] + body)) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the file is not up to date")
    arguments = parser.parse_args()
    count = tally.Tally()
    if not (tally.include / entry).exists():
        count.skip("single_header/up to date", "include/tenon/tenon.hpp is not there")
        return count.finish()
    amalgamation = Amalgamation()
    text = amalgamation.text()
    for fault in amalgamation.faults:
        count.record("single_header/doors", fault)
    if not arguments.check:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        print(f"wrote {target.relative_to(tally.root)}: {text.count(chr(10))} lines")
        return count.failed and 1
    old = target.read_text() if target.exists() else ""
    why = None
    if old != text:
        difference = list(difflib.unified_diff(old.splitlines(), text.splitlines(), "committed", "generated",
                                               lineterm=""))
        why = "stale; run tools/amalgamate.py\n" + "\n".join(difference[:20])
    count.record("single_header/up to date", why)
    return count.finish()


if __name__ == "__main__":
    sys.exit(main())
