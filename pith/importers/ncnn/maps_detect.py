"""Single-shot detectors: priors as constants, and decoded boxes in place of picked ones."""

from __future__ import annotations

import math

import numpy as np

from pith.importers.layers.detection import Priors, check_priors, detections
from pith.importers.ncnn.layer import NcnnLayer
from pith.importers.ncnn.registry import ncnn_layer

_AUTO = -233


@ncnn_layer("PriorBox")
def prior_box(n: NcnnLayer) -> str:
    """A constant [1, 2, 4 * boxes]: the boxes, then their variances."""
    w, h, _, _ = n.whd(n.x())
    minimal, maximal, ratios = n.floats(0), n.floats(1), n.floats(2)
    width, height = n.whole(9), n.whole(10)
    if n.whole(14) or n.whole(15) or (len(n.inputs) == 1 and _AUTO in (width, height)):
        raise n.unsupported("boxes in the manner of mmdetection or MXNet")
    picture = n.whd(n.x(1)) if len(n.inputs) > 1 else (width, height, 1, 1)
    size = (float(picture[1] if height in (0, _AUTO) else height), float(picture[0] if width in (0, _AUTO) else width))
    step = (n.real(12, _AUTO), n.real(11, _AUTO))
    steps = tuple(p / d if s == _AUTO else s for s, p, d in zip(step, size, (h, w), strict=True))
    priors = Priors((h, w), size, (steps[0], steps[1]), minimal, maximal, ratios, n.whole(7, 1) != 0, n.real(13), n.whole(8) != 0)
    check_priors(n, priors)
    boxes = priors.boxes()
    variances = np.array([n.real(k, v) for k, v in ((3, 0.1), (4, 0.1), (5, 0.2), (6, 0.2))], np.float32)
    return n.const(np.stack([boxes.reshape(-1), np.tile(variances, len(boxes))])[None])


@ncnn_layer("DetectionOutput")
def detection_output(n: NcnnLayer) -> dict[str, str]:
    classes = n.whole(0)
    priors = n.known(n.x(2))
    if classes == _AUTO or priors is None or priors.ndim != 3 or priors.shape[1] != 2 or priors.shape[2] % 4:
        raise n.unsupported("boxes that are not of PriorBox layers")
    location, confidence = (n.reshape(v, (n.shape(v)[0], math.prod(n.shape(v)[1:]))) for v in (n.x(0), n.x(1)))
    return detections(
        n, location, confidence, priors[0, 0].reshape(-1, 4), priors[0, 1].reshape(-1, 4), classes, n.names[0],
        threshold=(n.real(4, 0.5), n.real(1, 0.05)),
    )  # fmt: skip
