#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Reads object code to see that what was not named costs nothing.

Each tests/zero_cost/*.cpp begins with `// symbols: <regex>`. It is compiled at -O2 by both compilers, and the functions
whose demangled name matches, of which there is at least one, hold no lock prefix, no xchg with memory and no fence;
the object has and refers to no virtual table.

With `// as short as: A B, C D` on its third line, A has at most 2 % more instructions than B, and C than D.

With --object FILE --symbols REGEX it looks at one object file instead."""

import argparse
import pathlib
import re
import sys
import tempfile

import tally

atomic = re.compile(r"\block\b|\bxchg\b.*\(|\b[mls]fence\b")
symbol_line = re.compile(r"^[0-9a-f]+ <(.*)>:$")
virtual = re.compile(r"\s(_ZTV(?!St|NSt|N10__cxxabiv1)\S+|__cxa_pure_virtual)")  # the standard library's may be there


def faults(object_file, regex):
    """What is wrong with the object code, one sentence each."""
    code = tally.run(["objdump", "--disassemble", "--demangle", "--no-show-raw-insn", "--wide", object_file])
    if code.returncode:
        return [code.stdout]
    looked_at, inside, found = 0, None, []
    for line in code.stdout.splitlines():
        match = symbol_line.match(line)
        if match:
            inside = match.group(1) if re.search(regex, match.group(1)) else None
            looked_at += inside is not None
        elif inside and atomic.search(line.partition("\t")[2]):
            found.append(f"{inside} holds `{' '.join(line.split()[1:])}`")
    if not looked_at:
        found.append(f"no function matches /{regex}/")
    for line in tally.run(["nm", object_file]).stdout.splitlines():
        match = virtual.search(line)
        if match:
            found.append(f"refers to {match.group(1)}")
    return found


def lengths(object_file, pairs):
    """Which function of a pair has more instructions than it may, one sentence each."""
    code = tally.run(["objdump", "--disassemble", "--demangle", "--no-show-raw-insn", "--wide", object_file]).stdout
    count, inside = {}, None
    for line in code.splitlines():
        match = symbol_line.match(line)
        if match:
            inside = match.group(1).partition("(")[0]
            inside = None if inside in count or " [clone" in match.group(1) else inside
        elif inside and "\t" in line and not re.search(r"\t(nop|data16|cs nop|xchg +%ax,%ax)", line):
            count[inside] = count.get(inside, 0) + 1
    found = []
    for pair in pairs.split(","):
        ours, by_hand = pair.split()
        if ours not in count or by_hand not in count:
            found.append(f"no function {ours if ours not in count else by_hand}")
        elif count[ours] > 1.02 * count[by_hand]:
            found.append(f"{ours} has {count[ours]} instructions, {by_hand} {count[by_hand]}")
    return found


def check(job):
    _, command, source = job
    first, _, third = (tally.root / source).read_text().split("\n", 3)[:3]
    if not first.startswith("// symbols: "):
        return "line 1 is not `// symbols: <regex>`"
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder) / "object.o"
        done = tally.run([command, *tally.strict, "-O2", "-c", source, "-o", target])
        if done.returncode:
            return "does not compile\n" + done.stdout
        why = faults(target, first.removeprefix("// symbols: ").strip())
        if third.startswith("// as short as: "):
            why += lengths(target, third.removeprefix("// as short as: "))
        return "\n".join(why)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--object", help="an object file")
    parser.add_argument("--symbols", default="", help="which functions of it")
    parser.add_argument("filter", nargs="*", help="only files whose name contains one of these")
    arguments = parser.parse_args()
    count = tally.Tally()
    if arguments.object:
        count.record(f"zero_cost/{arguments.object}", "\n".join(faults(arguments.object, arguments.symbols)))
        return count.finish()
    sources = [s.relative_to(tally.root) for s in sorted((tally.root / "tests/zero_cost").glob("*.cpp"))
               if tally.chosen([s.name], arguments.filter)]
    compilers = tally.compilers(count, "zero_cost")
    jobs = [(name, command, source) for source in sources for name, command in compilers]
    for (name, _, source), why in tally.in_parallel(check, jobs):
        count.record(f"zero_cost/{source.stem} ({name})", why)
    return count.finish()


if __name__ == "__main__":
    sys.exit(main())
