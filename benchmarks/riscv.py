"""Instructions an inference on RISC-V, with and without vectors, into docs/riscv.md: `python -m benchmarks.riscv --models FOLDER`.

FOLDER has mlperf_tiny/. They are executed instructions under QEMU, exact and the same every time, no cycles: one instruction of vectors does
the work of many.
"""

from __future__ import annotations

import argparse
import datetime
import re
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from pith.api import compile_to
from pith.emulators import execute
from pith.emulators.inputs import random_sets
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler

ROOT = Path(__file__).resolve().parents[1]
RUNS = (("riscv64", 0), ("riscv64-v", 128), ("riscv64-v256", 256))


def instructions(model: Path, name: str, bits: int) -> tuple[float, int]:
    """Of one run on a processor whose vectors have so many bits (0: none), and the multiply-adds in it."""
    target = get_target(name)
    assert target.emulation is not None
    if bits:
        target = replace(target, emulation=replace(target.emulation, options=("-cpu", f"rv64,v=true,vlen={bits},vext_spec=v1.0")))
    with tempfile.TemporaryDirectory() as work:
        manifest = compile_to(model, Path(work) / "net", name, name="net")
        done = execute(Path(work) / "net", manifest, target, random_sets(manifest, 1), find_compiler(), count=True)
    assert done.instructions is not None
    return done.instructions, manifest["macs"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True)
    tiny = parser.parse_args().models / "mlperf_tiny"
    models = {
        "MobileNeXt (the demonstration's), float32": ROOT / "pith" / "demo" / "mobilenext_cifar10.onnx",
        "MLPerf Tiny image classification, int8": tiny / "pretrainedResnet_quant.tflite",
        "MLPerf Tiny keyword spotting, int8": tiny / "kws_ref_model.tflite",
    }
    rows = ["| network | M MACs | " + " | ".join(n for n, _ in RUNS) + " | instructions a MAC |", "|---|---:|---:|---:|---:|---|"]
    for title, model in models.items():
        found = [instructions(model, *run) for run in RUNS]
        macs = found[0][1]
        rows.append(f"| {title} | {macs / 1e6:.2f} | " + " | ".join(f"{n / 1e6:.2f} M" for n, _ in found)
                    + " | " + ", ".join(f"{n / macs:.2f}" for n, _ in found) + " |")  # fmt: skip
        print(rows[-1], flush=True)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    note = f"Instructions of one run under QEMU; `python -m benchmarks.riscv`, commit {commit}, {datetime.date.today().isoformat()}."
    page = ROOT / "docs" / "riscv.md"
    text = "\n".join([*rows, "", note])
    page.write_text(re.sub(r"(<!-- table: instructions -->\n).*?(?=<!-- end -->)", lambda m: f"{m[1]}{text}\n", page.read_text(), flags=re.S))


if __name__ == "__main__":
    main()
