"""Weights as integers: one scale for each output channel, symmetric, and the bias in the scale of the sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pith.graph import Graph, Node
from pith.quant.grid import short

_LARGEST_BIAS = 2.0**30  # in integers: half of int32, the other half is for the sum of products


@dataclass(frozen=True, slots=True)
class IntWeights:
    """q: int8, of the weights' own shape.  scale: float32, shaped to broadcast with q, 1 on every axis but the channels'."""

    q: np.ndarray
    scale: np.ndarray

    @property
    def real(self) -> np.ndarray:
        """What they stand for, float32, of the weights' shape."""
        return np.asarray(self.q.astype(np.float32) * self.scale)


def channel_axis(node: Node, shape: tuple[int, ...]) -> int:
    """The axis of the weights that has a scale for each index.

    Of a convolution its filters, of a product its columns. A transposed convolution in several groups has its filters on
    two axes: where each group makes one channel the groups get the scales, else the channels of a group, alike in all.
    """
    if node.op == "conv":
        return 0
    if node.op == "conv_transpose":
        return 0 if node.attrs["group"] > 1 and shape[1] == 1 else 1
    return len(shape) - (2 if node.attrs.get("trans_b") else 1)


def largest(w: np.ndarray, axis: int) -> np.ndarray:
    """Largest magnitude of each channel, float32, shaped to broadcast with `w`."""
    others = tuple(a for a in range(w.ndim) if a != axis)
    return np.asarray(np.max(np.abs(w), axis=others, keepdims=True))


def initial_scale(w: np.ndarray, axis: int, limit: int) -> np.ndarray:
    """The scale that just fits the largest weight of each channel; 1 / limit for a channel of zeros."""
    top = largest(w, axis)
    scale = np.where(top > 0, top / limit, 1.0 / limit)
    return short(scale)


def to_integers(w: np.ndarray, scale: np.ndarray, limit: int) -> np.ndarray:
    """float32 `w` in steps of `scale`: the nearest, halves to even, int8."""
    return np.asarray(np.clip(np.rint(w / scale), -limit, limit).astype(np.int8))


def bias_scale(node: Node, weights: IntWeights, x_scale: float) -> np.ndarray:
    """Scale of the sums, float32 [O]: the product of the scales of input and weights, a float32 product."""
    scale = weights.scale.reshape(-1)
    if node.op == "conv_transpose":
        group, out = node.attrs["group"], weights.q.shape[1]
        scale = np.tile(scale, group) if channel_axis(node, weights.q.shape) == 1 else np.repeat(scale, out)
    return np.asarray(np.float32(x_scale) * scale)


def scale_for_bias(node: Node, w: np.ndarray, scale: np.ndarray, bias: np.ndarray | None, x_scale: float) -> np.ndarray:
    """`scale`, larger for those channels whose bias would not fit int32 in steps of x_scale * scale.

    That happens where a channel has next to no weights and passes on its bias alone.
    """
    if bias is None or node.op == "conv_transpose":
        return scale
    needed = (4 * np.abs(bias.astype(np.float64)) / (_LARGEST_BIAS * x_scale)).reshape(scale.shape)  # 4: scales may still change
    return np.where(scale < needed, short(np.where(needed > 0, needed, 1.0)), scale).astype(np.float32)


def bias_integers(bias: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The bias in steps of `scale` [O], int32, kept within half of what that holds."""
    q = np.rint(bias.astype(np.float64) / scale.astype(np.float64))
    return np.asarray(np.clip(q, -_LARGEST_BIAS, _LARGEST_BIAS).astype(np.int32))


def bias_of(graph: Graph, node: Node) -> np.ndarray | None:
    """The constant bias of a layer, None when it has none."""
    name = node.inputs[2] if len(node.inputs) > 2 else ""
    return graph.constants[name] if name else None
