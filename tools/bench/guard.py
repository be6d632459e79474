#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""guard.py DIR FILE [--record], guard.py DIR --proof: whether our instructions per I/O have grown.

FILE has, for each case, the ratio of ours to the native driver's; more than 1.10
of it fails. Both are from one run. The count itself is checked first, by loops
whose instructions are known.
"""
import statistics
import sys

import report

SLACK = 1.10
# What is compared with what: arm and cell.
CASES = {
    "raw-read1": (("raw", "read1"), ("native", "read1 psync")),
    "raw-read16": (("raw", "read16"), ("native", "read16")),
    "virtio-read16": (("virtio", "read16"), ("native", "read16")),
}
# Of mark.c's user loop: a round is two instructions, beside it there are some.
LOOP, LOOP_BESIDE = 2, 10
TOOK = 0


def told(good, name, text):
    global TOOK
    TOOK += 1
    print(f"{'ok' if good else 'not ok'} {TOOK} - {name} # time={text}")
    return good


def proof(proofs):
    """Each loop was counted where it ran, and all of it."""
    good = bool(proofs)
    for p in proofs:
        who, kind = p["proof"].split()
        user, kernel, rounds = p[f"{who}_user"], p[f"{who}_kernel"], int(p["rounds"])
        if kind == "user":
            fine = 0 <= user - LOOP * rounds <= LOOP_BESIDE
        else:
            fine = 100 < kernel / rounds < 1000 and 5 < user / rounds < 50
        if who == "host" and p["guest_user"] + p["guest_kernel"]:
            fine = False
        if not fine:
            print(f"#  {p['proof']}, {rounds} rounds: {user} user, {kernel} kernel")
        good = good and fine
    return told(good, "instructions of known loops", f"{len(proofs)} loops")


def low(cells, arm, name):
    """Lower quartiles: on a machine with other work most laps may see a timer tick."""
    return statistics.median(c["host_kernel_low"] for c in cells if (c["arm"], c["name"]) == (arm, name))


def main():
    directory, path = sys.argv[1:3]
    cells, _, proofs = report.read_cells(directory)
    if path == "--proof":
        sys.exit(not proof(proofs))
    now = {case: (low(cells, *ours), low(cells, *native))
           for case, (ours, native) in CASES.items()}
    if sys.argv[3:] == ["--record"]:
        with open(path, "w") as f:
            f.write("# Our host kernel instructions per I/O by those of the native driver: guard.py\n")
            f.writelines(f"{case} {a / b:.3f}\n" for case, (a, b) in now.items())
        return
    recorded = dict(line.split() for line in open(path) if not line.startswith("#"))
    good = proof(proofs)
    for case, (a, b) in now.items():
        limit = SLACK * float(recorded[case])
        fine = a / b <= limit
        if not fine:
            print(f"#  {a:.0f} instructions per I/O, the native driver's {b:.0f}: "
                  f"{a / b:.3f}, more than {SLACK} times {recorded[case]}")
        good = told(fine, case, f"{a:.0f}/{b:.0f}={a / b:.3f}") and good
    sys.exit(not good)


if __name__ == "__main__":
    main()
