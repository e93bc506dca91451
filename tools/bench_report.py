#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Shows what a benchmark suite measured: a table on the terminal, and a bar chart beside the JSON, as SVG.

The JSON is a list of {"suite", "case", "subject", "peer", "unit", "subject_median", "peer_median", "ratio"}; a ratio
below 1 means that ours is better."""

import argparse
import html
import json
import os
import pathlib
import platform
import re
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
keys = ["suite", "case", "subject", "peer", "unit", "subject_median", "peer_median", "ratio"]
ours, theirs, ink, faint = "#2a6f97", "#b8b8b8", "#222222", "#777777"


def number(value):
    return f"{value:.4g}"


def table(rows):
    """The rows as aligned text."""
    head = ["case", "ours", "", "peer", "", "unit", "ratio"]
    lines = [[r["case"], r["subject"], number(r["subject_median"]), r["peer"], number(r["peer_median"]), r["unit"],
              f"{r['ratio']:.3f}"] for r in rows]
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
    right = {2, 4, 6}
    out = []
    for line in [head, *lines]:
        cells = [c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(line, widths))]
        out.append("  ".join(cells).rstrip())
    return "\n".join(out)


def chart(rows):
    """Pairs of bars, each pair scaled to the longer of the two, the ratio at its end."""
    left, width, bar, gap, top = 260, 420, 14, 16, 40
    height = top + len(rows) * (2 * bar + gap) + 10
    total = left + width + 190

    def text(x, y, what, size=12, anchor="start", colour=ink):
        return (f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">'
                f"{html.escape(what)}</text>")

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="{height}" font-family="sans-serif">',
           f'<rect width="{total}" height="{height}" fill="#ffffff"/>',
           text(10, 22, f"{rows[0]['suite']}: median of each, ratio below 1 means ours is better", 14)]
    for i, row in enumerate(rows):
        y = top + i * (2 * bar + gap)
        longest = max(row["subject_median"], row["peer_median"]) or 1
        out.append(text(left - 8, y + 11, row["case"], 12, "end"))
        out.append(text(left - 8, y + bar + 11, row["unit"], 10, "end", faint))
        for j, (who, value, colour) in enumerate([(row["subject"], row["subject_median"], ours),
                                                  (row["peer"], row["peer_median"], theirs)]):
            length = round(width * value / longest, 1)
            out.append(f'<rect x="{left}" y="{y + j * bar}" width="{length}" height="{bar - 2}" fill="{colour}"/>')
            out.append(text(left + length + 6, y + j * bar + 10, f"{who} {number(value)}", 10))
        out.append(text(total - 10, y + bar + 2, f"{row['ratio']:.2f}", 13, "end"))
    return "\n".join([*out, "</svg>"]) + "\n"


def said(*command):
    """The first line a command prints, empty when there is none."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=root)
    except OSError:
        return ""
    return done.stdout.partition("\n")[0].strip() if done.returncode == 0 else ""


def surroundings():
    """What the figures depend on, and no name of a machine."""
    cpu = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    cache = root / "build/release/CMakeCache.txt"
    compiler = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", cache.read_text(), re.M) if cache.exists() else None
    changed = said("git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/results")
    return {"commit": said("git", "rev-parse", "--short=12", "HEAD") + ("+changes" if changed else ""),
            "cpu": cpu.group(1) if cpu else platform.machine(), "cores": len(os.sched_getaffinity(0)),
            "kernel": platform.release(), "compiler": said(compiler.group(1), "--version") if compiler else ""}


def keep(rows, samples):
    """Writes bench/results/SUITE-COMMIT.json: where it was measured, the rows, and every sample behind them."""
    about = surroundings()
    file = root / f"bench/results/{rows[0]['suite']}-{about['commit']}.json"
    file.parent.mkdir(exist_ok=True)

    def lines(entries):
        return "[\n    " + ",\n    ".join(json.dumps(entry) for entry in entries) + "\n  ]"

    parts = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in about.items()]
    parts += [f'  "rows": {lines(rows)}', f'  "samples": {lines(samples)}']
    file.write_text("{\n" + ",\n".join(parts) + "\n}\n")
    print(f"kept {file.relative_to(root)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="also write bench/results/SUITE-COMMIT.json")
    parser.add_argument("json", type=pathlib.Path)
    arguments = parser.parse_args()
    rows = json.loads(arguments.json.read_text())
    for row in rows:
        if sorted(row) != sorted(keys):
            sys.exit(f"{arguments.json}: a row has {', '.join(row)}, not {', '.join(keys)}")
    if not rows:
        sys.exit(f"{arguments.json} holds no results")
    print(table(rows))
    arguments.json.with_suffix(".svg").write_text(chart(rows))
    if arguments.keep:
        raw = arguments.json.with_name(arguments.json.stem + "-samples.json")
        keep(rows, json.loads(raw.read_text()) if raw.exists() else [])
    return 0


if __name__ == "__main__":
    sys.exit(main())
