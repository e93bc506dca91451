#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Explores the interleavings of each lock-free part: builds each tests/model/*.cpp against Relacy and runs it.

Relacy is a folder of headers that no distribution packages: put it where the compiler looks (CPLUS_INCLUDE_PATH)."""

import argparse
import shutil
import subprocess
import sys

import tally

limit_s = 900


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filter", nargs="*", help="only models whose name contains one of these")
    arguments = parser.parse_args()
    count = tally.Tally()
    sources = sorted((tally.root / "tests/model").glob("*.cpp"))
    chosen = [s for s in sources if tally.chosen([s.stem], arguments.filter)]
    there = tally.run(["g++", "-fsyntax-only", "-include", "relacy/relacy.hpp", "-x", "c++", "/dev/null", "-w", "-std=c++20"])
    if there.returncode:
        count.skip("model", f"<relacy/relacy.hpp> is not where the compiler looks; {len(chosen)} models not explored")
        return count.finish()
    scratch = tally.root / "build/model"
    scratch.mkdir(parents=True, exist_ok=True)
    cache = ["ccache"] if shutil.which("ccache") else []

    def explore(source):
        program = scratch / source.stem
        built = tally.run([*cache, "g++", "-std=c++20", "-O2", "-I", "include", "-c", source.relative_to(tally.root), "-o",
                           f"{program}.o"])
        linked = built.returncode or tally.run(["g++", "-pthread", f"{program}.o", "-o", program]).returncode
        if linked:
            return "does not build\n" + built.stdout
        try:
            done = tally.run([program], timeout=limit_s)
        except subprocess.TimeoutExpired:
            return f"not done after {limit_s} s"
        return done.returncode and done.stdout[-3000:]

    for source, why in tally.in_parallel(explore, chosen):
        count.record(f"model/{source.stem}", why)
    return count.finish()


if __name__ == "__main__":
    sys.exit(main())
