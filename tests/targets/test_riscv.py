"""RISC-V under QEMU: the same bits as the scalar C, vectors of every length, and the refusal where they are too short."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pith
from pith.api import compile_to
from pith.emulators import execute, lacking
from pith.graph.errors import BuildError
from pith.targets.base import Target, get_target
from pith.targets.compiler import find_compiler

MODEL = Path(__file__).resolve().parents[2] / "pith" / "demo" / "mobilenext_cifar10.onnx"
X = np.random.default_rng(0).standard_normal((1, 3, 32, 32)).astype(np.float32)
pytestmark = pytest.mark.skipif(bool(lacking(get_target("riscv64"))), reason=lacking(get_target("riscv64")))


def run(folder: Path, manifest: dict[str, Any], target: Target) -> np.ndarray:
    return execute(folder, manifest, target, [{"image": X}], find_compiler()).outputs[0]["logits"]


@pytest.mark.parametrize("name", ["riscv64", "riscv32"])
def test_scalar_code_gives_the_bits_of_c99(name: str, tmp_path: Path) -> None:
    manifest = compile_to(MODEL, tmp_path / "net", name)
    np.testing.assert_array_equal(run(tmp_path / "net", manifest, get_target(name)), pith.compile(MODEL, "c99")(X))


def with_vectors(target: Target, bits: int) -> Target:
    """`target` on a processor whose vector registers have so many bits."""
    assert target.emulation is not None
    return replace(target, emulation=replace(target.emulation, options=("-cpu", f"rv64,v=true,vlen={bits},vext_spec=v1.0")))


@pytest.mark.parametrize(("name", "least"), [("riscv64-v", 128), ("riscv64-v256", 256)])
def test_vectors_of_every_length(name: str, least: int, tmp_path: Path) -> None:
    """The same bits whatever the length, within rounding of the scalar code, and no run where the registers are too short."""
    target, folder = get_target(name), tmp_path / "net"
    manifest = compile_to(MODEL, folder, name)
    first = run(folder, manifest, with_vectors(target, least))
    np.testing.assert_allclose(first, pith.compile(MODEL, "c99")(X), rtol=1e-5, atol=1e-5)
    for bits in (128, 256, 512):
        if bits >= least:
            np.testing.assert_array_equal(run(folder, manifest, with_vectors(target, bits)), first)
        else:
            with pytest.raises(BuildError, match="exit code 3"):  # what the program says when the network refuses
                run(folder, manifest, with_vectors(target, bits))
    said = "WRONG_PROCESSOR 4" in (folder / f"{manifest['name']}.h").read_text()
    assert said == (least > 128)
