"""Interleaved timing of a Session and ONNX Runtime: rounds in turn, medians of medians, ratios round by round."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pith.runtime.session import Session

ROUNDS = 8


def random_inputs(session: Session, seed: int = 0) -> dict[str, np.ndarray]:
    """Normal noise for float inputs, small whole numbers for the rest."""
    rng = np.random.default_rng(seed)
    feed = {}
    for p in session.inputs:
        kind = p.np.kind
        noise = rng.standard_normal(p.shape) if kind not in "iub" else rng.integers(0, 2, p.shape)
        feed[p.name] = np.asarray(noise if p.indices is None else np.clip(noise, *p.indices)).astype(p.np)
    return feed


def computed_in(manifest: Mapping[str, Any]) -> str:
    """What a compiled network computes in, for the first set of shapes: the type that most of its operations take, such as "float32".

    Products of bytes are "int8" whatever their sign, those of 16 bits "int16". A network without operations computes in the type of its
    first output.
    """
    variant = manifest["variants"][0]
    work: dict[str, int] = defaultdict(int)
    for s in variant["steps"]:
        work[s["takes"].removeprefix("u") if s["macs"] else s["takes"]] += 2 * s["macs"] + s["flops"]
    most = max(work, key=lambda kind: work[kind], default="")
    return most if work.get(most) else str(variant["outputs"][0]["dtype"])


def interleave(engines: dict[str, Callable[[], object]], seconds: float) -> dict[str, list[float]]:
    """Median milliseconds of each engine in each round; `seconds` is each engine's total."""
    times: dict[str, list[float]] = {n: [] for n in engines}
    for run in engines.values():
        run()
        run()
    for _ in range(ROUNDS):
        for name, run in engines.items():
            block: list[float] = []
            end = time.perf_counter() + seconds / ROUNDS
            while not block or time.perf_counter() < end:
                t = time.perf_counter()
                run()
                block.append((time.perf_counter() - t) * 1e3)
            times[name].append(statistics.median(block))
    return times


def onnxruntime_engine(model: Path, feed: dict[str, np.ndarray]) -> Callable[[], object] | None:
    """A call that runs `model` once in ONNX Runtime on one thread; None when it is not installed."""
    try:
        import onnxruntime as ort
    except ImportError:
        return None
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    oracle = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    return lambda: oracle.run(None, feed)


def compare(
    session: Session, model: Path, seconds: float = 2.0, feed: dict[str, np.ndarray] | None = None
) -> tuple[list[dict[str, Any]], str]:
    """Rows {engine, model, precision, threads, median_ms, ratio} (ratio to ONNX Runtime, or 1) and a sentence about the run."""
    feed = feed or random_inputs(session)
    arrays = [feed[p.name] for p in session.inputs]
    engines: dict[str, Callable[[], object]] = {"pith": lambda: session(*arrays)}
    rival = onnxruntime_engine(model, feed)
    note = "one thread, interleaved"
    if rival is None:
        note += "; ONNX Runtime is not installed: pip install onnxruntime"
    else:
        engines["onnxruntime"] = rival
    times = interleave(engines, seconds)
    base = times.get("onnxruntime", times["pith"])
    rows = [
        {"engine": n, "model": model.stem, "precision": computed_in(session.manifest), "threads": 1, "median_ms": statistics.median(t),
         "ratio": statistics.median(a / b for a, b in zip(t, base, strict=True))}
        for n, t in times.items()
    ]  # fmt: skip
    return rows, note
