# SPDX-License-Identifier: BSL-1.0
"""What the checks of this folder share: how one reports, runs compilers side by side, and finds the tree.

A check prints one line for each thing that is not as it should be, `FAILED name: why`, one for each it could not look
at, `SKIPPED name: why`, and at the end `N passed, N failed, N skipped`; it exits 1 when anything failed.
"""

import concurrent.futures
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zlib

root = pathlib.Path(__file__).resolve().parent.parent
include = root / "include"

strict = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror", "-I", "include"]

# What stands between <> without being a third party's.
system_header = re.compile(
    r"[a-z_]+$"  # C++ standard headers
    r"|(arpa|asm|linux|net|netinet|sys)/\w+\.h$"
    r"|(dirent|dlfcn|errno|fcntl|limits|netdb|poll|pthread|sched|signal|spawn|stdio|termios|time|ucontext|unistd)\.h$"
    r"|(cpuid|\w+intrin|sanitizer/\w+)\.h$")  # the compiler's own


class Tally:
    """Counts the outcomes of one check and prints those that are not a pass."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def record(self, name, why=None):
        """A pass when `why` is empty, else a failure that says why."""
        if why:
            self.failed += 1
            print(f"FAILED {name}: {why}", flush=True)
        else:
            self.passed += 1
            print(f"PASSED {name}", flush=True)

    def skip(self, name, why):
        self.skipped += 1
        print(f"SKIPPED {name}: {why}", flush=True)

    def finish(self):
        """Prints the totals; gives the exit status."""
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)
        return 1 if self.failed else 0


def compilers(tally, check):
    """The two compilers everything is checked under, [(name, command)]; says so when one is not there."""
    found = []
    for name, commands in (("g++", ["g++-12", "g++"]), ("clang++", ["clang++-19", "clang++"])):
        command = next((c for c in commands if shutil.which(c)), None)
        if command:
            found.append((name, command))
        else:
            tally.skip(f"{check} under {name}", f"{commands[0]} is not installed")
    return found


def with_each(names, found, both):
    """[(name of what is compiled, (name, command) of a compiler)]: each with both, or with one of them, always the same
    for a name, about half of the names with each."""
    return [(n, c) for n in names for i, c in enumerate(found) if both or zlib.crc32(n.encode()) % len(found) == i]


def run(command, **options):
    """Runs a command in the root of the tree with messages in English; gives the finished process, stderr in stdout."""
    environment = dict(os.environ, LC_ALL="C")
    return subprocess.run(command, cwd=options.pop("cwd", root), env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **options)


def in_parallel(function, items):
    """function(item) for each, as many at once as there are cores; gives (item, answer) in the order of the items."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from zip(items, pool.map(function, items))


# Asio itself compiles neither without exceptions nor without run-time type information.
of_asio = {"tenon/net/asio.hpp", "tenon/net/asio_host.hpp", "tenon/net/awaiting.hpp"}


# What stands behind OpenSSL's door.
of_openssl = {"tenon/net/tls_context.hpp", "tenon/net/tls_errc.hpp", "tenon/net/tls_listener.hpp",
              "tenon/net/tls_session.hpp", "tenon/net/tls_stream.hpp", "tenon/net/tls_vigil.hpp"}


# What stands behind Boost.JSON's.
of_json = {"tenon/http/json_reader.hpp", "tenon/http/read_json.hpp", "tenon/http/write_json.hpp"}


def headers():
    """The public headers, those not in a detail folder, as they are included: tenon/core/result.hpp. Those of the doors
    of Asio, OpenSSL and Boost.JSON only where these are: nothing but their users includes them."""
    found = (h.relative_to(include) for h in sorted(include.rglob("*.hpp")))
    left_out = (set() if has_header("asio.hpp") else of_asio) | (set() if has_header("openssl/ssl.h") else of_openssl)
    left_out |= set() if has_header("boost/json.hpp") else of_json
    return [h.as_posix() for h in found if "detail" not in h.parts and h.as_posix() not in left_out]


def has_header(name):
    """Whether a library's header is on this machine."""
    probe = subprocess.run(["g++", "-E", "-x", "c++", "-"], text=True, capture_output=True,
                           input=f"#if __has_include(<{name}>)\nfound\n#endif\n")
    return "\nfound" in probe.stdout


@functools.cache
def doors():
    """-DTENON_WITH_X=1 for each optional library whose header is on this machine."""
    libraries = {"liburing.h": "IO_URING", "uv.h": "LIBUV", "mimalloc.h": "MIMALLOC", "hwloc.h": "HWLOC",
                 "toml++/toml.h": "TOML"}
    found = subprocess.run(["g++", "-E", "-x", "c++", "-"], text=True, capture_output=True,
                           input="".join(f"#if __has_include(<{h}>)\nfound {d}\n#endif\n" for h, d in libraries.items()))
    return [f"-DTENON_WITH_{line.split()[1]}=1" for line in found.stdout.splitlines() if line.startswith("found ")]


def chosen(names, filters):
    """The names that contain one of the filters; all when there is none."""
    return [n for n in names if not filters or any(f in n for f in filters)]


if __name__ == "__main__":
    sys.exit(__doc__)
