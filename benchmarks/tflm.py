"""MLPerf Tiny's int8 networks beside TFLite-Micro: flash and RAM of the firmware, the arena of TFLite-Micro itself, its published figures.

    python -m benchmarks.tflm [--data FOLDER] [--python PATH] [--samples 100] [--nets kws,vww,ic,ad]

`--python` names a Python that has the package `tflite-micro` (pip install tflite-micro, best in an environment of its own): TFLite-Micro
built for this machine. Its interpreter says how much of its arena it uses: the head holds tensors, the same on every processor; the
tail holds its own structures, whose pointers are 8 bytes here and 4 on a microcontroller. Its outputs on real samples are
compared with those of the C99 that Pith makes, which has the bits of TFLite's reference kernels (tests/models): TFLite-Micro's are
near. Flash and RAM of Pith are of the image for Cortex-M4, with start-up code, stack and the arrays of inputs and outputs. What others
published is in benchmarks/published/tflite_micro.csv, each number with its place.
Writes benchmarks/results/tflm.csv.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import numpy as np

import pith
from benchmarks.microcontrollers import CORES, NETS, ROOT, commit, samples
from pith.api import compile_to

PUBLISHED = ROOT / "benchmarks" / "published" / "tflite_micro.csv"
_SCRIPT = """
import importlib.metadata, sys
import numpy as np
from tflite_micro.python.tflite_micro import runtime

model, given, to = sys.argv[1:]
made = runtime.Interpreter.from_file(model, intrepreter_config=runtime.InterpreterConfig.kAllocationRecording)
made.print_allocations()
outputs = []
for x in np.load(given):
    made.set_input(x, 0)
    made.invoke()
    outputs.append(made.get_output(0).copy())
np.save(to, np.stack(outputs))
print("version", importlib.metadata.version("tflite-micro"))
"""


def published(path: Path = PUBLISHED) -> dict[tuple[str, str], int]:
    """Bytes by network and what they are; those of the program around it under the network ""."""
    with path.open(newline="") as f:
        return {(r["net"], r["what"]): int(r["bytes"]) for r in csv.DictReader(f)}


def parse(said: str) -> dict[str, int]:
    """Bytes of the arena, `total`, `head` and `tail`, from what TFLite-Micro's recording allocator prints. Raises ValueError."""
    found = {name: int(n) for name, n in re.findall(r"Arena allocation (total|head|tail) (\d+) bytes", said)}
    if len(found) != 3 or found["head"] + found["tail"] != found["total"]:
        raise ValueError(f"no sizes of the arena in: {said[:500]}")
    return found


def interpreter(python: str, model: Path, feeds: list[np.ndarray]) -> tuple[dict[str, int], str, np.ndarray]:
    """Sizes of TFLite-Micro's arena, its version, and its outputs [samples, ...]."""
    with tempfile.TemporaryDirectory() as folder:
        given, to = Path(folder) / "x.npy", Path(folder) / "y.npy"
        np.save(given, np.stack(feeds))
        done = subprocess.run([python, "-c", _SCRIPT, str(model), str(given), str(to)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{python} did not run TFLite-Micro:\n{done.stderr[-2000:]}")
        version = re.search(r"^version (\S+)", done.stdout, re.M)
        assert version is not None
        return parse(done.stdout + done.stderr), version[1], np.load(to)


def measure(data: Path, net: str, python: str, count: int) -> dict[str, object]:
    """One row."""
    model, (target, board), said = data / "mlperf_tiny" / f"{NETS[net]}.tflite", CORES["m4"], published()
    with tempfile.TemporaryDirectory() as folder:
        manifest = compile_to(model, Path(folder) / "net", target, name=net, board=board)
    first = manifest["variants"][0]
    shape = first["inputs"][0]["shape"]
    feeds = [x.reshape(shape) for x in samples(data, net, count)]
    arena, version, outputs = interpreter(python, model, feeds)
    session = pith.compile(model, "c99", name=net)
    apart = [int(np.abs(session(x).astype(np.int32) - y).max()) for x, y in zip(feeds, outputs, strict=True)]
    ports = sum(int(np.prod(p["shape"])) * np.dtype(p["dtype"]).itemsize for side in ("inputs", "outputs") for p in first[side])
    return {
        "net": net, "board": board, "flash_bytes": manifest["firmware"]["flash"], "ram_bytes": manifest["firmware"]["ram"],
        "arena_ports_bytes": manifest["arena_bytes"] + ports, "samples": len(feeds), "samples_equal": apart.count(0), "most_apart": max(apart),
        "tflm_version": version, "tflm_arena_bytes": arena["total"], "tflm_head_bytes": arena["head"], "tflm_file_bytes": model.stat().st_size,
        "published_flash_bytes": said[net, "flash"] - said["", "base flash"], "published_ram_bytes": said[net, "ram"] - said["", "base ram"],
        "set_aside_bytes": said[net, "arena set aside"],
    }  # fmt: skip


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=Path, default=Path(os.environ.get("PITH_DATA", "data")))
    p.add_argument("--python", default=sys.executable)
    p.add_argument("--samples", type=int, default=100)
    p.add_argument("--nets", default=",".join(NETS))
    p.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "tflm.csv")
    args = p.parse_args()
    rows = []
    for net in args.nets.split(","):
        rows.append(measure(args.data, net, args.python, args.samples) | {"commit": commit(), "date": date.today().isoformat()})
        print(*rows[-1].values(), flush=True)
    with args.out.open("w", newline="") as f:
        writer = csv.DictWriter(f, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
