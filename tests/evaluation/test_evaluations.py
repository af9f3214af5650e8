"""The list of evaluations: real data goes in, none of the samples is used twice."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.evaluation import antispoof, classification, evaluations, plates
from benchmarks.evaluation.base import DATA
from pith.models.plate_signs import SIGNS, decode

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no data folder (set PITH_DATA)")


@pytest.mark.parametrize("evaluation", evaluations(), ids=lambda e: e.name)
def test_calibration_samples(evaluation: object) -> None:
    samples = evaluation.calibration()  # type: ignore[attr-defined]
    assert samples.dtype == np.float32 and samples.ndim == 4 and 15 <= len(samples) <= 100 and np.isfinite(samples).all()


def test_no_plate_is_used_twice() -> None:
    calibration, rest = plates.drawn()
    assert len(calibration) == 50 and len(rest) == 350 and not set(calibration) & set(rest)


def test_decoding() -> None:
    def scores(signs: str) -> list[list[float]]:
        return [[1.0 if s == c else 0.0 for s in signs] for c in SIGNS]

    assert decode(scores("--京京-AA1-1B")) == "京A11B" and decode(scores("---")) == "" and len(SIGNS) == 68


def test_perfect_answers_score_perfectly() -> None:
    """Evaluations given the right answers instead of a network."""
    files, labels = classification.cifar_test(500)
    answers = iter(labels)
    share, n = classification.accuracy(
        lambda x: [np.eye(10)[next(answers)]], lambda: (files, labels), classification.normalised
    )
    assert (share, n) == (1.0, 20)
    truths = iter(antispoof.TRUTH.values())
    error, n = antispoof.evaluate(lambda x: [np.array([[0.0, 99.0, 0.0] if next(truths) else [99.0, 0.0, 0.0]])], 2.7)
    assert error < 1e-9 and n == 3


def test_crops_stay_inside() -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (61, 47, 3), np.uint8)
    for _ in range(200):
        w, h = rng.integers(3, 40, 2)
        box = (int(rng.integers(0, 47 - w)), int(rng.integers(0, 61 - h)), int(w), int(h))
        assert antispoof.crop(picture, box, 4.0).shape == (80, 80, 3)
