# SPDX-License-Identifier: GPL-2.0
"""Sectors that say whose they are: a volume's serial, how often it has been written,
and the place."""

import hashlib
import struct

SECTOR = 512
HEAD = struct.Struct("<8s20sQQ")
MAGIC = b"nvdpa-st"
# What was on the disk before all volumes.
SECRET = "0ld-5ecret"
# Of no volume: counts the steps.
MARK = "mark"


def make(owner, generation, place):
    """One sector."""
    head = HEAD.pack(MAGIC, owner.encode(), generation, place)
    digest = hashlib.blake2b(head).digest()
    return head + (digest * 8)[:SECTOR - len(head)]


def read(sector):
    """(owner, generation, place), or None for anything else, a torn one as well."""
    magic, owner, generation, place = HEAD.unpack_from(sector)
    owner = owner.rstrip(b"\0").decode(errors="replace")
    if magic != MAGIC or bytes(sector) != make(owner, generation, place):
        return None
    return owner, generation, place


def tell(sector):
    """For messages."""
    sector = bytes(sector)
    if not any(sector):
        return "zeroes"
    found = read(sector)
    if not found:
        return f"{sector[:16].hex()}..."
    return "what was there before all volumes" if found[0] == SECRET else \
        f"sector {found[2]} of {found[0]}, write {found[1]}"
