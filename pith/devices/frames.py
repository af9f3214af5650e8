"""Frames of the serial protocol (docs/devices.md): bytes between zeros, with a checksum, and no zero inside.

Zeros are coded away by Consistent Overhead Byte Stuffing (Cheshire and Baker, IEEE/ACM Transactions on Networking 7(2), 1999), so that the
next zero is the next beginning, whatever was lost or damaged before it.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

HELLO, WRITE, SUM, RUN, READ = 1, 2, 3, 4, 5
REPLY, REFUSED = 0x80, 0xFF
DAMAGED, UNKNOWN, OUTSIDE = 0, 1, 2  # why a frame was refused
_HEAD = struct.Struct("<BHH")
MOST = 1 << 16  # bytes between two zeros that are kept


@dataclass(frozen=True, slots=True)
class Frame:
    """type: a request, or it with REPLY, or REFUSED;  number: of the request;  payload: at most 65535 bytes."""

    type: int
    number: int
    payload: bytes = b""

    def coded(self) -> bytes:
        """As it goes over the wire, with the zero behind it."""
        raw = _HEAD.pack(self.type, self.number, len(self.payload)) + self.payload
        return cobs(raw + struct.pack("<I", zlib.crc32(raw))) + b"\0"


def parse(coded: bytes) -> Frame | None:
    """The frame whose bytes between two zeros these are; None where they are damaged."""
    raw = uncobs(coded)
    if raw is None or len(raw) < _HEAD.size + 4 or zlib.crc32(raw[:-4]) != int.from_bytes(raw[-4:], "little"):
        return None
    kind, number, length = _HEAD.unpack_from(raw)
    return Frame(kind, number, raw[_HEAD.size : -4]) if length == len(raw) - _HEAD.size - 4 else None


def cobs(raw: bytes) -> bytes:
    """`raw` without zeros."""
    out = bytearray()
    for k, piece in enumerate(pieces := raw.split(b"\0")):
        for at in range(0, len(piece) - 253, 254):
            out += b"\xff" + piece[at : at + 254]
        rest = piece[len(piece) - len(piece) % 254 :]
        if rest or not piece or k < len(pieces) - 1:
            out += bytes([len(rest) + 1]) + rest
    return bytes(out)


def uncobs(coded: bytes) -> bytes | None:
    """The opposite; None for what `cobs` gives for nothing."""
    out, at = bytearray(), 0
    while at < len(coded):
        code = coded[at]
        if code == 0 or at + code > len(coded):
            return None
        out += coded[at + 1 : at + code]
        at += code
        if code < 255 and at < len(coded):
            out.append(0)
    return bytes(out)


class Reader:
    """Bytes as they come, as frames."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[Frame | None]:
        """Frames that `data` completes; None for each that is damaged."""
        self._rest += data
        *whole, self._rest = self._rest.split(b"\0")
        if len(self._rest) > MOST:
            self._rest.clear()
        return [parse(bytes(w)) for w in whole if w]
