"""Points of faces: mean distance from those that dlib's example photographs are annotated with, by the distance of the outer corners of
the eyes. 25 faces of the test listing; faces of the training listing to calibrate with.

The faces are some 50 to 100 pixels wide: a crop that begins one pixel elsewhere moves the mean by up to 0.002.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.evaluation.base import DATA, Evaluation, Run, exported, mean, open_rgb
from benchmarks.evaluation.pictures import resize_bilinear

TEST, TRAINING = "testing_with_face_landmarks.xml", "training_with_face_landmarks.xml"
OUTER_EYES = (36, 45)  # of the 68 points
FACE_API_MEAN = (122.782, 117.001, 104.298)
INNER = slice(17, 68)  # all but the outline of the face


@dataclass(frozen=True)
class Face:
    """A photograph (RGB), the box of a face (left, top, right, bottom) and its 68 points (x, y), in pixels."""

    picture: np.ndarray
    box: np.ndarray
    points: np.ndarray


def faces(listing: str) -> list[Face]:
    """Every face of a listing that has all 68 points."""
    folder, found = DATA / "landmarks" / "dlib_faces", []
    for image in ElementTree.parse(folder / listing).iter("image"):
        picture = open_rgb(folder / image.attrib["file"])
        for box in image.iter("box"):
            left, top, width, height = (float(box.attrib[k]) for k in ("left", "top", "width", "height"))
            points = sorted((p.attrib["name"], float(p.attrib["x"]), float(p.attrib["y"])) for p in box.iter("part"))
            if len(points) == 68:
                at = np.array([p[1:] for p in points])
                found.append(Face(picture, np.array([left, top, left + width, top + height]), at))
    return found


def cut(face: Face, size: int, larger: float, square: bool) -> tuple[np.ndarray, np.ndarray]:
    """The box made `larger`, at `size` x `size`, in BGR; and (left, top, width, height) of what was cut out.

    As slim_160's project does it (cut at the picture's border), or if `square` as PFLD's does (the longer side, filled up with black).
    """
    height, width = face.picture.shape[:2]
    first, extent = face.box[:2], face.box[2:] - face.box[:2]
    if square:
        side = int(extent.max() * larger)
        x0, y0 = (int(v) for v in first + extent // 2 - side // 2)
        x1, y1 = x0 + side, y0 + side
    else:
        centre, reach = (face.box[:2] + face.box[2:]) // 2, extent * larger // 2
        x0, y0 = (int(v) for v in np.maximum(centre - reach, 0))
        x1, y1 = (int(v) for v in np.minimum(centre + reach, (width, height)))
    piece = np.zeros((y1 - y0, x1 - x0, 3), np.uint8)
    a, b, c, d = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    piece[b - y0 : d - y0, a - x0 : c - x0] = face.picture[b:d, a:c, ::-1]
    return resize_bilinear(piece, (size, size)), np.array([x0, y0, x1 - x0, y1 - y0], np.float64)


def slim_input(crop: np.ndarray) -> np.ndarray:
    """``(1, 3, 160, 160)``: BGR, (x - 127) / 127."""
    return np.ascontiguousarray(((crop.astype(np.float32) - 127) / np.float32(127)).transpose(2, 0, 1)[None])


def pfld_input(crop: np.ndarray) -> np.ndarray:
    """``(1, 3, 112, 112)``: BGR / 255."""
    return np.ascontiguousarray((crop.astype(np.float32) / np.float32(255)).transpose(2, 0, 1)[None])


def slim_error(run: Run, face: Face) -> float:
    """Mean distance of the 68 points, by that of the outer corners of the eyes."""
    crop, where = cut(face, 160, 1.5, square=False)
    at = run(slim_input(crop))[0].reshape(-1)[:136].reshape(68, 2) * where[2:] + where[:2]
    return float(np.linalg.norm(at - face.points, axis=1).mean() / _eyes(face))


def pfld_error(run: Run, face: Face) -> float:
    """Mean distance of the nearest of 106 points from each of the 51 inner ones (the two sets have no common order)."""
    crop, where = cut(face, 112, 1.2, square=True)
    at = run(pfld_input(crop))[-1].reshape(106, 2) * where[2:] + where[:2]
    distance = np.linalg.norm(at[None] - face.points[INNER, None], axis=2)
    return float(distance.min(1).mean() / _eyes(face))


def face_api_error(run: Run, face: Face) -> float:
    """As `slim_error`, of face-api.js's networks: RGB, less a mean, / 255, the longer side of the box made a fifth larger."""
    crop, where = cut(face, 112, 1.2, square=True)
    x = (crop[..., ::-1].astype(np.float32) - np.array(FACE_API_MEAN, np.float32)) / np.float32(255)
    at = run(np.ascontiguousarray(x.transpose(2, 0, 1)[None]))[0].reshape(68, 2) * where[2:] + where[:2]
    return float(np.linalg.norm(at - face.points, axis=1).mean() / _eyes(face))


def face_api(run: Run) -> tuple[float, int]:
    """Mean error over the test faces."""
    return mean(np.array([face_api_error(run, face) for face in faces(TEST)]))


def _eyes(face: Face) -> float:
    return float(np.linalg.norm(face.points[OUTER_EYES[0]] - face.points[OUTER_EYES[1]]))


def scores(run: Run, slim: bool) -> np.ndarray:
    """The error of each test face."""
    return np.array([(slim_error if slim else pfld_error)(run, face) for face in faces(TEST)])


def evaluate(run: Run, slim: bool) -> tuple[float, int]:
    """Mean error over the test faces."""
    return mean(scores(run, slim))


def calibration(slim: bool) -> np.ndarray:
    """Faces of the training listing."""
    if slim:
        return np.concatenate([slim_input(cut(f, 160, 1.5, square=False)[0]) for f in faces(TRAINING)])
    return np.concatenate([pfld_input(cut(f, 112, 1.2, square=True)[0]) for f in faces(TRAINING)])


def evaluations() -> list[Evaluation]:
    """slim_160 and PFLD-lite."""
    return [
        Evaluation("slim_160, 25 faces", partial(exported, "slim_160"), partial(calibration, True), partial(scores, slim=True),
                   "error / eye distance", 0.049, higher=False),
        Evaluation("PFLD-106 lite, 25 faces", partial(exported, "pfld106_lite"), partial(calibration, False),
                   partial(scores, slim=False), "error / eye distance", 0.039, higher=False),
    ]  # fmt: skip
