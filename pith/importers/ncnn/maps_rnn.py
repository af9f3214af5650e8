"""Recurrent layers and products of blobs."""

from __future__ import annotations

import numpy as np

from pith.graph import DType, TensorType
from pith.importers.layers import simple
from pith.importers.ncnn.layer import NcnnLayer
from pith.importers.ncnn.registry import ncnn_layer

_DIRECTIONS = ("forward", "reverse", "bidirectional")


@ncnn_layer("LSTM")
def lstm(n: NcnnLayer) -> list[str]:
    """Gates of the file: input, forget, output, cell; of the operator: input, output, forget, cell."""
    if n.whole(3, n.whole(0)) != n.whole(0):
        raise n.unsupported("an LSTM with a projection")
    return _recurrent(n, "lstm", 4, (0, 2, 1, 3), 2)


@ncnn_layer("GRU")
def gru(n: NcnnLayer) -> list[str]:
    """Gates of the file: reset, update, new; of the operator: update, reset, new."""
    return _recurrent(n, "gru", 3, (1, 0, 2), 1, linear_before_reset=True)


@ncnn_layer("RNN")
def rnn(n: NcnnLayer) -> list[str]:
    return _recurrent(n, "rnn", 1, (0,), 1)


def _recurrent(n: NcnnLayer, op: str, gates: int, order: tuple[int, ...], states: int, **attrs: object) -> list[str]:
    """y [N, T, D * H] of x [N, T, I], then the last states [N, D, H]; states may come in as further inputs."""
    x, hidden, size, direction = n.x(), n.whole(0), n.whole(1), n.whole(2)
    if direction not in (0, 1, 2) or hidden < 1 or n.dims(x) != 2:
        raise n.invalid(f"{hidden} outputs in direction {direction} for a blob of {n.shape(x)[1:]}")
    d = 2 if direction == 2 else 1
    width = n.shape(x)[2]
    if size != d * gates * hidden * width:
        raise n.invalid(f"{size} weights do not fit an input of {width} and {hidden} outputs")
    w = n.weights(d, gates, hidden, width)
    bias = n.floating(d, 4 if op == "gru" else gates, hidden)
    r = n.weights(d, gates, hidden, hidden)
    if n.whole(8):
        w, r = _dequantised(n, w), _dequantised(n, r)
    elif w.dtype == np.int8 or r.dtype == np.int8:
        raise n.unsupported("weights stored as int8 without scales")
    outer = bias[:, :gates][:, list(order)]
    inner = np.zeros_like(outer)
    if op == "gru":
        inner[:, 2] = bias[:, 3]
    b = np.concatenate([outer.reshape(d, -1), inner.reshape(d, -1)], axis=1)
    rows = [v[:, list(order)].reshape(d, gates * hidden, -1) for v in (w, r)]
    start = [n.transpose(v, (1, 0, 2)) for v in (n.reshape(i, (n.shape(x)[0], d, hidden)) for i in n.inputs[1 : 1 + states])]
    inputs = [n.transpose(x, (1, 0, 2)), n.const(rows[0]), n.const(rows[1]), n.const(b), "", *start]
    y, *last = n.emit_n(op, inputs, 1 + states, direction=_DIRECTIONS[direction], **attrs)
    y = n.reshape(n.transpose(y, (2, 0, 1, 3)), (n.shape(x)[0], n.shape(x)[1], d * hidden))
    return [y, *(n.transpose(v, (1, 0, 2)) for v in last)]


def _dequantised(n: NcnnLayer, w: np.ndarray) -> np.ndarray:
    """Weights stored as int8 as the floats they stand for: one multiplier for each row."""
    d, gates, hidden, _ = w.shape
    scales = n.plain(d, gates, hidden, 1)
    if w.dtype != np.int8:
        return w
    if np.any(scales == 0) or not np.all(np.isfinite(scales)):
        raise n.invalid("a scale of the weights is 0 or not finite")
    return np.asarray(w / scales, np.float32)


@ncnn_layer("MatMul")
def matmul(n: NcnnLayer) -> str:
    a, b = n.x(0), n.x(1)
    if n.dims(a) < 2 or n.dims(b) < 2:
        raise n.unsupported("the product with a blob of one axis")
    if n.dims(a) != n.dims(b):
        low, high = sorted((a, b), key=n.dims)
        raised = n.blob(low, (*[1] * (n.dims(high) - n.dims(low)), *n.shape(low)[1:]))
        a, b = (raised, b) if low == a else (a, raised)
    return n.emit("matmul", [a, b, ""], trans_a=False, trans_b=n.whole(0) != 0)


@ncnn_layer("Gemm")
def gemm(n: NcnnLayer) -> str:
    """alpha * (A @ B + beta * C), any of them from the file."""
    m, cols, k = n.whole(7), n.whole(8), n.whole(9)
    trans_a, trans_b = n.whole(2) != 0, n.whole(3) != 0
    if n.whole(11) or n.whole(13) or n.whole(14) or n.whole(18):
        raise n.unsupported("a product with a quantised, transposed or folded result")
    rest = list(n.inputs)

    def next_input() -> str:
        if not rest:
            raise n.invalid("an input is missing")
        return rest.pop(0)

    a = n.const(n.floating(k, m) if trans_a else n.floating(m, k)) if n.whole(4) else next_input()
    b = n.const(n.floating(cols, k) if trans_b else n.floating(k, cols)) if n.whole(5) else next_input()
    c = ""
    if n.whole(6):
        shapes: dict[int, tuple[int, ...]] = {0: (1,), 1: (m, 1), 2: (m, 1), 3: (m, cols), 4: (1, cols)}
        kind = n.whole(10)
        if kind not in (-1, *shapes):
            raise n.invalid(f"a broadcast of type {kind}")
        c = "" if kind == -1 else n.const(n.floating(*shapes[kind]))
    elif rest:
        raise n.unsupported("a C that is computed at run time")
    y = n.emit("matmul", [a, b, ""], trans_a=trans_a, trans_b=trans_b)
    if n.rank(y) == 2 and not (n.whole(4) and n.whole(5)):
        y = n.reshape(y, (1, *n.shape(y))) if n.rank(n.x()) == 3 else y
    beta, alpha = n.real(1, 1.0), n.real(0, 1.0)
    if c and beta != 0:
        y = n.emit("add", [y, c if beta == 1 else n.emit("mul", [c, n.number(beta)])])
    return y if alpha == 1 else n.emit("mul", [y, n.number(alpha)])


@ncnn_layer("Embed")
def embed(n: NcnnLayer) -> str:
    """Rows of a table by index; an input of the network that is read first here is int32."""
    out, rows = n.whole(0), n.whole(1)
    if out < 1 or rows < 1 or n.whole(3) != out * rows or n.whole(18):
        raise n.unsupported(f"a table of {n.whole(3)} weights for {rows} rows of {out}, or one of int8")
    table = n.floating(rows, out)
    bias = n.plain(out) if n.whole(2) else None
    x = n.x()
    if x not in n.graph.inputs or any(x in node.inputs for node in n.graph.nodes):
        raise n.unsupported("indices that are computed by the network")
    n.graph.types[x] = TensorType(DType.I32, n.shape(x))
    index = n.emit("max", [n.emit("min", [x, n.const(np.int32(rows - 1))]), n.const(np.int32(0))])
    y = n.emit("gather", [n.const(table), index], axis=0)
    return y if bias is None else n.emit("add", [y, simple.along_channels(n, bias, n.rank(y), n.rank(y) - 1)])
