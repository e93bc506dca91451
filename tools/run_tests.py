#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""
usage: ./tests/run [FILTER...] [--full]

Installs what is missing, then builds and checks everything, leg by leg:

  layers        arrows between folders only go down; each third-party header has one door
  tree          licence lines, sizes, a test for each public header, words that may not be committed
  format        clang-format 19
  coroutines    what GCC 12 compiles wrongly
  single_header the committed single header is what tools/amalgamate.py writes
  headers       each public header alone; with --full under both compilers, else under one of them
  compile_fail  what must not compile is refused for the right reason; likewise
  zero_cost     the object code of what was not named: no lock prefix, no virtual table
  dev           g++ -O0: all tests, a typed suite on each part of a runtime once or twice; with --full on each with each
  clang         clang++ 19 -O0: the tests that the two below leave out; with --full all
  bare          g++ -O0 -fno-exceptions -fno-rtti: a choice of the laws, in the preset of that name
  asan          clang++ with AddressSanitizer and UndefinedBehaviorSanitizer: the files with lifetimes; with --full all
  tsan          clang++ with ThreadSanitizer: the files in which threads meet; with --full all
  stress        g++ -O2: the storms of tests/stress with their full numbers (a minute: only with --full or by name)
  model         Relacy explores the lock-free parts, where Relacy is installed (minutes: only with --full or by name)
  fuzz          libFuzzer at each tests/fuzz target, two seconds each; with --full two minutes
  examples      g++ -O3: each example runs and succeeds
  gateway       the main example as its users see it: sockets, curl, wrk, signals, idle cost
  readme        the code of README.md and docs/ is cut from the examples; links lead somewhere
  legality      docs/legality.md is what the rules in the code say
  install       find_package, add_subdirectory, the single header, two runtimes in one program
  names         clang-tidy 19: spelling of identifiers
  compile_time  the two bars of bench/compile.py

FILTER chooses by substring of LEG/ITEM, where an item is a test folder, a header, a compile-fail file:
  ./tests/run dev            one leg            ./tests/run dev/queue       one test binary
  ./tests/run queue          everything called so
--full  the long form: every file where the short one takes a part, and under asan every cancellation of the storm

The last line is `N passed, N failed, N skipped`; the exit status is 1 when something failed."""

import argparse
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree

import tally

logs = tally.root / "build/logs"
# What the short form leaves out, folders and single sources: under tsan where no threads meet, under asan where there
# are no lifetimes. clang++ -O0 takes only what neither of them does: they are clang++ too. Where a preset is here, a
# short run of it has TENON_TESTS_PAIRWISE.
about_types = {f"runtime/{name}" for name in ("composition", "contract", "describe", "execution", "extension",
                                              "lacking_parts", "lacking_surroundings", "phase", "policies_of",
                                              "presets", "settings")}
left_out = {
    "bare": set(),
    "dev": set(),
    "asan": {"config", "observe", "scheduler", "tenon", "topology", *about_types, "backend/libuv", "backend/poll",
             "net/acceptor", "net/allocations", "net/asio", "net/asio_host", "net/file", "net/resolve",
             "net/stream_socket", "net/tcp_listener", "net/udp_socket", "net/unix_listener", "parallel/algorithm",
             "parallel/grain", "parallel/parallel_for", "parallel/parallel_invoke", "parallel/parallel_reduce",
             "parallel/service", "queue/boost_mpmc", "queue/boost_spsc", "queue/by_topology", "queue/concept",
             "queue/locked", "queue/mpmc", "queue/mpsc", "queue/spsc", "runtime/placement", "runtime/restricted",
             "runtime/schedule_on", "stress/fairness", "stress/parking", "stress/timers", "sync/allocations",
             "sync/auto_event", "sync/barrier", "sync/event", "sync/latch", "sync/shared_mutex"},
    "tsan": {"config", "core", "memory", "observe", "senders", "tenon", "topology", *about_types,
             "backend/libuv", "backend/poll", "net/acceptor", "net/adversity", "net/allocations", "net/asio",
             "net/asio_host", "net/awaiting", "net/endpoint", "net/signals", "net/stream_socket", "net/unix_endpoint",
             "net/unix_listener", "net/unix_stream", "net/whole_file", "parallel/algorithm", "parallel/grain",
             "parallel/parallel_invoke", "parallel/parallel_sort", "queue/boost_mpmc", "queue/boost_spsc",
             "queue/by_topology", "queue/concept", "queue/overflow", "runtime/placement", "runtime/restricted",
             "sync/allocations"},
}
# And these: what a debugger wants to know takes a sixth of g++'s time, and these checks of every access a third of
# clang's; a null pointer ends the program under asan anyway.
short_options = {"asan": "-fno-sanitize=null,alignment", "bare": "-g0", "clang": "-g0", "dev": "-g0"}
not_binaries = {"compile_fail", "fuzz", "install", "zero_cost", "laws", "model"}
sources = {f.relative_to(tally.root / "tests").with_suffix("").as_posix()
           for f in (tally.root / "tests").glob("*/**/*.cpp")}
sources = {s for s in sources if s.partition("/")[0] not in not_binaries}
# Words, tables and settings; tests that start other programs; topologies that run on one thread.
left_out["asan"] |= {f"http/{name}" for name in (
    "application", "client_errc", "client_settings", "close_code", "connector", "context", "date_cache", "entity_tag",
    "headers", "http_date", "limits", "media_type", "method", "overload", "parameters", "precondition", "progress",
    "request", "retry_after", "route", "route_error", "route_match", "route_pattern", "routes", "status",
    "trailing_slash", "url", "websocket_settings")}
left_out["asan"] |= {"net/byte_stream", "net/tls_errc", "net/tls_peers", "net/tls_settings", "net/uv_host",
                     "pipeline/broadcast", "pipeline/elasticity", "pipeline/feedback", "pipeline/pipeline_errc"}
left_out["tsan"] |= {"net/byte_stream", "net/const_buffer", "net/relay", "net/send_file", "net/tls_context",
                     "net/tls_errc", "net/tls_peers", "net/tls_settings", "net/uv_host", "pipeline/branch",
                     "pipeline/broadcast", "pipeline/elasticity", "pipeline/feedback", "pipeline/pipeline_errc"}
left_out["tsan"] |= {s for s in sources if s.startswith("http/")} - {"http/client", "http/server"}
# What the one has seen in full the other need not see again.
left_out["asan"] |= {"parallel/parallel_scan", "pipeline/elastic_storm", "runtime/blocking", "runtime/report",
                     "runtime/worker_local", "stress/fork_join", "stress/http", "sync/mutex", "sync/waiting",
                     "task/when_any_of_many"}
left_out["tsan"] |= {"backend/concept", "backend/none", "net/received", "net/tls_listener", "net/tls_session",
                     "net/tls_stream", "net/tls_vigil", "pipeline/pipeline", "pipeline/stage", "pipeline/stage_health",
                     "pipeline/words", "runtime/as_awaitable", "runtime/embedding", "runtime/runtime",
                     "runtime/with_context", "stress/siege", "task/async_generator", "task/this_task", "task/yield"}
left_out["clang"] = {s for s in sources if any(not {s, s.partition("/")[0]} & left_out[p] for p in ("asan", "tsan"))}
verdict = re.compile(r"(PASSED|FAILED|SKIPPED) ((?:[^:]|:(?! ))*)(?:: (.*))?$")
complaint = re.compile(r"^.*(WARNING: ThreadSanitizer|ERROR: \w+Sanitizer|runtime error:)", re.M)
most_detail = 40  # lines shown of one failure; the log has them all


class Leg:
    """One leg while it runs: counts, shows progress, keeps a log."""

    def __init__(self, name):
        self.name, self.started = name, time.monotonic()
        self.passed = self.failed = self.skipped = 0
        self.environment = dict(os.environ, LC_ALL="C")
        self.log = open(logs / f"{name}.log", "w", encoding="utf-8")
        self.doing = "..."
        self.live = sys.stdout.isatty()
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.ticker = threading.Thread(target=self.tick, daemon=True)
        self.ticker.start()

    def tick(self):
        """On a terminal one line that changes; else a line every 20 seconds."""
        while not self.ended.wait(0.5 if self.live else 20):
            with self.lock:
                text = f"{self.name:14}{time.monotonic() - self.started:6.0f} s  {self.passed} passed  {self.doing}"
                print(f"\r\033[K{text[:110]}" if self.live else text, end="" if self.live else "\n", flush=True)

    def say(self, text):
        with self.lock:
            print(("\r\033[K" if self.live else "") + text, flush=True)

    def record(self, outcome, name, why=None, detail=()):
        """Counts one test case or check; shows it unless it passed."""
        if outcome == "PASSED":
            self.passed += 1
            return
        if outcome == "FAILED":
            self.failed += 1
        else:
            self.skipped += 1
        shown = list(detail)[:most_detail]
        self.say("\n".join([f"{outcome} {name}" + (f": {why}" if why else ""), *("    " + line for line in shown)]))

    def run(self, command, each_line=None, **options):
        """Runs a command, its output in the log and line by line to each_line; gives its exit status."""
        self.log.write(f"$ {' '.join(map(str, command))}\n")
        process = subprocess.Popen(command, cwd=tally.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, errors="replace",
                                   env=self.environment, **options)
        try:
            for line in process.stdout:
                self.log.write(line)
                self.log.flush()
                self.doing = line.strip() or self.doing
                if each_line:
                    each_line(line.rstrip("\n"))
            return process.wait()
        finally:
            if process.poll() is None:  # this program is being stopped
                process.terminate()
                process.wait()

    def finish(self):
        self.ended.set()
        self.log.close()
        seconds = time.monotonic() - self.started
        if self.passed + self.failed + self.skipped:
            self.say(f"{self.name:14}{self.passed:5} passed {self.failed:3} failed {self.skipped:3} skipped {seconds:7.1f} s")


def check(script, *options):
    """A leg that is one of the checks in tools/ (or bench/)."""
    def leg(leg, filters, full):
        held = []  # [outcome, name, why, detail] of the failure whose text is being read

        totals = []

        def flush():
            if held:
                leg.record(*held.pop())

        def each_line(line):
            match = verdict.match(line)
            total = re.match(r"(\d+) passed, \d+ failed, \d+ skipped$", line)
            if match:
                flush()
                held.append([*match.groups(), []])
            elif total:
                totals.append(int(total.group(1)))
            elif held:
                held[0][3].append(line)

        more = ["--full"] if full and "--full" in options else []
        status = leg.run([sys.executable, script, *(o for o in options if o != "--full"), *more, *filters], each_line)
        flush()
        # Some say only how many passed, some not even that.
        leg.passed = max([leg.passed, *totals, int(not status and not totals and not leg.skipped)])
        if status and not leg.failed:
            leg.record("FAILED", f"{leg.name}", f"{script} ended with status {status}", tail(leg))
    return leg


def tail(leg, count=30):
    leg.log.flush()
    return (logs / f"{leg.name}.log").read_text(errors="replace").splitlines()[-count:]


def folders():
    """The test folders that are binaries."""
    tests = tally.root / "tests"
    found = {f.relative_to(tests).parts[0] for f in tests.glob("*/**/*.cpp")}
    return sorted(found - not_binaries | ({"tenon"} if len(list(tests.glob("*.cpp"))) > 1 else set()))


def cases(leg, folder, report, ended_well):
    """Counts the test cases in one binary's report; without one the binary did not come to its end."""
    before = leg.failed
    if not report.exists():
        leg.record("FAILED", f"{leg.name}/{folder}", "ended without a report (crash or timeout); see "
                   f"build/logs/{leg.name}.log", said_by(leg.name, folder))
        return
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        name = f"{leg.name}/{folder}/{case.get('classname')}.{case.get('name')}"
        failures, skip = case.findall("failure"), case.find("skipped")
        if failures:
            text = "\n".join(f.text or f.get("message", "") for f in failures).replace(str(tally.root) + "/", "")
            leg.record("FAILED", name, None, text.splitlines())
        elif case.get("status") == "notrun":
            leg.record("SKIPPED", name, "disabled")
        elif skip is not None:
            said = " ".join((skip.text or skip.get("message") or "").split())
            leg.record("SKIPPED", name, re.sub(r"^\S+:\d+ ", "", said))
        else:
            leg.record("PASSED", name)


    said = said_by(leg.name, folder)
    if not ended_well and (leg.failed == before or complaint.search("\n".join(said))):
        leg.record("FAILED", f"{leg.name}/{folder}", "did not exit with 0", said)


def said_by(preset, test):
    """What a test printed, from ctest's own log: from the first complaint of a sanitizer, else the last of it."""
    log = tally.root / f"build/{preset}/Testing/Temporary/LastTest.log"
    text = log.read_text(errors="replace") if log.exists() else ""
    part = re.search(rf"Testing: {re.escape(test)}\n.*?Output:\n-+\n(.*?)\n<end of output>", text, re.S)
    said = (part.group(1) if part else "").replace(str(tally.root) + "/", "")
    found = complaint.search(said)
    return said[found.start():].splitlines()[:most_detail] if found else said.splitlines()[-most_detail:]


def all_there_is(preset):
    """The test folders of a preset: all, or those of the sources that it names."""
    presets = json.loads((tally.root / "CMakePresets.json").read_text())["configurePresets"]
    only = next(p for p in presets if p["name"] == preset)["cacheVariables"].get("TENON_TESTS_ONLY", "")
    return sorted({name.partition("/")[0] for name in only.split(";")}) if only else folders()


def built(leg, preset, targets, *options):
    """Configures a preset and builds targets of it, as many as can be; gives those that could not."""
    errors = []

    def keep(line):
        if re.search(r"error:|undefined reference|multiple definition|^FAILED:|CMake Error", line) and len(errors) < most_detail:
            errors.append(line.replace(str(tally.root) + "/", "")[:400])

    if leg.run(["cmake", "--preset", preset, *options], keep):
        leg.record("FAILED", f"{leg.name}/configure", "see build/logs", errors or tail(leg))
        return set(targets)
    if leg.run(["cmake", "--build", f"build/{preset}", "--target", *targets, "--", "-k", "0"], keep) == 0:
        return set()
    said = list(errors)
    broken = {t for t in targets if leg.run(["cmake", "--build", f"build/{preset}", "--target", t])}
    for target in sorted(broken):
        leg.record("FAILED", f"{leg.name}/{target}", f"does not build; see build/logs/{leg.name}.log", said)
        said = []
    return broken


def build_and_test(preset, only=None):
    """A leg that builds the test binaries of a preset (all, or one) and runs them."""
    def leg(leg, filters, full):
        chosen = tally.chosen([only] if only else all_there_is(preset), filters)
        if full and preset == "asan":
            leg.environment["TENON_STRESS"] = "full"
        if preset == "tsan":
            leg.environment.setdefault("TSAN_OPTIONS", f"suppressions={tally.root}/tests/tsan_suppressions.txt")
        if preset in ("clang", "asan", "tsan") and not shutil.which("clang++-19"):
            leg.record("SKIPPED", leg.name, "clang++-19 is not installed")
            return
        options = []
        if preset in left_out and not full and not filters:
            left = {s.partition("/")[0] for s in sources - left_out[preset]} | {"tenon"}
            chosen = [f for f in chosen if f in left - left_out[preset]]
            options = ["-DTENON_TESTS_PAIRWISE=ON", f"-DTENON_TESTS_OPTIONS={short_options.get(preset, '')}",
                       "-DTENON_TESTS_WITHOUT=" + ";".join(sorted(f for f in left_out[preset] if "/" in f))]
        if not chosen:
            return
        results = tally.root / f"build/{preset}/tests/results"
        shutil.rmtree(results, ignore_errors=True)
        broken = built(leg, preset, [f"tests_{f}" for f in chosen], *options)
        runnable = [f for f in chosen if f"tests_{f}" not in broken]
        passed = set()

        def each_line(line):
            match = re.search(r"Test +#\d+: (\S+) \.+ +Passed", line)
            passed.update([match.group(1)] if match else [])

        if runnable:
            leg.run(["ctest", "--test-dir", f"build/{preset}", "-j", str(os.cpu_count()), "--no-tests=ignore",
                     "-R", f"^({'|'.join(runnable)})$"], each_line)
        for folder in runnable:
            cases(leg, folder, results / f"{folder}.xml", folder in passed)
    return leg


def examples(leg, filters, full):
    """Builds the examples and runs each with no arguments."""
    names = [f.stem for f in (tally.root / "examples").glob("*.cpp")]
    names += [f.name for f in (tally.root / "examples").iterdir() if f.is_dir() and any(f.glob("*.cpp"))]
    names = tally.chosen(sorted(names), filters)
    if not names:
        return
    broken = built(leg, "release", [f"example_{n}" for n in names])
    for name in (n for n in names if f"example_{n}" not in broken):
        status = leg.run(["ctest", "--test-dir", "build/release", "-R", f"^{re.escape(name)}$", "--no-tests=error"])
        leg.record("FAILED" if status else "PASSED", f"examples/{name}", "run with no arguments, it failed",
                   said_by("release", name) if status else ())


def gateway(leg, filters, full):
    if not (tally.root / "tools/check_gateway.py").exists():
        leg.record("SKIPPED", "gateway", "tools/check_gateway.py is not there")
    elif not built(leg, "release", ["example_gateway"]):
        check("tools/check_gateway.py", "build/release/examples/gateway")(leg, filters, full)


def stress(leg, filters, full):
    if not full and not any("stress" in word for word in sys.argv[1:]):
        leg.record("SKIPPED", "stress", "takes a minute; ./tests/run stress, or --full")
        return
    leg.environment["TENON_STRESS"] = "full"
    build_and_test("stress", "stress")(leg, filters, full)
    log = tally.root / "build/stress/Testing/Temporary/LastTest.log"
    for line in log.read_text(errors="replace").splitlines() if log.exists() else ():
        if line.startswith("figure: "):
            leg.say("  " + line.removeprefix("figure: "))


def model(leg, filters, full):
    if full or any("model" in word for word in sys.argv[1:]):
        check("tools/check_models.py")(leg, filters, full)
    else:
        leg.record("SKIPPED", "model", "takes minutes; ./tests/run model, or --full")


# name -> (function, whether a filter may choose items of it)
legs = {
    "layers": (check("tools/check_layers.py"), False),
    "tree": (check("tools/check_tree.py"), False),
    "format": (check("tools/check_format.py"), False),
    "coroutines": (check("tools/check_coroutines.py"), False),
    "single_header": (check("tools/amalgamate.py", "--check"), False),
    "headers": (check("tools/check_headers.py", "--full"), True),
    "compile_fail": (check("tools/check_compile_fail.py", "--full"), True),
    "zero_cost": (check("tools/check_disassembly.py"), True),
    "dev": (build_and_test("dev"), True),
    "clang": (build_and_test("clang"), True),
    "bare": (build_and_test("bare"), True),
    "asan": (build_and_test("asan"), True),
    "tsan": (build_and_test("tsan"), True),
    "stress": (stress, False),
    "model": (model, False),
    "fuzz": (check("tools/check_fuzz.py", "--full"), True),
    "examples": (examples, True),
    "gateway": (gateway, False),
    "readme": (check("tools/check_readme.py"), False),
    "legality": (check("tools/make_legality_table.py", "--check"), False),
    "install": (check("tools/check_install.py"), True),
    "names": (check("tools/check_names.py", "--full"), False),
    "compile_time": (check("bench/compile.py", "--check"), False),
}


def plan(filters):
    """[(leg, item filters)] of what the filters choose; no item filters means all of the leg."""
    chosen = []
    for name, (_, has_items) in legs.items():
        if not filters or any(f in name for f in filters):
            chosen.append((name, []))
            continue
        # A filter that is a leg's name is that leg; LEG/ITEM is items of that leg; any other looks into each leg.
        items = [f.removeprefix(f"{name}/") for f in filters
                 if f.startswith(f"{name}/") or (f not in legs and f.partition("/")[0] not in legs)]
        if has_items and items:
            chosen.append((name, items))
    return chosen


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("filter", nargs="*")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("-h", "--help", action="store_true")
    arguments = parser.parse_args()
    if arguments.help:
        print(__doc__.strip())
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    logs.mkdir(parents=True, exist_ok=True)
    alone = open(tally.root / "build/lock", "w")
    try:
        fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("waiting for another ./tests/run in this folder to end", flush=True)
        fcntl.flock(alone, fcntl.LOCK_EX)
    started = time.monotonic()
    passed = failed = skipped = 0
    for name, items in plan(arguments.filter):
        leg = Leg(name)
        try:
            legs[name][0](leg, items, arguments.full)
        finally:
            leg.finish()
        passed, failed, skipped = passed + leg.passed, failed + leg.failed, skipped + leg.skipped
    seconds = time.monotonic() - started
    if arguments.filter and passed + failed + skipped == 0:
        print(f"FAILED filter: nothing is called {' or '.join(arguments.filter)}; see --help")
        failed = 1
    if seconds > 15 * 60:
        print(f"WARNING: the run took {seconds / 60:.0f} minutes, more than 15")
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
