"""Gathering, scattering, and what can be built from comparing indices."""

from __future__ import annotations

import numpy as np

from pith.graph import DType
from pith.importers.onnx.context import Call, Value
from pith.importers.onnx.registry import onnx_op
from pith.ops.base import normalize_axis

_DATA_DEPENDENT = "the shape of its output depends on the data"
_TRY_SPLIT = "end the network before it, and do this step in the program that calls it"


@onnx_op("Gather")
def gather(n: Call) -> str:
    """Constant indices in even steps are a slice, which needs no copy."""
    data, indices = n.x(0), n.x(1)
    axis = n.axis("axis", 0, n.rank(data))
    known, size = n.known(indices), n.shape(data)[axis]
    if known is None or n.known(data) is not None:
        return n.emit("gather", [data, indices], axis=axis)
    check_range(n, known, size)
    flat = np.where(known < 0, known + size, known).astype(np.int64).reshape(-1)
    steps = np.diff(flat)
    if not flat.size or (steps.size and (steps[0] == 0 or (steps != steps[0]).any())):
        return n.emit("gather", [data, n.const(flat.reshape(known.shape))], axis=axis)
    step = int(steps[0]) if steps.size else 1
    part = n.slice(data, axis, int(flat[0]), flat.size, step)
    shape = n.shape(data)
    return n.reshape(part, shape[:axis] + known.shape + shape[axis + 1 :])


def check_range(n: Call, indices: np.ndarray, size: int) -> None:
    """Raise ModelError for a constant index outside an axis."""
    if indices.size and not (-size <= int(indices.min()) and int(indices.max()) < size):
        raise n.invalid(f"an index lies outside an axis of {size} elements")


@onnx_op("GatherElements")
def gather_elements(n: Call) -> str:
    data, indices = n.x(0), n.x(1)
    axis = n.axis("axis", 0, n.rank(data))
    known = n.known(indices)
    if known is not None:
        check_range(n, known, n.shape(data)[axis])
    return n.emit("gather_elements", [data, indices], axis=axis)


@onnx_op("GatherND")
def gather_nd(n: Call) -> str:
    data, indices = n.x(0), n.x(1)
    batch = n.attrs.int("batch_dims", 0)
    _check_tuples(n, indices, n.shape(data)[batch:])
    return n.emit("gather_nd", [data, indices], batch_dims=batch)


def _check_tuples(n: Call, indices: str, dims: tuple[int, ...]) -> None:
    """Raise ModelError for a constant index tuple outside `dims`."""
    known = n.known(indices)
    if known is not None and known.ndim and known.size:
        for k in range(min(known.shape[-1], len(dims))):
            check_range(n, known[..., k], dims[k])


_REDUCTIONS = ("none", "add", "mul", "max", "min")


@onnx_op("ScatterElements", "Scatter")
def scatter_elements(n: Call) -> str:
    data, indices, updates = n.x(0), n.x(1), n.x(2)
    axis = n.axis("axis", 0, n.rank(data))
    known = n.known(indices)
    if known is not None:
        check_range(n, known, n.shape(data)[axis])
    reduction = n.attrs.choice("reduction", _REDUCTIONS, "none")
    return n.emit("scatter_elements", [data, indices, updates], axis=axis, reduction=reduction)


@onnx_op("ScatterND")
def scatter_nd(n: Call) -> str:
    data, indices, updates = n.x(0), n.x(1), n.x(2)
    _check_tuples(n, indices, n.shape(data))
    return n.emit("scatter_nd", [data, indices, updates], reduction=n.attrs.choice("reduction", _REDUCTIONS, "none"))


@onnx_op("TensorScatter")
def tensor_scatter(n: Call) -> str:
    """Write `update` into a cache from a position of each batch element on, by scattering along the axis."""
    cache, update = n.x(0), n.x(1)
    shape, us = n.shape(cache), n.shape(update)
    axis = n.axis("axis", -2, len(shape))
    circular = n.attrs.choice("mode", ("linear", "circular"), "linear") == "circular"
    places = n.counting(us[axis], axis, len(us))
    if n.has(2):
        start = n.reshape(n.cast(n.x(2), DType.I64), (us[0], *[1] * (len(us) - 1)))
        places = n.emit("add", [places, start])
    if circular:
        places = n.emit("mod", [places, n.const(shape[axis], DType.I64)], fmod=False)
    return n.emit("scatter_elements", [cache, n.expand(places, us), update], axis=axis, reduction="none")


@onnx_op("OneHot", static=(1,))
def one_hot(n: Call) -> str:
    indices, values = n.x(0), n.x(2)
    rank = n.rank(indices)
    axis = n.axis("axis", -1, rank + 1)
    depth = int(n.static_scalar(1, "depth"))
    if depth < 0 or n.shape(values) != (2,):
        raise n.invalid(f"depth {depth} and values of shape {n.shape(values)} are no one-hot encoding")
    kind = n.dtype(indices)
    # compared in a type that holds every depth; float indices only count when they are whole
    wide = kind if kind.is_float else DType.I64
    index = n.cast(indices, wide)
    if kind.is_signed:
        negative = n.emit("less", [index, n.like(0, index)])
        index = n.emit("where", [negative, n.emit("add", [index, n.like(depth, index)]), index])
    shape = n.shape(indices)
    index = n.reshape(index, (*shape[:axis], 1, *shape[axis:]))
    places = n.counting(depth, axis, rank + 1, wide)
    hot = n.emit("equal", [index, places])
    off, on = (n.reshape(n.slice(values, 0, k, 1), ()) for k in (0, 1))
    return n.emit("where", [hot, on, off])


@onnx_op("Trilu", static=(1,))
def trilu(n: Call) -> str:
    x = n.x(0)
    if n.rank(x) < 2:
        raise n.invalid(f"the input has rank {n.rank(x)}, at least 2 is needed")
    rows, columns = n.shape(x)[-2:]
    k = int(n.static_scalar(1, "k")) if n.has(1) else 0
    k = max(min(k, columns), -rows)
    diagonal = n.emit("add", [n.counting(rows, 0, 2), n.const(k, DType.I64)])  # the column where each row's diagonal is
    compare = "greater_or_equal" if n.attrs.flag("upper", True) else "less_or_equal"
    keep = n.emit(compare, [n.counting(columns, 1, 2), diagonal])
    return n.emit("where", [keep, x, n.like(0, x)])


@onnx_op("ReverseSequence")
def reverse_sequence(n: Call) -> str:
    """Element t of a sequence of length m becomes element m - 1 - t while t < m, and stays where it is beyond."""
    x, lengths = n.x(0), n.x(1)
    shape, rank = n.shape(x), n.rank(x)
    time, batch = n.axis("time_axis", 0, rank), n.axis("batch_axis", 1, rank)
    if {time, batch} != {0, 1} or n.shape(lengths) != (shape[batch],):
        raise n.invalid("time_axis and batch_axis must be 0 and 1, with one length a batch element")
    steps = n.counting(shape[time], time, rank)
    length = n.reshape(n.cast(lengths, DType.I64), [shape[batch] if a == batch else 1 for a in range(rank)])
    last = n.emit("sub", [length, n.const(1, DType.I64)])
    place = n.emit("where", [n.emit("less", [steps, length]), n.emit("sub", [last, steps]), steps])
    return n.emit("gather_elements", [x, n.expand(place, shape)], axis=time)


@onnx_op("NonZero", static=(0,))
def non_zero(n: Call) -> str:
    known = n.known(n.x(0))
    if known is None:
        raise n.unsupported(_DATA_DEPENDENT, _TRY_SPLIT)
    return n.const(np.array(np.nonzero(np.atleast_1d(known))), DType.I64)


@onnx_op("Compress", static=(1,))
def compress(n: Call) -> str:
    x, condition = n.x(0), n.known(n.x(1))
    if condition is None:
        raise n.unsupported(_DATA_DEPENDENT, _TRY_SPLIT)
    if "axis" in n.attrs:
        axis = n.axis("axis", None, n.rank(x))
    else:
        x, axis = n.reshape(x, (n.type(x).size,)), 0
    places = np.flatnonzero(condition)
    check_range(n, places, n.shape(x)[axis])
    return n.emit("gather", [x, n.const(places, DType.I64)], axis=axis)


@onnx_op("Unique", static=(0,))
def unique(n: Call) -> list[Value | None]:
    known = n.known(n.x(0))
    if known is None:
        raise n.unsupported(_DATA_DEPENDENT, _TRY_SPLIT)
    axis = normalize_axis(n.attrs.int("axis"), known.ndim) if "axis" in n.attrs else None
    values, first, inverse, counts = np.unique(known, True, True, True, axis=axis)
    inverse = inverse.reshape(-1)
    if not n.attrs.flag("sorted", True):
        order = np.argsort(first, kind="stable")
        values = np.take(values, order, axis=axis or 0)
        first, counts, inverse = first[order], counts[order], np.argsort(order)[inverse]
    return [n.const(values), *(n.const(v, DType.I64) for v in (first, inverse, counts))]


@onnx_op("NonMaxSuppression")
def non_max_suppression(n: Call) -> str:
    raise n.unsupported(_DATA_DEPENDENT, _TRY_SPLIT)
