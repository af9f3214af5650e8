"""Fold per-channel products and sums that follow conv, conv_transpose or matmul into its weights and bias; pads into conv."""

from __future__ import annotations

import numpy as np

from pith.graph import DType, Graph, Node

_ANCHORS = ("conv", "conv_transpose", "matmul")


def run(graph: Graph) -> int:
    """Returns how many nodes were folded away."""
    consumers, producers = graph.consumers(), graph.producers()
    outputs = set(graph.outputs)
    gone: set[int] = set()
    for node in graph.nodes:
        if node.op == "conv":
            _fold_pad(graph, node, producers, consumers, outputs)
        if node.op not in _ANCHORS or node.attrs.get("epilogue") is not None or graph.const(node.inputs[1]) is None:
            continue
        if graph.types[node.outputs[0]].dtype is not DType.F32:
            continue
        while True:
            y = node.outputs[0]
            users = consumers.get(y, [])
            if y in outputs or len(users) != 1 or id(users[0]) in gone or not _fold(graph, node, users[0]):
                break
            follower = users[0]
            gone.add(id(follower))
            node.outputs[0] = follower.outputs[0]
            node.origin = tuple(dict.fromkeys((*node.origin, *follower.origin)))
    graph.nodes = [n for n in graph.nodes if id(n) not in gone]
    graph.drop_unused()
    return len(gone)


def _channels(graph: Graph, node: Node, value: str) -> np.ndarray | None:
    """A constant as one float64 per output channel of `node`, None where it varies along other axes."""
    array = graph.const(value)
    out = graph.types[node.outputs[0]].shape
    if array is None or array.ndim > len(out):
        return None
    axis = len(out) - 1 if node.op == "matmul" or node.attrs["layout"] == "channels_last" else 1
    channels = out[axis]
    if array.size == 1:
        return np.full(channels, float(array.reshape(-1)[0]))
    full = array.reshape((1,) * (len(out) - array.ndim) + array.shape)
    if full.size != channels or full.shape[axis] != channels:
        return None
    return full.reshape(-1).astype(np.float64)


def _fold(graph: Graph, node: Node, follower: Node) -> bool:
    """Fold one add, sub, mul or div by constants into the anchor `node`; False when it does not fit."""
    if follower.op not in ("add", "sub", "mul", "div") or graph.types[follower.outputs[0]] != graph.types[node.outputs[0]]:
        return False
    y = node.outputs[0]
    at = follower.inputs.index(y)
    if follower.inputs.count(y) != 1 or (at == 1 and follower.op == "div"):
        return False
    c = _channels(graph, node, follower.inputs[1 - at])
    if c is None:
        return False
    weights, bias = graph.constants[node.inputs[1]], graph.const(node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] else None
    if len(node.inputs) > 2 and node.inputs[2] and bias is None:
        return False
    w, b = weights.astype(np.float64), np.zeros(c.shape) if bias is None else bias.astype(np.float64)
    if node.op == "matmul" and w.ndim != 2:
        return False
    if follower.op in ("mul", "div"):
        if not np.isfinite(c).all() or (follower.op == "div" and (c == 0).any()):
            return False
        factor = c if follower.op == "mul" else 1 / c
        w, b = _scale(node, w, factor), b * factor
    elif follower.op == "add":
        b = b + c
    elif at == 0:
        b = b - c
    else:  # c - y
        w, b = -w, c - b
    if follower.op in ("mul", "div") or (follower.op == "sub" and at == 1):
        node.inputs[1] = graph.add_constant(w.astype(np.float32), "weights")
    while len(node.inputs) < 3:
        node.inputs.append("")
    node.inputs[2] = graph.add_constant(b.astype(np.float32), "bias")
    return True


def _scale(node: Node, w: np.ndarray, factor: np.ndarray) -> np.ndarray:
    if node.op == "conv":
        return w * factor.reshape(-1, *[1] * (w.ndim - 1))
    if node.op == "matmul":
        return w * (factor[:, None] if node.attrs.get("trans_b") else factor)
    group = node.attrs["group"]
    grouped = w.reshape(group, w.shape[0] // group, *w.shape[1:])
    return (grouped * factor.reshape(group, 1, w.shape[1], *[1] * (w.ndim - 2))).reshape(w.shape)


def _fold_pad(graph: Graph, node: Node, producers: dict[str, Node], consumers: dict[str, list[Node]], outputs: set[str]) -> None:
    """conv(pad(x)) with zero padding of spatial axes is a conv with larger pads."""
    pad = producers.get(node.inputs[0])
    if pad is None or pad.op != "pad" or pad.attrs["mode"] != "constant" or pad.attrs["value"] != 0:
        return
    if len(pad.inputs) != 1 or len(consumers[node.inputs[0]]) != 1 or node.inputs[0] in outputs or node.attrs["layout"] != "channels_first":
        return
    rank = len(graph.types[pad.inputs[0]].shape)
    begins, ends = pad.attrs["pads"][:rank], pad.attrs["pads"][rank:]
    if any(begins[:2]) or any(ends[:2]) or min(*begins, *ends) < 0:
        return
    extra = (*begins[2:], *ends[2:])
    node.attrs["pads"] = tuple(p + e for p, e in zip(node.attrs["pads"], extra, strict=True))
    node.inputs[0] = pad.inputs[0]
