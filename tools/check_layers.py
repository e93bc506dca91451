#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Checks that arrows between the folders of include/tenon only go down, that detail/ is a leaf, and that each
third-party header has one door."""

import argparse
import re
import sys

import tally

# A folder may include the folders named here, what those may include, and itself.
below = {
    "core": [],
    "observe": ["core"],
    "memory": ["core"],
    "topology": ["core"],
    "backend": ["core"],
    "queue": ["memory"],
    "task": ["memory"],
    "scheduler": ["queue", "topology", "observe", "task"],
    "sync": ["queue", "topology", "observe", "task"],
    "runtime": ["backend", "scheduler", "sync"],
    "parallel": ["runtime"],
    "net": ["runtime"],
    "journal": ["runtime"],
    "resilience": ["runtime"],
    "pool": ["runtime"],
    "kernel": ["runtime"],
    "pipeline": ["net", "journal", "resilience", "pool", "kernel"],
    "mesh": ["net", "journal", "resilience", "pool", "kernel"],
    "agenda": ["net", "journal", "resilience", "pool", "kernel"],
    "http": ["pipeline", "mesh", "agenda"],
    "inspect": ["pipeline", "mesh", "agenda"],
    "config": ["pipeline", "mesh", "agenda"],
}

# A third-party library, by how its includes begin, and where its door stands: exactly one header, in this folder.
doors = {
    "boost/hana": "core/meta.hpp",
    "boost/lockfree": "queue",
    "mimalloc": "memory",
    "hwloc": "topology",
    "liburing": "backend",
    "uv.h": "backend",
    "stdexec/": "runtime/execution.hpp",
    "openssl/": "net/detail/openssl.hpp",
    "asio": "net/asio.hpp",
    "leveldb/": "journal",
    "rocksdb/": "journal",
    "cuda": "kernel",
    "CL/": "kernel",
    "nats": "mesh",
    "toml++/": "config",
    "boost/json": "http/json_reader.hpp",
    "zlib.h": "http",
    "brotli/": "http",
    "zstd.h": "http",
}

include_line = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
top_level = {"fwd.hpp", "version.hpp"}  # these include nothing above core; tenon.hpp includes anything


def allowed(folder):
    """The folders that a folder may include: the closure of `below`."""
    reached, todo = {folder}, [folder]
    while todo:
        for lower in below[todo.pop()]:
            if lower not in reached:
                reached.add(lower)
                todo.append(lower)
    return reached


def arrow(path, target):
    """Why `path` may not include `target` (both below include/tenon); None when it may."""
    here, there = path.split("/"), target.split("/")
    if path == "tenon.hpp" or target in top_level:
        return None
    folder = "core" if len(here) == 1 else here[0]
    if len(there) == 1:
        return f"includes {target}, which is for users"
    if folder not in below or there[0] not in below:
        return f"{folder if folder not in below else there[0]}/ is not in the table of tools/check_layers.py"
    if "detail" in there and there[0] not in (folder, "core"):
        return f"reaches into {there[0]}/detail/"
    if "detail" in here and there[0] != "core" and there[:2] != [folder, "detail"]:
        return f"is in detail/, a leaf, and includes {target}: only core/ and {folder}/detail/ lie below it"
    if there[0] not in allowed(folder):
        return f"includes {target}, but {there[0]}/ is not below {folder}/"
    return None


def main():
    argparse.ArgumentParser(description=__doc__).parse_args()
    count = tally.Tally()
    base = tally.include / "tenon"
    door_of = {}  # a library's prefix -> the headers of ours that include it
    for file in sorted(base.rglob("*.hpp")):
        path = file.relative_to(base).as_posix()
        problems = []
        for number, line in enumerate(file.read_text().splitlines(), 1):
            match = include_line.match(line)
            if not match:
                continue
            kind, target = match.groups()
            prefix = next((p for p in doors if target.startswith(p)), None)
            if target.startswith("tenon/"):
                why = arrow(path, target.removeprefix("tenon/"))
                if not (tally.include / target).exists():
                    why = f"includes {target}, which is not there"
            elif kind == '"':
                why = f'includes "{target}"; write <tenon/...>'
            elif prefix:
                door_of.setdefault(prefix, set()).add(path)
                why = None
            else:
                why = None if tally.system_header.match(target) else f"includes {target}: no door in the table of tools/check_layers.py"
            if why:
                problems.append(f"line {number} {why}")
        count.record(f"layers/{path}", "; ".join(problems))
    for prefix, users in sorted(door_of.items()):
        outside = [u for u in users if u != doors[prefix] and not u.startswith(doors[prefix] + "/")]
        why = f"included by {', '.join(sorted(users))}; one header is its door" if len(users) > 1 else None
        if outside:
            why = f"included by {outside[0]}; its door is in {doors[prefix]}"
        count.record(f"layers/door of {prefix}", why)
    return count.finish()


if __name__ == "__main__":
    sys.exit(main())
