"""Every ONNX model of the data folder through C, against ONNX Runtime on real pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from pith.api import compile as pith_compile
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
            else:
                assert error.max() <= 1e-4 * np.ptp(want), f"{info.name}: {error.max()} of range {np.ptp(want)}"
    if model.quantised:
        assert within >= 0.999 * total, f"{within} of {total} outputs within one step of {step}"


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_arena_is_near_its_lower_bound(model: RealModel, data_dir: Path) -> None:
    manifest = pith_compile(data_dir / model.path, shapes=model.shapes).manifest
    assert manifest["arena_bytes"] <= 1.05 * manifest["arena_lower_bound"]
