"""Every ONNX model of the data folder through C, against ONNX Runtime on real pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from pith.api import compile as pith_compile
from pith.api import import_model
from tests.models.truth import run_float64
from tests.models.zoo import MODELS, RealModel, quantum


def _oracle(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_agrees_with_onnx_runtime(model: RealModel, data_dir: Path) -> None:
    path = data_dir / model.path
    session, oracle = pith_compile(path, shapes=model.shapes), _oracle(path)
    within = total = 0
    step = quantum(path) if model.quantised else 0.0
    for feed in model.feeds(data_dir):
        got = session.run(feed)
        for info, want in zip(oracle.get_outputs(), oracle.run(None, feed), strict=True):
            out = got[info.name]
            assert out.shape == want.shape and out.dtype == want.dtype
            error = np.abs(out.astype(np.float64) - want)
            if model.quantised:
                within, total = within + int((error <= step * 1.0001).sum()), total + error.size
            elif error.max() > 1e-4 * np.ptp(want):
                _no_worse_than_the_oracle(model, path, feed, info.name, out, want)
    if model.quantised:
        assert within >= 0.999 * total, f"{within} of {total} outputs within one step of {step}"


def _no_worse_than_the_oracle(
    model: RealModel, path: Path, feed: dict[str, np.ndarray], name: str, ours: np.ndarray, oracle: np.ndarray
) -> None:
    """Where the two differ by more than 1e-4 of the range, float64 must show that the oracle is off itself.

    Two outputs need this: YuNet's faint scores, which ONNX Runtime's sigmoid gives in steps of 2^-24, and the pruned
    text detector, whose last step, a sigmoid of 50 x, magnifies every rounding before it.
    """
    truth = run_float64(import_model(path, model.shapes), feed)[name]
    span = np.ptp(truth)
    theirs = np.abs(oracle - truth).max() / span
    assert theirs > 1e-4, f"{name}: the oracle is right, Pith is not"
    assert np.abs(ours - truth).max() / span <= 3 * theirs, (
        f"{name}: further from the truth than three times the oracle"
    )


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_arena_is_near_its_lower_bound(model: RealModel, data_dir: Path) -> None:
    manifest = pith_compile(data_dir / model.path, shapes=model.shapes).manifest
    assert manifest["arena_bytes"] <= 1.05 * manifest["arena_lower_bound"]
