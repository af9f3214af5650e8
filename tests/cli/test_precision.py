"""--precision: refused where it is not meant, noted where it is, and its errors in the table of layers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pith.api import compile_to, stages
from pith.graph import InputError, UnsupportedError
from tests.cli.test_errors import pith, refused

AMX, MODEL = "x86-64-amx", Path(__file__).resolve().parents[2] / "pith" / "demo" / "mobilenext_cifar10.onnx"


@pytest.mark.parametrize("target", ["c99", "x86-64-v3", "x86-64-v4-vnni", "aarch64"])
def test_other_targets_refuse_it(target: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=r"has no products of bfloat16(?s:.*)x86-64-amx"):
        compile_to(MODEL, tmp_path / "net", target, precision="bf16")
    assert not (tmp_path / "net").exists()


def test_what_is_no_precision() -> None:
    with pytest.raises(InputError, match=r"'bf17' is no precision(?s:.*)float32, bf16"):
        stages(MODEL, AMX, precision="bf17")


def test_the_command_line(tmp_path: Path) -> None:
    refused(pith("compile", MODEL, "-t", "c99", "--precision", "bf16", cwd=tmp_path), "no products of bfloat16", "x86-64-amx")
    refused(pith("inspect", MODEL, "--inputs", "x.npy", cwd=tmp_path), "--inputs without --precision bf16")
    said = pith("compile", MODEL, "-t", AMX, "--precision", "bf16", "-o", "net", "--opt", "-O0", "-q", cwd=tmp_path)
    assert said.returncode == 0 and "22 layers round their inputs and weights to bfloat16" in " ".join(said.stdout.split())
    manifest = json.loads((tmp_path / "net" / "manifest.json").read_text())
    assert sum(s["rounds"] for s in manifest["variants"][0]["steps"]) == 22
    refused(pith("inspect", "net", "--precision", "bf16", "-t", AMX, cwd=tmp_path), "has its precision already")


def test_errors_in_the_table(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(1).standard_normal((1, 3, 32, 32)).astype(np.float32))
    done = pith("inspect", MODEL, "-t", AMX, "--precision", "bf16", "--inputs", "x.npy", "--json", cwd=tmp_path)
    found = json.loads(done.stdout)
    own = [r["own_error"] for r in found["layers"]]
    assert sum(e is not None for e in own) == 22 and all(0 < e < 2.0**-7 for e in own if e is not None)
    assert found["outputs"][0]["agree"] == 1.0 and 0 < found["outputs"][0]["error"] < 2.0**-6
