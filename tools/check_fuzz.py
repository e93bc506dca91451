#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Lets libFuzzer look for inputs that break a parser: builds each tests/fuzz/*.cpp with AddressSanitizer and runs it from
the seeds, two seconds each, with --full two minutes. What it finds on the way is kept in build/fuzz for the next run."""

import argparse
import re
import shutil
import subprocess
import sys

import tally

seeds = {"chunked": "chunks", "router": "paths", "percent": "paths"}  # the others are requests


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("filter", nargs="*", help="only targets whose name contains one of these")
    parser.add_argument("--full", action="store_true")
    arguments = parser.parse_args()
    count = tally.Tally()
    sources = sorted((tally.root / "tests/fuzz").glob("*.cpp"))
    chosen = [s for s in sources if tally.chosen([s.stem], arguments.filter)]
    scratch = tally.root / "build/fuzz"
    scratch.mkdir(parents=True, exist_ok=True)
    (scratch / "empty.cpp").write_text('extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }\n')
    compiler = ["clang++-19", "-std=c++20", "-fsanitize=fuzzer,address"]
    if not shutil.which(compiler[0]) or tally.run([*compiler, scratch / "empty.cpp", "-o", scratch / "empty"]).returncode:
        count.skip("fuzz", f"clang++-19 has no libFuzzer here (libclang-rt-19-dev); {len(chosen)} targets not run")
        return count.finish()
    cache = ["ccache"] if shutil.which("ccache") else []
    seconds = 120 if arguments.full else 2

    def look(source):
        program = scratch / source.stem
        built = tally.run([*cache, *compiler, "-O1", "-g", "-I", "include", "-I", "tests", "-c",
                           source.relative_to(tally.root), "-o", f"{program}.o"])
        if built.returncode:
            return "does not build\n" + built.stdout[-3000:]
        peers = ["-lhttp_parser"] if "http_parser_execute" in tally.run(["nm", "-u", f"{program}.o"]).stdout else []
        linked = tally.run([*compiler, f"{program}.o", *peers, "-o", program])
        if linked.returncode:
            return "does not link\n" + linked.stdout[-3000:]
        found = scratch / f"{source.stem}-corpus"
        found.mkdir(exist_ok=True)
        done = tally.run([program, found, f"tests/fuzz/seeds/{seeds.get(source.stem, 'http')}", "-dict=tests/fuzz/http.dict",
                          f"-max_total_time={seconds}", "-max_len=2048", "-timeout=10",
                          f"-artifact_prefix={scratch}/{source.stem}-"], timeout=seconds + 60)
        return done.returncode and re.sub(r"(?m)^#\d.*\n", "", done.stdout)[-3000:]

    for source, why in tally.in_parallel(look, chosen):
        count.record(f"fuzz/{source.stem}", why)
    return count.finish()


if __name__ == "__main__":
    sys.exit(main())
