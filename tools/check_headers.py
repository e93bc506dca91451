#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Compiles each public header alone, with every warning an error and every door that is here open; then all of them in
one file without exceptions and run-time type information, in one order under clang++ and the other way round under g++.
Half of the headers go to g++, half to clang++, or with --full, or chosen by name, each to both."""

import argparse
import shutil
import sys

import tally


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("filter", nargs="*", help="only headers whose path contains one of these")
    parser.add_argument("--full", action="store_true", help="each header under both compilers")
    arguments = parser.parse_args()
    count = tally.Tally()
    every = tally.headers()
    chosen = tally.chosen(every, arguments.filter)
    defines = tally.doors()
    compilers = tally.compilers(count, "headers")

    scratch = tally.root / "build/headers"
    scratch.mkdir(parents=True, exist_ok=True)
    cache = ["ccache"] if shutil.which("ccache") else []

    def compile_source(name, command, flags, headers):
        stem = (headers[0] if len(headers) == 1 else "all").replace("/", "_")
        source = scratch / f"{stem}.cpp"
        text = "".join(f"#include <{h}>\n" for h in headers)
        if not source.exists() or source.read_text() != text:
            source.write_text(text)
        return tally.run([*cache, command, *tally.strict, *flags, *defines, "-O0", "-c", source.relative_to(tally.root), "-o",
                          scratch / f"{stem}.{name}.o"])

    both = arguments.full or bool(arguments.filter)
    jobs = [(*compiler, [], [header]) for header, compiler in tally.with_each(chosen, compilers, both)]
    if chosen == every and every:
        bare = ["-fno-exceptions", "-fno-rtti"]
        without_asio = [h for h in every if h not in tally.of_asio]
        orders = {"g++": without_asio[::-1]}  # what one declares must not stand in another's way, whatever the order
        jobs += [(name, command, bare, orders.get(name, without_asio)) for name, command in compilers]
    for (name, _, flags, headers), done in tally.in_parallel(lambda job: compile_source(*job), jobs):
        what = headers[0] if not flags else "all headers with " + " ".join(flags)
        count.record(f"headers/{what} ({name})", done.returncode and "does not compile alone\n" + done.stdout)
    return count.finish()


if __name__ == "__main__":
    sys.exit(main())
