"""A layer as a matrix product at some places of its output: what the search for scales and the rounding work on.

A convolution at one output position is a row of its input (the window, flattened) times its weights as a matrix. Rows are
gathered at positions spread evenly over the output, other ones in each sample, and as many as the budgets below allow. All
arrays have the groups of a convolution first (a dense layer is one group).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from pith.graph import Graph, Node
from pith.quant.calibration import Feed

_ELEMENTS = 1 << 20  # of the rows of one layer: 4 MB
_PRODUCTS = 1 << 25  # multiply-adds of one product of all rows of a layer
_LEAST = 256  # rows, though they take more products than that
_MOST = 2048
_TOGETHER = 16  # rows of a group, at least: samples with fewer are put together, for a cosine over few numbers says little


@dataclass(slots=True)
class Rows:
    """x: float32 [G, R, K].  target: float32 [G, R, O], the output wanted there.  weights: float32 [G, K, O].
    bias: float32 [G, 1, O].  parts: into how many equal runs R is divided; a cosine is taken over each."""

    x: np.ndarray
    target: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    parts: int


def has_rows(graph: Graph, node: Node) -> bool:
    """Whether the layer can be written so: convolutions of pictures, and products with a constant matrix."""
    w = graph.constants.get(node.inputs[1])
    if w is None:
        return False
    if node.op == "conv":
        return w.ndim == 4 and min(node.attrs["pads"]) >= 0
    return node.op == "matmul" and w.ndim == 2 and not node.attrs.get("trans_a") and len(graph.types[node.inputs[0]].shape) >= 2


def as_matrices(node: Node, w: np.ndarray) -> np.ndarray:
    """Weights (or anything of their shape) as [G, K, O]."""
    if node.op == "conv":
        group = node.attrs["group"]
        return np.ascontiguousarray(w.reshape(group, w.shape[0] // group, -1).transpose(0, 2, 1))
    return np.ascontiguousarray((w.T if node.attrs.get("trans_b") else w)[None])


def from_matrices(node: Node, m: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The inverse of `as_matrices`."""
    if node.op == "conv":
        return np.ascontiguousarray(m.transpose(0, 2, 1).reshape(shape))
    return np.ascontiguousarray(m[0].T if node.attrs.get("trans_b") else m[0])


def scale_row(node: Node, scale: np.ndarray) -> np.ndarray:
    """A number for each output channel as [G, 1, O]."""
    group = node.attrs["group"] if node.op == "conv" else 1
    return np.ascontiguousarray(scale.reshape(group, 1, -1))


def positions(graph: Graph, node: Node) -> int:
    """How many rows one sample has."""
    shape = graph.types[node.outputs[0]].shape
    return shape[0] * shape[2] * shape[3] if node.op == "conv" else math.prod(shape[:-1])


def rows_for_each(graph: Graph, node: Node, samples: int) -> int:
    """How many rows to take of each sample, within the budgets."""
    w = graph.constants[node.inputs[1]]
    group = node.attrs["group"] if node.op == "conv" else 1
    width = (w.size // w.shape[0]) * group if node.op == "conv" else (w.shape[1] if node.attrs.get("trans_b") else w.shape[0])
    total = min(max(_PRODUCTS // w.size, _LEAST), max(_ELEMENTS // width, 1), _MOST)
    return int(max(1, min(positions(graph, node), -(-total // samples))))


def places(count: int, take: int, sample: int) -> np.ndarray:
    """Indices of `take` of `count` rows, int64, ascending: evenly spread, and moved on a little with each sample."""
    shift = (sample * 0.6180339887498949) % 1.0
    return np.unique(np.floor((np.arange(take) + shift) * (count / take)).astype(np.int64))


@dataclass(slots=True)
class Gatherer:
    """Collects the rows of one layer, sample by sample. Rows of samples that have them at the same `take`."""

    graph: Graph
    node: Node
    take: int
    rows: list[np.ndarray] = field(default_factory=list)

    def inputs(self, x: np.ndarray, sample: int) -> None:
        """Take rows of the layer's input in one sample, [take, G, K]."""
        at = places(positions(self.graph, self.node), self.take, sample)
        self.rows.append(_windows(self.node, x, at, self.graph) if self.node.op == "conv" else x.reshape(-1, x.shape[-1])[at][:, None])

    def outputs(self, y: np.ndarray, sample: int) -> None:
        """Take rows of the layer's output in one sample, [take, G, O]."""
        at = places(positions(self.graph, self.node), self.take, sample)
        if self.node.op == "conv":
            n, h, w = np.unravel_index(at, (y.shape[0], y.shape[2], y.shape[3]))
            self.rows.append(y[n, :, h, w].reshape(len(at), self.node.attrs["group"], -1))
        else:
            self.rows.append(y.reshape(-1, y.shape[-1])[at][:, None])

    def stacked(self) -> np.ndarray:
        """All rows, [G, R, ...]."""
        return np.ascontiguousarray(np.concatenate(self.rows).transpose(1, 0, 2))


def _windows(node: Node, x: np.ndarray, at: np.ndarray, graph: Graph) -> np.ndarray:
    """Windows of a convolution's input [N, C, H, W] at flat output positions, [len(at), G, K]."""
    w = graph.types[node.inputs[1]].shape
    top, left, bottom, right = node.attrs["pads"]
    if top or left or bottom or right:
        x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))
    out = graph.types[node.outputs[0]].shape
    n, oh, ow = np.unravel_index(at, (out[0], out[2], out[3]))
    sh, sw = node.attrs["strides"]
    dh, dw = node.attrs["dilations"]
    rows = (oh * sh)[:, None] + np.arange(w[2])[None] * dh
    columns = (ow * sw)[:, None] + np.arange(w[3])[None] * dw
    taken = x[n[:, None, None], :, rows[:, :, None], columns[:, None, :]]  # [P, kh, kw, C]
    return np.ascontiguousarray(taken.transpose(0, 3, 1, 2)).reshape(len(at), node.attrs["group"], -1)


def joined(
    node: Node, x: np.ndarray, target: np.ndarray | None, samples: int, weights: np.ndarray, bias: np.ndarray | None
) -> Rows:
    """Rows gathered from `samples` samples, cut into parts of at least _TOGETHER rows where there are so many.

    target: the rows of the output that is wanted; None for what exact weights make of x.
    """
    total = x.shape[1]
    each = total // samples
    together = max(1, -(-_TOGETHER // each)) if each else 1
    parts = max(1, samples // together)
    keep = total // parts * parts
    matrices = as_matrices(node, weights)
    columns = np.zeros((x.shape[0], 1, matrices.shape[2]), np.float32) if bias is None else scale_row(node, bias)
    x = x[:, :keep]
    target = np.matmul(x, matrices) + columns if target is None else target[:, :keep]
    return Rows(x, target, matrices, columns, parts)


def gather_all(gatherers: dict[str, Gatherer], values: dict[str, str], inside: Feed, sample: int, *, output: bool) -> None:
    """Let each gatherer (by layer key) take its rows of one sample; `values` says which value of `inside` is its own."""
    for key, g in gatherers.items():
        (g.outputs if output else g.inputs)(inside[values[key]], sample)


Loss = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Of the dot products target target, target error, error error: how far target + error is from the target, 0 where there is no error."""


def losses(target: np.ndarray, error: np.ndarray, parts: int, *, each_channel: bool, loss: Loss) -> np.ndarray:
    """The loss of target and target + error [G, R, O], meaned over the parts: [G, O] for each channel, or one number [].

    Computed from the error, so that differences far below float32's resolution of a cosine still count.
    """
    group, rows, out = target.shape
    t, e = (v.reshape(group, parts, rows // parts, out) for v in (target, error))
    form = "gpro,gpro->gpo" if each_channel else "gpro,gpro->p"
    with np.errstate(over="ignore", invalid="ignore"):
        tt, te, ee = (np.einsum(form, a, b).astype(np.float64) for a, b in ((t, t), (t, e), (e, e)))
    return np.asarray(loss(tt, te, ee).mean(axis=1 if each_channel else 0))


def half_relative_error(tt: np.ndarray, te: np.ndarray, ee: np.ndarray) -> np.ndarray:
    """Half the power of the error over the target's, 1 at the most: for small errors 1 - cosine, and what the error adds to the length.

    A cosine does not see that a channel got longer or shorter as a whole, which sums of channels and norms behind it do.
    """
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        loss = np.minimum(0.5 * ee / tt, 1.0)
    loss = np.where(tt > 0, loss, np.where(ee > 0, 1.0, 0.0))
    return np.asarray(np.where(np.isfinite(loss), loss, 1.0))


def one_minus_cosine(tt: np.ndarray, te: np.ndarray, ee: np.ndarray) -> np.ndarray:
    """1 - cos(t, t + e) from the dot products, without the cancellation of a subtraction from 1.

    Where both are zero it is 0; where only one is, 1, and where the dot products overflowed too.
    """
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        oo = np.maximum(tt + 2 * te + ee, 0.0)
        product = tt * oo
        cos = np.clip((tt + te) / np.sqrt(product), -1.0, 1.0)
        sin2 = np.maximum(tt * ee - te * te, 0.0) / product
        near = sin2 / (1.0 + cos)
    loss = np.where(cos > 0, near, 1.0 - cos)
    loss = np.where(product > 0, loss, np.where(tt == oo, 0.0, 1.0))
    return np.asarray(np.where(np.isfinite(loss), loss, 1.0))
