"""Pith and its peers on one model: loaded side by side, run in turns, compared round by round."""

from __future__ import annotations

import contextlib
import math
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pith.bench.convert import Samples, converted, save_inputs
from pith.bench.process import Engine, Failure, Interpreters
from pith.graph.errors import InputError
from pith.peers.base import get_peer, has, names
from pith.version import VERSION

BOUND = 1e-4  # of the largest value: a result further than this from ONNX Runtime's does not count
BOUND8 = 10.0  # decibels: an int8 result with less signal to noise against ONNX Runtime's float32 does not count,
BEHIND8 = 6.0  # unless it is no more than this below the best engine's: networks that do not suit 8 bits
BY_NOISE = ("int8", "int16")  # what networks compute in that are judged so: one rounding the other way is a whole step
REFERENCE = "onnxruntime"
KEYS = ("engine", "model", "precision", "threads", "median_ms", "ratio", "error", "sqnr_db", "counts", "version", "runs", "reason")
_LOAD = 180.0  # seconds


@dataclass
class Row:
    """One engine at one number of threads. `ratio`: median over the rounds of its time over Pith's in the same round, so
    above 1 it is slower than Pith;  `error`: largest difference from ONNX Runtime over its largest value;  `sqnr_db`: signal to
    noise against it in decibels, of the worst output;  `counts`: whether the error is below BOUND, or where `precision` is one of BY_NOISE,
    the signal to noise at least BOUND8 (or no more than BEHIND8 below the best's, where each engine made the network itself);  `reason`:
    why there is no time."""

    engine: str
    model: str
    precision: str
    threads: int
    median_ms: float | None = None
    ratio: float | None = None
    error: float | None = None
    counts: bool | None = None
    version: str = ""
    runs: int = 0
    reason: str | None = None
    sqnr_db: float | None = None
    blocks: list[float | None] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """The stable keys of --json."""
        return {k: getattr(self, k) for k in KEYS}


def choose(peers: str | None, interpreters: Interpreters) -> tuple[list[str], list[str]]:
    """(engines to measure, those that are not installed) for --peers: names, "none", or None for whatever is installed.

    Raises InputError for an unknown name.
    """
    known = [n for n in names() if n != "pith"]
    if peers is not None:
        wanted = [p for p in dict.fromkeys(x.strip() for x in peers.split(",")) if p]
        if not wanted:
            raise InputError(f"--peers {peers!r} names no engine", try_="none, or any of: " + ", ".join(known))
        if "none" in wanted and len(wanted) > 1:
            raise InputError(f"--peers {peers!r} names engines and none", try_="one of the two")
        wanted = [p for p in wanted if p != "none"]
        for p in wanted:
            if p not in known:
                raise InputError(f"--peers: no engine {p!r}", try_="any of: " + ", ".join(known))
        return wanted, []
    found = [p for p in known if interpreters.named(p) or has(get_peer(p).module)]
    found.sort(key=lambda p: p != REFERENCE)
    return found, [p for p in known if p not in found]


def compare(
    model: Path, artefact: Path, peers: Sequence[str], inputs: Mapping[str, np.ndarray], *, threads: int = 1, rounds: int = 8,
    seconds: float = 2.0, interpreters: Interpreters | None = None, progress: Callable[[str, float], None] | None = None,
    precision: str = "float32", rest: Mapping[str, np.ndarray] | None = None, samples: Samples = (),
) -> list[Row]:  # fmt: skip
    """Rows for Pith (the folder `artefact`) and each of `peers`; one that fails has the reason instead of a time.

    seconds: of each engine's timed runs, over all rounds;  rest: inputs that the compiled network has no more, fixed when it
    was compiled, and the model file still has;  precision: what the network computes in;  samples: to calibrate with, then every engine
    runs the int8 network that its own tools made of `model`. ONNX Runtime judges results even when it is not among `peers`, always by the
    model as given.
    """
    interpreters, say = interpreters or Interpreters(), progress or (lambda what, done: None)
    order = ["pith", *peers]
    asked = REFERENCE in peers and not samples
    judge = [REFERENCE] if not asked and (interpreters.named(REFERENCE) or has(get_peer(REFERENCE).module)) else []
    rows = {e: Row(e, model.stem, precision, threads) for e in order}
    live: dict[str, Engine] = {}
    reference: Mapping[str, np.ndarray] | None = None
    with tempfile.TemporaryDirectory(prefix="pith-bench-") as scratch, contextlib.ExitStack() as open_engines:
        folder = Path(scratch)

        def load(name: str, samples: Samples) -> Engine:
            peer = get_peer(name)
            feed = dict(inputs) if name == "pith" else {**inputs, **(rest or {})}
            path = artefact if name == "pith" else converted(peer, model, feed, interpreters, folder, samples)
            archive = folder / f"{name}-inputs.npz"
            ports = save_inputs(archive, feed)
            return Engine(peer, interpreters.of(name), model, path, archive, ports, threads, folder, _LOAD)

        for name in judge:
            with contextlib.suppress(Failure):
                engine = load(name, ())
                reference = engine.outputs
                engine.close()
        for k, name in enumerate(order):
            say(f"load {name}", 0.5 * k / len(order))
            try:
                engine = load(name, samples)
            except Failure as e:
                rows[name].reason = str(e)
                continue
            open_engines.callback(engine.close)
            live[name], rows[name].version = engine, engine.version or VERSION
        outputs = {n: e.outputs for n, e in live.items()}
        if asked:
            reference = outputs.get(REFERENCE)
        for k, lineup in enumerate(_turns(order, rounds)):
            say(f"round {k + 1} of {rounds}", 0.5 + 0.5 * k / rounds)
            for name in lineup:
                _turn(live, rows[name], seconds / rounds)
    summarise(rows, outputs, reference, made=bool(samples))
    return list(rows.values())


def _turns(order: Sequence[str], rounds: int) -> Iterator[list[str]]:
    """Each round begins with another engine, so that none always follows the same one."""
    for k in range(rounds):
        start = k % len(order)
        yield [*order[start:], *order[:start]]


def _turn(live: dict[str, Engine], row: Row, seconds: float) -> None:
    engine = live.get(row.engine)
    if engine is None:
        row.blocks.append(None)
        return
    try:
        ms, runs = engine.turn(seconds)
    except Failure as e:
        row.reason = f"while it was timed: {e}"
        row.blocks.append(None)
        live.pop(row.engine).close()
        return
    row.blocks.append(ms)
    row.runs += runs


def summarise(
    rows: Mapping[str, Row], outputs: Mapping[str, Mapping[str, np.ndarray]], reference: Mapping[str, np.ndarray] | None,
    *, made: bool = False,
) -> None:  # fmt: skip
    """Fill in medians, ratios, errors from the blocks and outputs; of an engine that failed on the way nothing counts.

    made: each engine made its int8 network of a float one, whose results `reference` has."""
    own = rows["pith"].blocks
    for row in rows.values():
        if row.reason is not None:
            continue
        row.median_ms = statistics.median(b for b in row.blocks if b is not None)
        pairs = [b / p for b, p in zip(row.blocks, own, strict=True) if b and p]
        row.ratio = statistics.median(pairs) if pairs else None
        if reference is not None:
            row.error = error(reference, outputs[row.engine])
            row.sqnr_db = signal_to_noise(reference, outputs[row.engine])
            row.counts = row.error is not None and row.error < BOUND
    if reference is not None and rows["pith"].precision in BY_NOISE:
        known = [r.sqnr_db for r in rows.values() if r.sqnr_db is not None] if made else []
        least = min(BOUND8, max(known) - BEHIND8) if known else BOUND8
        for row in rows.values():
            if row.reason is None:
                row.counts = row.sqnr_db is not None and row.sqnr_db >= least


def error(reference: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]) -> float | None:
    """Largest difference over the reference's largest value, the worst of all outputs; None when they do not correspond.

    By name where the names agree, else by position; shapes are flattened, since some engines drop a batch of 1. NaN where the
    reference has NaN is no difference; anywhere else the results do not correspond.
    """
    pairs = _pairs(reference, outputs)
    if pairs is None:
        return None
    worst = 0.0
    for x, y in pairs:
        scale = float(np.abs(x).max()) or 1.0
        off = float(np.abs(x - y).max()) / scale
        if math.isnan(off):
            return None
        worst = max(worst, off)
    return worst


def signal_to_noise(reference: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]) -> float | None:
    """Sum of squares of the reference over that of the difference, in decibels, of the worst output; 999 where nothing differs;
    None when they do not correspond, as for `error`."""
    pairs = _pairs(reference, outputs)
    if pairs is None:
        return None
    worst = 999.0
    for x, y in pairs:
        noise = float(np.square(x - y).sum())
        if math.isnan(noise):
            return None
        if noise > 0:
            worst = min(worst, 10 * math.log10(max(float(np.square(x).sum()), 1e-300) / noise))
    return worst


def _pairs(reference: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]] | None:
    """Numbers of the outputs that correspond, in float64, without those that are NaN in both."""
    if reference.keys() == outputs.keys():
        pairs = [(reference[n], outputs[n]) for n in reference]
    elif len(reference) == len(outputs):
        pairs = list(zip(reference.values(), outputs.values(), strict=True))
    else:
        return None
    result = []
    for a, b in pairs:
        if a.size != b.size or "U" in (a.dtype.kind, b.dtype.kind):
            return None
        x, y = (np.asarray(v, np.float64).ravel() for v in (a, b))
        known = ~np.isnan(x)
        if (known != ~np.isnan(y)).any():
            return None
        if known.any():
            result.append((x[known], y[known]))
    return result


def best_peer(rows: Sequence[Row]) -> Row | None:
    """The fastest engine other than Pith whose result counts (or could not be checked)."""
    able = [r for r in rows if r.engine != "pith" and r.median_ms is not None and r.counts is not False]
    return min(able, key=lambda r: r.ratio if r.ratio is not None else math.inf, default=None)


def missing_note(absent: Sequence[str]) -> str:
    """How to install what was not found, in one sentence; empty when nothing is missing."""
    if not absent:
        return ""
    return "not installed: " + "; ".join(f"{get_peer(p).title} (pip install {get_peer(p).package})" for p in absent)
