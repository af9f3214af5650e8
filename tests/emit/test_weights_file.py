"""Weights in a file of their own: the same bits, and nothing else taken for them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import pith
from pith.api import compile_to
from pith.cli.main import app
from pith.graph import BuildError, InputError
from tests.emit.harness import WARNINGS

MODEL = Path("pith/demo/mobilenext_cifar10.onnx")

USE = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net.h"
int main(int count, char **words) {
  static float x[3 * 32 * 32], y[10], of_null[10];
  static unsigned char memory[NET_ARENA_SIZE + 64];
  void *arena = (void *)(((uintptr_t)memory + 63) & ~(uintptr_t)63);
  const net_inputs in = {x};
  const net_outputs out = {y};
  unsigned char *copy = aligned_alloc(64, (NET_WEIGHTS_SIZE + 16 + 63) / 64 * 64);
  FILE *file = fopen(words[1], "rb");
  (void)count, (void)of_null;
  if (!copy || !file || fread(copy, 1, NET_WEIGHTS_SIZE + 16, file) != NET_WEIGHTS_SIZE + 16) return 1;
  fclose(file);
  if (net_run(arena, &in, &out) != NET_WRONG_WEIGHTS) return 2; /* none yet */
  if (net_use_weights(0, NET_WEIGHTS_SIZE + 16) != NET_NULL_POINTER) return 3;
  if (net_use_weights(copy + 1, NET_WEIGHTS_SIZE + 16) != NET_MISALIGNED) return 4;
  if (net_use_weights(copy, NET_WEIGHTS_SIZE) != NET_WRONG_WEIGHTS) return 5;
  copy[NET_WEIGHTS_SIZE] ^= 1;
  if (net_use_weights(copy, NET_WEIGHTS_SIZE + 16) != NET_WRONG_WEIGHTS) return 6;
  copy[NET_WEIGHTS_SIZE] ^= 1;
  if (net_map_weights("/nowhere") != NET_NO_FILE || net_map_weights(0) != NET_NO_FILE || net_map_weights(words[0]) != NET_WRONG_WEIGHTS) return 7;
  if (net_run(arena, &in, &out) != NET_WRONG_WEIGHTS) return 8; /* still none */
  if (net_use_weights(copy, NET_WEIGHTS_SIZE + 16) || net_run(arena, &in, &out)) return 9;
  memcpy(of_null, y, sizeof y);
  memset(y, 0, sizeof y);
  if (net_map_weights(words[1]) || net_run(arena, &in, &out) || memcmp(of_null, y, sizeof y)) return 10;
  for (int i = 0; i < 10; i++) printf("%a\\n", (double)y[i]);
  free(copy);
  return 0;
}
"""


def test_same_bits_and_what_is_refused(tmp_path: Path) -> None:
    inside = pith.compile(MODEL, "c99", name="net")
    compile_to(MODEL, tmp_path / "net", "c99", name="net", weights_file=True)
    (tmp_path / "use.c").write_text(USE)
    sources = [str(tmp_path / "use.c"), *(str(tmp_path / "net" / f) for f in ("net.c", "net_weights.c"))]
    flags = ["-std=c11", "-O1", "-ffp-contract=off", "-fsanitize=address,undefined", "-fno-sanitize-recover", *WARNINGS]
    subprocess.run(["gcc", *flags, f"-I{tmp_path / 'net'}", *sources, "-o", str(tmp_path / "use")], check=True)
    ran = subprocess.run([tmp_path / "use", tmp_path / "net" / "net_weights.bin"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran
    y = np.array([float.fromhex(v) for v in ran.stdout.split()], np.float32)
    np.testing.assert_array_equal(y, inside(np.zeros((1, 3, 32, 32), np.float32)).reshape(-1))


def test_session_maps_them(tmp_path: Path) -> None:
    inside = pith.compile(MODEL)
    folder = tmp_path / "né t"
    with pith.compile(MODEL, out=folder, weights_file=True, threads=2, profile=True) as apart:
        x = np.random.default_rng(0).random((1, 3, 32, 32), np.float32)
        np.testing.assert_array_equal(apart(x), inside(x))
        assert len(apart.profile(x, runs=1)) == len(apart.manifest["variants"][0]["steps"])
        file = folder / apart.manifest["weights_file"]
        assert file.stat().st_size == apart.manifest["weights_bytes"] + 16
        assert (folder / apart.manifest["library"]).stat().st_size < apart.manifest["weights_bytes"]
    data = file.read_bytes()
    for wrong in (data[:-1], data[:-1] + bytes([data[-1] ^ 1]), b""):
        file.unlink()  # not written over: it may still be mapped
        file.write_bytes(wrong)
        with pytest.raises(BuildError, match="those of another compilation"):
            pith.load(folder)
    file.unlink()
    with pytest.raises(BuildError, match="the file is not there"):
        pith.load(folder)


def test_where_there_are_no_files(tmp_path: Path) -> None:
    for target, more in (("cortex-m4", {}), ("wasm", {}), ("host", {"layout": "cmake"})):
        with pytest.raises(InputError, match="a system that has files"):
            compile_to(MODEL, tmp_path / "net", target, weights_file=True, **more)
    assert not (tmp_path / "net").exists()


def test_command_line(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["compile", str(MODEL), "--weights-file", "-q", "-o", str(tmp_path / "net")])
    assert ran.exit_code == 0, ran.output
    assert pith.load(tmp_path / "net").manifest["weights_file"] == "mobilenext_cifar10_weights.bin"
