#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Includes of the driver point one way: rooms.py FOLDER

Each floor may include itself and the floors below it, which are listed here.
The pure floor knows nothing of the kernel but by way of kdep.h.
"""

import pathlib
import re
import sys

BELOW = {
    "": {"control", "nvme", "debug"},  # main.c
    "control": {"device", "path", "pure", "nvme", "debug"},
    "device": {"path", "pure", "nvme", "debug"},
    "path": {"pure", "nvme", "debug"},
    "nvme": {"pure", "debug"},
    "pure": set(),
    "debug": {"pure"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def floor_of(root, path):
    """The folder that a file of the driver is in, '' for the top."""
    return "/".join(path.relative_to(root).parts[:-1])


def complaints_of_local(root, path, name):
    """What is wrong with an include of a file of ours."""
    target = (path.parent / name).resolve()
    if not target.is_file():
        return f"{name} is not there"
    if not target.is_relative_to(root):
        return f"{name} is not in the driver"
    floor, other = floor_of(root, path), floor_of(root, target)
    if other != floor and other not in BELOW[floor]:
        return f"{floor or 'main.c'} must not include {other or 'the top'}"
    return None


def complaints(root, path):
    """Yields (line number, complaint) for a file."""
    floor = floor_of(root, path)
    if floor not in BELOW:
        yield 1, f"{floor} is no floor of the driver"
        return
    for number, line in enumerate(path.read_text().splitlines(), 1):
        include = INCLUDE.match(line)
        if not include:
            continue
        bracket, name = include.groups()
        if bracket == '"':
            complaint = complaints_of_local(root, path, name)
            if complaint:
                yield number, complaint
        elif floor == "pure" and path.name != "kdep.h":
            yield number, f"pure includes <{name}>: only kdep.h may"


def main():
    """Prints all complaints; fails if there is one, or nothing to read."""
    root = pathlib.Path(sys.argv[1]).resolve()
    files = sorted(root.rglob("*.[ch]"))
    bad = not files
    for path in files:
        for number, complaint in complaints(root, path):
            print(f"{path.relative_to(root)}:{number}: {complaint}")
            bad = True
    return bad


if __name__ == "__main__":
    sys.exit(main())
