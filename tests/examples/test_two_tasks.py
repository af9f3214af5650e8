"""examples/two_tasks under QEMU: networks in tasks that pre-empt each other have the outputs they have alone, and on this machine."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

import pith
from pith.demo.run import MODEL
from pith.emulators import lacking
from pith.targets.base import get_target

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "two_tasks" / "build.py"
LACKING = lacking(get_target("cortex-m4"))
ROUNDS = 3


def _input(floats: bool, shape: tuple[int, ...], seed: int) -> np.ndarray:
    s, values = (seed * 2654435761 + 1) & 0xFFFFFFFF, []
    for _ in range(int(np.prod(shape))):
        s = (s * 1664525 + 1013904223) & 0xFFFFFFFF
        values.append(s >> 24)
    x = np.array(values, np.uint8).view(np.int8).reshape(shape)
    return (x / np.float32(64)).astype(np.float32) if floats else x


def _sum(data: bytes) -> str:
    h = 2166136261
    for b in data:
        h = ((h ^ b) * 16777619) & 0xFFFFFFFF
    return f"{h:08x}"


@pytest.mark.skipif(bool(LACKING), reason=LACKING)
def test_tasks_that_pre_empt_each_other(data_dir: Path, tmp_path: Path) -> None:
    """A network of floats, whose registers must be kept, against one of integers; sums over the outputs of each round."""
    spec = importlib.util.spec_from_file_location("two_tasks_build", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    kws = data_dir / "mlperf_tiny" / "kws_ref_model.tflite"
    image = module.build({"first": kws, "second": MODEL}, "cortex-m4", "mps2-an386", tmp_path / "tasks", "-O2")
    done = subprocess.run(
        ["qemu-system-arm", "-M", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none", "-icount", "shift=5",
         "-semihosting-config", "enable=on,target=native", "-kernel", str(image)],
        capture_output=True, text=True, check=False, timeout=600, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0 and "same" in said, said
    found = dict(re.findall(r"(first|second|switches|both) ([0-9a-f ]+)", said))
    assert int(found["both"], 16) > 100  # switches while both were in the middle of a run
    network = pith.compile(kws, "c99", name="first")
    (port,) = network.inputs
    want = [_sum(np.ascontiguousarray(network(_input(False, tuple(port.shape), r))).tobytes()) for r in range(ROUNDS)]
    assert found["first"].split() == want
