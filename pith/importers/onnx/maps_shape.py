"""Operators that move or re-address elements without computing, and the shape arithmetic around them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pith.graph import DType
from pith.importers.onnx.context import Call, Value
from pith.importers.onnx.registry import onnx_op
from pith.ops.base import broadcast_shapes, normalize_axis


@onnx_op("Shape")
def shape(n: Call) -> str:
    dims = n.shape(n.x(0))
    start, end = n.attrs.int("start", 0), n.attrs.int("end", len(dims))
    return n.const(dims[slice(start, end)], DType.I64)


@onnx_op("Size")
def size(n: Call) -> str:
    return n.const(n.type(n.x(0)).size, DType.I64)


@onnx_op("Identity")
def identity(n: Call) -> Value:
    return n.value(0)


@onnx_op("Dropout", static=(1, 2))
def dropout(n: Call) -> list[Value | None]:
    x = n.x(0)
    training = n.static_scalar(2, "training_mode") if n.opset >= 12 and n.has(2) else False
    if n.opset < 7 and not n.attrs.flag("is_test", False):
        training = n.attrs.float("ratio", 0.5) != 0
    elif training and n.has(1):
        training = n.static_scalar(1, "ratio") != 0
    if training:
        raise n.unsupported("Dropout in training mode draws random numbers", "export the model in evaluation mode")
    if not n.wants(1):
        return [x]
    mask = n.const(True, DType.BOOL) if n.opset >= 10 else n.like(1, x)
    return [x, n.expand(mask, n.shape(x))]


@onnx_op("Reshape", static=(1,))
def reshape(n: Call) -> str:
    x = n.x(0)
    if n.opset < 5:
        wanted = n.attrs.ints("shape", ())
    elif n.known(n.x(1)) is None:
        wanted = _declared(n, n.type(x).size)
        if wanted is None:
            raise n.not_static(1, "shape")
        return n.reshape(x, wanted)
    else:
        wanted = n.static_ints(1, "shape")
    return n.reshape(x, _resolved(n, n.shape(x), wanted or (), n.opset >= 14 and n.attrs.flag("allowzero", False)))


def _declared(n: Call, size: int) -> tuple[int, ...] | None:
    """The declared output shape, if at most one dimension of it is unknown; that one follows from the size."""
    declared = n.declared_shape(0)
    if declared is None or declared.count(None) > 1:
        return None
    known = math.prod(d for d in declared if d is not None)
    if None in declared and (known == 0 or size % known):
        return None
    return tuple(size // known if d is None else d for d in declared)


def _resolved(n: Call, shape: tuple[int, ...], wanted: Sequence[int], zero_is_zero: bool) -> tuple[int, ...]:
    """The requested shape with 0 (copy) and -1 (infer) replaced."""
    if any(d < -1 for d in wanted) or list(wanted).count(-1) > 1:
        raise n.invalid(f"cannot reshape to {tuple(wanted)}", "one dimension may be -1, no other negative")
    dims = list(wanted)
    for i, d in enumerate(dims):
        if d == 0 and not zero_is_zero:
            if i >= len(shape):
                raise n.invalid(f"dimension {i} of {tuple(wanted)} copies one that {shape} has not")
            dims[i] = shape[i]
    if -1 in dims:
        known, total = math.prod(d for d in dims if d != -1), math.prod(shape)
        if known == 0 or total % known:
            raise n.invalid(f"cannot reshape {shape} to {tuple(wanted)}")
        dims[dims.index(-1)] = total // known
    return tuple(dims)


@onnx_op("Flatten")
def flatten(n: Call) -> str:
    x = n.x(0)
    dims, axis = n.shape(x), n.attrs.int("axis", 1)
    if not -len(dims) <= axis <= len(dims):
        raise n.invalid(f"axis {axis} is outside a tensor of rank {len(dims)}")
    axis = axis + len(dims) if axis < 0 else axis
    return n.reshape(x, (math.prod(dims[:axis]), math.prod(dims[axis:])))


def _axes(n: Call) -> tuple[int, ...] | None:
    """Axes as attribute (before opset 13) or input, None when not given."""
    if n.opset < 13:
        return n.attrs.ints("axes")
    return n.static_ints(1, "axes") if n.has(1) else None


@onnx_op("Squeeze", static=(1,))
def squeeze(n: Call) -> str:
    x = n.x(0)
    dims = n.shape(x)
    if n.has(1) and n.known(n.x(1)) is None and (declared := _declared(n, n.type(x).size)) is not None:
        return n.reshape(x, declared)
    given = _axes(n)
    axes = n.axes(given, len(dims)) if given is not None else [a for a, d in enumerate(dims) if d == 1]
    if any(dims[a] != 1 for a in axes):
        raise n.invalid(f"cannot squeeze axes {tuple(axes)} of {dims}", "a squeezed dimension must be 1")
    return n.reshape(x, [d for a, d in enumerate(dims) if a not in axes])


@onnx_op("Unsqueeze", static=(1,))
def unsqueeze(n: Call) -> str:
    x = n.x(0)
    if n.has(1) and n.known(n.x(1)) is None and (declared := _declared(n, n.type(x).size)) is not None:
        return n.reshape(x, declared)
    given = _axes(n)
    if given is None:
        raise n.invalid("axes are missing")
    rest = list(n.shape(x))
    for a in n.axes(given, len(rest) + len(given)):
        rest.insert(a, 1)
    return n.reshape(x, rest)


@onnx_op("Transpose")
def transpose(n: Call) -> str:
    x = n.x(0)
    rank = n.rank(x)
    return n.transpose(x, n.attrs.ints("perm") or tuple(reversed(range(rank))))


@onnx_op("Expand", static=(1,))
def expand(n: Call) -> str:
    x = n.x(0)
    declared = n.declared_shape(0)
    if n.known(n.x(1)) is None and declared is not None and None not in declared:
        return n.expand(x, [d for d in declared if d is not None])
    wanted = n.static_ints(1, "shape")
    if any(d < 0 for d in wanted):
        raise n.invalid(f"cannot expand to {wanted}")
    return n.expand(x, broadcast_shapes(n.shape(x), wanted))


@onnx_op("Tile", since=6, static=(1,))
def tile(n: Call) -> str:
    x = n.x(0)
    return tiled(n, x, n.static_ints(1, "repeats"))


@onnx_op("Tile", since=1, static=(1, 2))
def tile_1(n: Call) -> str:
    """Before opset 6: a number of tiles along one axis."""
    x = n.x(0)
    repeats = [1] * n.rank(x)
    repeats[normalize_axis(int(n.static_scalar(2, "axis")), len(repeats))] = int(n.static_scalar(1, "tiles"))
    return tiled(n, x, repeats)


def tiled(n: Call, x: str, repeats: Sequence[int]) -> str:
    """`x` repeated along each axis: every repeated axis gets one before it, which is expanded."""
    dims = n.shape(x)
    if len(repeats) != len(dims) or min(repeats, default=1) < 0:
        raise n.invalid(f"repeats {tuple(repeats)} do not fit a tensor of rank {len(dims)}")
    split: list[int] = []
    grown: list[int] = []
    for d, r in zip(dims, repeats, strict=True):
        split += [1, d] if r != 1 else [d]
        grown += [r, d] if r != 1 else [d]
    out = [d * r for d, r in zip(dims, repeats, strict=True)]
    return n.reshape(n.expand(n.reshape(x, split), grown), out)


@onnx_op("Concat")
def concat(n: Call) -> str:
    values = n.tensors()
    axis = n.attrs.int("axis", 1) if n.opset < 4 else n.attrs.int("axis")
    return n.concat(values, normalize_axis(axis, n.rank(values[0])))


@onnx_op("Split", static=(1,))
def split(n: Call) -> list[Value | None]:
    x = n.x(0)
    axis = n.axis("axis", 0, n.rank(x))
    total, parts = n.shape(x)[axis], len(n.outputs)
    sizes = n.static_ints(1, "split") if n.has(1) else n.attrs.ints("split") if "split" in n.attrs else None
    if sizes is None:
        parts = n.attrs.int("num_outputs", parts)
        if parts < 1 or parts != len(n.outputs):
            raise n.invalid(f"{len(n.outputs)} outputs for {parts} parts")
        each = -(-total // parts)
        sizes = tuple(max(min(each, total - k * each), 0) for k in range(parts))
    if sum(sizes) != total or min(sizes) < 0 or len(sizes) != len(n.outputs):
        raise n.invalid(f"cannot split {total} into {len(n.outputs)} parts of {sizes}")
    return list(split_at(n, x, axis, sizes))


def split_at(n: Call, x: str, axis: int, sizes: Sequence[int]) -> list[str]:
    """Consecutive parts of `x` along an axis."""
    starts = np.cumsum([0, *sizes])
    return [n.slice(x, axis, int(s), c) for s, c in zip(starts, sizes, strict=False)]


@onnx_op("Slice", static=(1, 2, 3, 4))
def slice_(n: Call) -> str:
    x = n.x(0)
    dims = n.shape(x)
    if n.opset < 10:
        starts, ends = n.attrs.ints("starts", ()), n.attrs.ints("ends", ())
        axes, steps = n.attrs.ints("axes"), None
    else:
        starts, ends = n.static_ints(1, "starts"), n.static_ints(2, "ends")
        axes = n.static_ints(3, "axes") if n.has(3) else None
        steps = n.static_ints(4, "steps") if n.has(4) else None
    assert starts is not None and ends is not None
    axes = tuple(range(len(starts))) if axes is None else tuple(normalize_axis(a, len(dims)) for a in axes)
    steps = (1,) * len(starts) if steps is None else steps
    if not len(starts) == len(ends) == len(axes) == len(steps) or len(set(axes)) != len(axes) or 0 in steps:
        raise n.invalid("starts, ends, axes and steps do not fit each other")
    full = [(0, 1, d) for d in dims]
    for a, start, end, step in zip(axes, starts, ends, steps, strict=True):
        part = range(dims[a])[slice(start, end, step)]
        full[a] = (part.start if len(part) else 0, step, len(part))
    if all(p == (0, 1, d) for p, d in zip(full, dims, strict=True)):
        return x
    first, stride, counts = zip(*full, strict=True)
    return n.emit("slice", [x], starts=first, steps=stride, shape=counts)


@onnx_op("Pad", static=(1, 3))
def pad(n: Call) -> str:
    x = n.x(0)
    rank, dtype = n.rank(x), n.dtype(x)
    mode = n.attrs.choice("mode", ("constant", "reflect", "edge", "wrap"), "constant")
    fill = ""
    if n.opset < 11:
        pads = n.attrs.ints("pads" if n.opset >= 2 else "paddings", ()) or ()
        value: float | int = n.attrs.float("value", 0.0)
    else:
        pads, value = n.static_ints(1, "pads"), 0
        if n.has(2):
            array = n.known(n.x(2))
            fill = n.x(2) if array is None else ""
            value = array.reshape(-1)[0].item() if array is not None and array.size == 1 else 0
        if n.has(3):
            axes = [normalize_axis(a, rank) for a in n.static_ints(3, "axes")]
            if len(pads) != 2 * len(axes) or len(set(axes)) != len(axes):
                raise n.invalid(f"pads {pads} do not fit axes {axes}")
            full = [0] * (2 * rank)
            for k, a in enumerate(axes):
                full[a], full[a + rank] = pads[k], pads[k + len(axes)]
            pads = tuple(full)
    if len(pads) != 2 * rank:
        raise n.invalid(f"pads {pads} do not fit a tensor of rank {rank}")
    x, pads = _crop(n, x, pads)
    value = bool(value) if dtype is DType.BOOL else float(value) if dtype.is_float else int(value)
    if not any(pads):
        return x
    y = n.emit("pad", [x], pads=pads, mode=mode, value=value)
    if fill and mode == "constant":  # the value is known at run time only
        inside = n.expand(n.const(True), n.shape(x))
        mask = n.emit("pad", [inside], pads=pads, mode="constant", value=False)
        y = n.emit("where", [mask, y, n.reshape(fill, ())])
    return y


def _crop(n: Call, x: str, pads: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    """Negative pads cut elements off: done first, by a slice."""
    rank = n.rank(x)
    for a in range(rank):
        begin, end = max(-pads[a], 0), max(-pads[a + rank], 0)
        if begin or end:
            count = n.shape(x)[a] - begin - end
            if count < 0:
                raise n.invalid(f"pads {pads} cut more than axis {a} has")
            x = n.slice(x, a, begin, count)
    return x, tuple(max(p, 0) for p in pads)


@onnx_op("DepthToSpace")
def depth_to_space(n: Call) -> str:
    x, b = n.x(0), n.attrs.int("blocksize")
    batch, c, h, w = _image(n, x)
    if b < 1 or c % (b * b):
        raise n.invalid(f"{c} channels cannot become blocks of {b} x {b}")
    out = c // (b * b)
    if n.attrs.choice("mode", ("DCR", "CRD"), "DCR") == "DCR":
        y = n.transpose(n.reshape(x, (batch, b, b, out, h, w)), (0, 3, 4, 1, 5, 2))
    else:
        y = n.transpose(n.reshape(x, (batch, out, b, b, h, w)), (0, 1, 4, 2, 5, 3))
    return n.reshape(y, (batch, out, h * b, w * b))


@onnx_op("SpaceToDepth")
def space_to_depth(n: Call) -> str:
    x, b = n.x(0), n.attrs.int("blocksize")
    batch, c, h, w = _image(n, x)
    if b < 1 or h % b or w % b:
        raise n.invalid(f"{h} x {w} does not divide into blocks of {b} x {b}")
    split = n.reshape(x, (batch, c, h // b, b, w // b, b))
    crd = n.attrs.choice("mode", ("DCR", "CRD"), "DCR") == "CRD" if "mode" in n.attrs else False
    y = n.transpose(split, (0, 1, 3, 5, 2, 4) if crd else (0, 3, 5, 1, 2, 4))
    return n.reshape(y, (batch, c * b * b, h // b, w // b))


def _image(n: Call, x: str) -> tuple[int, ...]:
    if n.rank(x) != 4:
        raise n.invalid(f"the input has rank {n.rank(x)}, not 4")
    return n.shape(x)


@onnx_op("CenterCropPad", static=(1,))
def center_crop_pad(n: Call) -> str:
    """Each axis cut or padded with zeros to a size, alike on both sides (an odd element goes to the end)."""
    x = n.x(0)
    rank, wanted = n.rank(x), n.static_ints(1, "shape")
    given = n.attrs.ints("axes")
    axes = tuple(range(rank)) if given is None else tuple(normalize_axis(a, rank) for a in given)
    if len(wanted) != len(axes) or len(set(axes)) != len(axes) or min(wanted, default=0) < 0:
        raise n.invalid(f"shape {wanted} does not fit axes {axes}")
    pads = [0] * (2 * rank)
    for a, size in zip(axes, wanted, strict=True):
        have = n.shape(x)[a]
        if have > size:
            x = n.slice(x, a, (have - size) // 2, size)
        else:
            pads[a] = (size - have) // 2
            pads[a + rank] = size - have - pads[a]
    value = False if n.dtype(x) is DType.BOOL else 0
    return n.emit("pad", [x], pads=tuple(pads), mode="constant", value=value) if any(pads) else x
