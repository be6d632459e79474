# SPDX-License-Identifier: GPL-2.0
"""What QEMU's blklogwrites recorded, and disks as a power cut would leave them.

The log is that of dm-log-writes: a super block, then entries in the order in which
they reached the disk, each with its data behind it.
"""

import mmap
import struct

SECTOR = 512
SUPER = struct.Struct("<QQQI")
ENTRY = struct.Struct("<QQQQ")
MAGIC = 0x6A736677736872
FLUSH = 1
DISCARD = 4


class Entry:
    """A write, with its data as a part of the log; or a flush."""

    def __init__(self, sector, sectors, flags, data):
        self.sector = sector
        self.sectors = sectors
        self.flush = bool(flags & FLUSH)
        # Not in the log; for who knows it from elsewhere.
        self.fua = False
        self.data = data


def read(path):
    """All entries of a log."""
    with open(path, "rb") as file:
        log = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    magic, version, count, size = SUPER.unpack_from(log, 0)
    if (magic, version, size) != (MAGIC, 1, SECTOR):
        raise ValueError(f"{path} is no log of sectors of {SECTOR} bytes")
    entries, at = [], SECTOR
    for _ in range(count):
        sector, sectors, flags, _ = ENTRY.unpack_from(log, at)
        at += SECTOR
        size = 0 if flags & DISCARD else sectors * SECTOR
        data = log[at:at + size] if size else bytes(sectors * SECTOR)
        entries.append(Entry(sector, sectors, flags, data))
        at += size
    return entries


class Disk:
    """A disk that is written to as the log says, and then loses power."""

    def __init__(self, base, entries, flushes):
        self.entries = entries
        # Positions of the flushes that do what they should.
        self.flushes = flushes
        self.next_flush = 0
        self.durable = bytearray(base)
        self.done = 0

    def _put(self, image, entry):
        start = entry.sector * SECTOR
        image[start:start + len(entry.data)] = entry.data

    def _put_part(self, image, entry, random):
        """Of a write that no flush covers: all, nothing, its begin, or any sectors."""
        fate = random.randrange(4)
        if fate == 0:
            return
        if fate == 1:
            self._put(image, entry)
            return
        begin = random.randrange(entry.sectors + 1)
        for i in range(entry.sectors):
            if i < begin if fate == 2 else random.randrange(2):
                start = (entry.sector + i) * SECTOR
                image[start:start + SECTOR] = entry.data[i * SECTOR:(i + 1) * SECTOR]

    def cut(self, position, random):
        """The disk when power goes before entry `position`; positions only grow."""
        while self.next_flush < len(self.flushes) and self.flushes[self.next_flush] < position:
            for entry in self.entries[self.done:self.flushes[self.next_flush]]:
                self._put(self.durable, entry)
            self.done = self.flushes[self.next_flush]
            self.next_flush += 1
        image = bytearray(self.durable)
        for entry in self.entries[self.done:position]:
            if entry.fua:
                self._put(image, entry)
            elif not entry.flush:
                self._put_part(image, entry, random)
        return image
