"""Results of a float network and of its integers beside each other, on any input, and the values inside if wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pith.graph import Graph, InputError, ShapeError
from pith.quant.calibration import Compile, Inside, Samples
from pith.quant.cores import in_order
from pith.quant.measure import Difference

_REAL = ".real"  # how the exported value before its rounding begins, behind the float network's name (see insert.py)


@dataclass(frozen=True, slots=True)
class Beside:
    """One value in both networks, over all samples. cosine: mean.  sqnr: dB.  largest: the largest absolute difference.
    span: largest minus smallest value of the float network.  agree: share of samples whose largest element is the same one."""

    name: str
    cosine: float
    sqnr: float
    largest: float
    span: float
    agree: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """outputs: of the results.  layers: of values inside, in order (empty unless asked for).  samples: how many."""

    outputs: tuple[Beside, ...]
    layers: tuple[Beside, ...]
    samples: int

    def plain(self) -> dict[str, Any]:
        """As data for JSON."""
        return asdict(self)

    def text(self) -> str:
        """A table, the results last."""
        rows = [*self.layers, *self.outputs]
        width = max([len(r.name) for r in rows], default=5)
        lines = [f"float beside integer, {self.samples} sample{'s' if self.samples != 1 else ''}",
                 f"{'value':<{width}}  {'cosine':>9}  {'SQNR dB':>7}  {'largest difference':>18}  {'range':>9}  {'same top':>8}"]  # fmt: skip
        for k, r in enumerate(rows):
            if k == len(self.layers) and self.layers:
                lines.append("results")
            agree = f"  {r.agree:8.1%}" if k >= len(self.layers) else ""
            lines.append(f"{r.name:<{width}}  {r.cosine:9.6f}  {r.sqnr:7.1f}  {r.largest:18.5g}  {r.span:9.4g}{agree}")
        return "\n".join(lines)


class _Both:
    """One value, sample by sample."""

    def __init__(self) -> None:
        self.difference = Difference()
        self.largest = 0.0
        self.ends = (np.inf, -np.inf)
        self.same = 0

    def add(self, exact: np.ndarray, found: np.ndarray) -> None:
        self.difference.add(Difference.between(exact, found))
        if not exact.size:
            return
        self.largest = max(self.largest, float(np.abs(found.astype(np.float64) - exact).max()))
        self.ends = (min(self.ends[0], float(exact.min())), max(self.ends[1], float(exact.max())))
        self.same += int(exact.argmax() == found.argmax())

    def done(self, name: str) -> Beside:
        d, n = self.difference, max(self.difference.samples, 1)
        return Beside(name, d.cosine, d.sqnr, self.largest, max(self.ends[1] - self.ends[0], 0.0), self.same / n)


def real_names(exact: Graph, quantised: Graph) -> dict[str, str]:
    """For values of a float graph what a quantised model that Pith wrote calls them before rounding."""
    have = set(quantised.types)
    reals: dict[str, str] = {}
    for name in have:
        stem, found, rest = name.rpartition(_REAL)
        if found and (not rest or rest[1:].isdigit()):
            reals[stem] = name
    return {v: reals.get(v, v) for v in exact.types if v in have or v in reals}


def compared(
    exact: Graph, quantised: Graph, before: Mapping[str, str], samples: Samples, compile: Compile, *, layers: bool
) -> Comparison:
    """Run both, compiled, on all samples. before: what a value of `exact` is called in `quantised` before it is rounded.

    Outputs go by name, else by place. Raises ShapeError where the two networks do not have the same inputs and outputs,
    InputError when layers are wanted and none can be matched.
    """
    if [exact.types[i] for i in exact.inputs] != [quantised.types[i] for i in quantised.inputs]:
        raise ShapeError("the two networks have different inputs", why=f"{_ports(exact, exact.inputs)} and {_ports(quantised, quantised.inputs)}")
    if len(exact.outputs) != len(quantised.outputs):
        raise ShapeError("the two networks have different outputs", why=f"{_ports(exact, exact.outputs)} and {_ports(quantised, quantised.outputs)}")
    by_name = set(exact.outputs) == set(quantised.outputs)
    results = {o: o if by_name else quantised.outputs[k] for k, o in enumerate(exact.outputs)}
    inner = _inner(exact, quantised, before) if layers else {}
    pairs = {**inner, **results}
    outputs = {o: _Both() for o in results}
    inside = {v: _Both() for v in inner}
    renamed = dict(zip(exact.inputs, quantised.inputs, strict=True))
    with Inside(exact, pairs, compile) as one, Inside(quantised, pairs.values(), compile) as two:
        for a, b in in_order(lambda feed: (one.run(feed), two.run({renamed[i]: x for i, x in feed.items()})), samples, size=2 * one.size):
            for v, both in outputs.items():
                both.add(a[v], b[results[v]])
            for v, both in inside.items():
                both.add(a[v], b[inner[v]])
    return Comparison(tuple(d.done(o) for o, d in outputs.items()), tuple(d.done(v) for v, d in inside.items()), len(samples))


def _inner(exact: Graph, quantised: Graph, before: Mapping[str, str]) -> dict[str, str]:
    """Values of layers that both graphs have, in order."""
    found = {}
    for node in exact.nodes:
        v = node.outputs[0] if node.outputs else ""
        other = before.get(v, v)
        if v and v not in exact.outputs and other in quantised.types and other not in quantised.constants:
            a, b = exact.types[v], quantised.types[other]
            if a == b and a.dtype.is_float and a.size:
                found[v] = other
    if not found:
        raise InputError("no layer of the two networks can be matched", why="they share no names of values",
                         try_="a quantised model that Pith wrote from this very network, or compare the results alone")  # fmt: skip
    return found


def _ports(graph: Graph, names: list[str]) -> str:
    return ", ".join(f"{n} {graph.types[n]}" for n in names) or "none"
