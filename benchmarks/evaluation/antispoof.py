"""MiniFASNet: scores of the three sample photographs of Silent-Face-Anti-Spoofing (two fakes, one live face).

The boxes are those of the detector that the project ships; crop, resizing (OpenCV's, 8 bits) and fusion are the project's.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from functools import partial

import numpy as np

from benchmarks.evaluation.base import DATA, Evaluation, Run, exported, mean, open_rgb, softmax
from benchmarks.evaluation.pictures import resize_bilinear

SIZE = (80, 80)
LIVE = 1  # the class of live faces
SAMPLES = {"image_F1": (178, 136, 223, 225), "image_F2": (120, 252, 252, 256), "image_T1": (106, 147, 207, 213)}
"""Boxes (left, top, width, height)."""
TRUTH = {"image_F1": False, "image_F2": False, "image_T1": True}
SCALES = {"minifasnet_v2": 2.7, "minifasnet_v1se": 4.0}
"""How much larger than the face's box the crop of each network is."""


def crop(picture: np.ndarray, box: tuple[int, int, int, int], scale: float) -> np.ndarray:
    """The box made `scale` times as large, or as large as fits; moved inside the picture, and resized to 80 x 80."""
    height, width = picture.shape[:2]
    left, top, w, h = box
    scale = min((height - 1) / h, (width - 1) / w, scale)
    x0, x1 = _inside(left + w / 2, w * scale, width)
    y0, y1 = _inside(top + h / 2, h * scale, height)
    return resize_bilinear(picture[y0 : y1 + 1, x0 : x1 + 1], SIZE)


def _inside(centre: float, length: float, limit: int) -> tuple[int, int]:
    """First and last pixel of a stretch around `centre`, moved to begin at 0 or end at `limit` - 1 where it would leave."""
    first, last = centre - length / 2, centre + length / 2
    if first < 0:
        first, last = 0.0, last - first
    if last > limit - 1:
        first, last = first - (last - limit + 1), float(limit - 1)
    return int(first), int(last)


def prepare(picture: np.ndarray, box: tuple[int, int, int, int], scale: float) -> np.ndarray:
    """An RGB picture's face as ``(1, 3, 80, 80)``: BGR, 0..255."""
    return np.ascontiguousarray(crop(picture[..., ::-1], box, scale).transpose(2, 0, 1)[None], np.float32)


def probabilities(run: Run, scale: float) -> dict[str, np.ndarray]:
    """Of the three classes, for each sample."""
    folder = DATA / "antispoof" / "sample"
    return {
        name: softmax(run(prepare(open_rgb(folder / f"{name}.jpg"), box, scale))[0][0]) for name, box in SAMPLES.items()
    }


def fused(runs: dict[str, Run]) -> dict[str, tuple[int, float]]:
    """Label and score of each sample, as the project prints them: the mean of both networks' probabilities, and its largest."""
    parts = [probabilities(run, SCALES[name]) for name, run in runs.items()]
    means = {name: np.mean([p[name] for p in parts], axis=0) for name in SAMPLES}
    return {name: (int(p.argmax()), float(p.max())) for name, p in means.items()}


def scores(run: Run, scale: float) -> np.ndarray:
    """Distance of the probability of a live face from what is true, of each of the three samples; 0 is best."""
    found = probabilities(run, scale)
    return np.array([abs(found[n][LIVE] - TRUTH[n]) for n in SAMPLES])


def evaluate(run: Run, scale: float) -> tuple[float, int]:
    """Mean of `scores`."""
    return mean(scores(run, scale))


def calibration(scale: float) -> np.ndarray:
    """Faces of the dlib examples (photographs of PASCAL VOC)."""
    folder = DATA / "landmarks" / "dlib_faces"
    crops = []
    for listing in ("training_with_face_landmarks.xml", "testing_with_face_landmarks.xml"):
        for image in ElementTree.parse(folder / listing).iter("image"):
            picture = open_rgb(folder / image.attrib["file"])
            for box in image.iter("box"):
                left, top, width, height = (int(box.attrib[k]) for k in ("left", "top", "width", "height"))
                crops.append(prepare(picture, (left, top, width, height), scale))
    return np.concatenate(crops)


def evaluations() -> list[Evaluation]:
    """Each of the two networks alone."""
    return [
        Evaluation(
            f"{name}, samples", partial(exported, name), partial(calibration, scale), partial(scores, scale=scale),
            "error of P(live)", higher=False,
        )
        for name, scale in SCALES.items()
    ]  # fmt: skip
