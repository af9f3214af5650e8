"""The graph with its roundings to bfloat16, and the errors of its layers, against arithmetic done here."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from pith.api import compile_graph, stages
from pith.graph import DType, Graph, TensorType
from pith.lower.rounding import errors, explicit
from pith.ops.base import add_node, load_all
from pith.ops.interpret import run_reference

load_all()
RNG = np.random.default_rng(0)
FIRST, SECOND = (RNG.standard_normal(s).astype(np.float32) for s in ((64, 80), (80, 48)))
X = RNG.standard_normal((40, 64)).astype(np.float32)


def network() -> Graph:
    """Two products with a ReLU between them, both large enough for tiles."""
    g = Graph("net", inputs=["x"], types={"x": TensorType(DType.F32, X.shape)})
    for name, w in (("a", FIRST), ("b", SECOND)):
        g.set_constant(name, w)
    hidden = add_node(g, "relu", [add_node(g, "matmul", ["x", "a"], {})], {})
    g.outputs = [add_node(g, "matmul", [hidden, "b"], {}, outputs=["y"])]
    return g


def short(x: np.ndarray) -> np.ndarray:
    return x.astype(ml_dtypes.bfloat16).astype(np.float64)


def wanted(first: bool = True, second: bool = True) -> np.ndarray:
    """The result in float64 where the first and the second product round."""
    f, s = (short if on else (lambda x: x.astype(np.float64)) for on in (first, second))
    return np.asarray(s(np.maximum(f(X) @ f(FIRST), 0).astype(np.float32)) @ s(SECOND))


def test_the_default_rounds_nothing() -> None:
    program = stages(network(), "x86-64-amx").programs[0]
    assert program.rounded == () and not any(s.rounds for s in program.steps)
    assert [n.op for n in explicit(program).nodes] == [n.op for n in program.graph.nodes]  # type: ignore[union-attr]


def test_roundings_as_nodes() -> None:
    """The reference and compiled code of this machine compute the same network, with the roundings and nothing else."""
    program = stages(network(), "x86-64-amx", precision="bf16").programs[0]
    assert len(program.rounded) == 2 and [s.rounds for s in program.steps] == [True, True]
    before = {k: v.copy() for k, v in program.graph.constants.items()}  # type: ignore[union-attr]
    graph = explicit(program)
    graph.validate()
    assert [n.op for n in graph.nodes] == ["cast", "cast", "matmul"] * 2
    for k, v in program.graph.constants.items():  # type: ignore[union-attr]
        np.testing.assert_array_equal(v, before[k])
    (reference,) = run_reference(graph, {"x": X})
    for got in (reference, compile_graph(graph, optimize=False)(X)):
        assert np.abs(got - wanted()).max() <= 2e-3 * np.abs(got).max() < np.abs(wanted() - wanted(False, False)).max()


def test_errors() -> None:
    """Of each layer alone, and with those before it; a layer that does not round makes none."""
    program = stages(network(), "x86-64-amx", precision="bf16").programs[0]
    (first, second), (output,) = errors(program, [{"x": X}])
    exact, size = wanted(False, False), np.abs(wanted(False, False)).max()
    np.testing.assert_allclose(second.own, np.abs(wanted(False) - exact).max() / size, rtol=0.02)
    np.testing.assert_allclose(second.total, np.abs(wanted() - exact).max() / size, rtol=0.05)
    assert 0 < first.own == first.total < 2.0**-7 and output.total == second.total
    same = wanted().argmax(1) == exact.argmax(1)
    assert abs(output.agree - same.mean()) < 1e-9
    twice = errors(program, [{"x": X}, {"x": np.zeros_like(X)}])[1][0]
    assert twice.total == output.total and twice.agree == (output.agree + 1) / 2
