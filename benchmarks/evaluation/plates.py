"""LPRNet: licence plates read without a mistake, of 400 test plates of the project whose names are what they say."""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.evaluation.base import DATA, Evaluation, Run, exported, mean, open_rgb, zip_names, zip_read
from benchmarks.evaluation.pictures import resize_bilinear

SIZE = (94, 24)  # width, height
CALIBRATION = 50


def prepare(picture: bytes) -> np.ndarray:
    """A plate as ``(1, 3, 24, 94)``: BGR, (x - 127.5) / 128."""
    bgr = resize_bilinear(open_rgb(picture)[..., ::-1], SIZE)
    return np.ascontiguousarray(((bgr.astype(np.float32) - 127.5) * np.float32(0.0078125)).transpose(2, 0, 1)[None])


def drawn() -> tuple[list[str], list[str]]:
    """Names of the plates to calibrate with, and of the others."""
    names = zip_names(DATA / "ocr" / "lprnet" / "test_400.zip", ".jpg")
    picked = set(np.random.default_rng(0).choice(len(names), CALIBRATION, replace=False).tolist())
    return [n for k, n in enumerate(names) if k in picked], [n for k, n in enumerate(names) if k not in picked]


def scores(run: Run, names: list[str] | None = None) -> np.ndarray:
    """For each plate whether its every sign is right, 1 or 0; of all 400, or of `names`."""
    from pith.models.plate_signs import SIGNS, decode

    file = DATA / "ocr" / "lprnet" / "test_400.zip"
    names = zip_names(file, ".jpg") if names is None else names
    right = []
    for name, data in zip(names, zip_read(file, names), strict=True):
        right.append(float(decode(run(prepare(data))[0][0].tolist(), SIGNS) == name.rsplit("/", 1)[-1].split("_")[0].removesuffix(".jpg")))
    return np.array(right)


def evaluate(run: Run, names: list[str] | None = None) -> tuple[float, int]:
    """Share of plates whose every sign is right."""
    return mean(scores(run, names))


def calibration() -> np.ndarray:
    """50 of the 400 plates, which `evaluations` leaves out."""
    return np.concatenate([prepare(data) for data in zip_read(DATA / "ocr" / "lprnet" / "test_400.zip", drawn()[0])])


def held_out(run: Run) -> np.ndarray:
    """`scores` on the 350 plates that are not for calibration."""
    return scores(run, drawn()[1])


def evaluations() -> list[Evaluation]:
    """LPRNet."""
    return [Evaluation("LPRNet, 350 plates", partial(exported, "lprnet"), calibration, held_out, "plates exact")]
