"""TrustZone on mps2-an505: the network answers through its gateway, and whoever reaches past it faults."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pith
from pith.api import compile_to
from pith.boards.base import get_board
from pith.boards.trustzone import add_trustzone, emulator_options
from pith.emulators import lacking
from pith.graph.errors import UnsupportedError
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler

LACKING = lacking(get_target("cortex-m33"))
emulated = pytest.mark.skipif(bool(LACKING), reason=LACKING)
BOARD = get_board("mps2-an505")


def _run(folder: Path) -> tuple[int, str]:
    done = subprocess.run(["qemu-system-arm", *emulator_options(folder, "kws", BOARD)], cwd=folder, capture_output=True, text=True, check=False,
                          timeout=600, stdin=subprocess.DEVNULL)  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def _symbols(image: Path) -> Iterator[tuple[str, int]]:
    """Symbols of a 32-bit ELF image."""
    data = image.read_bytes()
    offset, (size, count) = struct.unpack_from("<I", data, 32)[0], struct.unpack_from("<HH", data, 46)
    headers = [struct.unpack_from("<10I", data, offset + i * size) for i in range(count)]
    for h in headers:
        if h[1] == 2:
            names = headers[h[6]][4]
            for at in range(h[4], h[4] + h[5], 16):
                name, value = struct.unpack_from("<II", data, at)
                yield data[names + name : data.index(b"\0", names + name)].decode(), value


@pytest.fixture(scope="module")
def network(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("worlds") / "net"
    manifest = compile_to(data_dir / "mlperf_tiny" / "kws_ref_model.tflite", folder, "cortex-m33", name="kws", board="mps2-an505", trustzone=True)
    return folder, manifest


@emulated
def test_the_application_gets_the_outputs(network: tuple[Path, dict[str, Any]], data_dir: Path) -> None:
    folder, manifest = network
    x = np.random.default_rng(0).integers(-128, 128, manifest["variants"][0]["inputs"][0]["shape"], dtype=np.int8)
    (folder / "kws.in").write_bytes(x.tobytes())
    code, said = _run(folder)
    assert code == 0 and "samples 1" in said, said
    got = np.frombuffer((folder / "kws.out").read_bytes(), np.int8)
    want = pith.compile(data_dir / "mlperf_tiny" / "kws_ref_model.tflite", "c99", name="kws")(x)
    np.testing.assert_array_equal(got, np.asarray(want).reshape(-1))
    assert not [n for n, _ in _symbols(folder / "kws_app.elf") if n in ("kws_run", "kws_weights")]


_PROGRAM = """#include "kws_gateway.h"
#include "start.h"
static int8_t x[4096], y[64];
int main(void) {{
  const kws_inputs in = {{{x}}};
  const kws_outputs out = {{{y}}};
  {before}
  return kws_gateway(&in, &out);
}}
"""


@emulated
def test_whoever_reaches_past_the_gateway_faults(network: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    """Weights read at their secure address and by the other world's name for the same memory, the arena, and code called past the
    entry are SecureFaults; pointers to secure memory are refused by the gateway itself."""
    folder, manifest = network

    def attempt(before: str = "", x: str = "x", y: str = "y") -> tuple[int, str]:
        work = tmp_path / str(len(list(tmp_path.iterdir())))
        work.mkdir()
        for file in ("kws.c", "kws.h", "kws_weights.c"):
            (work / file).write_bytes((folder / file).read_bytes())
        add_trustzone(work, manifest, get_target("cortex-m33"), BOARD, find_compiler(), opt="-O1", stack=lambda frames: 2048,
                      application=_PROGRAM.format(before=before, x=x, y=y))  # fmt: skip
        return _run(work)

    assert attempt() == (0, "")
    found = dict(_symbols(tmp_path / "0" / "kws_secure.elf"))  # the same in every attempt
    weights, run = found["kws_weights"], found["kws_run"]
    for address in (weights, weights & 0x0FFFFFFF, found["arena"]):
        assert attempt(f"(void)*(const volatile uint8_t *){address:#x}u;") == (77, "SecureFault status 00000008\n")
    assert attempt(f"((void (*)(void)){run | 1:#x}u)();") == (77, "SecureFault status 00000001\n")
    assert attempt(x=f"(const int8_t *){weights:#x}u") == (16, "")
    assert attempt(y=f"(int8_t *){found['arena']:#x}u") == (16, "")


def test_boards_without_trustzone_say_so(data_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=r"no TrustZone on board mps2-an386(?s:.*)--board mps2-an505"):
        compile_to(data_dir / "mlperf_tiny" / "kws_ref_model.tflite", tmp_path / "net", "cortex-m4", name="kws", board="mps2-an386", trustzone=True)
