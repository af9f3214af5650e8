"""Layers that move values, interpolation, and detectors."""

from __future__ import annotations

import math

import numpy as np

from pith.importers.caffe.layer import CaffeLayer
from pith.importers.caffe.registry import caffe_layer
from pith.importers.layers import resampling, simple
from pith.importers.layers.detection import CENTER_SIZE, CORNER, CORNER_SIZE, Priors, check_priors, detections


@caffe_layer("Concat")
def concat(n: CaffeLayer) -> str:
    n.group("concat_param")
    axis = n.whole("axis", n.whole("concat_dim", 1))
    return n.concat(n.inputs, n.axis(axis, n.rank(n.x())))


@caffe_layer("Slice")
def slice_layer(n: CaffeLayer) -> list[str]:
    n.group("slice_param")
    x, points = n.x(), n.ints("slice_point")
    axis = n.axis(n.whole("axis", n.whole("slice_dim", 1)), n.rank(x))
    size = n.shape(x)[axis]
    if not points:
        if n.outputs < 1 or size % n.outputs:
            raise n.invalid(f"{size} elements in {n.outputs} parts")
        points = [size // n.outputs * k for k in range(1, n.outputs)]
    if len(points) != n.outputs - 1:
        raise n.invalid(f"{len(points)} points for {n.outputs} parts")
    return [n.slice(x, axis, b, e - b) for b, e in zip([0, *points], [*points, size], strict=True)]


@caffe_layer("Flatten")
def flatten(n: CaffeLayer) -> str:
    n.group("flatten_param")
    x = n.x()
    first, last = n.axis(n.whole("axis", 1), n.rank(x)), n.axis(n.whole("end_axis", -1), n.rank(x))
    if last < first:
        raise n.invalid(f"axes {first} to {last}")
    shape = n.shape(x)
    return n.reshape(x, (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]))


@caffe_layer("Reshape")
def reshape(n: CaffeLayer) -> str:
    """The axes from `axis` on, `num_axes` of them (-1: all), become the sizes; 0 keeps one, -1 (once) is what is left."""
    n.group("reshape_param")
    x, sizes = n.x(), n.dims("shape")
    shape = n.shape(x)
    given = n.whole("axis")
    first = given if given >= 0 else len(shape) + given + 1
    last = len(shape) if n.whole("num_axes", -1) == -1 else first + n.whole("num_axes", -1)
    if not 0 <= first <= last <= len(shape) or sizes.count(-1) > 1 or min(sizes, default=0) < -1:
        raise n.invalid(f"axes {first} to {last} of {shape} become {sizes}")
    if any(s == 0 and first + k >= len(shape) for k, s in enumerate(sizes)):
        raise n.invalid(f"{sizes} keeps an axis that {shape} has not")
    new = [*shape[:first], *(shape[first + k] if s == 0 else s for k, s in enumerate(sizes)), *shape[last:]]
    if -1 in new:
        rest = math.prod(s for s in new if s != -1)
        if rest < 1 or math.prod(shape) % rest:
            raise n.invalid(f"{shape} does not divide into {new}")
        new[new.index(-1)] = math.prod(shape) // rest
    return n.reshape(x, new)


@caffe_layer("Permute")
def permute(n: CaffeLayer) -> str:
    """Axes that are not named follow in their order."""
    n.group("permute_param")
    x, order = n.x(), n.ints("order")
    return n.transpose(x, [*order, *(a for a in range(n.rank(x)) if a not in order)])


@caffe_layer("Crop")
def crop(n: CaffeLayer) -> str:
    """From `axis` on to the sizes of the second input, beginning at the offsets (one for all axes, or one each)."""
    n.group("crop_param")
    x, like = n.x(0), n.shape(n.x(1))
    axis, offsets = n.axis(n.whole("axis", 2), n.rank(x)), n.ints("offset")
    count = n.rank(x) - axis
    offsets = offsets or [0]
    if len(offsets) not in (1, count) or len(like) != n.rank(x):
        raise n.invalid(f"offsets {offsets} for {count} axes")
    offsets = offsets * count if len(offsets) == 1 else offsets
    for a, start in enumerate(offsets, axis):
        x = n.slice(x, a, start, like[a])
    return x


@caffe_layer("Tile")
def tile(n: CaffeLayer) -> str:
    n.group("tile_param")
    return simple.tile(n, n.x(), n.axis(n.whole("axis", 1), n.rank(n.x())), n.whole("tiles"))


@caffe_layer("Reduction")
def reduction(n: CaffeLayer) -> str:
    """Of all axes from `axis` on."""
    n.group("reduction_param")
    x = n.x()
    axis = n.axis(n.whole("axis"), n.rank(x))
    kinds = {1: "sum", 2: "l1", 3: "sum_square", 4: "mean"}
    y = n.reduce(kinds[n.whole("operation", 1)], x, range(axis, n.rank(x)), keepdims=False)
    coefficient = n.real("coeff", 1.0)
    return y if coefficient == 1 else n.emit("mul", [y, n.number(coefficient)])


@caffe_layer("ShuffleChannel")
def shuffle_channel(n: CaffeLayer) -> str:
    n.group("shuffle_channel_param")
    return simple.shuffle_channels(n, n.x(), n.whole("group", 1))


@caffe_layer("Interp")
def interp(n: CaffeLayer) -> str:
    """Linear with the corners aligned, after padding (which must be none)."""
    n.group("interp_param")
    x = n.x()
    if n.rank(x) != 4 or n.whole("pad_beg") or n.whole("pad_end"):
        raise n.unsupported(f"interpolation of {n.shape(x)} with padding")
    size = list(n.shape(x)[2:])
    if len(n.inputs) > 1:
        size = list(n.shape(n.x(1))[2:])
    elif n.given("height") and n.given("width"):
        size = [n.whole("height"), n.whole("width")]
    else:
        shrink, zoom = n.whole("shrink_factor", 1), n.whole("zoom_factor", 1)
        if shrink < 1 or zoom < 1 or zoom > 1 << 16:
            raise n.invalid(f"a zoom of {zoom} and shrinking by {shrink}")
        size = [(d - 1) // shrink + 1 for d in size]
        size = [d + (d - 1) * (zoom - 1) for d in size]
    return resampling.resize(n, x, size, "linear", "align_corners")


@caffe_layer("PriorBox")
def prior_box(n: CaffeLayer) -> str:
    """A constant [1, 2, 4 * boxes]: the boxes, then their variances."""
    n.group("prior_box_param")
    feature, picture = n.shape(n.x(0)), n.shape(n.x(1))
    if len(feature) != 4 or len(picture) != 4:
        raise n.invalid(f"a feature map of {feature} and a picture of {picture}")
    side = n.whole("img_size")
    size = (float(n.whole("img_h") or side or picture[2]), float(n.whole("img_w") or side or picture[3]))
    step = n.real("step")
    steps = (n.real("step_h") or step or size[0] / feature[2], n.real("step_w") or step or size[1] / feature[3])
    ratios = _ratios(n.floats("aspect_ratio"), n.flag("flip", True))
    priors = Priors(
        (feature[2], feature[3]), size, steps, tuple(n.floats("min_size")), tuple(n.floats("max_size")), ratios, False,
        n.real("offset", 0.5), n.flag("clip", False),
    )  # fmt: skip
    check_priors(n, priors)
    boxes = priors.boxes()
    variance = n.floats("variance") or [0.1]
    if len(variance) not in (1, 4):
        raise n.invalid(f"{len(variance)} variances")
    four = np.array(variance * 4 if len(variance) == 1 else variance, np.float32)
    return n.const(np.stack([boxes.reshape(-1), np.tile(four, len(boxes))])[None])


def _ratios(given: list[float], flip: bool) -> tuple[float, ...]:
    """Aspect ratios other than 1, each once, with `flip` each followed by its inverse."""
    found: list[float] = []
    for r in given:
        if r <= 0:
            return (r,)  # which is refused with the other sizes
        if all(abs(r - f) >= 1e-6 for f in (1.0, *found)):
            found += [r, 1 / r] if flip else [r]
    return tuple(found)


@caffe_layer("DetectionOutput")
def detection_output(n: CaffeLayer) -> dict[str, str]:
    n.group("detection_output_param")
    priors = n.known(n.x(2))
    if priors is None or priors.ndim != 3 or priors.shape[1] != 2 or priors.shape[2] % 4:
        raise n.unsupported("boxes that are not of PriorBox layers")
    if not n.flag("share_location", True):
        raise n.unsupported("boxes of each class apart")
    location, confidence = (n.reshape(v, (n.shape(v)[0], math.prod(n.shape(v)[1:]))) for v in (n.x(0), n.x(1)))
    code = {1: CORNER, 2: CENTER_SIZE, 3: CORNER_SIZE}[n.whole("code_type", 1)]
    variances = None if n.flag("variance_encoded_in_target", False) else priors[0, 1].reshape(-1, 4)
    return detections(
        n, location, confidence, priors[0, 0].reshape(-1, 4), variances, n.whole("num_classes"), n.names[0], code,
        (n.real("confidence_threshold"), n.child("nms_param", "nms_threshold", 0.3)),
    )  # fmt: skip
