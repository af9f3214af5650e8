"""How results are judged, before a last softmax, and the few layers in floats that pay for themselves.

The ranking is measured (see sensitivity.py), and so is what it gains: the network is run with the first 1, 2, ... layers of the ranking in
floats, every other number as it was found, on samples that nothing was fitted to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from pith.graph import DType, Graph
from pith.quant.insert import Numbers
from pith.quant.plan import Plan

SHARE = 0.2  # of the layers that may stay in floats
FRUITLESS = 3  # so many more layers in floats that do not pay end the search
PRICE = 1.12  # each of them has to divide the power of the error by as much
ENOUGH = 10**-5.0  # power of the error over that of the results (50 dB: pictures of 38 dB lose 0.05 dB), below which no layer is kept
Tried = TypeVar("Tried")
Seen = TypeVar("Seen")
_SATURATING = ("softmax", "log_softmax", "sigmoid")


def judged(graph: Graph) -> list[str]:
    """The float32 values that results are judged by: outputs, and of those that a softmax or sigmoid makes, what it reads.

    Where one class is certain a softmax hides every error, and where two are close it shows little else; what it reads has errors of one
    size everywhere.
    """
    makers = graph.producers()
    found = []
    for v in graph.outputs:
        maker = makers.get(v)
        while maker is not None and maker.op in (*_SATURATING, "reshape") and maker.inputs[0] in makers:
            if maker.op in _SATURATING:
                v = maker.inputs[0]
                break
            maker = makers.get(maker.inputs[0])
        if graph.types[v].dtype is DType.F32 and graph.types[v].size and v not in found:
            found.append(v)
    return found


def most(layers: int) -> int:
    """How many of so many layers may stay in floats: that share, rounded up, and at least one stays in integers."""
    return min(math.ceil(SHARE * layers), layers - 1)


def carried(old: Plan, numbers: Numbers, new: Plan) -> Numbers | None:
    """The numbers of a plan for another one of the same graph with fewer layers; None where that has values or layers of its own."""
    if any(v not in old.group for v in new.group) or any(layer.weights and layer.key not in numbers.weights for layer in new.layers):
        return None
    grids = {root: numbers.grids[old.group[root]] for root in dict.fromkeys(new.group.values())}
    keys = {layer.key for layer in new.layers}
    return Numbers(grids, {k: w for k, w in numbers.weights.items() if k in keys}, {k: b for k, b in numbers.biases.items() if k in keys})


def decibels(error: float) -> str:
    """A power of an error over that of what it is in, as people write it: 20.0 for a hundredth."""
    return f"{-10 * math.log10(error):.1f}" if 0 < error < math.inf else "-" if error else "no error"


def note(names: Sequence[str], asked: bool) -> str:
    """What to say of the layers that stay in floats; asked: whether they may without `best`."""
    why = "" if asked else "; `best` allows it, without it all layers have the bits asked for"
    return f"in floats: {', '.join(names)}, for the error of the results they would make{why}"


def as_long_as_they_pay(error: float, tried: Sequence[Tried], look: Callable[[Sequence[Tried]], list[tuple[float, Seen]]]) -> tuple[list[float], list[Seen]]:
    """Look at what is to be `tried` (1, 2, ... layers in floats), a few at a time, until FRUITLESS of them in a row do not pay.

    error: with none.  look: gives for each its error, and what else was seen.  Returns all errors from that with none on, and what was seen.
    """
    errors = [error]
    seen: list[Seen] = []
    while len(seen) < len(tried) and len(seen) - cheapest(errors) < FRUITLESS:
        for found, what in look(tried[len(seen) : len(seen) + FRUITLESS]):
            errors.append(found)
            seen.append(what)
    return errors, seen


def cheapest(errors: Sequence[float]) -> int:
    """How many layers to leave in floats, given the error's power with 0, 1, 2, ... of them: each must be worth its PRICE."""
    if not errors or errors[0] <= ENOUGH:
        return 0
    priced = [e * PRICE**k for k, e in enumerate(errors)]
    return min(range(len(priced)), key=priced.__getitem__)
