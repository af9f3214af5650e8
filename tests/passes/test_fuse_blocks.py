"""Depthwise convolutions with the 1x1 convolutions around them: what becomes a chain, and what must not."""

from __future__ import annotations

from typing import Any

import pytest

from pith.graph import DType, Graph
from pith.kernels.base import DEFAULTS
from pith.lower.chains import apart
from pith.passes import fuse_blocks, fuse_epilogue
from pith.targets.base import get_target
from tests.passes.helpers import Builder, check, ops


class Blocks(Builder):
    """Convolutions over [1, 6, 6, c], channels last."""

    def point(self, x: str, out: int, **attrs: Any) -> str:
        return self.layer(x, (out, self.graph.types[x].shape[-1], 1, 1), **attrs)

    def depth(self, x: str, **attrs: Any) -> str:
        c = self.graph.types[x].shape[-1]
        return self.layer(x, (c, 1, 3, 3), **{"pads": (1,) * 4, "group": c, **attrs})

    def layer(self, x: str, w: tuple[int, ...], **attrs: Any) -> str:
        common = {"strides": (1, 1), "pads": (0,) * 4, "dilations": (1, 1), "group": 1, "layout": "channels_last"}
        return self("conv", x, self.random(*w), self.random(w[0]), **{**common, **attrs})


def fused(b: Blocks, *outputs: str) -> Graph:
    return check(b.done(*outputs), fuse_epilogue.run, fuse_blocks.run)


def stages(graph: Graph) -> list[int]:
    return [len(n.attrs["stages"]) if n.op == "conv_chain" else 1 for n in graph.nodes if n.op in ("conv", "conv_chain")]


def test_inverted_residual() -> None:
    b = Blocks()
    x = b("neg", b.input(1, 6, 6, 4))
    y = b("add", b.point(b("relu", b.depth(b("relu", b.point(x, 12)))), 4), x)
    new = fused(b, b("neg", y))
    assert ops(new) == {"neg": 1, "conv_chain": 1}
    assert stages(new) == [3] and len(new.nodes[1].origin) == 7
    assert new.nodes[1].inputs.count(x) == 2


def test_sandglass() -> None:
    """Depthwise, reduction, expansion, depthwise: a pair, and a pair with nothing left over."""
    b = Blocks()
    x = b("neg", b.input(1, 6, 6, 8))
    y = b("add", b.depth(b("relu", b.point(b.point(b("relu", b.depth(x)), 2), 8))), x)
    new = fused(b, b("neg", y))
    assert stages(new) == [2, 1, 1], "the residual is read in the last depthwise, which stays alone"
    b = Blocks()
    y = b.depth(b("relu", b.point(b.point(b("relu", b.depth(b.input(1, 6, 6, 8))), 2), 8)))
    assert stages(fused(b, b("neg", y))) == [2, 2]


def test_separable_convolutions() -> None:
    b = Blocks()
    y = b.input(1, 6, 6, 4)
    for c in (8, 8, 12):
        y = b.point(b("relu", b.depth(y)), c)
    assert stages(fused(b, b("neg", y))) == [2, 2, 2]


def test_extras_of_each_channel_stay_with_their_stage() -> None:
    b = Blocks()
    x = b.input(1, 6, 6, 4)
    y = b("prelu", b.point(x, 12), b.random(12))
    y = b("prelu", b.depth(y, strides=(2, 2)), b.random(12))
    new = fused(b, b("neg", b("prelu", b.point(y, 4), b.random(4))))
    assert stages(new) == [3] and new.nodes[0].attrs["counts"] == (3, 3, 3)


@pytest.mark.parametrize("where", ["expanded", "convolved"])
@pytest.mark.parametrize("how", ["read", "output"])
def test_not_where_what_lies_between_is_wanted(where: str, how: str) -> None:
    b = Blocks()
    e = b("relu", b.point(b.input(1, 6, 6, 4), 12))
    d = b("relu", b.depth(e))
    y = b("neg", b.point(d, 4))
    seen = e if where == "expanded" else d
    other = b("reduce", seen, kind="sum", axes=(1, 2), keepdims=True) if how == "read" else seen
    new = fused(b, y, other)
    assert stages(new) == ([1, 2] if where == "expanded" else [2, 1])


def test_not_where_the_second_is_an_extra_of_the_third() -> None:
    """A 1x1 convolution that adds the depthwise result does not read it as its input."""
    b = Blocks()
    x = b.input(1, 6, 6, 4)
    d = b.depth(x)
    new = fused(b, b("neg", b("add", b.point(x, 4), d)))
    assert stages(new) == [1, 1]


@pytest.mark.parametrize("attrs", [{"strides": (2, 2)}, {"pads": (1, 0, 0, 0)}, {"group": 2}])
def test_only_products_over_all_pixels(attrs: dict[str, Any]) -> None:
    b = Blocks()
    d = b.depth(b.input(1, 6, 6, 4))
    weights = (4, 4 // attrs.get("group", 1), 1, 1)
    assert stages(fused(b, b("neg", b.layer(d, weights, **attrs)))) == [1, 1]


def test_not_in_other_types() -> None:
    b = Blocks()
    x = b.input(1, 6, 6, 4, dtype=DType.F64)
    common: dict[str, Any] = {"strides": (1, 1), "pads": (0,) * 4, "dilations": (1, 1), "layout": "channels_last"}
    d = b("conv", x, b.const(b.rng.standard_normal((4, 1, 3, 3)), DType.F64), group=4, **common)
    y = b("conv", d, b.const(b.rng.standard_normal((4, 4, 1, 1)), DType.F64), group=1, **common)
    assert stages(fused(b, b("neg", y))) == [1, 1]


def test_apart_is_the_inverse() -> None:
    """The convolutions a chain was made of, with their attributes, inputs and result."""
    b = Blocks()
    x = b("neg", b.input(1, 6, 6, 4))
    y = b("add", b.point(b("relu", b.depth(b("relu", b.point(x, 12)))), 4), x)
    chain = fused(b, b("neg", y))
    new = check(chain, lambda g: g.nodes.__setitem__(slice(None), _apart(g)))
    assert ops(new) == {"neg": 1, "conv": 3}
    assert [n.outputs for n in chain.nodes if n.op == "conv_chain"] == [[n for n in new.nodes if n.op == "conv"][-1].outputs]


def _apart(graph: Graph) -> Any:
    new = apart(graph, get_target("x86-64-v3").isa, DEFAULTS)
    graph.types.update(new.types)
    return new.nodes
