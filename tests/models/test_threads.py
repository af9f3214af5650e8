"""Whole networks by several threads: the same bits for 1, 2 and 3, from run to run, on real pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pith.api import compile as pith_compile
from pith.runtime.session import load
from tests.models.zoo import MODELS, RealModel

CHOSEN = ("ic_resnet", "yolox_nano", "FastestDet", "ch_ppocr_mobile_v2.0_cls_infer", "pfld106_lite")


@pytest.mark.parametrize("model", [m for m in MODELS if m.name in CHOSEN], ids=lambda m: m.name)
def test_the_same_bits_for_any_number(model: RealModel, data_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "net"
    pith_compile(data_dir / model.path, shapes=model.shapes, threads=3, out=folder).close()
    feed = model.feeds(data_dir)[0]
    with load(folder, threads=1) as alone:
        want = alone.run(feed)
    for threads in (1, 2, 3):
        with load(folder, threads=threads) as session:
            for _ in range(5):
                got = session.run(feed)
                assert all(np.array_equal(got[k], want[k], equal_nan=True) for k in want), f"{threads} threads differ"


def test_models_are_there() -> None:
    assert {m.name for m in MODELS} >= set(CHOSEN)
