"""Rewrites of rare operators, and the recognition of spelled-out activations and normalisations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pith.graph import DType
from pith.passes import decompose, recognize, recognize_norm, simplify
from tests.passes.helpers import Builder, check, ops


@pytest.mark.parametrize("layout", ["channels_first", "channels_last"])
def test_batch_norm(layout: str) -> None:
    b = Builder()
    x = b.input(2, 5, 3, 5)
    params = [b.random(5), b.random(5), b.random(5), b.const(np.abs(b.rng.standard_normal(5)) + 0.1)]
    y = b("batch_norm", x, *params, epsilon=1e-5, layout=layout)
    assert ops(check(b.done(y), decompose.run)) == {"mul": 1, "add": 1}


def test_division_by_powers_of_two_only() -> None:
    b = Builder()
    x = b.input(4)
    y = b("div", x, b.const([2.0, 0.25, -8.0, 1.0]))
    z = b("div", x, b.const([2.0, 0.25, -8.0, 3.0]))
    w = b("div", x, b.const([2.0, 0.25, -8.0, 0.0]))
    assert ops(check(b.done(y, z, w), decompose.run, exact=True)) == {"mul": 1, "div": 2}


POWERS = [(2.0, {"mul": 1}), (3.0, {"mul": 2}), (0.5, {"add": 1, "sqrt": 1}), (-1.0, {"reciprocal": 1}), (1.7, {"pow": 1})]


@pytest.mark.parametrize(("exponent", "left"), POWERS)
def test_powers(exponent: float, left: dict[str, int]) -> None:
    b = Builder()
    y = b("pow", b("abs", b.input(3, 4)), b.const(exponent))
    found = ops(check(b.done(y), decompose.run))
    found.pop("abs")
    assert found == left


def test_pool_of_the_whole_picture_is_a_mean() -> None:
    b = Builder()
    x = b.input(2, 3, 4, 5)
    attrs = {"strides": (1, 1), "dilations": (1, 1), "layout": "channels_first"}
    y = b("average_pool", x, kernel_shape=(4, 5), pads=(0,) * 4, **attrs)
    z = b("average_pool", x, kernel_shape=(4, 4), pads=(0,) * 4, **attrs)
    assert ops(check(b.done(y, z), decompose.run)) == {"reduce": 1, "average_pool": 1}


def test_reductions_keep_their_axes() -> None:
    b = Builder()
    x = b.input(2, 3, 4)
    y = b("reduce", x, kind="max", axes=(1,), keepdims=False)
    z = b("arg_reduce", x, kind="max", axis=2, keepdims=False, select_last_index=False)
    new = check(b.done(y, z), decompose.run, exact=True)
    assert all(n.attrs["keepdims"] for n in new.nodes if n.op != "reshape")


def _gate(b: Builder, x: str, kind: str) -> str:
    def c(v: float) -> str:
        return b.const(v)

    def mul(*f: str) -> str:
        out = f[0]
        for v in f[1:]:
            out = b("mul", out, v)
        return out

    def cubic() -> str:
        return mul(b("add", x, mul(c(0.044715), b("pow", x, c(3.0)))), c(math.sqrt(2 / math.pi)))

    def half_erf(argument: str) -> str:
        return b("add", b("erf", argument), c(1.0))

    return {
        "swish": lambda: mul(x, b("sigmoid", x)),
        "swish scaled": lambda: mul(b("sigmoid", mul(c(1.702), x)), x),
        "hard_swish": lambda: mul(x, b("hard_sigmoid", x, alpha=1 / 6, beta=0.5)),
        "hard_swish relu6": lambda: b("div", mul(x, b("clip", b("add", x, c(3.0)), min=0.0, max=6.0)), c(6.0)),
        "hard_swish relu6 first": lambda: mul(x, b("div", b("clip", b("add", c(3.0), x), min=0.0, max=6.0), c(6.0))),
        "mish": lambda: mul(x, b("tanh", b("softplus", x))),
        "mish by log": lambda: mul(x, b("tanh", b("log", b("add", b("exp", x), c(1.0))))),
        "gelu": lambda: mul(x, half_erf(b("div", x, c(math.sqrt(2)))), c(0.5)),
        "gelu half first": lambda: mul(mul(c(0.5), x), half_erf(mul(x, c(math.sqrt(0.5))))),
        "gelu half on gate": lambda: mul(x, mul(c(0.5), half_erf(b("div", x, c(1.41421356))))),
        "gelu tanh": lambda: mul(c(0.5), x, b("add", c(1.0), b("tanh", cubic()))),
        "gelu tanh factored": lambda: mul(c(0.5), mul(x, b("add", c(1.0), b("tanh", mul(c(0.7978845608), x, b("add", c(1.0), mul(c(0.044715), x, x))))))),
    }[kind]()


KINDS = ("swish", "swish scaled", "hard_swish", "hard_swish relu6", "hard_swish relu6 first", "mish", "mish by log", "gelu",
         "gelu half first", "gelu half on gate", "gelu tanh", "gelu tanh factored")  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_activation_is_recognised(kind: str) -> None:
    b = Builder()
    x = b("neg", b.input(3, 7))
    new = check(b.done(_gate(b, x, kind)), simplify.run, decompose.run, recognize.run)
    assert ops(new) == {"neg": 1, kind.split()[0]: 1}


def test_what_only_looks_like_an_activation_stays() -> None:
    b = Builder()
    x, y = b.input(3, 7), b.input(3, 7)
    outs = [
        b("mul", x, b("sigmoid", y)),
        b("mul", x, b("mul", b("sigmoid", x), b.const(2.0))),
        b("mul", b.const(0.5), b("mul", x, b("add", b("erf", x), b.const(1.0)))),
        b("mul", x, b("clip", b("add", x, b.const(3.0)), min=0.0, max=6.0)),
        b("mul", b("reduce", x, kind="sum", axes=(1,), keepdims=True), b("sigmoid", x)),
    ]
    new = check(b.done(*outs), recognize.run)
    assert len(new.nodes) == len(b.graph.nodes)


def _layer_norm(b: Builder, x: str, axes: tuple[int, ...], how: str) -> str:
    def mean(v: str) -> str:
        return b("reduce", v, kind="mean", axes=axes, keepdims=True)

    d = x if how.startswith("rms") else b("sub", x, mean(x))
    square = b("mul", d, d) if "mul" in how else b("pow", d, b.const(2.0))
    root = b("sqrt", b("add", mean(square), b.const(1e-5)))
    if "reciprocal" in how:
        return b("mul", d, b("reciprocal", root))
    if "one over" in how:
        return b("mul", b("div", b.const(1.0), root), d)
    return b("div", d, root)


@pytest.mark.parametrize("how", ["div", "div mul", "reciprocal", "one over", "rms mul", "rms reciprocal"])
@pytest.mark.parametrize("affine", [0, 1, 2])
def test_normalisation_is_recognised(how: str, affine: int) -> None:
    b = Builder()
    y = _layer_norm(b, b.input(2, 5, 8), (2,), how)
    if affine:
        y = b("mul", y, b.random(8))
    if affine == 2:
        y = b("add", b.random(1, 1, 8), y)
    new = check(b.done(y), recognize_norm.run)
    kind = "rms_norm" if how.startswith("rms") else "layer_norm"
    assert ops(new) == ({kind: 1, "add": 1} if kind == "rms_norm" and affine == 2 else {kind: 1})


def test_two_trailing_axes() -> None:
    b = Builder()
    y = b("mul", _layer_norm(b, b.input(2, 5, 8), (1, 2), "div"), b.random(5, 8))
    assert ops(check(b.done(y), recognize_norm.run)) == {"layer_norm": 1}


def test_normalisation_over_leading_axes_stays() -> None:
    b = Builder()
    y = _layer_norm(b, b.input(2, 5, 8), (1,), "div")
    assert "layer_norm" not in ops(check(b.done(y), recognize_norm.run))


def test_shared_normalisation_keeps_its_scale_apart() -> None:
    b = Builder()
    y = _layer_norm(b, b.input(2, 8), (1,), "div")
    new = check(b.done(b("mul", y, b.random(8)), b("exp", y)), recognize_norm.run)
    assert ops(new) == {"layer_norm": 1, "mul": 1, "exp": 1}


def test_half_precision_is_left_as_it_rounds() -> None:
    b = Builder()
    x = b.input(2, 4, 3, 3, dtype=DType.F16)
    params = [b.const(np.ones(4), DType.F16) for _ in range(4)]
    y = b("pow", b("batch_norm", x, *params, epsilon=1e-3, layout="channels_first"), b.const(2.0, DType.F16))
    assert ops(check(b.done(y), decompose.run, exact=True)) == {"batch_norm": 1, "pow": 1}
