"""Ceilings measured on this machine, layers against them, and the pictures."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest

import pith
from pith.bench.ceilings import Ceilings, Level, build, measure
from pith.bench.compare import Row
from pith.bench.layers import Layer, layers
from pith.bench.plots import check_picture, engines_picture, roofline_picture
from pith.graph.errors import BuildError, InputError
from pith.runtime.bench import random_inputs
from pith.targets.base import TARGETS, get_target, load_all

CEILINGS = Ceilings(100e9, (Level("L1", 1000, 200e9), Level("L2", 10_000, 50e9), Level("memory", None, 10e9)), "avx2", 400e9, "pairs of bytes")
load_all()
HOSTED = sorted(name for name in TARGETS if get_target(name).hosted)


@pytest.mark.parametrize("target", [name for name in ("host", "x86-64-v3", "c99") if get_target(name).runs_here()])
def test_ceilings_of_this_machine(target: str) -> None:
    c = measure(target)
    isa = get_target(target).isa
    assert 5e8 < c.flops < 1e12 and c.isa == isa.name
    assert c.int8 > 5e8 and ("amx" in isa.features or c.int8 < 10 * c.flops)  # more would mean that the compiler left products out
    assert [v.name for v in c.levels] == ["L1", "L2", "L3", "memory"] and c.levels[-1].size is None
    rates = [v.rate for v in c.levels]
    assert all(5e8 < r < 2e12 for r in rates)
    assert rates[0] > 1.2 * rates[-1]  # the nearest cache is no slower than the memory, whatever else runs
    assert [v.size for v in c.levels[:3]] == sorted(v.size or 0 for v in c.levels[:3])


@pytest.mark.parametrize("target", HOSTED)
def test_loops_for_every_target(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are written in the words of the kernels: whatever multiplies bytes there has its loop, as wide as the target's vectors."""
    monkeypatch.setattr("pith.bench.ceilings.amx_allowed", lambda: True)
    chosen = get_target(target)
    library, ways = build(tmp_path, chosen)
    names, isa = {w.name for w in ways}, chosen.isa
    assert names == ({"plain"} if not isa.vector_bytes else {"dot"} | {w for w, has in (
        ("pairs", isa.byte_pairs), ("widened", "smull" in isa.features), ("matrices", "i8mm" in isa.features), ("tiles", "amx" in isa.features),
    ) if has})  # fmt: skip
    if not chosen.runs_here() or "tiles" in names:
        return
    loops, out, lanes = ctypes.CDLL(str(library)), np.zeros(16, np.float32), max(4, isa.lanes(4))
    tile = 12 if isa.registers >= 32 else 8
    operations = {"float": 24 * lanes, "dot": tile * lanes * 8, "pairs": 64 * lanes, "plain": 1024}
    for name in ("float", *names):
        assert loops[f"ceiling_{name}"](ctypes.c_int64(3), ctypes.c_void_p(out.ctypes.data)) == operations[name], name


def test_roof() -> None:
    assert CEILINGS.level(1000).name == "L1" and CEILINGS.level(1001).name == "L2" and CEILINGS.level(1e9).name == "memory"
    assert CEILINGS.roof(10, 1000) == 2e9  # 0.01 operations a byte from L1
    assert CEILINGS.roof(1e6, 1000) == 100e9
    assert CEILINGS.roof(1e6, 1e6) == 10e9
    assert CEILINGS.roof(5, 0) == 100e9
    assert CEILINGS.roof(1e6, 1000, "int8") == 400e9 and CEILINGS.roof(10, 1000, "int8") == 2e9


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
    assert conv.computes == "float32"
    assert conv.plain().keys() >= {"name", "op", "kernel", "ms", "share", "gflops", "of_roof"}


def test_layers_of_integers_are_held_against_integers(quantised: Path) -> None:
    """They were against float32, which vectors multiply four times as slowly, and reached 339 % of it."""
    session = pith.compile(quantised, profile=True)
    rows = layers(session, list(random_inputs(session).values()), CEILINGS, runs=2)
    conv = next(r for r in rows if r.op == "conv_integer")
    assert conv.computes == "int8"
    assert conv.of_roof == pytest.approx(conv.gflops * 1e9 / CEILINGS.roof(conv.flops, conv.nbytes, "int8"))
    assert rows[0].op == "sat_cast" and rows[0].computes == "float32"  # the quantising of its input


def _layer(name: str, op: str, ms: float, share: float, flops: int, nbytes: int, kernel: str = "k", computes: str = "float32") -> Layer:
    rate = flops / ms / 1e6
    return Layer(name, op, kernel, ms, share, flops, nbytes, computes, rate, flops / nbytes, rate / 100)


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
               int(rng.integers(10**4, 10**6)), "conv_f32_avx2_winograd" if k % 2 else "k", "int8" if k % 4 == 3 else "float32")
        for k in range(count)
    ]  # fmt: skip
    copy = _layer("copy", "copy", 0.1, 1 / (count + 1), 0, 1000)
    roofline_picture([*some, copy], CEILINGS, tmp_path / "roof.png", "a title with $ and _")
    width, height = _size(tmp_path / "roof.png")
    assert width > 1500 and height > 800
    roofline_picture([*some, copy], CEILINGS, tmp_path / "roof.svg")
    said = (tmp_path / "roof.svg").read_text()
    assert "multiply-adds in float32 (avx2) 100 G/s" in said
    assert ("multiply-adds in int8 (avx2, pairs of bytes) 400 G/s" in said) == (count == 40)  # only where there are such layers


def test_engines_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    rows = [Row("pith", "net", "float32", t, 2.0, 1.0, 1e-6, True) for t in (1, 2)]
    rows += [Row("mnn", "net", "float32", 1, 1.0, 0.5, 2e-4, False), Row("ncnn", "net", "float32", 1, reason="broke")]
    engines_picture(rows, tmp_path / "bars.png")
    assert _size(tmp_path / "bars.png")[0] > 1000
    engines_picture([Row("pith", "net", "float32", 1, reason="broke")], tmp_path / "none.svg")
    assert "<svg" in (tmp_path / "none.svg").read_text()


def test_a_picture_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"cannot write x\.txt"):
        check_picture(tmp_path / "x.txt")
    with pytest.raises(InputError, match="cannot write"):
        check_picture(tmp_path / "nowhere" / "x.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(InputError, match="cannot write") as caught:
        check_picture(tmp_path / "folder.png")
    assert "folder of that name" in caught.value.why
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(BuildError) as e:
        check_picture(tmp_path / "x.png")
    assert e.value.try_ == "pip install matplotlib"
