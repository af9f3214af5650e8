"""lstm, gru and rnn in C against their references, with run-time and with constant weights."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pith.ops.recurrent import ACTIVATIONS
from tests.kernels.batch import TARGETS, Case, floats, run, sanitize

GATES = {"lstm": 4, "gru": 3, "rnn": 1}
FUNCTIONS = {"lstm": 3, "gru": 2, "rnn": 1}
OPS = tuple(GATES)


def case(
    op: str, *, dtype: str = "float32", steps: int = 5, batch: int = 3, inputs: int = 7, hidden: int = 6, direction: str = "forward",
    bias: bool = True, lengths: bool = True, initial: bool = True, peepholes: bool = False, constant: bool = False, **attrs: Any,
) -> Case:  # fmt: skip
    rng = np.random.default_rng(steps + hidden)
    d, g = 2 if direction == "bidirectional" else 1, GATES[op] * hidden

    def f(*shape: int) -> np.ndarray:
        return floats(rng, shape, dtype, 0.5)

    given = [f(steps, batch, inputs), f(d, g, inputs), f(d, g, hidden), f(d, 2 * g) if bias else None]
    given += [rng.integers(0, steps + 1, batch).astype(np.int32) if lengths else None, f(d, batch, hidden) if initial else None]
    if op == "lstm":
        given += [f(d, batch, hidden) if initial else None, f(d, 3 * hidden) if peepholes else None]
    outputs = (0, 1, 2) if op == "lstm" else (0, 1)
    return Case(op, given, {"direction": direction, **attrs}, outputs, (1, 2, 3) if constant and bias else (), slack=64)


def variants(op: str, **fixed: Any) -> list[Case]:
    directions = ("forward", "reverse", "bidirectional")
    flags = itertools.product(directions, *[(False, True)] * 3)
    made = [case(op, direction=d, bias=b, lengths=s, initial=i, **fixed) for d, b, s, i in flags]
    made.append(case(op, hidden=33, inputs=18, direction="bidirectional", clip=0.25, **fixed))
    if op == "lstm":
        made += [case(op, peepholes=True, direction=d, input_forget=f, **fixed) for d in directions for f in (False, True)]
    if op == "gru":
        made += [case(op, linear_before_reset=True, direction=d, **fixed) for d in directions]
    return made


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("op", OPS)
def test_directions_lengths_states(op: str, constant: bool, target: str) -> None:
    run(variants(op, constant=constant), target)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("op", OPS)
def test_lanes(op: str, target: str) -> None:
    """Batches that share a pass over the weights, hidden units that fill no vector, bounds and states."""
    fixed: dict[str, Any] = {"constant": True, **({"linear_before_reset": True} if op == "gru" else {})}
    made = [
        case(op, direction="bidirectional", hidden=33, inputs=9, batch=batch, lengths=lengths, initial=initial, **fixed)
        for batch, lengths, initial in ((1, False, True), (5, False, False), (3, True, True), (7, False, True))
    ]
    made.append(case(op, hidden=64, direction="reverse", lengths=False, clip=0.25, activations=("relu", "tanh", "sigmoid")[: FUNCTIONS[op]], **fixed))
    if op == "lstm":
        made.append(case(op, hidden=40, cell_clip=0.125, lengths=False, **fixed))
    run(made, target, None if target == "c99" else "lanes")


@pytest.mark.parametrize("dtype", ["float64", "float16"])
@pytest.mark.parametrize("op", OPS)
def test_element_types(op: str, dtype: str) -> None:
    run(variants(op, dtype=dtype)[::3], "host")


@pytest.mark.parametrize("op", OPS)
def test_activations(op: str) -> None:
    n = FUNCTIONS[op]
    made = [case(op, activations=(name, "sigmoid", "softsign")[:n]) for name in ACTIVATIONS]
    # two directions with functions of their own; the numbers go to those that take one
    mixed = (("leakyrelu", "tanh", "tanh")[:n]) + (("elu", "softsign", "tanh")[:n])
    made.append(case(op, direction="bidirectional", activations=mixed, activation_alpha=(0.7, 0.3)))
    run(made, "host")


def test_outputs_left_out() -> None:
    made = []
    for wanted in ((0,), (1,), (2,), (0, 2)):
        c = case("lstm")
        c.outputs = wanted
        made.append(c)
    run(made, "host")


def test_sanitizers(tmp_path: Path) -> None:
    sanitize([c for op in OPS for c in variants(op)[::4] + variants(op, constant=True)[::5]], tmp_path)
