#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""report.py DIR: what a part of the bench printed and counted, as tables and a plot.

Writes DIR.json, DIR.md and DIR.svg. A line of a cell that counts instructions
belongs to the next section of the plugin.
"""
import bisect
import json
import os
import statistics
import subprocess
import sys

WHO = ["host_kernel", "host_user", "guest_kernel", "guest_user"]
# The function whose calls are shown; of several the first that was called at all.
CALLS = {
    "switches": ["__switch_to_asm"],
    "interrupts": ["handle_edge_irq"],
    "syscalls": ["do_syscall_64"],
    "kicks": ["ioeventfd_write", "nvdpa_submit_kick"],
}
MODULE = "[nvme_vdpa]"
# A percentile with less than ten requests beyond it is left out.
SAMPLES = {"p50": 20, "p99": 1000, "p999": 10000}
ALIGN = 16


class Symbols:
    """The functions of the host's kernel, by address."""

    def __init__(self, path):
        self.names = []
        for line in open(path):
            word = line.split()
            if word[1] in "tTwW":
                module = word[3] if len(word) > 3 else ""
                self.names.append((int(word[0], 16), word[2], module))
        self.names.sort()
        self.addresses = [name[0] for name in self.names]

    def find(self, unit):
        """A function owns the units from its first one to the next function's."""
        return self.names[bisect.bisect_right(self.addresses, unit + ALIGN - 1) - 1]


class Profile:
    """A section's instructions and calls by function."""

    def __init__(self, path, symbols):
        self.executed = {}
        self.called = {}
        for line in open(path):
            unit, executed, entered = line.split()
            start, name, module = symbols.find(int(unit, 16))
            key = (name, module)
            self.executed[key] = self.executed.get(key, 0) + int(executed)
            if start == int(unit, 16):
                self.called[name] = self.called.get(name, 0) + int(entered)

    def module(self, module):
        return sum(n for key, n in self.executed.items() if key[1] == module)

    def top(self, count, n):
        order = sorted(self.executed.items(), key=lambda item: -item[1])[:n]
        return [[name + (" " + module if module else ""), round(v / count, 1)]
                for (name, module), v in order]


def read_json(path):
    if not os.path.exists(path):
        return []
    return [json.loads(line) for line in open(path)]


def add_section(cell, section, directory, symbols):
    """Puts what was counted into a cell; medians of laps leave timer ticks out.

    A cell without laps, depth 0, is as long as it has seconds.
    """
    count, depth = cell["count"], cell["depth"]
    if section["laps"] != (count // depth if depth else 0):
        sys.exit(f"section {section['section']} has {section['laps']} laps, "
                 f"the cell {cell} not: they are out of step")
    for who in WHO:
        if depth:
            cell[who] = section[who + "_laps"][2] / depth
            cell[who + "_low"] = section[who + "_laps"][1] / depth
        else:
            cell[who] = section[who] / count
    cell["entries"] = section["entries"] / count
    path = f"{directory}/count.{section['section']}"
    if symbols and os.path.exists(path):
        profile = Profile(path, symbols)
        cell["module"] = profile.module(MODULE) / count
        for key, names in CALLS.items():
            called = [profile.called.get(name, 0) for name in names]
            cell[key] = next(filter(None, called), 0) / count
        cell["top"] = profile.top(count, 40)


def read_cells(directory):
    """All cells, each with its arm and round, what arms said of themselves, and loops."""
    sections = read_json(f"{directory}/count.json")
    symbols = None
    if os.path.exists(f"{directory}/kallsyms"):
        symbols = Symbols(f"{directory}/kallsyms")
    cells, arms, proofs, arm = [], {}, [], None
    for line in open(f"{directory}/lines"):
        if not line.startswith("{"):
            continue
        said = json.loads(line)
        if "arm" in said:
            arm, turn = said["arm"], int(said["round"])
            arms.setdefault(arm, {})["what"] = said["what"]
        elif "cell" in said:
            said.update(arm=arm, round=turn)
            said["name"] = said["cell"] + ("" if said["engine"] != "psync" else " psync")
            if sections:
                add_section(said, sections.pop(0), directory, symbols)
            cells.append(said)
        elif "proof" in said:
            proofs.append({**said, **sections.pop(0)})
        else:
            arms[arm].update(said)
    return cells, arms, proofs


def spread(values):
    """The median, and the least and the most when there are several."""
    middle = statistics.median(values)
    digits = 0 if middle >= 100 else 1 if middle >= 10 else 2
    text = f"{middle:,.{digits}f}"
    if len(values) > 1:
        text += f" ({min(values):,.{digits}f}..{max(values):,.{digits}f})"
    return text


COLUMNS_COUNT = [
    ("host kernel", "host_kernel"), ("ours of it", "module"), ("host user", "host_user"),
    ("guest kernel", "guest_kernel"), ("guest user", "guest_user"),
    ("VM entries", "entries"), ("switches", "switches"), ("interrupts", "interrupts"),
    ("syscalls", "syscalls"), ("kicks", "kicks"),
]
COLUMNS_TIME = [
    ("a second", "rate"), ("p50 us", "p50_us"), ("p99 us", "p99_us"), ("p99.9 us", "p999_us"),
    ("requests", "count"),
]


def table(cells, columns):
    """One table a cell, a row an arm."""
    text = []
    for name in dict.fromkeys(cell["name"] for cell in cells):
        text += [f"\n## {name}\n", "| arm | " + " | ".join(c[0] for c in columns) + " |",
                 "|---" * (len(columns) + 1) + "|"]
        here = [cell for cell in cells if cell["name"] == name]
        for arm in dict.fromkeys(cell["arm"] for cell in here):
            rows = [cell for cell in here if cell["arm"] == arm]
            values = [spread([r[key] for r in rows]) if all(key in r for r in rows) else ""
                      for _, key in columns]
            text.append(f"| {arm} | " + " | ".join(values) + " |")
    return text


# What we want: a figure, perhaps by another one, and the most that it may be. A figure is
# an arm, a cell and a sum of keys.
HOST = ["host_kernel", "host_user"]
RAW1, RAW32 = ("raw", "read1", ["host_kernel"]), ("raw", "read32", ["host_kernel"])
NATIVE32 = ("native", "read32", ["host_kernel"])
BARS = [
    ("raw, depth 1: host kernel", RAW1, None, 2000),
    ("raw, depth 1, by native psync", RAW1, ("native", "read1 psync", ["host_kernel"]), 0.5),
    ("raw, depth 32: host kernel", RAW32, None, 900),
    ("raw, depth 32, by native io_uring", RAW32, NATIVE32, 0.25),
    ("raw, depth 1: our own functions", ("raw", "read1", ["module"]), None, 700),
    ("virtio-vdpa, depth 32, by native io_uring",
     ("virtio", "read32", ["host_kernel"]), NATIVE32, 1.15),
    ("ours, depth 1, by VDUSE: host", ("ours", "read1", HOST), ("vduse", "read1", HOST), 0.2),
    ("ours, depth 32, by VDUSE: host", ("ours", "read32", HOST), ("vduse", "read32", HOST), 0.2),
    ("ours, depth 1, by vhost-user-blk: host",
     ("ours", "read1", HOST), ("vhost-user", "read1", HOST), 0.2),
    ("ours, depth 32, by vhost-user-blk: host",
     ("ours", "read32", HOST), ("vhost-user", "read32", HOST), 0.2),
    ("32 volumes by 1, depth 1", ("scale", "read1, 32 volumes", ["host_kernel"]),
     ("scale", "read1, 1 volumes", ["host_kernel"]), 1.1),
    ("4096 pieces of memory by 1, depth 1", ("scale", "read1, 4096 pieces", ["host_kernel"]),
     ("scale", "read1, 1 pieces", ["host_kernel"]), 1.1),
    ("idle guest: our functions in a second", ("ours", "idle", ["module"]), None, 0),
]


def figure(cells, arm, name, keys):
    rows = [c for c in cells if (c["arm"], c["name"]) == (arm, name) and all(k in c for k in keys)]
    return statistics.median(sum(c[k] for k in keys) for c in rows) if rows else None


def bars(cells):
    """The bars that this part has the figures for."""
    text = []
    for name, what, by, most in BARS:
        value = figure(cells, *what)
        base = figure(cells, *by) if by else 1
        if value is None or base is None:
            continue
        shown = f"{value / base:.3f} ({value:,.0f}/{base:,.0f})" if by else f"{value:,.0f}"
        text.append(f"| {name} | {shown} | {most} | {'yes' if value / base <= most else 'no'} |")
    return ["\n## Bars\n", "| figure | now | at most | met |", "|---|---|---|---|"] + text if text else []


def functions(cells):
    """Where our arms' instructions go."""
    text = ["\n## Functions\n"]
    for cell in cells:
        if cell["round"] == 1 and "top" in cell and cell["cell"] in ("read1", "read32"):
            text += [f"\n### {cell['arm']}, {cell['name']}\n", "| function | instructions an I/O |", "|---|---|"]
            text += [f"| `{name}` | {n} |" for name, n in cell["top"]]
    return text


def plot(cells, path, counted):
    """A plot a cell, bars stacked by who executed, or the rate."""
    keys = WHO if counted else ["rate"]
    names = [n for n in dict.fromkeys(c["name"] for c in cells) if n.split()[0] in ("read1", "read32", "pgbench")]
    script = ["set terminal svg size 900,420 dynamic background 'white'",
              f"set output '{path}'", "set style data histogram",
              "set style histogram rowstacked" if counted else "set style histogram clustered",
              "set style fill solid border -1", "set boxwidth 0.8", "set xtics rotate by -35",
              f"set ylabel '{'instructions' if counted else 'a second'}'",
              f"set multiplot layout 1,{max(1, len(names))}"]
    for name in names:
        script += ["$data << END"]
        for arm in dict.fromkeys(c["arm"] for c in cells):
            rows = [c for c in cells if c["arm"] == arm and c["name"] == name]
            if rows:
                values = [str(statistics.median(r[k] for r in rows)) for k in keys]
                script.append(f'"{arm}" ' + " ".join(values))
        script += ["END", f"set title '{name}'",
                   "plot " + ", ".join(f"$data using {i + 2}:xtic(1) title '{k.replace('_', ' ')}'"
                                       for i, k in enumerate(keys))]
    subprocess.run(["gnuplot"], input="\n".join(script) + "\nunset multiplot\n", text=True, check=True)


def main():
    directory = sys.argv[1].rstrip("/")
    cells, arms, _ = read_cells(directory)
    if not cells:
        sys.exit("no cell was told")
    config = dict(line.rstrip("\n").split(" ", 1) for line in open(f"{directory}/config"))
    counted = "host_kernel" in cells[0]
    for cell in cells:
        for key, samples in SAMPLES.items():
            if key + "_ns" in cell and cell["count"] >= samples:
                cell[key + "_us"] = cell[key + "_ns"] / 1000
    text = [f"# {os.path.basename(directory)}\n"]
    text += [f"- {key}: {value}" for key, value in config.items()]
    text += ["", "| arm | what it is |", "|---|---|"]
    text += [f"| {arm} | {said['what']} |" for arm, said in arms.items()]
    text += ["\nThe median of the rounds (least..most), for one request; when idle, for a second."]
    text += table(cells, COLUMNS_COUNT if counted else COLUMNS_TIME)
    if counted:
        text += bars(cells) + functions(cells)
    with open(directory + ".md", "w") as f:
        f.write("\n".join(text) + "\n")
    with open(directory + ".json", "w") as f:
        json.dump({"config": config, "arms": arms, "cells": cells}, f, indent=1)
    plot(cells, directory + ".svg", counted)
    print(f"{directory}.md")


if __name__ == "__main__":
    main()
