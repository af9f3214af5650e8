"""Layers that move values without changing them, constants, and interpolation."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from pith.importers.layers import resampling, simple
from pith.importers.ncnn.layer import NcnnLayer
from pith.importers.ncnn.registry import ncnn_layer

_KEEP = -233  # a size that the layer decides by its input


@ncnn_layer("Flatten")
def flatten(n: NcnnLayer) -> str:
    x = n.x()
    return n.blob(x, (n.graph.types[x].size // n.shape(x)[0],))


@ncnn_layer("Reshape")
def reshape(n: NcnnLayer) -> str:
    """Parameters 0, 1, 11, 2 are w, h, d, c: 0 keeps the size, -1 (once) is what is left."""
    n.refuse_text(6)
    if n.whole(3):
        raise n.unsupported("reshaping with a permutation (an ncnn from before 2021)", "convert the model again")
    if n.whole(12, 233) != 233 or n.whole(13, 233) != 233:
        raise n.unsupported("moving the batch axis")
    x = n.x()
    sizes = [n.whole(k, _KEEP) for k in (0, 1, 11, 2)]  # w, h, d, c
    w, h, d, c = sizes
    own = n.whd(x)
    wanted = [(s, o) for s, o in zip(sizes, own, strict=True) if s != _KEEP]
    if w == _KEEP:
        raise n.invalid("it has no width")
    if (h == _KEEP and c != _KEEP) or (h == _KEEP and d != _KEEP) or (c == _KEEP and d != _KEEP):
        raise n.invalid(f"sizes w {w}, h {h}, d {d}, c {c}")
    shape = [o if s == 0 else s for s, o in wanted][::-1]
    total = n.graph.types[x].size // n.shape(x)[0]
    if shape.count(-1) > 1 or min(shape) < -1:
        raise n.invalid(f"a shape of {shape}")
    if -1 in shape:
        rest = math.prod(s for s in shape if s != -1)
        if rest < 1 or total % rest:
            raise n.invalid(f"{total} elements do not divide into {shape}")
        shape[shape.index(-1)] = total // rest
    return n.blob(x, shape)


@ncnn_layer("Permute")
def permute(n: NcnnLayer) -> str:
    """The order number counts the permutations of the axes from the innermost, the innermost changing fastest."""
    x, order = n.x(), n.whole(0)
    dims = n.dims(x)
    orders = [tuple(reversed(p)) for p in sorted(itertools.permutations(range(dims)), key=_rank)]
    if not 0 <= order < len(orders):
        raise n.invalid(f"there is no order {order} of {dims} axes")
    # an order lists, for each axis from the outermost on, which axis (counted from the innermost) it is
    return n.transpose(x, (0, *(dims - a for a in orders[order])))


def _rank(p: tuple[int, ...]) -> tuple[int, ...]:
    """Orders are sorted by their outermost axis first, the largest first."""
    return tuple(-a for a in reversed(p))


@ncnn_layer("Squeeze")
def squeeze(n: NcnnLayer) -> str:
    x = n.x()
    shape = n.shape(x)[1:]
    given = {n.positive(a, x) - 1 for a in n.ints(3)}
    if not n.ints(3):
        flags = {1: (0,), 2: (1, 0), 3: (2, 1, 0), 4: (2, 11, 1, 0)}[len(shape)]
        given = {a for a, k in enumerate(flags) if n.whole(k)}
    kept = [d for a, d in enumerate(shape) if a not in given or d != 1]
    return n.blob(x, kept or [1])


@ncnn_layer("ExpandDims")
def expand_dims(n: NcnnLayer) -> str:
    x, axes = n.x(), n.ints(3)
    rank = n.dims(x) + len(axes)
    places = {n.axis(a, rank) for a in axes}
    if len(places) != len(axes) or rank > 4:
        raise n.invalid(f"axes {axes} put into a blob of {n.dims(x)} axes")
    sizes = iter(n.shape(x)[1:])
    return n.blob(x, [1 if a in places else next(sizes) for a in range(rank)])


@ncnn_layer("Concat")
def concat(n: NcnnLayer) -> str:
    return n.concat(n.inputs, n.positive(n.whole(0), n.x()))


@ncnn_layer("Slice")
def slice_layer(n: NcnnLayer) -> list[str]:
    x = n.x()
    axis = n.positive(n.whole(1), x)
    size, sizes, ends = n.shape(x)[axis], n.ints(0), n.ints(2)
    if len(ends if ends else sizes) < n.outputs - bool(ends) or n.outputs < 1:
        raise n.invalid(f"{n.outputs} parts, but fewer sizes")
    at, parts = 0, []
    for k in range(n.outputs):
        left = n.outputs - k
        if ends:
            end = size if left == 1 else ends[k] + (size if ends[k] < 0 else 0)
            count = end - at
        else:
            count = (size - at) // left if sizes[k] == _KEEP else sizes[k]
        parts.append(n.slice(x, axis, at, count))
        at += count
    return parts


@ncnn_layer("Crop")
def crop(n: NcnnLayer) -> str:
    n.refuse_text(19, 20, 21)
    x = n.x()
    shape = n.shape(x)[1:]
    starts, ends, axes = n.ints(9), n.ints(10), n.ints(11)
    if starts and ends:
        places = [n.axis(a, len(shape)) for a in axes] if axes else list(range(len(shape)))
        if len(starts) < len(places) or len(ends) < len(places):
            raise n.invalid(f"{len(places)} axes, {len(starts)} starts, {len(ends)} ends")
        for a, start, end in zip(places, starts, ends, strict=False):
            d = shape[a]
            begin = 0 if start == _KEEP else start if start >= 0 else d + start
            stop = d if end == _KEEP else min(d, end if end > 0 else d + end)
            x = n.slice(x, a + 1, begin, stop - begin)
        return x
    numbers = {1: ((0, 3, 6),), 2: ((1, 4, 7), (0, 3, 6)), 3: ((2, 5, 8), (1, 4, 7), (0, 3, 6))}.get(
        len(shape), ((2, 5, 8), (13, 14, 15), (1, 4, 7), (0, 3, 6))
    )
    reference = n.shape(n.x(1))[1:] if len(n.inputs) > 1 else None
    for a, (offset, size, behind) in enumerate(numbers):
        start = n.whole(offset)
        if reference is not None:
            if len(reference) != len(shape):
                raise n.unsupported(f"cropping {shape} to the sizes of {reference}")
            count = reference[a]
        else:
            count = shape[a] - start - n.whole(behind)
            count = count if n.whole(size) == _KEEP else min(count, n.whole(size))
        x = n.slice(x, a + 1, start, count)
    return x


@ncnn_layer("Padding")
def padding(n: NcnnLayer) -> str:
    x, mode = n.x(), n.whole(4)
    top, bottom, left, right, front, behind = (n.whole(k) for k in (0, 1, 2, 3, 7, 8))
    per_channel = n.plain(n.whole(6)) if n.whole(6) else None
    if mode not in (0, 1, 2) or len(n.inputs) > 1:
        raise n.unsupported(f"padding of mode {mode}")
    pairs = {1: [(left, right)], 2: [(top, bottom), (left, right)]}.get(n.dims(x), [(top, bottom), (left, right)])
    if n.dims(x) >= 3:
        pairs = [(front, behind), *pairs] if n.dims(x) == 3 else [(0, 0), (front, behind), *pairs]
    begins, ends = [0, *(p[0] for p in pairs)], [0, *(p[1] for p in pairs)]
    if min(begins + ends) < 0 or max(begins + ends) > 1 << 24:
        raise n.invalid(f"padding of {pairs}")
    if mode == 2 and any(b >= d or e >= d for b, e, d in zip(begins[1:], ends[1:], n.shape(x)[1:], strict=True)):
        raise n.invalid(f"reflecting padding of {pairs} around {n.shape(x)[1:]}", "it must be smaller than the blob")
    if not any(begins + ends):
        return x
    attrs = {"pads": (*begins, *ends), "mode": ("constant", "edge", "reflect")[mode]}
    if per_channel is None or np.all(per_channel == per_channel[0]):
        value = n.real(5) if per_channel is None else float(per_channel[0])
        return n.emit("pad", [x], value=value, **attrs)
    if mode or n.dims(x) != 3 or front or behind or per_channel.size != n.shape(x)[1]:
        raise n.unsupported("padding by a value for each channel, of this kind")
    border = simple.along_channels(n, per_channel, n.rank(x))
    moved = n.emit("pad", [n.emit("sub", [x, border])], value=0.0, **attrs)
    return n.emit("add", [moved, border])


@ncnn_layer("ShuffleChannel")
def shuffle_channel(n: NcnnLayer) -> str:
    group, channels = n.whole(0, 1), n.shape(n.x())[1]
    if n.whole(1):
        if group < 1 or channels % group:
            raise n.invalid(f"{channels} channels do not divide into {group} groups")
        group = channels // group
    return simple.shuffle_channels(n, n.x(), group)


@ncnn_layer("PixelShuffle")
def pixel_shuffle(n: NcnnLayer) -> str:
    return simple.depth_to_space(n, n.x(), n.whole(0, 1), n.whole(1) != 0)


@ncnn_layer("Reorg")
def reorg(n: NcnnLayer) -> str:
    return simple.space_to_depth(n, n.x(), n.whole(0, 1), n.whole(1) != 0)


@ncnn_layer("Tile")
def tile(n: NcnnLayer) -> str:
    x, repeats = n.x(), n.ints(2)
    if repeats:
        if len(repeats) > 4:
            raise n.invalid(f"{len(repeats)} repeats")
        if n.dims(x) < len(repeats):
            x = n.blob(x, [1] * (len(repeats) - n.dims(x)) + list(n.shape(x)[1:]))
        counts = {n.rank(x) - len(repeats) + k: r for k, r in enumerate(repeats)}
    else:
        counts = {n.positive(n.whole(0), x): n.whole(1, 1)}
    for axis, count in counts.items():
        x = simple.tile(n, x, axis, count)
    return x


@ncnn_layer("MemoryData")
def memory_data(n: NcnnLayer) -> str:
    w, h, d, c = (n.whole(k) for k in (0, 1, 11, 2))
    shape = [s for s in (c, d, h, w) if s]
    if not shape or min(shape) < 1 or not w:
        raise n.invalid(f"sizes w {w}, h {h}, d {d}, c {c}")
    data = n.plain(*shape) if n.whole(21, 1) == 1 else n.floating(*shape)
    return n.const(data[None])


@ncnn_layer("Interp")
def interp(n: NcnnLayer) -> str:
    """Type 1 nearest, 2 linear, 3 cubic; parameters 1, 2 scales, 3, 4 sizes (height first)."""
    n.refuse_text(9)
    x, mode = n.x(), n.whole(0)
    scales, sizes = (n.real(1, 1.0), n.real(2, 1.0)), (n.whole(3), n.whole(4))
    if mode not in (1, 2, 3):
        raise n.unsupported(f"interpolation of type {mode}")
    w, h, _, _ = n.whd(x)
    if n.dims(x) == 1:
        w = h = 1
    if len(n.inputs) > 1 and n.whole(5):
        sizes = (n.whd(n.x(1))[1], n.whd(n.x(1))[0])
    given = tuple(s > 0 for s in sizes)
    if not all(given) and not (min(scales) > 0 and max(scales) <= 1e6):
        raise n.invalid(f"scales {scales}")
    # one size alone counts for nothing but the step of its axis
    out = sizes if all(given) else tuple(int(np.float32(d) * np.float32(f)) for d, f in zip((h, w), scales, strict=True))
    if n.dims(x) == 1:
        return n.expand(n.blob(x, (*n.shape(x)[1:], 1, 1)), (*n.shape(x), *out))
    steps = [d / o if g else 1 / f for d, o, g, f in zip((h, w), out, given, scales, strict=True) if o > 0]
    if len(steps) < 2:
        raise n.invalid(f"sizes {out}")
    return _interpolated(n, x, mode, out[-1:] if n.dims(x) == 2 else out, steps[-1:] if n.dims(x) == 2 else steps)


def _interpolated(n: NcnnLayer, x: str, mode: int, out: Sequence[int], steps: Sequence[float]) -> str:
    if tuple(out) == n.shape(x)[-len(out) :]:
        return x
    if mode == 1:
        return resampling.nearest(n, x, out, steps)
    return resampling.resize(n, x, out, "linear" if mode == 2 else "cubic", "align_corners" if n.whole(6) else "half_pixel")


@ncnn_layer("Flip")
def flip(n: NcnnLayer) -> str:
    x = n.x()
    for a in {n.positive(a, x) for a in n.ints(0)}:
        x = n.slice(x, a, n.shape(x)[a] - 1, n.shape(x)[a], -1) if n.shape(x)[a] > 1 else x
    return x
