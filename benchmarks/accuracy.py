"""What quantisation costs: every network of `benchmarks/evaluation` in floats, in 8 and in 7 bits, by every method, and by rivals.

`python -m benchmarks.accuracy [--only TEXT] [--csv FILE]`; the results are in benchmarks/results/accuracy.csv, and
`python benchmarks/readme_tables.py` writes the table of docs/quantization.md from them.

Calibration samples are never among those evaluated. Pith's networks run as compiled integers. The rivals run in Pythons of
their own (ACCURACY_ORT, ACCURACY_NNCF: interpreters that have onnxruntime, or nncf and openvino; without one the rival is left
out) on the same samples. What is done is kept in the cache folder, by the text of the quantiser: a run that was cut off goes on.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import datetime
import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # products here are small: a second thread mostly waits, and spins meanwhile

import numpy as np

import pith
from benchmarks.evaluation import Evaluation, Run, evaluations
from benchmarks.evaluation.base import ROOT
from pith.api import compile_graph, import_model
from pith.cache import cache_folder
from pith.graph import Graph
from pith.quantized import Quantized
from pith.runtime.session import Session

RESULTS = ROOT / "benchmarks" / "results" / "accuracy.csv"
METHODS: dict[str, dict[str, Any]] = {
    "min-max": {"method": "minmax", "improve": False},
    "KL": {"method": "kl", "improve": False},
    "search alone": {"method": "easyquant", "improve": False},
    "EasyQuant": {"method": "easyquant"},
    "EasyQuant, unmixed": {"method": "easyquant", "mixed": False},
    "EasyQuant, best": {"method": "easyquant", "best": True},
}
RIVALS = {"ONNX Runtime": ("onnxruntime", "ACCURACY_ORT"), "NNCF": ("nncf", "ACCURACY_NNCF")}
COMPARED_METHODS = ("EasyQuant", "EasyQuant, unmixed")  # whose exports also run in ONNX Runtime
COMPARED = 50  # samples whose every output is compared between ONNX Runtime and Pith; those of calibration where there are fewer others
Record = dict[str, Any]


def interval(difference: np.ndarray) -> tuple[float, float]:
    """95 % interval of the mean of paired differences [n].

    Where each is -1, 0 or 1 (right or wrong, before and after) that of Bonett and Price (J. Educ. Behav. Stat. 37, 2012), which
    is not empty when nothing changed; else Student's, its quantile by the Cornish-Fisher series.
    """
    n = len(difference)
    if np.isin(difference, (-1.0, 0.0, 1.0)).all() and n > 30:
        more, less = ((difference == s).sum() + 1 for s in (1, -1))
        p, q = more / (n + 2), less / (n + 2)
        reach = 1.96 * math.sqrt((p + q - (p - q) ** 2) / (n + 2))
        return p - q - reach, p - q + reach
    if n < 2:
        return -math.inf, math.inf
    z, v = 1.96, n - 1
    t = z + (z**3 + z) / (4 * v) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2) + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    reach = t * float(np.std(difference, ddof=1)) / math.sqrt(n)
    middle = float(np.mean(difference))
    return middle - reach, middle + reach


def runs(session: Any) -> Run:
    """A session as evaluations want it."""

    def run(x: np.ndarray) -> list[np.ndarray]:
        y = session(x)
        return list(y) if isinstance(y, tuple) else [y]

    return run


def replay(outputs: list[np.ndarray]) -> Run:
    """Answers that are known already, one after the other."""
    at = iter(range(len(outputs[0])))

    def run(x: np.ndarray) -> list[np.ndarray]:
        k = next(at)
        return [o[k] for o in outputs]

    return run


def interpreter(name: str) -> str:
    """The Python of a rival, "" where there is none."""
    variable = RIVALS[name][1]
    found = os.environ.get(variable, "")
    if not found:
        print(f"{name}: left out, no interpreter (set {variable})", file=sys.stderr)
    return found


def by_other(how: str, python: str, graph: Graph, calibration: np.ndarray, inputs: np.ndarray) -> tuple[list[np.ndarray], str]:
    """Outputs (samples along the first axis) and version of a rival that quantises `graph`, or runs it (`how`: see accuracy_rival.py)."""
    from pith.exporters.onnx import to_onnx

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "float.onnx").write_bytes(to_onnx(graph).SerializeToString())
        np.save(folder / "calibration.npy", calibration)
        np.save(folder / "inputs.npy", inputs)
        script = str(Path(__file__).with_name("accuracy_rival.py"))
        done = subprocess.run([python, script, how, name], capture_output=True, text=True, timeout=3600)
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1][:300] if done.stderr.strip() else f"ended with {done.returncode}")
        files = sorted(folder.glob("output*.npy"), key=lambda f: int(f.stem.removeprefix("output")))
        return [np.load(f) for f in files], (folder / "version.txt").read_text()


def last_rounded(result: Quantized) -> tuple[Graph, list[float]]:
    """The quantised network, giving the last values that are on a grid before each result, and their steps."""
    graph, plan = result.graph.copy(), result.outcome.plan
    makers = graph.producers()
    found: dict[str, float] = {}
    waiting, seen = list(graph.outputs), set()
    while waiting:
        v = waiting.pop()
        if v in seen or v in graph.constants or v in graph.inputs:
            continue
        seen.add(v)
        if v in plan.group:
            found[v] = result.outcome.numbers.grids[plan.group[v]].scale
        elif v in makers:
            waiting += [i for i in makers[v].inputs if i]
    graph.outputs = list(found)
    graph.drop_unused()
    return graph, list(found.values())


def agreement(result: Quantized, python: str, inputs: np.ndarray) -> Record:
    """What ONNX Runtime makes of the exported model, beside Pith, in shares of all numbers.

    agreement: results within one step; of a result that stays in floats that is a 255th of its range over these samples (and 0).
    integers: last integers before the results within one step.  Both with products that do not saturate (`session.x64quantprecision`).
    saturating: as `agreement`, with ONNX Runtime as it is, which on processors with AVX2 alone cuts sums of two products off at 16 bits.
    """
    graph, steps = last_rounded(result)
    width = dict(zip(graph.outputs, steps, strict=True))
    outputs = list(result.graph.outputs)
    both = result.graph.copy()
    both.outputs = list(dict.fromkeys((*outputs, *graph.outputs)))
    inputs = inputs[:COMPARED]
    ours = [runs(session)(x[None]) for session in (compile_graph(both.copy()),) for x in inputs]
    for k, v in enumerate(both.outputs):
        if v not in width:
            numbers = np.concatenate([y[k].reshape(-1) for y in ours])
            width[v] = float(max(numbers.max(), 0) - min(numbers.min(), 0)) / 255

    def near(theirs: list[np.ndarray], of: list[str]) -> float:
        found = [np.abs(y[k] - theirs[k][i]) <= 1.01 * width[v] for i, y in enumerate(ours) for k, v in enumerate(both.outputs) if v in of]
        return float(np.mean(np.concatenate([f.reshape(-1) for f in found])))

    exact, plain = (by_other(how, python, both, inputs[:1], inputs)[0] for how in ("run", "run saturating"))
    return {"agreement": near(exact, outputs), "integers": near(exact, graph.outputs), "saturating": near(plain, outputs)}


def processor_seconds() -> float:
    """Used so far by this process and the compilers it waited for."""
    t = os.times()
    return t.user + t.system + t.children_user + t.children_system


def wide_layers(result: Quantized) -> int:
    """How many layers have more bits than the others, or floats."""
    return len(result.report.kept)


def taken(result: Quantized) -> str:
    """Which of all that was tried was taken, as the notes of `best` say."""
    return next((n.removeprefix("taken: ").partition("; of ")[0] for n in result.outcome.notes if n.startswith("taken: ")), "")


@dataclass(frozen=True)
class Made:
    """A quantised network, compiled, and the seconds of the processor that quantising took."""

    result: Quantized
    session: Session
    seconds: float


class Case:
    """One evaluation, whose float answers and inputs are recorded once."""

    made: ClassVar[dict[tuple[Path, str, str, int], Made]] = {}  # of the network that was quantised last: data sets follow one another

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.graph = import_model(str(evaluation.model()), evaluation.shapes)
        self.calibration = evaluation.calibration()
        run, recorded = runs(compile_graph(self.graph.copy())), []

        def recording(x: np.ndarray) -> list[np.ndarray]:
            recorded.append(x[0])
            return run(x)

        self.exact = evaluation.scores(recording)
        self.inputs = np.stack(recorded)

    def by_pith(self, method: str, bits: int, progress: Callable[[str, float], None]) -> Record:
        made = self.quantised(method, bits, progress)
        result = made.result
        scores = self.evaluation.scores(runs(made.session))
        python = interpreter("ONNX Runtime") if method in COMPARED_METHODS and bits == 8 else ""
        same = agreement(result, python, np.concatenate([self.inputs, self.calibration])) if python else {}
        return {"scores": scores.tolist(), "seconds": round(made.seconds, 1), "wide": wide_layers(result), "layers": len(result.report.layers),
                "version": "", "state": taken(result), "notes": result.outcome.notes, **same}  # fmt: skip

    def quantised(self, method: str, bits: int, progress: Callable[[str, float], None]) -> Made:
        """Quantised and compiled, or what was made for another data set with the same calibration samples."""
        digest = hashlib.sha256(self.calibration.tobytes()).hexdigest()
        key = (self.evaluation.model(), digest, method, bits)
        if key not in self.made:
            for old in [k for k in self.made if k[:2] != key[:2]]:
                del self.made[old]
            began = processor_seconds()
            result = pith.quantize(self.graph, self.calibration, bits=bits, progress=progress, **METHODS[method])
            seconds = processor_seconds() - began
            self.made[key] = Made(result, result.compile(), seconds)
        return self.made[key]

    def by_rival(self, name: str, python: str) -> Record:
        from pith.quant.flow import front

        try:
            outputs, version = by_other(RIVALS[name][0], python, front(self.graph), self.calibration, self.inputs)
            return {"scores": self.evaluation.scores(replay(outputs)).tolist(), "version": version}
        except (RuntimeError, subprocess.TimeoutExpired) as e:  # another project's tool: what it cannot do is a line of the table
            return {"scores": None, "version": f"failed: {e}"}


class Unfinished(Exception):
    """Nothing is kept under a key, and nothing is to be measured."""


def kept(key: object, make: Callable[[], Record], finished: bool = False) -> Record:
    """What `make` gives, from the cache folder if it was made before under this key. Raises Unfinished if only that is wanted."""
    folder = cache_folder()
    name = hashlib.sha256(repr(key).encode()).hexdigest()[:24]
    path = folder / "accuracy" / f"{name}.json" if folder else None
    if path and path.exists():
        found: Record = json.loads(path.read_text())
        return found
    if finished:
        raise Unfinished
    record = {**make(), "commit": _commit(), "date": datetime.date.today().isoformat()}
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record))
    return record


def _commit() -> str:
    return subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT).stdout.strip()


RANGES = ("calibration", "grid", "insert", "observers", "plan", "sums", "weights")
SEARCHED = (*RANGES, "easyquant", "rows")
JUDGED = (*SEARCHED, "even", "flow", "improve", "measure", "options", "sensitivity", "smooth", "wider")


def quantiser(method: str) -> str:
    """Digest of the text of those parts of Pith that decide the numbers of a method."""
    options = METHODS[method]
    parts = JUDGED if options.get("improve", True) else SEARCHED if options["method"] == "easyquant" else RANGES
    digest = hashlib.sha256()
    files = [ROOT / "pith" / "quant" / f"{part}.py" for part in parts]
    if method in COMPARED_METHODS:
        files.append(ROOT / "pith" / "exporters" / "onnx.py")  # what ONNX Runtime runs
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def judged() -> str:
    """Digest of the text of the evaluations: another set of samples is another question."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).with_name("evaluation").glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def bar(what: str) -> Callable[[str, float], None]:
    """Shows progress on a terminal."""

    def say(stage: str, done: float) -> None:
        if sys.stderr.isatty():
            print(f"\r{what}: {'#' * int(done * 30):30} {stage[:30]:30}", end="\n" if done >= 1 else "", file=sys.stderr, flush=True)

    return say


def row(evaluation: Evaluation, method: str, bits: int, samples: int, exact: np.ndarray, record: Record) -> Record:
    """A line of the CSV file. change: of the metric against floats, positive where it got better."""
    scores = None if record["scores"] is None else np.array(record["scores"])
    sign = 1.0 if evaluation.higher else -1.0
    line: Record = {"network": evaluation.name, "metric": evaluation.metric, "method": method, "bits": bits, "n": len(exact), "calibration": samples}
    if scores is None:
        line |= {"score": "", "change": "", "low": "", "high": ""}
    else:
        difference = sign * (scores - exact)
        low, high = interval(difference)
        line |= {"score": f"{scores.mean():.5f}", "change": f"{difference.mean():.5f}", "low": f"{low:.5f}", "high": f"{high:.5f}"}
    for k in ("seconds", "wide", "layers", "agreement", "integers", "saturating", "state", "version", "commit", "date"):
        line[k] = "" if record.get(k) is None else record[k]
    return line


def measure(evaluation: Evaluation, methods: list[str], bits: list[int], finished: bool, rivals: bool = True) -> list[Record]:
    """All lines of one evaluation; `finished`: those that are kept already.  rivals: theirs too."""
    made: list[Case] = []

    def case() -> Case:
        if not made:
            made.append(Case(evaluation))
        return made[0]

    model = hashlib.sha256(evaluation.model().read_bytes()).hexdigest() + judged()
    try:
        begin = kept((evaluation.name, model, "float"), lambda: {"scores": case().exact.tolist(), "samples": len(case().calibration)}, finished)
    except Unfinished:
        return []
    exact, samples = np.array(begin["scores"]), begin["samples"]
    lines = [row(evaluation, "float", 32, samples, exact, begin)]
    scores: list[np.ndarray | None] = [exact]
    show(lines[-1])

    def one(method: str, width: int, key: object, make: Callable[[], Record]) -> None:
        with contextlib.suppress(Unfinished):
            record = kept(key, make, finished)
            lines.append(row(evaluation, method, width, samples, exact, record))
            scores.append(None if record["scores"] is None else np.array(record["scores"]))
            show(lines[-1])

    for width in bits:
        for method in methods:
            key = (evaluation.name, model, method, METHODS[method], width, quantiser(method))
            one(method, width, key, lambda m=method, w=width: case().by_pith(m, w, bar(f"{evaluation.name}, {m}, int{w}")))  # type: ignore[misc]
    for name in RIVALS if rivals else ():
        python = interpreter(name)
        if python:
            one(name, 8, (evaluation.name, model, name, 8, "rival"), lambda n=name, p=python: case().by_rival(n, p))  # type: ignore[misc]
    sign = 1.0 if evaluation.higher else -1.0
    theirs = [s for line, s in zip(lines, scores, strict=True) if line["method"] in RIVALS and s is not None]
    best = max(theirs, key=lambda s: sign * float(s.mean()), default=None)
    for line, own in zip(lines, scores, strict=True):
        line |= dict.fromkeys(BESIDE, "") if best is None or own is None or line["method"] not in METHODS else beside(sign * (own - best))
    return lines


BESIDE = ("beside", "beside_low", "beside_high")


def beside(difference: np.ndarray) -> Record:
    """Columns for the difference to the best rival, sample by sample [n], with its interval."""
    return {k: f"{v:.5f}" for k, v in zip(BESIDE, (difference.mean(), *interval(difference)), strict=True)}


def updated(old: list[Record], new: list[Record]) -> list[Record]:
    """Lines in the order of networks, widths and methods; of two for the same thing the new one."""
    found = {(r["network"], r["method"], int(r["bits"])): r for r in (*old, *new)}
    networks, methods = [e.name for e in evaluations()], ["float", *METHODS, *RIVALS]
    last = len(networks)
    place = {name: k for k, name in enumerate(networks)}
    return [found[k] for k in sorted(found, key=lambda k: (place.get(k[0], last), k[0], k[1] in RIVALS, -k[2], methods.index(k[1])))]


def show(line: Record) -> None:
    """A line of the table on the screen."""
    number = line["version"]
    if line["score"]:
        score, change, low, high = (float(line[k]) for k in ("score", "change", "low", "high"))
        number = f"{score:9.4f} {change:+9.4f} [{low:+.4f}, {high:+.4f}]"
    print(f"{line['network']:33} {line['method']:16} {line['bits']:3} {number} {line['seconds']} {line['state']} {line['agreement']}", flush=True)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="networks whose name holds this text")
    parser.add_argument("--methods", nargs="*", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--bits", nargs="*", type=int, default=[8, 7])
    parser.add_argument("--finished", action="store_true", help="measure nothing: the lines that are kept already")
    parser.add_argument("--no-rivals", action="store_true", help="leave the rivals out")
    parser.add_argument("--update", action="store_true", help="lines of the results that are not measured now stay, with the commit they are of")
    parser.add_argument("--csv", type=Path, help="where to write [the results of the repository, when nothing was left out]")
    args = parser.parse_args()
    lines: list[Record] = []
    for evaluation in evaluations():
        if args.only.lower() in evaluation.name.lower():
            lines += measure(evaluation, args.methods, args.bits, args.finished, not args.no_rivals)
    whole = not args.only and not args.no_rivals and args.methods == list(METHODS) and args.bits == [8, 7]
    target = args.csv or (RESULTS if whole or args.update else None)
    if args.update and target and target.exists():
        with target.open() as f:
            lines = updated(list(csv.DictReader(f)), lines)
    if target:
        with target.open("w", newline="") as f:
            out = csv.DictWriter(f, max((list(line) for line in lines), key=len), lineterminator="\n", restval="")  # old lines have fewer
            out.writeheader()
            out.writerows(lines)


if __name__ == "__main__":
    main()
