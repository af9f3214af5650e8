"""MLPerf Tiny's int8 networks as firmware: instructions, flash, RAM and stack on each core, outputs against the reference.

    python benchmarks/microcontrollers.py [--data FOLDER] [--samples 100] [--nets kws,vww,ic,ad] [--cores m4,m7,m33,m55]

Each network is compiled for the board of the core, run under QEMU on real samples, and its outputs compared bit for bit with those
of the plain C99 build on this machine, which tests hold against LiteRT's reference kernels. Counts are of executed instructions,
the mean of a few samples; cycles are not measured. Writes benchmarks/results/microcontrollers.csv; rows of other networks and cores
stay in it.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image

import pith
from pith.api import compile_to
from pith.emulators import execute
from pith.importers.tflite.load import parse
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler

ROOT = Path(__file__).resolve().parents[1]
NETS = {"kws": "kws_ref_model", "vww": "vww_96_int8", "ic": "pretrainedResnet_quant", "ad": "ad01_int8"}
CORES = {"m4": ("cortex-m4", "mps2-an386"), "m7": ("cortex-m7", "mps2-an500"), "m33": ("cortex-m33", "mps2-an505"), "m55": ("cortex-m55", "mps3-an547")}
COUNTED = 3  # samples of which instructions are counted


def _members(path: Path, suffix: str, count: int) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as z:
        names = sorted(n for n in z.namelist() if n.endswith(suffix))
        for name in names[:: max(1, len(names) // count)][:count]:
            yield z.read(name)


def samples(data: Path, net: str, count: int) -> list[np.ndarray]:
    """Real inputs of a network, int8: recordings, pictures, or windows of five frames of a spectrogram."""
    folder = data / "mlperf_tiny"
    if net == "kws":
        return [np.frombuffer(b, np.int8).reshape(1, -1) for b in _members(folder / "kws01.zip", ".bin", count)]
    if net in ("vww", "ic"):
        path = folder / "vww01_jpg.zip" if net == "vww" else data / "cifar10" / "cifar10_test_jpg.zip"
        side = 96 if net == "vww" else 32
        pictures = (Image.open(io.BytesIO(b)).convert("RGB").resize((side, side)) for b in _members(path, ".jpg", count))
        return [(np.asarray(p, np.int16)[None] - 128).astype(np.int8) for p in pictures]
    mel = np.fromfile(folder / "ad01_normal_id_01_00000000_hist_librosa.bin", np.float32).reshape(-1, 128)
    model = parse((folder / f"{NETS[net]}.tflite").read_bytes())
    steps = model.tensors[model.inputs[0]].steps
    assert steps is not None
    windows = [mel[i : i + 5].reshape(1, 640) for i in range(min(count, len(mel) - 4))]
    return [np.clip(np.rint(w / steps.scale[0]) + steps.zero[0], -128, 127).astype(np.int8) for w in windows]


def measure(data: Path, net: str, core: str, count: int) -> dict[str, object]:
    """One row of the table. Raises AssertionError where a bit differs."""
    target, board = CORES[core]
    model = data / "mlperf_tiny" / f"{NETS[net]}.tflite"
    with tempfile.TemporaryDirectory() as folder:
        manifest = compile_to(model, Path(folder) / "net", target, name=net, board=board)
        port, out = manifest["variants"][0]["inputs"][0], manifest["variants"][0]["outputs"][0]
        feeds = [{port["name"]: x.reshape(port["shape"])} for x in samples(data, net, count)]
        run = execute(Path(folder) / "net", manifest, get_target(target), feeds, find_compiler())
        counted = execute(Path(folder) / "net", manifest, get_target(target), feeds[:COUNTED], find_compiler(), count=True)
    reference = pith.compile(model, "c99", name=net)
    for feed, got in zip(feeds, run.outputs, strict=True):
        np.testing.assert_array_equal(got[out["name"]], reference(feed[port["name"]]))
    assert counted.instructions is not None
    fw = manifest["firmware"]
    return {
        "net": net, "core": core, "board": board, "samples_equal": len(feeds), "macs": manifest["macs"], "instructions": round(counted.instructions),
        "per_mac": round(counted.instructions / manifest["macs"], 3), "flash_bytes": fw["flash"], "ram_bytes": fw["ram"],
        "code_bytes": manifest["code_bytes"], "weights_bytes": manifest["weights_bytes"], "arena_bytes": manifest["arena_bytes"],
        "stack_bytes": run.stack,
    }  # fmt: skip


def commit() -> str:
    """The commit that is measured."""
    return subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=Path, default=Path(os.environ.get("PITH_DATA", "data")))
    p.add_argument("--samples", type=int, default=100)
    p.add_argument("--nets", default=",".join(NETS))
    p.add_argument("--cores", default=",".join(CORES))
    p.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "microcontrollers.csv")
    args = p.parse_args()
    rows: list[dict[str, object]] = []
    for net in args.nets.split(","):
        for core in args.cores.split(","):
            rows.append(measure(args.data, net, core, args.samples) | {"commit": commit(), "date": date.today().isoformat()})
            print(*rows[-1].values(), flush=True)
    if args.out.is_file():
        with args.out.open(newline="") as f:
            kept = {(r["net"], r["core"]): r for r in csv.DictReader(f)}
        made = {(str(r["net"]), str(r["core"])): r for r in rows}
        order = [(n, c) for n in NETS for c in CORES if (n, c) in kept or (n, c) in made]
        rows = [made.get(k) or {name: kept[k][name] for name in rows[0]} for k in order]
    with args.out.open("w", newline="") as f:
        writer = csv.DictWriter(f, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
