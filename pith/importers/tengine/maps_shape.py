"""Operators that move values without changing them, and interpolation."""

from __future__ import annotations

import math

from pith.importers.layers import resampling, simple
from pith.importers.tengine.layer import TengineLayer
from pith.importers.tengine.registry import tengine_layer


@tengine_layer("Concat")
def concat(n: TengineLayer) -> str:
    return n.concat(n.inputs, n.axis(n.whole("axis"), n.rank(n.x())))


@tengine_layer("Flatten")
def flatten(n: TengineLayer) -> str:
    x = n.x()
    return n.reshape(x, (n.shape(x)[0], n.graph.types[x].size // n.shape(x)[0]))


@tengine_layer("Reshape")
def reshape(n: TengineLayer) -> str:
    """The sizes are parameters: 0 keeps the size of that axis, -1 (once) is what is left."""
    x, sizes = n.x(), n.ints("shape")
    own = n.shape(x)
    if n.whole("reverse") or not sizes or min(sizes) < -1:
        raise n.unsupported(f"reshaping to {sizes} in the manner of MXNet")
    if any(s == 0 and (a >= len(own) or not (n.whole("mxnet") or n.whole("onnx") or a == 0)) for a, s in enumerate(sizes)):
        raise n.unsupported(f"reshaping {own} to {sizes}")
    shape = [own[a] if s == 0 else s for a, s in enumerate(sizes)]
    if -1 in shape:
        rest = math.prod(s for s in shape if s != -1)
        if shape.count(-1) > 1 or rest < 1 or n.graph.types[x].size % rest:
            raise n.invalid(f"{own} does not divide into {sizes}")
        shape[shape.index(-1)] = n.graph.types[x].size // rest
    return n.reshape(x, shape)


@tengine_layer("Permute")
def permute(n: TengineLayer) -> str:
    x = n.x()
    return n.transpose(x, [n.whole(f"order{a}") for a in range(min(n.rank(x), 4))])


@tengine_layer("Transpose")
def transpose(n: TengineLayer) -> str:
    return n.transpose(n.x(), n.ints("order"))


@tengine_layer("SwapAxis")
def swap_axis(n: TengineLayer) -> str:
    x = n.x()
    perm = list(range(n.rank(x)))
    a, b = n.axis(n.whole("a"), n.rank(x)), n.axis(n.whole("b"), n.rank(x))
    perm[a], perm[b] = perm[b], perm[a]
    return n.transpose(x, perm)


@tengine_layer("ExpandDims")
def expand_dims(n: TengineLayer) -> str:
    x = n.x()
    axis = n.axis(n.whole("axis"), n.rank(x) + 1)
    return n.reshape(x, (*n.shape(x)[:axis], 1, *n.shape(x)[axis:]))


@tengine_layer("Unsqueeze")
def unsqueeze(n: TengineLayer) -> str:
    x, axes = n.x(), n.ints("axes")
    rank = n.rank(x) + len(axes)
    places = {n.axis(a, rank) for a in axes}
    if len(places) != len(axes):
        raise n.invalid(f"axes {axes}")
    sizes = iter(n.shape(x))
    return n.reshape(x, [1 if a in places else next(sizes) for a in range(rank)])


@tengine_layer("Split")
def split(n: TengineLayer) -> list[str]:
    """Caffe's makes copies; the other cuts an axis into parts."""
    x = n.x()
    if n.whole("caffe", 1):
        return [x] * n.outputs
    axis, sizes = n.axis(n.whole("axis"), n.rank(x)), n.ints("sizes")
    if not sizes:
        parts = n.whole("parts")
        if parts != n.outputs or parts < 1 or n.shape(x)[axis] % parts:
            raise n.invalid(f"{n.shape(x)[axis]} elements in {parts} parts")
        sizes = [n.shape(x)[axis] // parts] * parts
    return _parts(n, x, axis, sizes)


@tengine_layer("Slice")
def slice_layer(n: TengineLayer) -> str | list[str]:
    x = n.x()
    if n.whole("caffe"):
        axis, points = n.axis(n.whole("axis"), n.rank(x)), n.ints("points")
        size = n.shape(x)[axis]
        if not points:
            if n.outputs < 1 or size % n.outputs:
                raise n.invalid(f"{size} elements in {n.outputs} parts")
            points = [size // n.outputs * k for k in range(1, n.outputs)]
        ends = [*points, size]
        return _parts(n, x, axis, [e - b for b, e in zip([0, *points], ends, strict=True)])
    if n.whole("onnx") or n.whole("mxnet"):
        axis = n.axis(n.whole("axis"), n.rank(x))
        size, step = n.shape(x)[axis], max(n.whole("step"), 1) if n.whole("onnx") else 1
        begin, end = n.whole("begin"), n.whole("end")
        begin, end = begin + size if begin < 0 else begin, end + size if end <= 0 else min(end, size)
        return n.slice(x, axis, begin, (end - begin - 1) // step + 1, step)
    begins, sizes = n.ints("begins"), n.ints("sizes")
    if not len(begins) == len(sizes) == n.rank(x):
        raise n.invalid(f"begins {begins} and sizes {sizes} of a tensor of {n.rank(x)} axes")
    for a, (b, s) in enumerate(zip(begins, sizes, strict=True)):
        x = n.slice(x, a, b, s if s != -1 else n.shape(x)[a] - b)
    return x


def _parts(n: TengineLayer, x: str, axis: int, sizes: list[int]) -> list[str]:
    at, parts = 0, []
    for s in sizes:
        parts.append(n.slice(x, axis, at, s))
        at += s
    return parts


@tengine_layer("Pad")
def pad(n: TengineLayer) -> str:
    x, mode = n.x(), n.whole("mode")
    if mode not in (0, 1, 2) or n.rank(x) != 4:
        raise n.unsupported(f"padding of mode {mode} around {n.shape(x)}")
    pads = [n.whole(f"{axis}{side}") for side in "01" for axis in "nchw"]
    if min(pads) < 0 or max(pads) > 1 << 24:
        raise n.invalid(f"padding of {pads}")
    if mode == 2 and any(p >= n.shape(x)[a % 4] for a, p in enumerate(pads)):
        raise n.invalid(f"reflecting padding of {pads} around {n.shape(x)}")
    return n.emit("pad", [x], pads=tuple(pads), mode=("constant", "edge", "reflect")[mode], value=n.real("value"))


@tengine_layer("ShuffleChannel")
def shuffle_channel(n: TengineLayer) -> str:
    return simple.shuffle_channels(n, n.x(), n.whole("group"))


@tengine_layer("DepthToSpace")
def depth_to_space(n: TengineLayer) -> str:
    return simple.depth_to_space(n, n.x(), n.whole("block"), False)


@tengine_layer("SpaceToDepth")
def space_to_depth(n: TengineLayer) -> str:
    return simple.space_to_depth(n, n.x(), n.whole("block"), False)


@tengine_layer("Interp")
def interp(n: TengineLayer) -> str:
    """Type 1 nearest, 2 linear, 4 linear with the corners aligned."""
    x, mode = n.x(), n.whole("type")
    if mode not in (1, 2, 4) or n.rank(x) != 4:
        raise n.unsupported(f"interpolation of type {mode} over {n.shape(x)}")
    h, w = n.shape(x)[2:]
    scales = n.real("height_scale"), n.real("width_scale")
    by_scale = scales[0] > 0 and scales[1] > 0
    if by_scale and max(scales) > 1e6:
        raise n.invalid(f"scales {scales}")
    out = (int(h * scales[0]), int(w * scales[1])) if by_scale else (n.whole("height"), n.whole("width"))
    if mode == 1:
        return resampling.nearest(n, x, out, [1 / s for s in scales] if by_scale else [h / max(out[0], 1), w / max(out[1], 1)])
    return resampling.resize(n, x, out, "linear", "half_pixel" if mode == 2 else "align_corners")


@tengine_layer("Upsample")
def upsample(n: TengineLayer) -> str:
    x, scale = n.x(), n.real("scale")
    if n.rank(x) != 4 or not 0 < scale <= 1e6:
        raise n.invalid(f"a scale of {scale} for an input of shape {n.shape(x)}")
    out = [int(d * scale) for d in n.shape(x)[2:]]
    return resampling.nearest(n, x, out, [1 / scale] * 2)
