"""What bytes go through: a TCP connection, or a serial port (by termios, or pyserial where the system has none)."""

from __future__ import annotations

import importlib.util
import os
import select
import socket
import time
from typing import Any, Protocol

from pith.graph.errors import InputError, UnsupportedError


class Port(Protocol):
    """An open line. `read` waits at most so many seconds for at least a byte; both raise OSError once the line is gone."""

    def read(self, seconds: float) -> bytes: ...

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class TcpPort:
    """A connection to HOST:PORT: an emulator, or a server of serial lines."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), timeout=5)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self, seconds: float) -> bytes:
        self._socket.settimeout(max(seconds, 1e-3))
        try:
            data = self._socket.recv(4096)
        except TimeoutError:
            return b""
        if not data:
            raise ConnectionResetError("the other side closed the connection")
        return data

    def write(self, data: bytes) -> None:
        self._socket.settimeout(10)
        self._socket.sendall(data)

    def close(self) -> None:
        self._socket.close()


class TtyPort:
    """A serial port or pseudo-terminal of a POSIX system: 8 bits, no parity, one stop bit, no flow control."""

    def __init__(self, path: str, baud: int) -> None:
        import termios

        speed = getattr(termios, f"B{baud}", None)
        if speed is None:
            raise InputError(f"no baud rate of {baud}", where=path, try_="115200, 230400, 460800, 921600 ...")
        self._file = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            facts = termios.tcgetattr(self._file)
            facts[0] = facts[1] = facts[3] = 0
            facts[2] = termios.CS8 | termios.CREAD | termios.CLOCAL
            facts[4] = facts[5] = speed
            termios.tcsetattr(self._file, termios.TCSANOW, facts)
            termios.tcflush(self._file, termios.TCIOFLUSH)
        except termios.error:
            os.close(self._file)
            raise OSError(f"{path} is no serial port") from None

    def read(self, seconds: float) -> bytes:
        ready, _, _ = select.select([self._file], [], [], seconds)
        if not ready:
            return b""
        data = os.read(self._file, 4096)
        if not data:
            raise OSError("the serial port is gone")
        return data

    def write(self, data: bytes) -> None:
        until = time.monotonic() + 10
        while data:
            _, ready, _ = select.select([], [self._file], [], 1)
            if ready:
                data = data[os.write(self._file, data) :]
            elif time.monotonic() > until:
                raise OSError("the serial port takes nothing")

    def close(self) -> None:
        os.close(self._file)


class PySerialPort:
    """A port by the name that pyserial knows: COM3, or a baud rate that termios has no word for."""

    def __init__(self, path: str, baud: int) -> None:
        import serial

        self._port: Any = serial.Serial(path, baud, timeout=0, write_timeout=10)

    def read(self, seconds: float) -> bytes:
        self._port.timeout = seconds
        data: bytes = self._port.read(1)
        return data + self._port.read(self._port.in_waiting) if data else b""

    def write(self, data: bytes) -> None:
        self._port.write(data)

    def close(self) -> None:
        self._port.close()


def open_port(path: str, baud: int) -> Port:
    """The serial port `path`. Raises OSError where it cannot be opened, UnsupportedError where pyserial is missing."""
    has = {name: importlib.util.find_spec(name) is not None for name in ("termios", "serial")}
    if has["termios"]:
        import termios

        if hasattr(termios, f"B{baud}") or not has["serial"]:
            return TtyPort(path, baud)
    if not has["serial"]:
        raise UnsupportedError(f"no way to open the serial port {path}", why="this system needs the package pyserial for it", try_="pip install pyserial")
    return PySerialPort(path, baud)
