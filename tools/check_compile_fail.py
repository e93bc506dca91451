#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Checks that what must not compile is refused for the reason it names.

Each tests/compile_fail/*.cpp begins with `// error: <regex>`. As it stands a compiler refuses it, and the text of the
first error matches the regex and has at most 15 lines; with -DFIXED it is accepted without a warning. Half of the files
go to g++, half to clang++, or with --full, or chosen by name, each to both. The doors of optional libraries are shut: a
test that needs one opens it with a #define. What nearly all of them include is precompiled; that each header includes
what it needs is checked by tools/check_headers.py."""

import argparse
import pathlib
import re
import sys

import tally

most_lines = 15
first_only = {"g++": "-fmax-errors=1", "clang++": "-ferror-limit=1"}
epilogue = re.compile(r"compilation terminated due to|too many errors emitted|^\d+ errors? generated")
scratch = tally.root / "build/compile_fail"


def precompiled(name, command):
    """The options with which a compiler has read the runtime's headers already; none where it cannot precompile them."""
    folder = scratch / name
    folder.mkdir(parents=True, exist_ok=True)
    header = folder / "runtime.hpp"
    header.write_text("#include <tenon/runtime/runtime.hpp>\n")
    result = f"{header}.gch" if name == "g++" else f"{header}.pch"
    done = tally.run([command, *tally.strict, "-x", "c++-header", header, "-o", result])
    if done.returncode:
        return []
    return ["-include", header] if name == "g++" else ["-include-pch", result]


def refusal(name, command, source, regex):
    """Why the source as it stands is not refused as it should be; None when it is."""
    done = tally.run([*command, *tally.strict, "-fsyntax-only", first_only[name], source])
    if done.returncode == 0:
        return "compiles, but must be refused"
    lines = [line for line in done.stdout.splitlines() if not epilogue.search(line)]
    if not re.search(regex, "\n".join(lines)):
        return f"the first error does not match /{regex}/\n" + "\n".join(lines[:40])
    if len(lines) > most_lines:
        return f"the first error has {len(lines)} lines, more than {most_lines}\n" + "\n".join(lines)
    return None


def acceptance(command, source):
    """Why the mended source is not accepted; None when it is."""
    done = tally.run([*command, *tally.strict, "-fsyntax-only", "-DFIXED", source])
    return done.returncode and "refused with -DFIXED\n" + done.stdout


def check(job):
    name, command, source = job
    first = (tally.root / source).read_text().partition("\n")[0]
    if not first.startswith("// error: "):
        return "line 1 is not `// error: <regex>`"
    try:
        regex = re.compile(first.removeprefix("// error: ").strip()).pattern
    except re.error as error:
        return f"line 1: {error}"
    return refusal(name, command, source, regex) or acceptance(command, source)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filter", nargs="*", help="only files whose name contains one of these")
    parser.add_argument("--full", action="store_true", help="each file under both compilers")
    arguments = parser.parse_args()
    count = tally.Tally()
    sources = [s.relative_to(tally.root) for s in sorted((tally.root / "tests/compile_fail").glob("*.cpp"))
               if tally.chosen([s.name], arguments.filter)]
    compilers = tally.compilers(count, "compile_fail")
    both = arguments.full or bool(arguments.filter)
    read = {name: [command, *(precompiled(name, command) if len(sources) > 4 else [])] for name, command in compilers}

    def command_for(name, command, source):
        """A test that defines something does so before it includes anything."""
        return [command] if re.search(r"^#\s*define", (tally.root / source).read_text(), re.M) else read[name]

    jobs = [(name, command_for(name, command, source), source)
            for source, (name, command) in tally.with_each(map(str, sources), compilers, both)]
    for (name, _, source), why in tally.in_parallel(check, jobs):
        count.record(f"compile_fail/{pathlib.Path(source).stem} ({name})", why)
    return count.finish()


if __name__ == "__main__":
    sys.exit(main())
