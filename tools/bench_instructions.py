#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Adds to a suite's results how many instructions an item costs, of the cases that say they can be counted: what twice
the items cost above the items, so that starting the program does not count. Runs the suite under valgrind."""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

collected = re.compile(r"Collected : (\d+)")


def instructions(program, case, contender, items):
    """Of one run of that work, or None when it failed."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", program,
                   "--once", case, contender, "--items", str(items)]
        done = subprocess.run(command, capture_output=True, text=True)
    found = collected.search(done.stderr)
    if done.returncode or not found:
        print(f"could not count {case}, {contender}: {done.stderr.strip()[-300:]}", file=sys.stderr)
        return None
    return int(found.group(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="of the suite")
    parser.add_argument("json", type=pathlib.Path, help="what it wrote; the rows are added")
    arguments = parser.parse_args()
    rows = json.loads(arguments.json.read_text())
    listed = subprocess.run([arguments.program, "--list"], check=True, capture_output=True, text=True).stdout
    counts = {}
    for line in listed.splitlines():
        case, contender, _, items, _ = line.split("\t")
        if int(items) and any(case == r["case"] for r in rows):
            once, twice = (instructions(arguments.program, case, contender, n * int(items)) for n in (1, 2))
            if once is not None and twice is not None:
                counts[case, contender] = (twice - once) / int(items)
    for row in list(rows):
        mine, theirs = (counts.get((row["case"], row[who])) for who in ("subject", "peer"))
        if mine is not None and theirs:
            rows.append(row | {"unit": "instructions per " + row["unit"].rpartition("per ")[2], "ratio": mine / theirs,
                               "subject_median": mine, "peer_median": theirs})
    arguments.json.write_text("[" + ",\n ".join(json.dumps(row) for row in rows) + "]\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
