"""Pith's WebAssembly beside onnxruntime-web, both with one thread, in turns in one page of Chromium.

`python -m benchmarks.browser --modules FOLDER MODEL.onnx ... [--targets wasm,wasm-relaxed] [--rounds 40] [--csv FILE]`. FOLDER has a
node_modules with onnxruntime-web (`npm install onnxruntime-web`, outside the repository). Times are medians over the rounds, the
ratio the median over the rounds of onnxruntime-web's time over Pith's; `error` is the largest difference of the two engines' first
outputs over the largest magnitude of it.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from pith.api import compile_to
from pith.targets.cpu import model_name
from tests.targets.browser import ask_page

_ARRAYS = {"float32": "Float32Array", "uint8": "Uint8Array", "int8": "Int8Array"}


def prepare(folder: Path, models: list[Path], targets: list[str], modules: Path, rounds: int) -> dict[str, dict[str, Any]]:
    """The page and all it fetches, in `folder`; by the name of a model what the compilation said of it."""
    dist = modules / "node_modules" / "onnxruntime-web" / "dist"
    (folder / "ort").mkdir()
    for name in ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"):
        shutil.copy2(dist / name, folder / "ort" / name)
    shutil.copy2(Path(__file__).with_name("bench.html"), folder / "bench.html")
    rng, jobs, facts = np.random.default_rng(0), [], {}
    for k, path in enumerate(models):
        name = f"{path.parent.name}/{path.stem}"
        shutil.copy2(path, folder / f"{k}.onnx")
        pith = {}
        for target in targets:
            manifest = compile_to(path, folder / f"{k}-{target}", target)
            pith[target] = f"./{k}-{target}/{manifest['name']}.mjs"
            facts[f"{name} {target}"] = {"wasm_bytes": (folder / f"{k}-{target}" / manifest["wasm"]).stat().st_size, "arena": manifest["arena_bytes"]}
        port = manifest["variants"][0]["inputs"][0]
        x = rng.standard_normal(port["shape"]).astype(np.float32)
        if port["dtype"] != "float32":
            x = rng.integers(0, 256, port["shape"]).astype(np.uint8)
        (folder / f"{k}.bin").write_bytes(x.tobytes())
        jobs.append({"name": name, "onnx": f"./{k}.onnx", "input": f"./{k}.bin", "pith": pith, "shape": port["shape"],
                     "dtype": port["dtype"], "array": _ARRAYS[port["dtype"]]})  # fmt: skip
    (folder / "job.json").write_text(json.dumps({"models": jobs, "rounds": rounds}))
    return facts


def rows_of(answer: dict[str, Any], targets: list[str], facts: dict[str, dict[str, Any]], version: str) -> list[dict[str, Any]]:
    """One row for each model and target."""
    git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    chrome = next((w for w in answer["agent"].split() if "Chrome/" in w), "")
    rows = []
    for r in answer["results"]:
        peer, want = r["times"]["onnxruntime-web"], np.array(r["outputs"]["onnxruntime-web"])
        for target in targets:
            mine = r["times"][target]
            error = np.abs(np.array(r["outputs"][target]) - want).max() / np.abs(want).max()
            rows.append({
                "model": r["model"], "target": target, "pith_ms": f"{statistics.median(mine):.2f}", "ort_web_ms": f"{statistics.median(peer):.2f}",
                "ratio": f"{statistics.median(b / a for a, b in zip(mine, peer, strict=True)):.2f}", "error": f"{error:.1e}",
                "wasm_bytes": facts[f"{r['model']} {target}"]["wasm_bytes"], "rounds": len(mine), "onnxruntime_web": version,
                "browser": chrome, "processor": model_name(), "commit": git, "date": datetime.date.today().isoformat(),
            })  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--modules", type=Path, required=True)
    parser.add_argument("--targets", default="wasm,wasm-relaxed")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--csv", type=Path)
    args = parser.parse_args()
    targets = args.targets.split(",")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        facts = prepare(folder, args.models, targets, args.modules, args.rounds)
        answer = ask_page(folder, "bench.html")
    if "error" in answer:
        raise SystemExit(answer["error"])
    package = args.modules / "node_modules" / "onnxruntime-web" / "package.json"
    rows = rows_of(answer, targets, facts, json.loads(package.read_text())["version"])
    for r in rows:
        print(*(f"{k}={r[k]}" for k in ("model", "target", "pith_ms", "ort_web_ms", "ratio", "error")))
    if args.csv:
        with args.csv.open("w", newline="") as f:
            writer = csv.DictWriter(f, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


