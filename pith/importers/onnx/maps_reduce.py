"""Reductions and the search for extremes."""

from __future__ import annotations

from functools import partial

from pith.importers.onnx.context import Call
from pith.importers.onnx.registry import onnx_op

_KINDS = {
    "ReduceSum": "sum", "ReduceMean": "mean", "ReduceMax": "max", "ReduceMin": "min", "ReduceProd": "prod",
    "ReduceL1": "l1", "ReduceL2": "l2", "ReduceLogSum": "log_sum", "ReduceLogSumExp": "log_sum_exp",
    "ReduceSumSquare": "sum_square",
}  # fmt: skip


def _reduce(kind: str, axes_input_since: int, n: Call) -> str:
    x = n.x(0)
    rank = n.rank(x)
    given = n.attrs.ints("axes") if n.opset < axes_input_since else None
    if n.has(1):
        given = n.static_ints(1, "axes")
    if not given and n.attrs.flag("noop_with_empty_axes", False):
        return _of_each(n, kind, x)
    axes = n.axes(given, rank) if given else tuple(range(rank))
    keepdims = n.attrs.flag("keepdims", True)
    dtype = n.dtype(x)
    return n.cast(n.reduce(kind, x, axes, keepdims), dtype)


def _of_each(n: Call, kind: str, x: str) -> str:
    """The reduction of every element by itself."""
    if kind in ("l1", "l2"):
        return n.emit("abs", [x])
    if kind == "sum_square":
        return n.emit("mul", [x, x])
    return n.emit("log", [x]) if kind == "log_sum" else x


for _name, _kind in _KINDS.items():
    onnx_op(_name, static=(1,))(partial(_reduce, _kind, 13 if _name == "ReduceSum" else 18))


def _arg(kind: str, n: Call) -> str:
    x = n.x(0)
    return n.emit(
        "arg_reduce",
        [x],
        kind=kind,
        axis=n.axis("axis", 0, n.rank(x)),
        keepdims=n.attrs.flag("keepdims", True),
        select_last_index=n.attrs.flag("select_last_index", False),
    )


for _name, _kind in {"ArgMax": "max", "ArgMin": "min"}.items():
    onnx_op(_name)(partial(_arg, _kind))


@onnx_op("TopK", static=(1,))
def top_k(n: Call) -> list[str]:
    x = n.x(0)
    axis = n.axis("axis", -1, n.rank(x))
    if n.opset < 10:
        k = n.attrs.int("k")
    else:
        declared = n.declared_shape(0) if n.known(n.x(1)) is None else None
        size = declared[axis] if declared is not None and axis < len(declared) else None
        k = size if size is not None else int(n.static_scalar(1, "k"))
    if not 0 <= k <= n.shape(x)[axis]:
        raise n.invalid(f"k is {k}, axis {axis} has {n.shape(x)[axis]} elements")
    largest, ordered = n.attrs.flag("largest", True), n.attrs.flag("sorted", True)
    return n.emit_n("top_k", [x], 2, k=k, axis=axis, largest=largest, sorted=ordered)


def _cumulative(kind: str, n: Call) -> str:
    x = n.x(0)
    axis = int(n.static_scalar(1, "axis"))
    rank = n.rank(x)
    if not -rank <= axis < rank:
        raise n.invalid(f"axis {axis} is outside a tensor of rank {rank}")
    exclusive, reverse = n.attrs.flag("exclusive", False), n.attrs.flag("reverse", False)
    return n.emit("cumulative", [x], kind=kind, axis=axis % rank, exclusive=exclusive, reverse=reverse)


onnx_op("CumSum", static=(1,))(partial(_cumulative, "sum"))
onnx_op("CumProd", static=(1,))(partial(_cumulative, "prod"))


@onnx_op("Det")
def det(n: Call) -> str:
    return n.emit("det", [n.x(0)])
