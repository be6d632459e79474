# SPDX-License-Identifier: GPL-2.0
"""A reader of partition tables that shares nothing with the tool's."""

import collections
import struct
import uuid
import zlib

SECTOR = 512
HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")
ENTRY = struct.Struct("<16s16sQQQ72s")
VOLUME = "6e766470-6100-4c6f-8e56-4d6573644b31"
GROWTH = "6e766470-6101-4c6f-8e56-4d6573644b31"
UNWIPED = 1 << 48
READ_ONLY = 1 << 60
QUEUES_SHIFT = 49

Part = collections.namedtuple("Part", "index type guid start sectors attributes name")


def serial(part):
    """What a volume's guest reads as its serial number."""
    return part.guid.replace("-", "")[:20]


def _guid(raw):
    return str(uuid.UUID(bytes_le=raw))


def _copy(image, lba):
    """The partitions of one copy, or None if it is not whole."""
    header = bytes(image[lba * SECTOR:(lba + 1) * SECTOR])
    if len(header) < HEADER.size:
        return None
    (magic, _, size, crc, _, own, other, first, last, _, entries, count, width,
     entries_crc) = HEADER.unpack_from(header)
    if magic != b"EFI PART" or not HEADER.size <= size <= SECTOR or own != lba:
        return None
    if zlib.crc32(header[:16] + bytes(4) + header[20:size]) != crc:
        return None
    table = bytes(image[entries * SECTOR:entries * SECTOR + count * width])
    if width < ENTRY.size or zlib.crc32(table) != entries_crc:
        return None
    parts = []
    for index in range(count):
        kind, guid, start, end, attributes, name = ENTRY.unpack_from(table, index * width)
        if kind == bytes(16):
            continue
        if not first <= start <= end <= last:
            raise ValueError(f"partition {index + 1} is not within the table's bounds")
        parts.append(Part(index, _guid(kind), _guid(guid), start, end - start + 1,
                          attributes, name.decode("utf-16-le").rstrip("\0")))
    return parts, other


def read(image, last):
    """What counts, as every reader of such tables has it: the primary copy if it is
    whole, else the backup in sector `last`. With it, which copies are whole."""
    primary, backup = _copy(image, 1), _copy(image, last)
    if primary is None and backup is None:
        raise ValueError("neither copy of the table is whole")
    parts = (primary or backup)[0]
    by_start = sorted(parts, key=lambda part: part.start)
    for one, two in zip(by_start, by_start[1:]):
        if one.start + one.sectors > two.start:
            raise ValueError(f"partitions {one.index + 1} and {two.index + 1} overlap")
    return parts, (primary is not None, backup is not None)
