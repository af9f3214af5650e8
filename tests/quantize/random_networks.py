"""Small random float networks whose quantised form is integers from end to end, and many of them in one graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import Graph, Node
from tests.passes.helpers import Builder

# Functions that have the same bits everywhere behind a sum: no exponentials.
_FUNCTIONS = ("relu", "clip", "leaky_relu", "hard_swish", "hard_sigmoid", "prelu", "abs", "neg")
_LEAST = 4  # pixels on a side


class _Maker:
    """Grows a network node by node; `live` are the pictures so far, each (name, channels, side)."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.b = Builder(seed)
        channels, side = int(self.rng.choice([1, 3, 4, 7])), int(self.rng.integers(7, 15))
        self.live = [(self.b.input(1, channels, side, side + int(self.rng.integers(0, 3))), channels, side)]
        self.read: set[str] = set()

    def pick(self) -> tuple[str, int, int]:
        """One of the latest pictures, the last as often as not."""
        at = -1 if self.rng.random() < 0.6 else int(self.rng.integers(len(self.live)))
        self.read.add(self.live[at][0])
        return self.live[at]

    def grow(self, x: str, channels: int) -> None:
        side = min(self.b.graph.types[x].shape[2:])
        self.live.append((x, channels, side))

    def conv(self) -> None:
        x, channels, side = self.pick()
        k = int(self.rng.choice([1, 1, 3, 3, 5]))
        stride = 2 if side > 2 * _LEAST and self.rng.random() < 0.3 else 1
        kind = self.rng.random()
        if kind < 0.3:
            out, group = channels * int(self.rng.integers(1, 3)), channels
        elif kind < 0.45 and channels % 2 == 0:
            out, group = 2 * int(self.rng.integers(1, 12)), 2
        else:
            out, group = int(self.rng.integers(1, 40)), 1
        y = self.b.conv(x, out, k, stride=stride, pad=k // 2, group=group, bias=bool(self.rng.random() < 0.8))
        self.grow(self.function(y, out), out)

    def function(self, y: str, channels: int) -> str:
        if self.rng.random() < 0.35:
            return y
        name = str(self.rng.choice(_FUNCTIONS))
        if name == "clip":
            return self.b("clip", y, min=0.0, max=float(self.rng.choice([1.0, 6.0])))
        if name == "prelu":
            return self.b("prelu", y, self.b.random(channels, 1, 1, scale=0.3))
        attrs = {"leaky_relu": {"alpha": 0.1}, "hard_sigmoid": {"alpha": 0.2, "beta": 0.5}}.get(name, {})
        return self.b(name, y, **attrs)

    def join(self) -> None:
        """A sum or product with another convolution of the same picture, or a concat with it."""
        x, channels, _ = self.pick()
        y = self.b.conv(x, channels, 3, pad=1)
        kind = str(self.rng.choice(["add", "add", "mul", "concat"]))
        if kind == "concat":
            self.grow(self.b("concat", x, y, axis=1), 2 * channels)
        else:
            z = self.b(kind, y, x) if self.rng.random() < 0.5 else self.b(kind, x, y)
            self.grow(self.b("relu", z) if self.rng.random() < 0.5 else z, channels)

    def pool(self) -> None:
        x, channels, side = self.pick()
        if side < 6:
            return
        both = {"kernel_shape": (2, 2), "strides": (2, 2), "pads": (0,) * 4, "dilations": (1, 1), "layout": "channels_first"}
        if self.rng.random() < 0.6:
            self.grow(self.b("max_pool", x, **both, storage_order=0), channels)
        else:
            self.grow(self.b("average_pool", x, **both, count_include_pad=False), channels)

    def table(self) -> None:
        """A function of what is integers already: a table of its values, whatever it is."""
        x, channels, _ = self.pick()
        name = str(self.rng.choice(["sigmoid", "tanh", "swish"]))
        self.grow(self.b(name, x, **({"alpha": 1.0} if name == "swish" else {})), channels)

    def done(self) -> Graph:
        outputs = [x for x, _, _ in self.live[1:] if x not in self.read][-3:]
        x, channels, _ = self.live[-1]
        mean = self.b("reduce", x, kind="mean", axes=(2, 3), keepdims=False)
        outputs.append(self.b("matmul", mean, self.b.random(channels, 5), trans_a=False, trans_b=False))
        return self.b.done(*dict.fromkeys(outputs))


def random_network(seed: int) -> Graph:
    """3 to 9 blocks and a dense layer at the end; one input [1, C, H, W]."""
    maker = _Maker(seed)
    maker.conv()
    for _ in range(int(maker.rng.integers(2, 9))):
        kind = str(maker.rng.choice(["conv", "join", "pool", "table"], p=[0.5, 0.25, 0.15, 0.1]))
        {"conv": maker.conv, "join": maker.join, "pool": maker.pool, "table": maker.table}[kind]()
    return maker.done()


def side_by_side(graphs: Sequence[Graph]) -> Graph:
    """One graph that holds all of them, the k-th one's names beginning with `k/`."""
    whole = Graph("networks")
    for k, g in enumerate(graphs):
        def named(v: str, k: int = k) -> str:
            return f"{k}/{v}" if v else ""

        whole.inputs += map(named, g.inputs)
        whole.outputs += map(named, g.outputs)
        whole.types |= {named(v): t for v, t in g.types.items()}
        whole.constants |= {named(v): a for v, a in g.constants.items()}
        whole.nodes += [Node(n.op, [*map(named, n.inputs)], [*map(named, n.outputs)], dict(n.attrs), named(n.name), n.origin) for n in g.nodes]
    whole.validate()
    return whole
