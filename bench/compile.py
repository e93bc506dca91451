#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Suite compile: user CPU seconds of compiling at -O0, under both compilers, runs of all files interleaved.

The measure is a file with ten usual standard headers. Against it stand the single header with no optional door and a
whole program of one task; beside them Asio's header and the same program with Asio's coroutines.

--json FILE  write the results; --quick  fewer runs
--check      as a test: the header costs at most 1.4 of the measure, the program at most 2.0"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tools"))
import tally  # noqa: E402

bars = {"tenon.hpp": 1.4, "tenon hello": 2.0}
measure = "ten standard headers"
ten = ["coroutine", "atomic", "thread", "vector", "functional", "chrono", "optional", "variant", "memory", "string"]
# Asio 1.22 does not see clang's coroutines by itself.
asio_flags = ["-DASIO_STANDALONE", "-DASIO_HAS_CO_AWAIT", "-DASIO_HAS_STD_COROUTINE"]
asio_hello = """#include <asio.hpp>
asio::awaitable<int> seven() { co_return 7; }
asio::awaitable<void> hello(int& out) { out = co_await seven() - 7; }
int main() {
  int out = 1;
  asio::io_context io;
  asio::co_spawn(io, hello(out), asio::detached);
  io.run();
  return out;
}
"""


def sources(with_asio):
    """name -> source text, the measure first."""
    found = {measure: "".join(f"#include <{h}>\n" for h in ten),
             "tenon.hpp": "#include <tenon/tenon.hpp>\n",
             "tenon hello": (tally.root / "tests/install/hello.cpp").read_text()}
    if with_asio:
        found |= {"asio.hpp": "#include <asio.hpp>\n", "asio hello": asio_hello}
    return found


def seconds(command):
    """User CPU seconds of a command and its children; the program ends when the command fails."""
    process = os.posix_spawnp(command[0], command, dict(os.environ, CCACHE_DISABLE="1"))
    _, status, usage = os.wait4(process, 0)
    if status:
        sys.exit(f"FAILED compile: `{' '.join(command)}` does not compile")
    return usage.ru_utime


def medians(compiler, texts, runs):
    """name -> median user seconds, each file compiled `runs` times in turn after one warm-up."""
    times = {name: [] for name in texts}
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for number, (name, text) in enumerate(texts.items()):
            files[name] = os.path.join(folder, f"{number}.cpp")
            pathlib.Path(files[name]).write_text(text)
        for turn in range(runs + 1):
            for name, file in files.items():
                spent = seconds([compiler, "-std=c++20", "-O0", "-pthread", *asio_flags, "-I",
                                 str(tally.root / "single_include"), "-c", file, "-o", os.path.join(folder, "o")])
                if turn:
                    times[name].append(spent)
            print(f"{compiler}: {turn}/{runs}", file=sys.stderr, flush=True)
    return {name: statistics.median(spent) for name, spent in times.items()}


def lowest(compiler, runs):
    """name -> ratio to the measure; a median over its bar is measured up to four times more, since only noise makes one
    lower."""
    best = {}
    for _ in range(5):
        found = medians(compiler, sources(False), runs)
        best = {case: min(best.get(case, 99.0), found[case] / found[measure]) for case in bars}
        if all(best[case] <= bar for case, bar in bars.items()):
            break
    return best


def check(compilers, runs):
    """The bars as a test. The compilers are measured side by side: what one does to the other's time, it does to all."""
    count = tally.Tally()
    for (name, _), best in tally.in_parallel(lambda each: lowest(each[1], runs), compilers):
        for case, bar in bars.items():
            over = best[case] > bar and f"costs {best[case]:.2f} of {measure}, more than {bar}"
            count.record(f"compile_time/{case} ({name}, {best[case]:.2f} of at most {bar})", over)
    return count.finish()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if not (tally.root / "single_include/tenon/tenon.hpp").exists():
        print("SKIPPED compile_time: single_include/tenon/tenon.hpp is not there")
        return 0
    compilers = [(n, c) for n, c in (("g++", "g++"), ("clang++", "clang++-19")) if shutil.which(c)]
    if arguments.check:
        return check(compilers, 5)
    with_asio = pathlib.Path("/usr/include/asio.hpp").exists()
    rows = []
    for name, compiler in compilers:
        found = medians(compiler, sources(with_asio), 3 if arguments.quick else 9)
        pairs = [("header", "tenon.hpp", measure), ("one task", "tenon hello", measure)]
        if with_asio:
            pairs += [("header", "tenon.hpp", "asio.hpp"), ("one task", "tenon hello", "asio hello")]
        rows += [{"suite": "compile", "case": f"{case}, {name}", "subject": subject, "peer": peer,
                  "unit": "s of user CPU time", "subject_median": round(found[subject], 4),
                  "peer_median": round(found[peer], 4), "ratio": round(found[subject] / found[peer], 3)}
                 for case, subject, peer in pairs]
    text = json.dumps(rows, indent=1)
    if arguments.json:
        arguments.json.write_text(text + "\n")
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
