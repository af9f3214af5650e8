"""Operators that move elements about. Quantised ones move the integers, so result and operand must have one scale."""

from __future__ import annotations

import itertools
import math

import numpy as np

from pith.graph import DType
from pith.importers.tflite.activations import activated
from pith.importers.tflite.context import Call
from pith.importers.tflite.maps_elementwise import requantised_like
from pith.importers.tflite.registry import tflite_op
from pith.ops.base import broadcast_shapes

_MAX_AXIS = 2**24


def moved(n: Call, i: int = 0) -> str:
    """Input `i` of an operator that moves its elements: with the result's scale where they have one."""
    t, out = n.tensor(i), n.out()
    if (n.quantised or n.short) and t.steps is not None and t.steps.single and not n.same_steps(t, out):
        raise n.unsupported("a result of another scale than its operand's is not supported")
    return n.x(i)


def _size(n: Call, shape: tuple[int, ...]) -> tuple[int, ...]:
    if any(d < 0 or d > 2**31 - 1 for d in shape) or math.prod(shape) > 2**31 - 1:
        raise n.invalid(f"a shape of {shape}")
    return shape


@tflite_op("RESHAPE")
def reshape(n: Call) -> str:
    x = n.x(0)
    target = list(n.static_ints(1, "the shape") if n.has(1) else n.ints("new_shape"))
    if not n.has(1) and target == [0]:
        target = []  # how old converters write a scalar
    total = math.prod(n.shape(x))
    if target.count(-1) == 1:
        rest = math.prod(d for d in target if d != -1)
        if rest < 1 or total % rest:
            raise n.invalid(f"{n.shape(x)} cannot become {target}")
        target[target.index(-1)] = total // rest
    if math.prod(_size(n, tuple(target))) != total:
        raise n.invalid(f"{n.shape(x)} cannot become {target}")
    return n.reshape(moved(n), target)


@tflite_op("SQUEEZE")
def squeeze(n: Call) -> str:
    x = n.x(0)
    shape = n.shape(x)
    axes = {n.axis(a, len(shape)) for a in n.ints("squeeze_dims")} or {a for a, d in enumerate(shape) if d == 1}
    if any(shape[a] != 1 for a in axes):
        raise n.invalid(f"axes {sorted(axes)} of {shape} are not all 1")
    return n.reshape(moved(n), [d for a, d in enumerate(shape) if a not in axes])


@tflite_op("EXPAND_DIMS")
def expand_dims(n: Call) -> str:
    x = n.x(0)
    (axis,) = n.static_ints(1, "the axis")
    at = n.axis(axis, n.rank(x) + 1)
    return n.reshape(moved(n), [*n.shape(x)[:at], 1, *n.shape(x)[at:]])


@tflite_op("SHAPE", "RANK")
def shape_of(n: Call) -> str:
    shape = n.shape(n.x(0))
    return n.const(len(shape) if n.op.name == "RANK" else np.array(shape), n.out_dtype())


@tflite_op("TRANSPOSE")
def transpose(n: Call) -> str:
    return n.transpose(moved(n), n.static_ints(1, "the order of axes"))


@tflite_op("PAD", "PADV2", "MIRROR_PAD")
def pad(n: Call) -> str:
    x, rank = moved(n), n.rank(n.x(0))
    widths = n.static(1, "the padding")
    if widths.shape != (rank, 2) or widths.dtype.kind not in "iu" or (widths < 0).any() or (widths > _MAX_AXIS).any():
        raise n.invalid(f"padding of shape {widths.shape} for {n.shape(x)}")
    pads = tuple(int(v) for v in widths.T.reshape(-1))
    _size(n, tuple(d + pads[a] + pads[a + rank] for a, d in enumerate(n.shape(x))))
    if n.op.name == "MIRROR_PAD":
        if n.option("mode") == 0:
            if any(max(pads[a], pads[a + rank]) > d - 1 for a, d in enumerate(n.shape(x))):
                raise n.invalid("a reflection wider than what it reflects")
            return n.emit("pad", [x], pads=pads, mode="reflect", value=0)
        raise n.unsupported("mirrors that repeat the border are not supported")
    value = n.zero(n.tensor(0)) if n.quantised else 0
    if n.op.name == "PADV2":
        number = n.static(2, "the value of the border")
        if number.size != 1:
            raise n.invalid("the value of the border is no single number")
        value = number.reshape(-1)[0].item()
    return n.emit("pad", [x], pads=pads, mode="constant", value=value)


@tflite_op("CONCATENATION")
def concatenation(n: Call) -> str:
    parts = [n.x(i) for i in range(len(n.inputs))]
    if not parts or len({n.dtype(p) for p in parts}) != 1:
        raise n.invalid("its parts are of several types")
    if n.quantised or n.short:
        parts = [requantised_like(n, p, i) for i, p in enumerate(parts)]
    elif n.dtype(parts[0]).is_int and n.activation != "NONE":
        raise n.unsupported("an activation on integers is not supported")
    y = parts[0] if len(parts) == 1 else n.emit("concat", parts, axis=n.axis(n.option("axis"), n.rank(parts[0])))
    if n.quantised or n.short:
        if n.activation != "NONE":
            raise n.unsupported("a fused activation on integers is not supported")
        return y
    return activated(n, y)


@tflite_op("PACK")
def pack(n: Call) -> str:
    parts = [n.x(i) for i in range(len(n.inputs))]
    rank = n.rank(n.x(0)) + 1
    axis = n.axis(n.option("axis"), rank)
    if len({(n.shape(p), n.dtype(p)) for p in parts}) != 1:
        raise n.invalid("its parts have several shapes or types")
    moved(n)
    parts = [n.reshape(p, [*n.shape(p)[:axis], 1, *n.shape(p)[axis:]]) for p in parts]
    return parts[0] if len(parts) == 1 else n.emit("concat", parts, axis=axis)


@tflite_op("UNPACK")
def unpack(n: Call) -> list[str]:
    x = moved(n)
    shape = n.shape(x)
    axis = n.axis(n.option("axis"), len(shape))
    if shape[axis] != len(n.op.outputs):
        raise n.invalid(f"{len(n.op.outputs)} outputs for an axis of {shape[axis]}")
    rest = [d for a, d in enumerate(shape) if a != axis]
    return [n.reshape(n.slice(x, axis, k, 1), rest) for k in range(shape[axis])]


@tflite_op("SPLIT")
def split(n: Call) -> list[str]:
    x = n.x(1)
    (axis,) = n.static_ints(0, "the axis")
    axis, count = n.axis(axis, n.rank(x)), len(n.op.outputs)
    size = n.shape(x)[axis]
    if not count or size % count:
        raise n.invalid(f"an axis of {size} in {count} parts")
    return [n.slice(x, axis, k * (size // count), size // count) for k in range(count)]


@tflite_op("SPLIT_V")
def split_v(n: Call) -> list[str]:
    x = moved(n)
    sizes, (axis,) = list(n.static_ints(1, "the sizes")), n.static_ints(2, "the axis")
    axis = n.axis(axis, n.rank(x))
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = n.shape(x)[axis] - sum(s for s in sizes if s != -1)
    if sum(sizes) != n.shape(x)[axis] or min(sizes, default=0) < 0 or len(sizes) != len(n.op.outputs):
        raise n.invalid(f"parts of {sizes} for an axis of {n.shape(x)[axis]}")
    starts = [0, *itertools.accumulate(sizes)]
    return [n.slice(x, axis, start, size) for start, size in zip(starts, sizes, strict=False)]


@tflite_op("SLICE")
def slice_op(n: Call) -> str:
    x = moved(n)
    starts, sizes = n.static_ints(1, "where it begins"), n.static_ints(2, "the sizes")
    if len(starts) != n.rank(x) or len(sizes) != n.rank(x):
        raise n.invalid(f"begin {starts} and size {sizes} for {n.shape(x)}")
    for a, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        x = n.slice(x, a, start, n.shape(x)[a] - start if size == -1 else size)
    return x


@tflite_op("STRIDED_SLICE")
def strided_slice(n: Call) -> str:
    """NumPy's x[begin:end:step], where bits of masks say which of the entries are left out, `...`, new or single."""
    x = moved(n)
    begin, end, step = (n.static_ints(i, what) for i, what in ((1, "where it begins"), (2, "where it ends"), (3, "the steps")))
    masks = {name: n.option(f"{name}_mask") for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")}
    if not len(begin) == len(end) == len(step):
        raise n.invalid(f"begin {begin}, end {end} and steps {step}")
    if n.option("offset"):
        raise n.unsupported("ends that count from the beginning are not supported")

    def bit(name: str, k: int) -> bool:
        return bool(masks[name] >> k & 1)

    dots = [k for k in range(len(begin)) if bit("ellipsis", k)]
    used = sum(not bit("new_axis", k) for k in range(len(begin)) if k not in dots)
    missing = n.rank(x) - used
    if len(dots) > 1 or missing < 0:
        raise n.invalid(f"{len(begin)} entries for a tensor of rank {n.rank(x)}")
    starts, steps, counts, shape = list[int](), list[int](), list[int](), list[int]()
    axis = 0
    for k in [*range(len(begin)), None]:
        if k is None or k in dots:
            whole = n.shape(x)[axis : axis + missing] if k is not None or not dots else ()
            starts, steps, counts = [*starts, *[0] * len(whole)], [*steps, *[1] * len(whole)], [*counts, *whole]
            shape, axis = [*shape, *whole], axis + len(whole)
        elif bit("new_axis", k):
            shape.append(1)
        else:
            d = n.shape(x)[axis]
            if bit("shrink_axis", k):
                at = begin[k] + d if begin[k] < 0 else begin[k]
                if not 0 <= at < d:
                    raise n.invalid(f"element {begin[k]} of an axis of {d}")
                entry = at, 1, 1
            else:
                if step[k] == 0:
                    raise n.invalid("a step of 0")
                r = range(d)[None if bit("begin", k) else begin[k] : None if bit("end", k) else end[k] : step[k]]
                entry = r.start if len(r) else 0, step[k] if len(r) > 1 else 1, len(r)
                shape.append(len(r))
            starts, steps, counts = [*starts, entry[0]], [*steps, entry[1]], [*counts, entry[2]]
            axis += 1
    whole_view = all(s == 0 and t == 1 for s, t in zip(starts, steps, strict=True)) and tuple(counts) == n.shape(x)
    y = x if whole_view else n.emit("slice", [x], starts=tuple(starts), steps=tuple(steps), shape=tuple(counts))
    return n.reshape(y, shape)


@tflite_op("GATHER")
def gather(n: Call) -> str:
    x, indices = moved(n), n.x(1)
    if n.option("batch_dims"):
        raise n.unsupported("batch dimensions are not supported")
    if n.dtype(indices) not in (DType.I32, DType.I64):
        raise n.unsupported(f"indices of {n.dtype(indices).value} are not supported")
    return n.emit("gather", [x, indices], axis=n.axis(n.option("axis"), n.rank(x)))


@tflite_op("GATHER_ND")
def gather_nd(n: Call) -> str:
    return n.emit("gather_nd", [moved(n), n.cast(n.x(1), DType.I64)], batch_dims=0)


@tflite_op("TILE")
def tile(n: Call) -> str:
    x, times = moved(n), n.static_ints(1, "the multiples")
    shape = n.shape(x)
    if len(times) != len(shape) or min(times, default=1) < 0:
        raise n.invalid(f"multiples {times} for {shape}")
    _size(n, tuple(d * t for d, t in zip(shape, times, strict=True)))
    apart = n.reshape(x, [v for d in shape for v in (1, d)])
    wide = n.emit("expand", [apart], shape=tuple(v for d, t in zip(shape, times, strict=True) for v in (t, d)))
    return n.reshape(wide, [d * t for d, t in zip(shape, times, strict=True)])


@tflite_op("BROADCAST_TO")
def broadcast_to(n: Call) -> str:
    x, shape = moved(n), _size(n, n.static_ints(1, "the shape"))
    return n.emit("expand", [x], shape=broadcast_shapes(n.shape(x), shape))


@tflite_op("FILL")
def fill(n: Call) -> str:
    return n.emit("expand", [n.x(1)], shape=_size(n, n.static_ints(0, "the shape")))


@tflite_op("REVERSE_V2")
def reverse(n: Call) -> str:
    x = moved(n)
    shape = n.shape(x)
    axes = {n.axis(a, len(shape)) for a in n.static_ints(1, "the list of axes")}
    starts = tuple(max(d - 1, 0) if a in axes else 0 for a, d in enumerate(shape))
    return n.emit("slice", [x], starts=starts, steps=tuple(-1 if a in axes else 1 for a in range(len(shape))), shape=shape)


@tflite_op("TOPK_V2")
def top_k(n: Call) -> list[str]:
    x = n.x(0)
    (k,) = n.static_ints(1, "k")
    values, places = n.emit_n("top_k", [x], 2, k=k, axis=n.rank(x) - 1, largest=True, sorted=True)
    return [values, n.cast(places, n.out_dtype(1))]


@tflite_op("ONE_HOT")
def one_hot(n: Call) -> str:
    indices, (depth,) = n.x(0), n.static_ints(1, "the depth")
    rank = n.rank(indices)
    axis = n.axis(n.option("axis"), rank + 1)
    if not 0 <= depth <= _MAX_AXIS:
        raise n.invalid(f"a depth of {depth}")
    places = n.const(np.arange(depth).reshape([-1 if a == axis else 1 for a in range(rank + 1)]), n.dtype(indices))
    apart = n.reshape(indices, [*n.shape(indices)[:axis], 1, *n.shape(indices)[axis:]])
    return n.emit("where", [n.emit("equal", [apart, places]), n.x(2), n.x(3)])


@tflite_op("SPACE_TO_DEPTH", "DEPTH_TO_SPACE")
def depth(n: Call) -> str:
    """Blocks of pixels to channels (rows of a block first), and back."""
    x, b = moved(n), n.option("block_size")
    if n.rank(x) != 4 or b < 1:
        raise n.invalid(f"blocks of {b} in a picture of shape {n.shape(x)}")
    m, h, w, c = n.shape(x)
    if n.op.name == "SPACE_TO_DEPTH":
        if h % b or w % b:
            raise n.invalid(f"blocks of {b} in a picture of shape {n.shape(x)}")
        apart = n.reshape(x, (m, h // b, b, w // b, b, c))
        return n.reshape(n.transpose(apart, (0, 1, 3, 2, 4, 5)), (m, h // b, w // b, b * b * c))
    if c % (b * b):
        raise n.invalid(f"{c} channels for blocks of {b}")
    apart = n.reshape(x, (m, h, w, b, b, c // (b * b)))
    return n.reshape(n.transpose(apart, (0, 1, 3, 2, 4, 5)), (m, h * b, w * b, c // (b * b)))


def _blocks(n: Call, x: str) -> tuple[tuple[int, ...], list[tuple[int, int]]]:
    """Block sizes of the spatial axes of SPACE_TO_BATCH_ND and its inverse, and what is added to or cropped off each."""
    blocks = n.static_ints(1, "the block sizes")
    edges = n.static(2, "the borders")
    if not blocks or len(blocks) >= n.rank(x) or edges.shape != (len(blocks), 2) or min(blocks) < 1 or (edges < 0).any() or (edges > _MAX_AXIS).any():
        raise n.invalid(f"blocks {blocks} and borders of shape {edges.shape} for {n.shape(x)}")
    return blocks, [(int(a), int(b)) for a, b in edges]


@tflite_op("SPACE_TO_BATCH_ND")
def space_to_batch(n: Call) -> str:
    x = moved(n)
    blocks, edges = _blocks(n, x)
    s, rank = len(blocks), n.rank(x)
    pads = (0, *(a for a, _ in edges), *(0,) * (rank - s - 1), 0, *(b for _, b in edges), *(0,) * (rank - s - 1))
    if any(pads):
        _size(n, tuple(d + pads[a] + pads[a + rank] for a, d in enumerate(n.shape(x))))
        x = n.emit("pad", [x], pads=pads, mode="constant", value=n.zero(n.tensor(0)) if n.quantised else 0)
    m, spatial, rest = n.shape(x)[0], n.shape(x)[1 : 1 + s], n.shape(x)[1 + s :]
    if any(d % b for d, b in zip(spatial, blocks, strict=True)):
        raise n.invalid(f"blocks {blocks} in {spatial}")
    outer = [d // b for d, b in zip(spatial, blocks, strict=True)]
    apart = n.reshape(x, [m, *(v for o, b in zip(outer, blocks, strict=True) for v in (o, b)), *rest])
    order = (*range(2, 2 * s + 1, 2), 0, *range(1, 2 * s, 2), *range(2 * s + 1, 2 * s + 1 + len(rest)))
    return n.reshape(n.transpose(apart, order), [m * math.prod(blocks), *outer, *rest])


@tflite_op("BATCH_TO_SPACE_ND")
def batch_to_space(n: Call) -> str:
    x = moved(n)
    blocks, edges = _blocks(n, x)
    s = len(blocks)
    m, spatial, rest = n.shape(x)[0], n.shape(x)[1 : 1 + s], n.shape(x)[1 + s :]
    if m % math.prod(blocks):
        raise n.invalid(f"{m} pictures for blocks {blocks}")
    apart = n.reshape(x, [*blocks, m // math.prod(blocks), *spatial, *rest])
    order = (s, *(v for a in range(s) for v in (s + 1 + a, a)), *range(2 * s + 1, 2 * s + 1 + len(rest)))
    y = n.reshape(n.transpose(apart, order), [m // math.prod(blocks), *(d * b for d, b in zip(spatial, blocks, strict=True)), *rest])
    for a, (start, stop) in enumerate(edges, 1):
        if start + stop > n.shape(y)[a]:
            raise n.invalid(f"crops {edges} of {n.shape(y)}")
        y = n.slice(y, a, start, n.shape(y)[a] - start - stop)
    return y


@tflite_op("RANGE")
def range_op(n: Call) -> str:
    start, stop, step = (n.static(i, what).reshape(-1)[0].item() for i, what in enumerate(("the start", "the limit", "the step")))
    if step == 0 or not 0 <= (stop - start) / step <= _MAX_AXIS:
        raise n.invalid(f"a range from {start} to {stop} by {step}")
    return n.const(np.arange(start, stop, step), n.out_dtype())


