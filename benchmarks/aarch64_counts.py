"""Instructions an inference on AArch64, under QEMU: Pith's targets, and other engines' arm64 wheels under the same emulator.

    python benchmarks/aarch64_counts.py pith MODEL [-t aarch64 ...]           totals, code, library without weights
    (each mode: --csv FILE adds its rows to a table)
    python benchmarks/aarch64_counts.py int7 squeezenet|mobilenet_v1|resnet18 int7 against int8: how many times fewer (networks of
                                                                            benchmarks/integers_avx2.py, random weights)
    python benchmarks/aarch64_counts.py peer ncnn|mnn|litert FILE --root ROOT --site SITE [--cpu cortex-a72]

ROOT: an unpacked arm64 Debian with python3.11 (apt-get download with APT::Architecture=arm64, then dpkg -x of libc6, libgcc-s1,
libstdc++6, libgomp1, python3.11-minimal, libpython3.11-minimal, libpython3.11-stdlib, zlib1g, libexpat1, libssl3, libffi8,
libbz2-1.0, liblzma5). SITE: arm64 wheels of numpy 1.26 and the engines, unpacked. A peer's count is that of 7 runs less that of 2,
by 5, so that its start cancels; one thread. FILE: the network as the engine has it (`pith bench` keeps what it converted).
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pith.api import compile_to
from pith.artefact import code_size
from pith.emulators import counter, execute
from pith.emulators.inputs import random_sets
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler

_PEERS = {
    "ncnn": """
import ncnn
net = ncnn.Net()
net.opt.num_threads = 1
for half in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage"): setattr(net.opt, "use_" + half, False)
net.load_param(path); net.load_model(path.replace(".param", ".bin"))
x = np.random.default_rng(0).standard_normal(shape[1:]).astype(np.float32)
def run():
    e = net.create_extractor(); e.input(net.input_names()[0], ncnn.Mat(x)); return np.array(e.extract(net.output_names()[0])[1])
""",
    "mnn": """
import MNN
net = MNN.Interpreter(path)
session = net.createSession({"backend": "CPU", "numThread": 1, "precision": "high", "memory": "normal"})
tin = net.getSessionInput(session); net.resizeTensor(tin, shape); net.resizeSession(session)
x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
xt = MNN.Tensor(shape, MNN.Halide_Type_Float, x, MNN.Tensor_DimensionType_Caffe)
tout = net.getSessionOutput(session); y = np.zeros(tout.getShape(), np.float32)
yt = MNN.Tensor(tout.getShape(), MNN.Halide_Type_Float, y, MNN.Tensor_DimensionType_Caffe)
def run():
    tin.copyFrom(xt); net.runSession(session); tout.copyToHostTensor(yt); return yt.getNumpyData()
""",
    "litert": """
from ai_edge_litert.interpreter import Interpreter
i = Interpreter(path, num_threads=1); i.allocate_tensors()
d = i.get_input_details()[0]
r = np.random.default_rng(0)
low, high = (0, 256) if d["dtype"] is np.uint8 else (-128, 128)
x = r.standard_normal(d["shape"]).astype(np.float32) if d["dtype"] is np.float32 else r.integers(low, high, d["shape"]).astype(d["dtype"])
i.set_tensor(d["index"], x)
def run(): i.invoke()
""",
}
_CPUINFO = "processor\t: 0\nFeatures\t: fp asimd {}\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: {}\nCPU revision\t: 4\n"
_MORE = "aes pmull sha1 sha2 crc32"
_CPUS = {
    "cortex-a53": (_MORE, "0xd03"), "cortex-a72": (_MORE, "0xd08"),
    "cortex-a76": (f"{_MORE} atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp", "0xd0b"),
}  # fmt: skip


def peer(engine: str, file: Path, root: Path, site: Path, cpu: str, shape: str) -> float:
    """Instructions of one inference."""
    head = f"import sys\nimport numpy as np\npath = {str(file)!r}\nshape = {tuple(map(int, shape.split('x')))}\n"
    tail = "\nfor _ in range(int(sys.argv[1])): run()\n"
    totals = []
    with tempfile.TemporaryDirectory() as name:
        script = Path(name) / "peer.py"
        script.write_text(head + _PEERS[engine] + tail)
        environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONHOME": str(root / "usr"), "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        (root / "proc").mkdir(exist_ok=True)  # the host's own would be read, in which LiteRT finds no Arm processor, and crashes
        (root / "proc" / "cpuinfo").write_text(_CPUINFO.format(*_CPUS[cpu]))
        for runs in (2, 7):
            out = Path(name) / f"counts{runs}"
            emulator = ["qemu-aarch64", "-cpu", cpu, "-L", str(root), *counter.options(out, "pith_mark")]
            subprocess.run([*emulator, str(root / "usr/bin/python3.11"), str(script), str(runs)], env=environment, check=True, stdout=subprocess.DEVNULL)
            totals.append(counter.read(out).total)
    return (totals[1] - totals[0]) / 5


def pith(model: Any, target_name: str, label: str = "") -> dict[str, Any]:
    """Counts and sizes of Pith's code for a target."""
    target, compiler = get_target(target_name), find_compiler()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "net"
        manifest = compile_to(model, folder, target_name)
        done = execute(folder, manifest, target, random_sets(manifest, 1), compiler, count=True)
        library = folder / manifest["library"]
        return {"model": label or model.name, "target": target_name, "instructions": done.instructions, "macs": manifest["macs"],
                "per_mac": round((done.instructions or 0) / max(1, manifest["macs"]), 4), "code_bytes": code_size(library),
                "library_without_weights": library.stat().st_size - manifest["weights_bytes"], "stack": done.stack,
                "arena": manifest["arena_bytes"]}  # fmt: skip


_COLUMNS = ("model", "engine", "target", "instructions", "code_bytes", "library_without_weights", "date")


def record(file: Path | None, model: str, engine: str, target: str, found: Mapping[str, Any]) -> None:
    """Add a row to the table, in the place of one about the same."""
    if file is None:
        return
    rows = list(csv.DictReader(file.open())) if file.exists() else []
    rows = [r for r in rows if (r["model"], r["engine"], r["target"]) != (model, engine, target)]
    row = {**{c: found.get(c, "") for c in _COLUMNS}, "model": model, "engine": engine, "target": target, "date": datetime.date.today().isoformat()}
    row["instructions"] = round(float(found["instructions"]))
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows([*rows, row])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--csv", type=Path)
    modes = parser.add_subparsers(dest="mode", required=True)
    one = modes.add_parser("pith")
    one.add_argument("model", type=Path)
    one.add_argument("-t", "--target", action="append")
    two = modes.add_parser("int7")
    two.add_argument("network")
    two.add_argument("-t", "--target", default="aarch64")
    other = modes.add_parser("peer")
    other.add_argument("engine", choices=sorted(_PEERS))
    other.add_argument("file", type=Path)
    other.add_argument("--root", type=Path, required=True)
    other.add_argument("--site", type=Path, required=True)
    other.add_argument("--cpu", default="cortex-a72", choices=sorted(_CPUS))
    other.add_argument("--shape", default="1x3x224x224")
    a = parser.parse_args()
    if a.mode == "peer":
        found = {"engine": a.engine, "file": a.file.name, "cpu": a.cpu, "instructions": peer(a.engine, a.file, a.root, a.site, a.cpu, a.shape)}
        print(json.dumps(found))
        record(a.csv, a.file.stem, a.engine, a.cpu, found)
    elif a.mode == "int7":
        from integers_avx2 import networks, quantised

        eight, seven = (pith(quantised(networks(None)[a.network](), bits).graph, a.target, f"{a.network} int{bits}") for bits in (8, 7))
        for row in (eight, seven):
            print(json.dumps(row))
            record(a.csv, row["model"], "pith", a.target, row)
        print(json.dumps({"times_fewer": round(eight["instructions"] / seven["instructions"], 3)}))
    else:
        for target in a.target or ["aarch64"]:
            row = pith(a.model, target, a.model.stem)
            print(json.dumps(row))
            record(a.csv, row["model"], "pith", target, row)


if __name__ == "__main__":
    main()
