"""Boards without a system, at the end of a serial line: their firmware (`pith compile --board B --serial`) answers requests.

Every request may be repeated: where to and what is in it, and what was run is named by the checksum of its inputs. So what is lost or
damaged is asked for again, and a side that begins anew, host or board, begins where its tensors say.
"""

from __future__ import annotations

import contextlib
import random
import struct
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pith.devices import frames
from pith.devices.frames import Frame
from pith.devices.ports import Port, TcpPort, open_port
from pith.emulators.base import Arrays, Execution, packed, unpacked
from pith.graph.errors import BuildError, InputError, UnsupportedError
from pith.targets.base import Target
from pith.targets.compiler import Compiler

_VERSION = 1
_INPUTS_DIFFER = 0xFFFFFFFF
_SHORT = 0.25  # seconds without an answer after which a request is repeated, and the time its bytes take
_GONE = 15.0  # seconds without any answer after which nobody is there


@dataclass(frozen=True, slots=True)
class Board:
    """What a board says of itself. block: most bytes of a tensor in a frame;  inputs, outputs: bytes of all of them;  hertz: of its
    counter of cycles, 0 where that is not known;  build: of its network;  target: what that was compiled for."""

    block: int
    inputs: int
    outputs: int
    hertz: int
    build: str
    target: str


class _AgainError(Exception):
    """The board does not have what it was sent: it began anew."""


class SerialDevice:
    """See `pith.devices.base.Device`."""

    def __init__(self, address: str, place: tuple[str, int], baud: int, limit: float, patience: float = _GONE) -> None:
        """place: HOST and PORT, or the path of a serial port and -1."""
        self.address, self.place, self.baud, self.limit, self.patience = address, place, baud, limit, patience
        self.repeated = self.written = 0  # requests that had to be made again; bytes of inputs that the board took
        self._port: Port | None = None
        self._reader = frames.Reader()
        self._number = random.randrange(1 << 16)

    # ---- requests

    def _open(self) -> Port:
        if self._port is None:
            host, port = self.place
            self._port = TcpPort(host, port) if port >= 0 else open_port(host, self.baud)
            self._reader = frames.Reader()
            self._port.write(b"\0")  # ends whatever was begun before
        return self._port

    def close(self) -> None:
        """Let go of the line."""
        if self._port is not None:
            with contextlib.suppress(OSError):
                self._port.close()
        self._port = None

    def _ask(self, kind: int, payload: bytes = b"", patience: float = 0.0) -> bytes:
        """The answer to a request, which is repeated until there is one. Raises BuildError after `patience` seconds."""
        self._number = (self._number + 1) & 0xFFFF
        coded = Frame(kind, self._number, payload).coded()
        wait = _SHORT + (10 * (len(coded) + 1024) / self.baud if self.place[1] < 0 else 0.0)
        began, why, tries = time.monotonic(), "nothing came", 0
        until = began + (patience or self.patience)
        lost = until  # when a line that is gone has been gone for too long
        while time.monotonic() < min(until, lost):
            try:
                port = self._open()
                port.write(coded)
                self.repeated += tries > 0
                tries, lost = tries + 1, until
                found = self._answer(port, kind, min(until, time.monotonic() + wait))
            except OSError as e:
                why = e.strerror or str(e)
                self.close()
                lost = min(lost, time.monotonic() + self.patience)
                time.sleep(min(0.1, self.patience))
                continue
            if found is not None:
                return found
            wait = min(2 * wait, 5.0)
        raise BuildError("the board does not answer", where=self.address, why=f"{why}, in {time.monotonic() - began:.0f} s and {tries} tries",
                         try_="is it on, with the firmware of `pith compile --serial`, at this baud rate, and no other program at the line?")  # fmt: skip

    def _answer(self, port: Port, kind: int, until: float) -> bytes | None:
        """What answers the request of this kind and the current number; None where nothing does in time, or it came damaged."""
        while (left := until - time.monotonic()) > 0:
            for frame in self._reader.feed(port.read(left)):
                if frame is None or (frame.type == frames.REFUSED and frame.payload[:1] == bytes([frames.DAMAGED])):
                    return None  # a damaged answer, or the word of a damaged request
                if frame.number != self._number:
                    continue  # of an earlier request that was made twice
                if frame.type == kind | frames.REPLY:
                    return frame.payload
                if frame.type == frames.REFUSED:
                    raise BuildError("the board refused a request", where=self.address, why=f"request {kind}, reason {frame.payload.hex()}",
                                     try_="firmware of this version of Pith")  # fmt: skip
        return None

    def _fields(self, layout: str, data: bytes) -> tuple[Any, ...]:
        if len(data) != struct.calcsize(layout):
            raise BuildError("the board answers in another form", where=self.address, why=f"{len(data)} bytes", try_="firmware of this version of Pith")
        return struct.unpack(layout, data)

    def board(self) -> Board:
        """What the board says of itself. Raises BuildError."""
        version, block, inputs, outputs, hertz, build, target = self._fields("<BHIII16s24s", self._ask(frames.HELLO))
        if version != _VERSION or not 0 < block <= 1 << 15:
            raise BuildError("the board's firmware speaks another protocol", where=self.address, why=f"version {version}, this is {_VERSION}",
                             try_="firmware of this version of Pith")  # fmt: skip
        return Board(block, inputs, outputs, hertz, build.decode("ascii", "replace"), target.rstrip(b"\0").decode("ascii", "replace"))

    # ---- as a device

    def target(self) -> str | None:
        """What the board's firmware was compiled for."""
        return self.board().target

    def check(self, target: Target) -> None:
        """See `Device`: whether it can be firmware."""
        if target.hosted or target.product != "library":
            raise UnsupportedError(f"target {target.name} does not run on the device", where=self.address, why="a board at a serial line runs firmware",
                                   try_="-t cortex-m4, or the like")  # fmt: skip

    def execute(
        self, folder: Path, manifest: Mapping[str, Any], target: Target, sets: Sequence[Arrays], compiler: Compiler, *,
        runs: int = 1, seconds: float = 0.0, steps: bool = False,
    ) -> Execution:  # fmt: skip
        """See `Device`. Steps are not timed. Raises BuildError where the board has another network."""
        try:
            board = self.board()
            if board.build != manifest["build"]:
                raise BuildError("the board has another network", where=self.address, why=f"its build is {board.build!r}, this one's {manifest['build']!r}",
                                 try_=f"`pith compile MODEL -t {target.name} --board B --serial`, and load NAME_serial.elf into it")  # fmt: skip
            outputs, cycles, stack = [], [], 0
            for one in sets:
                began, found = time.monotonic(), b""
                done = 0
                while done < runs or time.monotonic() - began < seconds:
                    found, took, stack = self._once(board, packed(manifest, [one]))
                    cycles.append(took)
                    done += 1
                outputs += unpacked(manifest, found, 1)
        finally:
            self.close()
        times = [c / board.hertz * 1e3 for c in cycles] if board.hertz and all(cycles) else None
        return Execution(outputs, stack, times=times)

    def _once(self, board: Board, data: bytes) -> tuple[bytes, int, int]:
        """One run: outputs, cycles, bytes of stack; from the beginning as often as the board begins anew."""
        until = time.monotonic() + self.limit
        while time.monotonic() < until:
            with contextlib.suppress(_AgainError):
                return self._attempt(board, data)
        raise BuildError("the network did not come to an end on the board", where=self.address, why=f"the limit is {self.limit:.0f} s",
                         try_="a larger --limit")  # fmt: skip

    def _attempt(self, board: Board, data: bytes) -> tuple[bytes, int, int]:
        sum_in = zlib.crc32(data)
        if self._fields("<II", self._ask(frames.SUM))[0] != sum_in:
            for at in range(0, len(data), board.block):
                self._ask(frames.WRITE, struct.pack("<I", at) + data[at : at + board.block])
                self.written += len(data[at : at + board.block])
        status, sum_out, cycles, stack = self._fields("<IIII", self._ask(frames.RUN, struct.pack("<I", sum_in), self.limit))
        if status == _INPUTS_DIFFER:
            raise _AgainError
        if status:
            raise BuildError(f"the network refused to run on the board (result {status})", where=self.address, why="see docs/c-api.md")
        out = bytearray()
        while len(out) < board.outputs:
            count = min(board.block, board.outputs - len(out))
            part = self._ask(frames.READ, struct.pack("<IH", len(out), count))
            if len(part) != count:
                raise BuildError("the board answers in another form", where=self.address, why=f"{len(part)} bytes instead of {count}")
            out += part
        if zlib.crc32(out) != sum_out:
            raise _AgainError
        return bytes(out), cycles, stack


def at(address: str, limit: float) -> SerialDevice:
    """The device at serial:///dev/NAME?baud=N or serial://tcp:HOST:PORT. Raises InputError."""
    rest = address.removeprefix("serial://")
    wrong = InputError(f"--device {address!r} is no address", try_="serial:///dev/ttyACM0?baud=115200, or serial://tcp:HOST:PORT")
    if rest.startswith("tcp:"):
        host, _, port = rest.removeprefix("tcp:").rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
            raise wrong
        return SerialDevice(address, (host.strip("[]"), int(port)), 115200, limit)
    parts = urlsplit("serial:" + rest)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    baud = options.pop("baud", "115200")
    if not parts.path.strip("/") or options or parts.fragment or not (baud.isdecimal() and 0 < int(baud) <= 1 << 24) or "\0" in parts.path:
        raise wrong
    return SerialDevice(address, (parts.path if "/dev/" in parts.path else parts.path.lstrip("/"), -1), int(baud), limit)
