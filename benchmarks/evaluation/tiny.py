"""The networks of MLPerf Tiny in floats: keyword spotting, visual wake words, and ResNet-8 on CIFAR-10.

Keyword spotting and wake words have one set each, of 1,000: 50 of them are drawn for calibration and not evaluated. The file of
keyword spotting has its weights in 8 bits already. The pictures of wake words are JPEG copies that a participant kept.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image

from benchmarks.evaluation import classification
from benchmarks.evaluation.base import DATA, Evaluation, Run

FOLDER = DATA / "mlperf_tiny"
CALIBRATION = 50
Sample = tuple[bytes, int]


def keyword(data: bytes) -> np.ndarray:
    """49 x 10 coefficients ``(1, 49, 10, 1)``, from the integers that the 8-bit network takes."""
    q = np.frombuffer(data, np.int8).reshape(1, 49, 10, 1).astype(np.float32)
    return (q - np.float32(83)) * np.float32(0.58470333)


def wake_word(data: bytes) -> np.ndarray:
    """A picture ``(1, 96, 96, 3)``: RGB / 255."""
    picture = Image.open(io.BytesIO(data)).convert("RGB").resize((96, 96), Image.Resampling.BILINEAR)
    return (np.asarray(picture, np.float32) / np.float32(255))[None]


def labelled(name: str, archive: str) -> list[Sample]:
    """The samples of a list, by name, and their classes."""
    with (FOLDER / f"{name}_y_labels.csv").open() as f:
        classes = {row[0].rpartition(".")[0]: int(row[2]) for row in csv.reader(f)}
    with zipfile.ZipFile(FOLDER / archive) as z:
        return [(z.read(n), classes[n.rpartition(".")[0]]) for n in sorted(z.namelist()) if n.rpartition(".")[0] in classes]


def drawn(samples: list[Sample]) -> tuple[list[Sample], list[Sample]]:
    """Those to calibrate with, drawn by a fixed seed, and the others."""
    picked = set(np.random.default_rng(0).choice(len(samples), CALIBRATION, replace=False).tolist())
    return [s for k, s in enumerate(samples) if k in picked], [s for k, s in enumerate(samples) if k not in picked]


def _calibration(name: str, archive: str, prepare: Callable[[bytes], np.ndarray]) -> np.ndarray:
    return np.concatenate([prepare(data) for data, _ in drawn(labelled(name, archive))[0]])


def _right(run: Run, name: str, archive: str, prepare: Callable[[bytes], np.ndarray]) -> np.ndarray:
    return np.array([float(run(prepare(data))[0].argmax() == y) for data, y in drawn(labelled(name, archive))[1]])


def picture(rgb: np.ndarray) -> np.ndarray:
    """As ResNet-8 takes it: ``(1, 32, 32, 3)``, 0..255."""
    return rgb[None].astype(np.float32)


def evaluations() -> list[Evaluation]:
    """The three of them."""

    def one(title: str, file: str, name: str, archive: str, prepare: Callable[[bytes], np.ndarray], expected: float) -> Evaluation:
        data = {"name": name, "archive": archive, "prepare": prepare}
        return Evaluation(title, lambda: FOLDER / file, partial(_calibration, **data), partial(_right, **data), "accuracy", expected)  # type: ignore[arg-type]

    return [
        one("Keyword spotting", "kws_ref_model_float32.tflite", "kws01", "kws01.zip", keyword, 0.900),
        one("Visual wake words", "vww_96_float.tflite", "vww01", "vww01_jpg.zip", wake_word, 0.717),
        Evaluation("ResNet-8, CIFAR-10 (JPEG)", lambda: FOLDER / "pretrainedResnet.tflite", partial(classification.cifar_samples, picture),
                   partial(classification.right, pictures=classification.cifar_whole, prepare=picture), "accuracy"),
    ]  # fmt: skip
