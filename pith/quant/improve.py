"""Beyond scales: ranges evened out between layers, weights rounded with regard to each other, biases that take errors back."""

from __future__ import annotations

import numpy as np

from pith.graph import Graph, Node
from pith.quant.rows import Rows

_BLOCK = 64  # weights of a channel that are rounded before the rest is corrected
_DAMPING = 0.01  # of the mean square of the inputs, added to each
_SAME_SIGN = ("relu", "leaky_relu", "prelu")  # f(c x) = c f(x) for c > 0


def corrected_bias(rows: Rows, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The bias [O'] that makes the mean error of each channel zero, O' over all groups; x: quantised rows [G, R, K].

    Source: Nagel et al., Data-Free Quantization through Weight Equalization and Bias Correction, arXiv 1906.04721, section
    4.2, with the mean taken over calibration data. Only what this layer's own rounding shifts is taken back, so that the
    layers of a run can be corrected side by side.
    """
    error = np.matmul(x, weights) - np.matmul(rows.x, rows.weights)
    mean = error.mean(axis=1, dtype=np.float64)
    return np.asarray((rows.bias[:, 0].astype(np.float64) - mean).astype(np.float32).reshape(-1))


def rounded_jointly(rows: Rows, x: np.ndarray, scale: np.ndarray, limit: int) -> np.ndarray:
    """Integers [G, K, O] (as float32 whole numbers) whose output on the rows x [G, R, K] is near that of the weights.

    One weight of every channel after the other is rounded, and the error it makes is spread over those still to come by
    the inverse of X'X, as far as they can make up for it. Inputs with the largest energy come first.
    Source: Frantar et al., GPTQ, arXiv 2210.17323, after Hassibi and Stork, Optimal Brain Surgeon.
    """
    wide = x.astype(np.float64)
    square = np.matmul(wide.transpose(0, 2, 1), wide)
    energy = np.einsum("gkk->gk", square)
    order = np.argsort(-energy, axis=1, kind="stable")
    group, k, out = rows.weights.shape
    g = np.arange(group)[:, None]
    square = square[g[:, :, None], order[:, :, None], order[:, None, :]]
    extra = _DAMPING * energy.mean(axis=1)
    square += np.where(extra > 0, extra, 1.0)[:, None, None] * np.eye(k)
    upper = np.linalg.cholesky(np.linalg.inv(square)).transpose(0, 2, 1)
    w = rows.weights.astype(np.float64)[g, order]
    s = scale.astype(np.float64)[:, 0]
    q = np.zeros_like(w)
    for first in range(0, k, _BLOCK):
        last = min(first + _BLOCK, k)
        errors = np.zeros((group, last - first, out))
        for i in range(first, last):
            q[:, i] = np.clip(np.rint(w[:, i] / s), -limit, limit)
            errors[:, i - first] = (w[:, i] - q[:, i] * s) / upper[:, i, i, None]
            w[:, i + 1 : last] -= upper[:, i, i + 1 : last, None] * errors[:, None, i - first]
        w[:, last:] -= np.matmul(upper[:, first:last, last:].transpose(0, 2, 1), errors)
    back = np.empty_like(q)
    back[g, order] = q
    return back.astype(np.float32)


def equalize(graph: Graph, *, rounds: int = 3) -> int:
    """Even out the ranges of weights on both sides of each value that only passes from one convolution to another.

    Changes `graph`: channel i of the first convolution is divided by c_i and what the second reads of it multiplied, with
    c_i = sqrt(largest weight of the first / largest of the second). Values between keep their meaning up to rounding, for
    a function f in between has f(c x) = c f(x) (relu, leaky relu) or is absent. Returns how many pairs there are.
    Source: Nagel et al., arXiv 1906.04721, section 4.1.
    """
    pairs = _pairs(graph)
    for _ in range(rounds):
        for first, second in pairs:
            _even(graph, first, second)
    graph.drop_unused()
    return len(pairs)


def _pairs(graph: Graph) -> list[tuple[Node, Node]]:
    makers, users = graph.producers(), graph.consumers()
    found = []
    for second in graph.nodes:
        if not _plain(graph, second):
            continue
        x = second.inputs[0]
        maker = makers.get(x)
        if maker is not None and maker.op in _SAME_SIGN and _alone(graph, users, x):
            if maker.op == "prelu" and maker.inputs[1] not in graph.constants:
                continue
            x = maker.inputs[0]
            maker = makers.get(x)
        if maker is not None and _plain(graph, maker) and _alone(graph, users, x):
            found.append((maker, second))
    return found


def _plain(graph: Graph, node: Node) -> bool:
    constant = all(i in graph.constants for i in node.inputs[1:] if i)
    return node.op == "conv" and constant and len(node.inputs) <= 3 and node.attrs.get("epilogue") is None


def _alone(graph: Graph, users: dict[str, list[Node]], v: str) -> bool:
    return len(users.get(v, [])) == 1 and v not in graph.outputs


def _even(graph: Graph, first: Node, second: Node) -> None:
    a, b = graph.constants[first.inputs[1]].astype(np.float64), graph.constants[second.inputs[1]].astype(np.float64)
    group = second.attrs["group"]
    grouped = b.reshape(group, b.shape[0] // group, b.shape[1], -1)
    top_a = np.abs(a.reshape(a.shape[0], -1)).max(axis=1)
    top_b = np.abs(grouped).max(axis=(1, 3)).reshape(-1)
    usable = (top_a > 1e-6) & (top_b > 1e-6)
    c = np.where(usable, np.clip(np.sqrt(top_a / np.where(usable, top_b, 1.0)), 1e-2, 1e2), 1.0)
    a /= c.reshape(-1, *[1] * (a.ndim - 1))
    grouped = grouped * c.reshape(group, 1, b.shape[1], 1)
    name = first.name or first.outputs[0]
    first.inputs[1] = graph.add_constant(a.astype(np.float32), f"{name}.weights")
    second.inputs[1] = graph.add_constant(grouped.reshape(b.shape).astype(np.float32), f"{second.name or second.outputs[0]}.weights")
    if len(first.inputs) > 2 and first.inputs[2]:
        bias = graph.constants[first.inputs[2]] / c
        first.inputs = [*first.inputs[:2], graph.add_constant(bias.astype(np.float32), f"{name}.bias")]
