"""The serial protocol: frames, and networks in firmware on QEMU's board behind a line that loses and damages bytes."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import socket
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith.api import compile_to
from pith.devices import frames, open_device, ports
from pith.devices.frames import Frame, Reader, cobs, parse, uncobs
from pith.devices.serial import SerialDevice
from pith.emulators import execute, lacking
from pith.graph.errors import BuildError, InputError, UnsupportedError
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler
from tests.cli.test_errors import pith as command
from tests.devices.sshd import free_port

M4 = get_target("cortex-m4")
emulated = pytest.mark.skipif(bool(lacking(M4)), reason=lacking(M4))
TEXT = """<ir_version: 8, opset_import: ["" : 17]> net (float[24, 20] a, float[24] b) => (float[24, 20] y, int64[24] z)
<int64[1] one = {1}> { c = Unsqueeze(b, one) d = Mul(a, c) y = Sigmoid(d) z = ArgMax<axis = 1, keepdims = 0>(d) }"""


@given(st.binary(max_size=700) | st.lists(st.sampled_from([b"\0", b"\x01", b"\xff" * 254, b"ab"]), max_size=8).map(b"".join))
def test_zeros_are_coded_away(raw: bytes) -> None:
    coded = cobs(raw)
    assert 0 not in coded and uncobs(coded) == raw and len(coded) <= len(raw) + len(raw) // 254 + 1


@given(st.integers(0, 255), st.integers(0, 65535), st.binary(max_size=300), st.data())
def test_frames(kind: int, number: int, payload: bytes, data: st.DataObject) -> None:
    """A frame is found in any pieces after any rubbish; with a bit turned it is never taken for another."""
    frame = Frame(kind, number, payload)
    coded = frame.coded()
    assert coded.endswith(b"\0") and parse(coded[:-1]) == frame
    rubbish, cut = data.draw(st.binary(max_size=40)), data.draw(st.integers(0, len(coded)))
    reader = Reader()
    found = [*reader.feed(rubbish + b"\0"), *reader.feed(coded[:cut]), *reader.feed(coded[cut:])]
    assert found[-1] == frame
    bit = data.draw(st.integers(0, 8 * (len(coded) - 1) - 1))
    turned = bytearray(coded)
    turned[bit // 8] ^= 1 << bit % 8
    assert all(f is None for f in Reader().feed(bytes(turned)))


class Emulator:
    """QEMU's board with an image, its serial port at a TCP port; `restart` is pulling the plug."""

    def __init__(self, image: Path, port: int) -> None:
        self.port = port
        self.command = ["qemu-system-arm", "-M", "mps2-an386", "-nographic", "-monitor", "none", "-kernel", str(image),
                        "-serial", f"tcp:127.0.0.1:{port},server=on,wait=off"]  # fmt: skip
        self.restart()

    def restart(self) -> None:
        self.stop()
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        if process := getattr(self, "process", None):
            process.kill()
            process.wait()


class Line:
    """A line between a host and the board: every piece of bytes goes through `spoil` on its way."""

    def __init__(self, to: int, spoil: Callable[[bytes], bytes]) -> None:
        self.to, self.spoil, self.passed = to, spoil, 0
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near = self.server.accept()[0]
                try:
                    far = socket.create_connection(("127.0.0.1", self.to), 1)
                except OSError:
                    near.close()
                    continue
                for a, b in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=(a, b), daemon=True).start()

    def _pass(self, a: socket.socket, b: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := a.recv(512):
                self.passed += len(data)
                b.sendall(self.spoil(data))
        for s in (a, b):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.server.close()


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], list[dict[str, np.ndarray]], list[dict[str, np.ndarray]]]:
    """Model, folder with firmware for the serial line, inputs, and the outputs of the ordinary firmware for them."""
    root = tmp_path_factory.mktemp("serial")
    onnx.save(onnx.parser.parse_model(TEXT), root / "net.onnx")
    manifest = compile_to(root / "net.onnx", root / "net", "cortex-m4", board="mps2-an386", serial=True)
    rng = np.random.default_rng(0)
    sets = [{"a": rng.standard_normal((24, 20)).astype(np.float32), "b": rng.standard_normal(24).astype(np.float32)} for _ in range(3)]
    return root / "net", manifest, sets, execute(root / "net", manifest, M4, sets, find_compiler()).outputs


@pytest.fixture(scope="module")
def board(net: Any) -> Iterator[Emulator]:
    made = Emulator(net[0] / "net_serial.elf", free_port())
    yield made
    made.stop()


def same(got: list[dict[str, np.ndarray]], want: list[dict[str, np.ndarray]]) -> None:
    assert len(got) == len(want)
    for g, w in zip(got, want, strict=True):
        for name in w:
            np.testing.assert_array_equal(g[name], w[name])


@emulated
def test_one_command(net: Any, board: Emulator) -> None:
    """`pith verify` finds the target, and that the reference agrees; so does Python, with the bits of the emulator's other way."""
    folder, manifest, sets, want = net
    address = f"serial://tcp:127.0.0.1:{board.port}"
    done = command("verify", folder.parent / "net.onnx", "--device", address, "--sets", "2", "--json", cwd=folder.parent, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["holds"] and found["target"] == "cortex-m4" and found["stack_used"] > 0 and found["median_ms"] is None
    done = command("bench", folder.parent / "net.onnx", "--device", address, "--seconds", "0.1", cwd=folder.parent, env=dict(os.environ))
    assert done.returncode == 0 and "no time: the board has no counter of cycles" in done.stdout, done.stderr  # QEMU's has none
    device = open_device(address)
    assert isinstance(device, SerialDevice)
    run = device.execute(folder, manifest, M4, sets, find_compiler(), runs=2)
    same(run.outputs, want)


@emulated
def test_damage_on_the_line(net: Any, board: Emulator) -> None:
    """Bytes turned, lost, made up or doubled on the way, both ways: requests are repeated, and the bits are the same."""
    folder, manifest, sets, want = net
    rng, harms = random.Random(3), [0] * 5

    def spoil(data: bytes) -> bytes:
        if rng.random() > 0.2:
            return data
        at, kind = rng.randrange(len(data)), rng.randrange(5)
        harms[kind] += 1
        return (
            data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :],
            data[:at] + data[at + rng.randrange(1, 9) :],
            b"",
            data[:at] + rng.randbytes(rng.randrange(1, 60)) + data[at:],
            data + data,
        )[kind]

    line = Line(board.port, spoil)
    try:
        device = open_device(f"serial://tcp:127.0.0.1:{line.port}")
        assert isinstance(device, SerialDevice)
        same(device.execute(folder, manifest, M4, sets, find_compiler()).outputs, want)
        assert device.repeated > 5 and min(harms) > 0
    finally:
        line.close()


@emulated
def test_a_board_that_begins_anew(net: Any, board: Emulator) -> None:
    """Its plug is pulled in the middle of the inputs, and of the outputs, of the second set."""
    folder, manifest, sets, want = net
    pulled: list[int] = []
    line: Line

    def pull(data: bytes) -> bytes:
        if line.passed > 4_000 * (1 + len(pulled)) and len(pulled) < 3:
            pulled.append(line.passed)
            board.restart()
        return data

    line = Line(board.port, pull)
    try:
        device = open_device(f"serial://tcp:127.0.0.1:{line.port}")
        same(device.execute(folder, manifest, M4, sets, find_compiler()).outputs, want)
        assert len(pulled) == 3
    finally:
        line.close()


@emulated
def test_a_host_that_begins_anew(net: Any, board: Emulator) -> None:
    """One dies in the middle of a frame of inputs; the next, and one after it that finds its inputs there, get the same bits."""
    folder, manifest, sets, want = net
    board.restart()
    open_device(f"serial://tcp:127.0.0.1:{board.port}").target()
    with contextlib.suppress(ConnectionResetError), socket.create_connection(("127.0.0.1", board.port)) as s:
        s.sendall(Frame(frames.WRITE, 7, bytes(4) + b"half a block" * 8).coded()[:50])
    for sent in (sum(a.nbytes for a in sets[2].values()), 0):  # the inputs are there the second time
        device = open_device(f"serial://tcp:127.0.0.1:{board.port}")
        assert isinstance(device, SerialDevice)
        same(device.execute(folder, manifest, M4, sets[2:], find_compiler()).outputs, want[2:])
        assert device.written == sent


@emulated
def test_a_pseudo_terminal(net: Any) -> None:
    """As a serial port of this machine, without any package."""
    folder, manifest, sets, want = net
    command = ["qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-monitor", "none", "-kernel", str(folder / "net_serial.elf"), "-serial", "pty"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            path = re.search(r"/dev/\S+", process.stdout.readline())
            assert path
            same(open_device(f"serial://{path[0]}?baud=115200").execute(folder, manifest, M4, sets[:1], find_compiler()).outputs, want[:1])
        finally:
            process.kill()


@pytest.mark.parametrize("kind", ["termios", "pyserial"])
def test_ports_carry_every_byte(kind: str) -> None:
    """All values both ways, in order, with nothing made of them; and a port whose other side is gone is an error."""
    if kind == "pyserial":
        pytest.importorskip("serial")
    near, far = os.openpty()
    port = {"termios": ports.TtyPort, "pyserial": ports.PySerialPort}[kind](os.ttyname(far), 115200)
    try:
        data = bytes(range(256))
        port.write(data)
        got = b""
        while len(got) < len(data):
            got += os.read(near, 4096)
        os.write(near, data[::-1])
        back = b""
        while len(back) < len(data):
            back += port.read(5)
        assert (got, back, port.read(0.01)) == (data, data[::-1], b"")
        os.close(far)
        os.close(near)
        with pytest.raises(OSError):
            for _ in range(3):
                port.read(0.1)
    finally:
        port.close()


@emulated
def test_what_is_said(net: Any, board: Emulator, tmp_path: Path) -> None:
    folder, manifest, sets, _ = net
    address = f"serial://tcp:127.0.0.1:{board.port}"
    with pytest.raises(BuildError, match=r"(?s)the board has another network.*--serial`, and load NAME_serial.elf"):
        open_device(address).execute(folder, manifest | {"build": "0" * 16}, M4, sets, find_compiler())
    with pytest.raises(UnsupportedError, match=r"(?s)aarch64 does not run on the device.*runs firmware"):
        open_device(address).check(get_target("aarch64"))
    with pytest.raises(BuildError, match=r"(?s)the board refused a request.*request 2, reason 02"):
        SerialDevice(address, ("127.0.0.1", board.port), 115200, 5)._ask(frames.WRITE, b"\xff\xff\xff\xffxxxx")
    nobody = SerialDevice("serial://tcp:x", ("127.0.0.1", free_port()), 115200, 3600, patience=0.5)
    for patience in (0.5, 3600):  # a run may take an hour; a line that is gone does not
        with pytest.raises(BuildError, match=r"(?s)the board does not answer.*Connection refused.*is it on"):
            nobody._ask(frames.RUN, bytes(4), patience)
    with pytest.raises(UnsupportedError, match="no serial port of board netduinoplus2 is described"):
        compile_to(folder.parent / "net.onnx", tmp_path / "net", "cortex-m4", board="netduinoplus2", serial=True)
    with pytest.raises(InputError, match="needs a board"):
        compile_to(folder.parent / "net.onnx", tmp_path / "net", "cortex-m4", serial=True)


@pytest.mark.parametrize(
    "address", ["serial://", "serial:///", "serial:///dev/x?baud=fast", "serial:///dev/x?parity=odd", "serial://tcp:host", "serial://tcp:h:0", "serial://tcp::1"]
)
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(InputError, match="is no address"):
        open_device(address)


def test_a_file_that_is_no_port(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "x").write_text("no port")
    device = SerialDevice("serial:x", (str(tmp_path / "dev" / "x"), -1), 115200, 5, patience=0.3)
    with pytest.raises(BuildError, match=r"(?s)does not answer.*is no serial port"):
        device.target()


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
def test_the_boards_side_of_any_bytes(tmp_path: Path) -> None:
    """serial.c under the sanitizers, fed with frames good and bad: every good request is answered as here, and nothing is touched
    outside its memory."""
    firmware = Path(__file__).resolve().parents[2] / "pith" / "boards" / "firmware"
    (tmp_path / "main.c").write_text(HARNESS)
    flags = ["-std=gnu99", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    subprocess.run(["gcc", *flags, f"-I{firmware}", str(firmware / "serial.c"), str(tmp_path / "main.c"), "-o", str(tmp_path / "x")], check=True)
    rng, inputs = random.Random(1), bytearray(100)
    said, want = bytearray(), []
    for k in range(400):
        at, n = rng.randrange(0, 90), rng.randrange(0, 60)
        block = rng.randbytes(n)
        frame = Frame(frames.WRITE, k, at.to_bytes(4, "little") + block)
        if rng.random() < 0.5:
            said += rng.randbytes(rng.randrange(1, 700)) + b"\0"
        said += frame.coded()
        good = at + n <= 100
        if good:
            inputs[at : at + n] = block
        want.append(Frame(frames.WRITE | frames.REPLY, k) if good else Frame(frames.REFUSED, k, bytes([frames.OUTSIDE])))
    said += Frame(frames.RUN, 900, zlib.crc32(inputs).to_bytes(4, "little")).coded() * 2 + Frame(frames.READ, 901, bytes(4) + b"\x64\0").coded()
    env = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run([tmp_path / "x"], input=bytes(said), capture_output=True, check=True, timeout=60, env=env)
    got = [f for f in Reader().feed(done.stdout) if f is None or f.payload != bytes([frames.DAMAGED]) or f.type != frames.REFUSED]
    assert got[: len(want)] == want
    ran, again, read = got[len(want) :]
    assert ran is not None and read is not None and again == ran
    assert ran.payload[:8] == bytes(4) + zlib.crc32(read.payload).to_bytes(4, "little") and read.payload == bytes(b ^ 0x55 for b in inputs)


HARNESS = """#include <stdio.h>
#include <stdlib.h>
#include "serial.h"
static unsigned char a[33], b[67], y[100];
static const pith_part in[] = {{a, sizeof a}, {b, sizeof b}}, out[] = {{y, sizeof y}};
static int runs;
static int run(void) {
  if (runs++) exit(9); /* the second request is the same one */
  for (int i = 0; i < 100; i++) y[i] = (unsigned char)((i < 33 ? a[i] : b[i - 33]) ^ 0x55);
  return 0;
}
static uint32_t stack(void) { return 1; }
void pith_uart_begin(void) {}
int pith_uart_get(void) { int c = getchar(); if (c < 0) { fflush(stdout); exit(0); } return c; }
void pith_uart_put(unsigned char c) { putchar(c); }
uint32_t pith_cycles(void) { return 0; }
int main(void) {
  static const pith_served net = {"0123456789abcdef", "a target", in, out, 2, 1, 0, run, stack};
  pith_serve(&net);
}
"""
