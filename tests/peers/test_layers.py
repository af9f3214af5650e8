"""Ceilings measured on this machine, layers against them, and the pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pith
from pith.bench.ceilings import Ceilings, Level, measure
from pith.bench.compare import Row
from pith.bench.layers import Layer, layers
from pith.bench.plots import check_picture, engines_picture, roofline_picture
from pith.graph.errors import BuildError, InputError

CEILINGS = Ceilings(100e9, (Level("L1", 1000, 200e9), Level("L2", 10_000, 50e9), Level("memory", None, 10e9)), "avx2")


def test_ceilings_of_this_machine() -> None:
    c = measure()
    assert 5e8 < c.flops < 1e12
    assert [v.name for v in c.levels] == ["L1", "L2", "L3", "memory"] and c.levels[-1].size is None
    rates = [v.rate for v in c.levels]
    assert all(5e8 < r < 2e12 for r in rates)
    assert rates[0] > 1.2 * rates[-1]  # the nearest cache is no slower than the memory, whatever else runs
    assert [v.size for v in c.levels[:3]] == sorted(v.size or 0 for v in c.levels[:3])


def test_roof() -> None:
    assert CEILINGS.level(1000).name == "L1" and CEILINGS.level(1001).name == "L2" and CEILINGS.level(1e9).name == "memory"
    assert CEILINGS.roof(10, 1000) == 2e9  # 0.01 operations a byte from L1
    assert CEILINGS.roof(1e6, 1000) == 100e9
    assert CEILINGS.roof(1e6, 1e6) == 10e9
    assert CEILINGS.roof(5, 0) == 100e9


def test_layers_add_up(artefact: Path, inputs: dict[str, np.ndarray]) -> None:
    session = pith.load(artefact)
    rows = layers(session, list(inputs.values()), CEILINGS)
    steps = session.manifest["variants"][0]["steps"]
    assert [r.name for r in rows] == [s["name"] for s in steps]
    assert sum(r.share for r in rows) == pytest.approx(1.0)
    conv = next(r for r in rows if r.op == "conv")
    assert conv.flops >= 2 * 8 * 27 * 18 * 18 and conv.nbytes > 0
    assert conv.gflops == pytest.approx(conv.flops / conv.ms / 1e6)
    assert conv.of_roof == pytest.approx(conv.gflops * 1e9 / CEILINGS.roof(conv.flops, conv.nbytes))
    assert conv.plain().keys() >= {"name", "op", "kernel", "ms", "share", "gflops", "of_roof"}


def _layer(name: str, op: str, ms: float, share: float, flops: int, nbytes: int, kernel: str = "k") -> Layer:
    rate = flops / ms / 1e6
    return Layer(name, op, kernel, ms, share, flops, nbytes, rate, flops / nbytes, rate / 100)


def _size(path: Path) -> tuple[int, int]:
    from PIL import Image

    with Image.open(path) as image:
        assert len(np.unique(np.asarray(image.convert("L")))) > 20  # not an empty sheet
        return image.size


@pytest.mark.parametrize("count", [0, 1, 40])
def test_roofline_picture(tmp_path: Path, count: int) -> None:
    pytest.importorskip("matplotlib")
    rng = np.random.default_rng(count)
    some = [
        _layer(f"layer_${k}_{{x", "conv" if k % 3 else "matmul", float(rng.uniform(0.1, 2)), 1 / (count + 1), int(rng.integers(10**5, 10**8)),
               int(rng.integers(10**4, 10**6)), "conv_f32_avx2_winograd" if k % 2 else "k")
        for k in range(count)
    ]  # fmt: skip
    copy = _layer("copy", "copy", 0.1, 1 / (count + 1), 0, 1000)
    roofline_picture([*some, copy], CEILINGS, tmp_path / "roof.png", "a title with $ and _")
    width, height = _size(tmp_path / "roof.png")
    assert width > 1500 and height > 800


def test_engines_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    rows = [Row("pith", "net", "float32", t, 2.0, 1.0, 1e-6, True) for t in (1, 2)]
    rows += [Row("mnn", "net", "float32", 1, 1.0, 0.5, 2e-4, False), Row("ncnn", "net", "float32", 1, reason="broke")]
    engines_picture(rows, tmp_path / "bars.png")
    assert _size(tmp_path / "bars.png")[0] > 1000
    engines_picture([Row("pith", "net", "float32", 1, reason="broke")], tmp_path / "none.svg")
    assert "<svg" in (tmp_path / "none.svg").read_text()


def test_a_picture_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"picture as x\.txt"):
        check_picture(tmp_path / "x.txt")
    with pytest.raises(InputError, match="cannot save"):
        check_picture(tmp_path / "nowhere" / "x.png")
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(BuildError) as e:
        check_picture(tmp_path / "x.png")
    assert e.value.try_ == "pip install matplotlib"
