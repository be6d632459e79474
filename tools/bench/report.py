#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""report.py DIR: what a part of the bench printed and counted, as tables and a plot.

Writes DIR.json, DIR.md and DIR.svg. A line of a cell that counts instructions
belongs to the next section of the plugin; a guest that was lost may have left some.
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
    "wakes": ["try_to_wake_up"],
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
    cells, arms, proofs, arm, section = [], {}, [], None, 0
    for line in open(f"{directory}/lines"):
        if not line.startswith("{"):
            continue
        said = json.loads(line)
        if "arm" in said:
            arm, turn = said["arm"], int(said["round"])
            arms.setdefault(arm, {})["what"] = said["what"]
        elif "sections" in said:
            section = int(said["sections"])
        elif "cell" in said:
            said.update(arm=arm, round=turn)
            said["name"] = said["cell"] + ("" if said["engine"] != "psync" else " psync")
            if sections:
                add_section(said, sections[section], directory, symbols)
                section += 1
            cells.append(said)
        elif "proof" in said:
            proofs.append({**said, **sections[section]})
            section += 1
        else:
            arms[arm].update(said)
    return cells, arms, proofs


def spread(values):
    """The median, and the least and the most if they differ."""
    middle = statistics.median(values)
    digits = 0 if middle >= 100 else 1 if middle >= 10 else 2
    text, least, most = (f"{value:,.{digits}f}" for value in (middle, min(values), max(values)))
    return text if least == most else f"{text} ({least}..{most})"


COLUMNS_COUNT = [
    ("host kernel", "host_kernel"), ("ours of it", "module"), ("host user", "host_user"),
    ("guest kernel", "guest_kernel"), ("guest user", "guest_user"),
    ("VM entries", "entries"), ("switches", "switches"), ("wake-ups", "wakes"),
    ("interrupts", "interrupts"), ("syscalls", "syscalls"), ("kicks", "kicks"),
]
COLUMNS_TIME = [
    ("a second", "rate"), ("p50 us", "p50_us"), ("p99 us", "p99_us"), ("p99.9 us", "p999_us"),
    ("requests", "count"),
]


def same(title, arms, key):
    """What arms say of their machines: once, if they say the same."""
    said = {}
    for arm, what in arms.items():
        if key in what:
            said.setdefault(what[key], []).append(arm)
    if len(said) == 1:
        return [f"- {title}, the same in every arm that has one: {next(iter(said))}"]
    return [f"- {title} of {', '.join(names)}: {what}" for what, names in said.items()]


def configuration(config, arms):
    text = [f"- {key}: {value}" for key, value in config.items()]
    text += same("host", arms, "host") + same("guest", arms, "guest")
    text += ["", "| arm | what it is | options of tools/lab/guest | seconds |", "|---|---|---|---|"]
    return text + [f"| {arm} | {said['what']} | {said.get('options', '').replace('|', ' ')} | {said.get('seconds', 'failed')} |"
                   for arm, said in arms.items()]


TITLES = {
    "read1": "4 KiB random reads, 1 in flight", "read32": "4 KiB random reads, 32 in flight",
    "write1": "4 KiB random writes, 1 in flight", "write32": "4 KiB random writes, 32 in flight",
    "each32": "4 KiB random reads, 32 in flight, handed over one by one",
    "seq1m": "1 MiB sequential reads, 2 in flight", "read128": "4 KiB random reads, 128 in flight",
    "mix70": "4 KiB random, 70 % reads, 32 in flight", "fsync": "16 KiB random writes, fsync after two",
    "read16x2": "4 KiB random reads, 16 in flight from each of two CPUs",
    "pgbench": "PostgreSQL, transactions of pgbench, 4 clients",
    "idle": "nothing to do, a second of it",
}


def title(name):
    """The cell, and what its requests are."""
    what = TITLES.get(name.removesuffix(" psync"))
    return f"{name}: {what}" if what else name


def row(name, cells, columns):
    values = [spread([c[key] for c in cells]) if all(key in c for c in cells) else "" for _, key in columns]
    return f"| {name} | " + " | ".join(values) + " |"


def head(first, columns):
    return ["", f"| {first} | " + " | ".join(c[0] for c in columns) + " |", "|---" * (len(columns) + 1) + "|"]


def of(cells, key):
    """The cells, by what they have there, in order."""
    by = {}
    for cell in cells:
        by.setdefault(cell[key], []).append(cell)
    return by


def tables(cells, columns):
    """One table a cell, a row an arm; one with a row a cell if there is one arm."""
    columns = [c for c in columns if any(cell.get(c[1]) for cell in cells)]
    if len(of(cells, "arm")) == 1:
        return ["\n## Cells"] + head("cell", columns) + [
            row(name, here, columns) for name, here in of(cells, "name").items()]
    text = []
    for name, here in of(cells, "name").items():
        text += [f"\n## {title(name)}\n"] + [f"    {job}" for job in of(here, "job") if job]
        text += head("arm", columns) + [row(arm, rows, columns) for arm, rows in of(here, "arm").items()]
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
    ("32 volumes by 1, depth 8", ("scale", "read8, 32 volumes", ["host_kernel"]),
     ("scale", "read8, 1 volumes", ["host_kernel"]), 1.1),
    ("4096 pieces of memory by 1, depth 32", ("scale", "read32, 4096 pieces", ["host_kernel"]),
     ("scale", "read32, 1 pieces", ["host_kernel"]), 1.1),
    ("8 GiB in pieces of 2 MiB: our part of mapping, by vhost-vdpa's pinning",
     ("scale", "map, 4096 pieces", ["host_kernel"]),
     ("scale", "pin, 4096 pieces", ["host_kernel"]), 0.2),
    ("idle guest: our functions in a second", ("ours", "idle", ["module"]), None, 0),
]


# And figures of time: more is better.
QEMU = ["qemu-uring", "qemu-uring-2", "qemu-native", "qemu-lv", "qcow2", "virtio-scsi", "qemu-nvme"]
BARS_TIME = [
    ("guest, depth 1, by QEMU with io_uring", "read1 psync", ["qemu-uring"], 2.0),
    ("guest, depth 1, by VFIO", "read1 psync", ["vfio"], 0.85),
    ("guest, depth 32, by the best of QEMU", "read32", QEMU, 1.5),
    ("guest, depth 32, by VFIO", "read32", ["vfio"], 0.95),
]


def figure(cells, arm, name, keys):
    rows = [c for c in cells if (c["arm"], c["name"]) == (arm, name) and all(k in c for k in keys)]
    return statistics.median(sum(c[k] for k in keys) for c in rows) if rows else None


def ratio(value, base):
    digits = 0 if min(value, base) >= 100 else 1
    return f"{value / base:.3f} ({value:,.{digits}f}/{base:,.{digits}f})"


def bars(cells, arms):
    """The bars that this part has the figures for."""
    text = []
    for kib in (int(said["queue_kib"]) for said in arms.values() if "queue_kib" in said):
        text.append(f"| KiB of memory for a virtqueue of 256 entries | {kib:,} | at most 512 | "
                    f"{'yes' if kib <= 512 else 'no'} |")
    for name, what, by, most in BARS:
        value = figure(cells, *what)
        base = figure(cells, *by) if by else 1
        if value is None or base is None:
            continue
        shown = ratio(value, base) if by else f"{value:,.0f}"
        text.append(f"| {name} | {shown} | at most {most} | {'yes' if value / base <= most else 'no'} |")
    for name, cell, others, least in BARS_TIME:
        value = figure(cells, "ours", cell, ["rate"])
        bases = [figure(cells, other, cell, ["rate"]) for other in others]
        if value is None or not any(bases):
            continue
        base = max(filter(None, bases))
        text.append(f"| {name} | {ratio(value, base)} | at least {least} | {'yes' if value / base >= least else 'no'} |")
    return ["\n## Bars\n", "| figure | now | bar | met |", "|---|---|---|---|"] + text if text else []


def functions(cells):
    """Where our arms' instructions go."""
    text = ["\n## Functions\n"]
    for cell in cells:
        if cell["round"] == 1 and "top" in cell and cell["cell"] in ("read1", "read32", "each32"):
            text += [f"\n### {cell['arm']}, {cell['name']}\n", "| function | instructions an I/O |", "|---|---|"]
            text += [f"| `{name}` | {n} |" for name, n in cell["top"]]
    return text


COLOURS = ["#1f4e79", "#8fb8de", "#c55a11", "#f4b183"]


def plot_counted(items):
    """By who executed. A client that polls is not work."""
    lines = []
    for label, rows in items:
        values = [statistics.median(c[who] for c in rows) for who in WHO]
        if rows[0]["engine"] == "vhost":
            values[WHO.index("host_user")] = 0
        lines.append(f'"{label}" ' + " ".join(map(str, values)))
    plots = [f"$data using {i + 2}:xtic(1) title '{who.replace('_', ' ')}' linecolor rgb '{colour}'"
             for i, (who, colour) in enumerate(zip(WHO, COLOURS))]
    return lines, ["set style data histogram", "set style histogram rowstacked", "plot " + ", ".join(plots)]


def plot_timed(items):
    """The median of the rounds, the least and the most of them."""
    lines = []
    for i, (label, rows) in enumerate(items):
        values = [c["rate"] for c in rows]
        lines.append(f'{i} {statistics.median(values)} {min(values)} {max(values)} "{label}"')
    return lines, [f"plot [-0.6:{len(items) - 0.4}] $data using 1:2:xtic(5) with boxes notitle linecolor rgb "
                   f"'{COLOURS[1]}', $data using 1:2:3:4 with yerrorbars notitle pointtype 7 pointsize 0.2 linecolor rgb 'black'"]


PLOTTED = ["read1 psync", "read1", "read32", "each32", "read16x2", "pgbench"]


def panels(cells):
    """Titles, and the bars of each: a panel a main cell, or one for all of one arm."""
    if len(of(cells, "arm")) == 1:
        return [(cells[0]["arm"], [(n, rows) for n, rows in of(cells, "name").items() if n.startswith("read")])]
    return [(title(name), list(of(rows, "arm").items()))
            for name, rows in of(cells, "name").items() if name in PLOTTED]


def plot(cells, path, counted):
    """The panels, one below the other."""
    shown = panels(cells)
    script = [f"set terminal svg size 900,{340 * len(shown)} font 'sans,12' background 'white'",
              f"set output '{path}'", "set style fill solid border rgb 'white'", "set boxwidth 0.7",
              "set yrange [0:*]", "set border 3", "set tics nomirror",
              "set grid ytics", "set format y '%.0f'",
              f"set ylabel '{'instructions a request' if counted else 'a second'}'",
              "set key outside right top reverse Left invert", f"set multiplot layout {len(shown)},1"]
    for name, items in shown:
        lines, commands = (plot_counted if counted else plot_timed)(items)
        turn = -20 if len(items) <= 11 else -60
        script += ["$data << END"] + lines + ["END", f"set xtics rotate by {turn}", f"set title '{name}'"] + commands
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
    text += configuration(config, arms)
    text += ["\nThe median of the rounds (least..most), for one request; when idle, for a second."]
    text += tables(cells, COLUMNS_COUNT if counted else COLUMNS_TIME)
    text += bars(cells, arms)
    if counted:
        text += functions(cells)
    with open(directory + ".md", "w") as f:
        f.write("\n".join(text) + "\n")
    with open(directory + ".json", "w") as f:
        json.dump({"config": config, "arms": arms, "cells": cells}, f, indent=1)
    plot(cells, directory + ".svg", counted)
    print(f"{directory}.md")


if __name__ == "__main__":
    main()
