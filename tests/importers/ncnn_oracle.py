"""ncnn itself as the oracle of its importer: float32 storage and arithmetic, one thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest


def run_ncnn(param: Path, feeds: Mapping[str, np.ndarray], outputs: Sequence[str]) -> list[np.ndarray]:
    """Outputs of a network by ncnn; arrays have no batch axis. Skips where ncnn is not installed."""
    ncnn = pytest.importorskip("ncnn", reason="the package ncnn is not installed")
    net = ncnn.Net()
    o = net.opt
    o.num_threads = 1
    o.use_vulkan_compute = False
    for name in ("packed", "storage", "arithmetic"):
        for kind in ("fp16", "bf16"):
            if hasattr(o, f"use_{kind}_{name}"):
                setattr(o, f"use_{kind}_{name}", False)
    o.use_winograd_convolution = o.use_sgemm_convolution = False
    assert net.load_param(str(param)) == 0
    weights = param.with_suffix(".bin")
    if weights.exists():
        assert net.load_model(str(weights)) == 0
    ex = net.create_extractor()
    mats = {k: ncnn.Mat(np.ascontiguousarray(v)).clone() for k, v in feeds.items()}
    for k, m in mats.items():
        assert ex.input(k, m) == 0
    found = []
    for name in outputs:
        code, mat = ex.extract(name)
        assert code == 0, name
        found.append(np.array(mat).copy())
    return found
