"""`pith.quantize`: composes importer, calibration, search, report, export and compilation."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pith.api import Shapes, compile_graph, expand_shapes, import_model
from pith.graph import Graph, InputError, ShapeError
from pith.quant.calibration import Progress, Runs, open_samples, ports_of
from pith.quant.compare import Comparison, compared, real_names
from pith.quant.flow import Outcome, front, quantize_graph
from pith.quant.mixed import quantize_to
from pith.quant.options import Options
from pith.quant.report import Report, make_report
from pith.quant.sensitivity import sensitivity
from pith.report.files import check_place, write_whole
from pith.report.quantization import write
from pith.runtime.inputs import Preprocess
from pith.runtime.session import Session

_OPT = "-O1"  # of networks that are compiled to look inside: -O3 would take longer than it saves
SAMPLES = 1000  # of the data that a comparison takes, unless told otherwise


@dataclass(slots=True, repr=False)
class Quantized:
    """A quantised network. graph: with quantize_linear and dequantize_linear nodes, not yet optimised.  report: what it cost.
    outcome: scales, plan and the float graph, for those who look deeper.  how: how its pictures become arrays (None: nothing says it)."""

    graph: Graph
    report: Report
    outcome: Outcome
    how: Preprocess | None = None

    def __repr__(self) -> str:
        r = self.report
        return f"<Quantized {r.network or 'network'}: {r.method}, {r.bits} bits, {len(r.layers)} layers, {len(r.kept)} in floats>"

    def compile(self, target: str = "host", **options: Any) -> Session:
        """As `pith.compile`, of the quantised network."""
        from pith.api import compile

        return compile(self.graph, target, **options)

    def save_onnx(self, path: str | Path) -> None:
        """Write it as a standard ONNX model (QDQ form, opset 21), whole or not at all. Raises UnsupportedError, InputError."""
        from pith.exporters.onnx import to_onnx

        path = Path(path)
        check_place(path)
        write_whole(path, to_onnx(self.graph).SerializeToString(deterministic=True))

    def save_report(self, path: str | Path) -> list[Path]:
        """Write the report: .html (one page that needs nothing else, and a .json file beside it), .json or .txt; returns the files.

        Raises InputError for another name, or a folder that is not there.
        """
        path = Path(path)
        check_report_path(path)
        return write(path, self.report.plain(), self.report.text())

    def compare(self, data: Any, *, layers: bool = False, samples: int = SAMPLES) -> Comparison:
        """Its integer results beside those of the float network, on samples that `pith.quantize` would take too (see `compare`)."""
        return compare(self.outcome.source, self, data, layers=layers, samples=samples)


def _said(graph: Graph, preprocess: str | None = None) -> Preprocess | None:
    """How pictures become arrays: as asked, or as the model records; None where nothing says it. Raises InputError."""
    text = preprocess or graph.metadata.get("pith.preprocess")
    return Preprocess.parse(text) if text else None


def check_report_path(path: Path) -> None:
    """Refuse a place for the report that cannot be written, before any work. Raises InputError."""
    check_place(path, (".html", ".json", ".txt"))
    if path.suffix == ".html":
        check_place(path.with_suffix(".json"))


def check_samples(model: Any, data: Sequence[Any], *, shapes: Shapes | None = None, preprocess: str | None = None) -> None:
    """Read all that a quantised `model` will be compared on, before any work. Raises InputError as `compare` would."""
    graph = import_model(model, dict(shapes or {}))  # type: ignore[arg-type]
    how = _said(graph, preprocess)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one sample is enough here
        for one in data:
            for _ in open_samples(one, ports_of(graph), images=SAMPLES, how=how):
                pass


def samples_of(model: Any, data: Any = None, *, count: int = 24, shapes: Shapes | None = None) -> list[dict[str, np.ndarray]]:
    """The arrays, by input, that `pith.quantize` would calibrate `model` with: from `data`, or where that is None, normal noise.

    Raises InputError as `quantize` does.
    """
    graph = import_model(model, dict(shapes or {}))  # type: ignore[arg-type]
    ports = ports_of(graph)
    if data is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `quantize` itself has them
            return [dict(s) for s in open_samples(data, ports, images=count, how=_said(graph))]
    rngs = [np.random.default_rng(1000 + k) for k in range(count)]
    return [{p.name: np.asarray(rng.standard_normal(p.shape) if p.np.kind == "f" else rng.integers(0, 2, p.shape)).astype(p.np) for p in ports} for rng in rngs]


def compare(exact: Any, quantised: Any, data: Any, *, layers: bool = False, samples: int = SAMPLES, shapes: Shapes | None = None) -> Comparison:
    """Results of a quantised network, in integers as compiled, beside those of the float network it was made from.

    exact: the float network, as for `pith.compile`.  quantised: what `pith.quantize` returned, or a quantised model, as for
    `pith.compile` too, with the same inputs and outputs.  data: a picture, a folder, arrays, ... as calibration data are.
    layers: compare the values inside too, as far as both networks have them (those of a model that Pith made, all).
    samples: at most how many. Raises PithError subclasses.
    """
    one = _opened(exact, shapes)
    if isinstance(quantised, Quantized):
        two, before, how = quantised.graph, quantised.outcome.inserted.before, quantised.how
    else:
        two = _opened(quantised, shapes)
        before, how = {}, _said(one)
    if layers:
        one = front(one)
        before = before or real_names(one, two)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one sample is enough here
        found = open_samples(data, ports_of(one), images=samples, how=how)
    return compared(one, two, before, found, _look_inside, layers=layers)


def _opened(model: Any, shapes: Shapes | None) -> Graph:
    """As `import_model`; a Graph has its shapes already, beside a model that wants some."""
    return import_model(model) if isinstance(model, Graph | Quantized) else import_model(model, dict(shapes or {}))  # type: ignore[arg-type]


def _look_inside(graph: Graph) -> Runs:
    return compile_graph(graph, opt=_OPT)


def _forward(progress: Progress | None, share: float) -> Progress:
    """`progress`, told `share` of what is done, and never less than before."""
    furthest = 0.0

    def say(what: str, done: float) -> None:
        nonlocal furthest
        furthest = max(furthest, min(done * share, 1.0))
        if progress is not None:
            progress(what, furthest)

    return say


def quantize(
    model: Any, calibration: Any, *, method: str = "easyquant", bits: int = 8, weight_bits: int | None = None,
    activation_bits: int | None = None, images: int = 50, seed: int = 0,
    shapes: Shapes | None = None, preprocess: str | None = None, symmetric: bool = False, improve: bool = True,
    equalize: bool = False, mode: str = "paper", start: str = "", keep_float: Sequence[str] = (), min_cosine: float | None = None,
    float_outputs: bool | None = None, integers_only: bool = False, best: bool = False, mixed: bool = True, explain: bool = False,
    progress: Progress | None = None,
) -> Quantized:  # fmt: skip
    """Quantise a float network after training: its sums of products and what lies between become 8-bit (7-bit) integers.

    model: as for `pith.compile`, a float network.  calibration: a folder of pictures, a .npy or .npz file, an array with
    samples along the first axis, or an iterable of arrays; like what the network will see, and none that it is judged by.
    method: easyquant, minmax, kl, percentile, mse, entropy, moving.  bits: 8 or 7;  weight_bits (4 too) and activation_bits
    (16 too) where the two differ.  images: how many samples to use, drawn by `seed`.  preprocess: how
    pictures become arrays, JSON as `pith run --preprocess` takes it [what the model records].  symmetric: activations of a
    signed type around zero instead of an unsigned one.  improve: weights rounded together, biases corrected.  equalize: even
    out channel ranges between convolutions first.  mode: "paper" or "released", the two forms of EasyQuant;  start: the
    method whose ranges it begins with.  keep_float: names of layers to leave in floats.  min_cosine: leave as many layers in
    floats, the worst first, as it takes for every output to keep this cosine.  float_outputs: do not round the results
    [True, but for integers_only].
    integers_only: leave nothing in floats that has an integer form: functions like gelu are tables, which costs a rounding each, and
    8-bit networks give the same bits everywhere.
    improve too: every fifth sample is kept from the search, and chosen by the results on those: whether channels are evened out first, and
    which state of the search is taken. In the end a few layers stay in floats where that pays: not with integers_only, min_cosine, weights
    of 4 or activations of 16 bits.  best: among plain ranges too, and layers in floats with weights of 4 or activations of 16 bits as well; not
    without improve.
    mixed: false: no layer stays in floats to make the results better; other runtimes then compute the same integers, but behind functions
    other than ReLU and clip. Not with min_cosine.
    explain: measure what each layer does to the results, for the report's ranking (as many runs of the network as it has
    layers, on a few samples).  progress: called with (stage, 0..1).
    Raises PithError subclasses. The same input gives the same bits.
    """
    say = _forward(progress, 0.8 if explain else 1.0)
    if len(expand_shapes(shapes)) != 1:
        raise ShapeError("several shapes cannot be quantised at once", try_="one shape for each input")
    options = Options(method, weight_bits or bits, activation_bits or bits, symmetric, start=start, mode=mode, rounding=improve,
                      bias=improve, equalize=equalize,
                      keep=frozenset(keep_float), float_outputs=not integers_only if float_outputs is None else float_outputs,
                      by_results=improve, best=best, mixed=mixed, integers_only=integers_only,
                      wider=improve and not integers_only and min_cosine is None and (weight_bits or bits) >= 7 and (activation_bits or bits) <= 8)  # fmt: skip
    options.check()
    if best and not improve:
        raise InputError("the best of all that is tried, without what improves it", why="best tries improved networks too", try_="one of the two")
    if min_cosine is not None and not mixed:
        raise InputError("a smallest cosine without layers in floats", why="it is reached by leaving layers in floats", try_="one of the two")
    say("import", 0.0)
    graph = import_model(model, dict(shapes or {}))  # type: ignore[arg-type]
    how = _said(graph, preprocess)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        samples = open_samples(calibration, ports_of(graph), images=images, seed=seed, how=how)
        if preprocess and not samples.pictures:
            warnings.warn("the preprocessing is for pictures: the samples are arrays, which are taken as they are", stacklevel=2)
    for warning in caught:
        warnings.warn(warning.message, stacklevel=2)
    if min_cosine is None:
        outcome = quantize_graph(graph, samples, _look_inside, options, say)
    else:
        outcome, options = quantize_to(min_cosine, graph, samples, _look_inside, options, say)
    outcome.warnings += [str(w.message) for w in caught]
    measured = None
    if explain:
        measured = sensitivity(outcome.source, outcome.plan, outcome.numbers, samples, _look_inside, lambda what, done: say(what, 1 + done / 4))
    say("done", 1.25 if explain else 1.0)
    return Quantized(outcome.graph, make_report(outcome, options, len(samples), measured), outcome, how)
