"""Which files are decoded in our own threads: those whose header proves them cheap.

Cheap is what takes a second or two and 300 MB at most, whatever comes behind the header: one area,
one frame, few passes, few pieces, few Exif entries. Nearly all photos are cheap. Anything else, or
anything that this doesn't know, is decoded by `guarding`.
"""

import os
from struct import Struct
from typing import IO

from helpers.images.limits import HUNGRY, MAX_PIXELS, MAX_SIDE, count_passes

MAX_FILE = 50_000_000  # bytes
SMALL_FILE = 65_536  # bytes; a GIF or BMP of those can't be dear
SEGMENTS = 100  # of a JPEG, before its pixels
CHUNKS = 20_000  # of a PNG
EXTRAS, EXTRA_BYTES = 40, 2_000_000  # of a PNG or WebP: chunks that are no pixels
PASSES_TIMES_PIXELS = 150_000_000
ENTRIES = 200  # of Exif data; each may point to the same 64 kB
JPEG, PNG, RIFF = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF"
SEQUENTIAL, PROGRESSIVE, SCAN = (0xC0, 0xC1), 0xC2, 0xDA
HARMLESS = {0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)}  # tables, comments, applications
PNG_PIXELS, PNG_PACKED = b"IDAT", (b"iCCP", b"zTXt", b"iTXt")
PNG_MOVES = (b"acTL", b"fcTL", b"fdAT")
WEBP_PIXELS = (b"VP8 ", b"VP8L", b"ALPH")
PNG_CHUNK, WEBP_CHUNK = Struct(">I4s"), Struct("<4sI")


def is_cheap(file: IO[bytes]) -> bool:
    """True for a file whose decoding is cheap beyond doubt, or that has no known format at all."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(34)
    file.seek(0)
    if start.startswith(JPEG):
        return size <= MAX_FILE and jpeg_is_cheap(file)
    if start.startswith(PNG):
        return size <= MAX_FILE and png_is_cheap(file)
    if start.startswith(RIFF):
        return size <= MAX_FILE and webp_is_cheap(file, start)
    if start.startswith(b"BM"):
        return size <= SMALL_FILE and start[30:34] in (bytes(4), b"\3\0\0\0")  # not packed
    return size <= SMALL_FILE if start.startswith(b"GIF8") else start[4:8] != b"ftyp"


def jpeg_is_cheap(file: IO[bytes]) -> bool:
    """True for a JPEG of one scan, or of few passes over few pixels."""
    file.seek(2)
    kind, frame, tables = 0, b"", 0
    for _ in range(SEGMENTS):
        mark = file.read(4)
        if len(mark) < 4 or mark[0] != 0xFF:
            return False
        body = file.read(int.from_bytes(mark[2:]) - 2) if mark[2:] > b"\0\1" else b""
        if mark[1] == SCAN:
            return bool(frame) and frame_is_cheap(kind, frame, body, file)
        if mark[1] in (*SEQUENTIAL, PROGRESSIVE) and not frame:
            kind, frame = mark[1], body
        elif mark[1] not in HARMLESS:
            return False
        start = {b"Exif": 6, b"MPF\0": 4}.get(body[:4])
        tables += start is not None
        if start and (tables > 2 or not few_entries(body[start:])):
            return False
    return False


def frame_is_cheap(kind: int, frame: bytes, scan: bytes, file: IO[bytes]) -> bool:
    """True if all colours come in one scan, or if the passes are few for so many pixels."""
    height, width = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5])
    if not 0 < width * height <= MAX_PIXELS:
        return False
    if kind == PROGRESSIVE:
        return count_passes(file) * width * height <= PASSES_TIMES_PIXELS
    return scan[:1] == frame[5:6]


def png_is_cheap(file: IO[bytes]) -> bool:
    """True for a PNG of one frame, with few chunks beside those of its pixels."""
    file.seek(16)
    sides = [int.from_bytes(file.read(4)) for _ in "wh"]
    if max(sides) > MAX_SIDE or sides[0] * sides[1] > MAX_PIXELS:
        return False
    place, extras, extra_bytes, packed = 8, 0, 0, 0
    for _ in range(CHUNKS):
        file.seek(place)
        if len(head := file.read(8)) < 8:
            return True  # cut off
        length, kind = PNG_CHUNK.unpack(head)
        place += length + 12
        if kind == b"IEND":
            return True
        if kind != PNG_PIXELS:
            extras, extra_bytes = extras + 1, extra_bytes + length
            packed += kind in PNG_PACKED
            if extras > EXTRAS or extra_bytes > EXTRA_BYTES or packed > 4 or kind in PNG_MOVES:
                return False
            if not extra_is_cheap(kind, file, length):
                return False
    return False


def webp_is_cheap(file: IO[bytes], start: bytes) -> bool:
    """True for a still WebP of few chunks."""
    first = start[12:16]
    if first == b"VP8 ":
        sides = [int.from_bytes(start[n : n + 2], "little") & 0x3FFF for n in (26, 28)]
    elif first == b"VP8L":
        packed = int.from_bytes(start[21:25], "little")
        sides = [(packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1]
    elif first == b"VP8X" and not start[20] & 2:  # no animation
        sides = [int.from_bytes(start[n : n + 3], "little") + 1 for n in (24, 27)]
    else:
        return False
    return sides[0] * sides[1] <= HUNGRY["WEBP"][1] and (first != b"VP8X" or few_chunks(file))


def few_chunks(file: IO[bytes]) -> bool:
    """True for a WebP of few chunks, none of them dear."""
    place = 12
    for _ in range(EXTRAS):
        file.seek(place)
        if len(head := file.read(8)) < 8:
            return True
        kind, length = WEBP_CHUNK.unpack(head)
        place += 8 + length + length % 2
        if kind not in WEBP_PIXELS and not extra_is_cheap(kind, file, length):
            return False
    return False


def extra_is_cheap(kind: bytes, file: IO[bytes], length: int) -> bool:
    """True for a chunk beside the pixels that costs little; a file stands at its content."""
    if length > EXTRA_BYTES:
        return False
    if kind in (b"eXIf", b"EXIF"):
        data = file.read(min(length, SMALL_FILE + 1))
        return length <= SMALL_FILE and few_entries(data.removeprefix(b"Exif\0\0"))
    return kind[1:] not in (b"EXt", b"TXt") or file.read(11).lower() != b"raw profile"


def few_entries(exif: bytes) -> bool:
    """True for Exif data of few entries, told by the first directory, which is all that is read."""
    order = "little" if exif[:2] == b"II" else "big"
    place = int.from_bytes(exif[4:8], order)
    return int.from_bytes(exif[place : place + 2], order) <= ENTRIES
