"""Float32 on AArch64 under QEMU: tiles and depthwise convolutions in assembly, against float64 and for any number of threads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pith.api import compile_to
from pith.emulators import execute, lacking, program
from pith.graph import DType
from pith.graph.expr import arg, call, clamp
from pith.kernels.shape_f32 import shape_of
from pith.kernels.tile_f32 import Tail
from pith.kernels.walk_f32 import Edges, bounds, edges_of, walks
from pith.lower import chains, lower
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler
from tests.kernels.products import EPILOGUES, Case, check, extras_for, graph_of
from tests.kernels.test_conv_chain import built, random_chain

ISA = get_target("aarch64").isa
X = arg(0, DType.F32)
emulated = pytest.mark.skipif(bool(lacking(get_target("aarch64"))), reason=lacking(get_target("aarch64")))
several = settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))

# a pool whose threads run one after the other: right for cases that do not read each other's results
_TURNS = """typedef struct turns {{
  int32_t threads;
  void *state;
  void (*run)(const struct turns *, void (*)(void *, int32_t), void *);
  void (*wait)(const struct turns *, int32_t);
}} turns;
int cases_run_parallel(void *arena, const void *in, const void *out, const turns *pool);
static void in_turn(const turns *p, void (*task)(void *, int32_t), void *context) {{
  for (int32_t i = p->threads - 1; i >= 0; i--) task(context, i);
}}
static void nothing(const turns *p, int32_t thread) {{ (void)p; (void)thread; }}
static const turns pool = {{{threads}, 0, in_turn, nothing}};
#define cases_run(arena, in, out) cases_run_parallel(arena, in, out, &pool)
void pith_main(void);
"""


def run(cases: list[Case], folder: Path, **options: Any) -> tuple[list[np.ndarray], str]:
    """Outputs of every case, all in one emulated program, and the C."""
    graph, feeds = graph_of(cases)
    manifest = compile_to(graph, folder, "aarch64", opt="-O1", cache=False, **options)
    done = execute(folder, manifest, get_target("aarch64"), [dict(zip(graph.inputs, feeds, strict=True))], find_compiler())
    return [done.outputs[0][f"y{n}"] for n in range(len(cases))], (folder / "cases.c").read_text()


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.standard_normal(shape).astype(np.float32)


def product(rng: np.random.Generator, m: int, k: int, n: int, epilogue: str) -> Case:
    expr, kinds = EPILOGUES[epilogue]
    bias = normal(rng, n) if rng.integers(2) else None
    attrs = {"trans_a": False, "trans_b": False, "epilogue": expr}
    return Case("matmul", [normal(rng, m, k), normal(rng, k, n), bias, *extras_for(rng, kinds, (m, n), 1)], attrs, (1, 2), label=epilogue)


def depthwise(rng: np.random.Generator, x: tuple[int, ...], kernel: tuple[int, int], epilogue: str = "", **attrs: Any) -> Case:
    """A depthwise convolution of an input of the shape x."""
    full = {"strides": (1, 1), "pads": (0,) * 4, "dilations": (1, 1), "group": x[3], "layout": "channels_last", **attrs}
    if epilogue:
        full["epilogue"] = EPILOGUES[epilogue][0]
    assert not epilogue or not EPILOGUES[epilogue][1]
    return Case("conv", [normal(rng, *x), normal(rng, x[3], 1, *kernel), normal(rng, x[3])], full, (1, 2), label=epilogue)


def walked(rng: np.random.Generator) -> Case:
    """A depthwise convolution with any edges that the walk takes."""
    kh, kw = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    while kh * kw > 9:
        kh, kw = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    sw = int(rng.integers(1, kw + 1))
    pads = (int(rng.integers(kh)), int(rng.integers(kw - sw + 1)), int(rng.integers(kh)), int(rng.integers(kw)))
    strides, dilations = (int(rng.integers(1, 4)), sw), (int(rng.integers(1, 3)), 1)
    x = (int(rng.integers(1, 3)), int(rng.integers(dilations[0] * kh, 12)), int(rng.integers(kw, 20)), 4 * int(rng.integers(1, 8)))
    return depthwise(rng, x, (kh, kw), str(rng.choice(["", "relu", "relu6"])), strides=strides, dilations=dilations, pads=pads)


@emulated
@several
@given(seed=st.integers(0, 2**32 - 1))
def test_tiles(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """All heights and widths of the tile, every remainder of k, every kind of epilogue."""
    rng = np.random.default_rng(seed)
    sizes = [(int(rng.integers(1, 24)), int(rng.integers(1, 26)), int(rng.integers(1, 38))) for _ in range(2 * len(EPILOGUES))]
    cases = [product(rng, *s, e) for s, e in zip(sizes, [*EPILOGUES] * 2, strict=True)]
    cases += [product(rng, m, k, n, "relu6") for m, k, n in ((1, 16, 16), (1, 7, 21), (5, 8, 16), (4, 12, 8), (9, 3, 4))]
    got, text = run(cases, tmp_path_factory.mktemp("net") / "net")
    assert all(f"tile_f32_neon_{rows}x16" in text for rows in shape_of(ISA).heights)
    for case, y in zip(cases, got, strict=True):
        check(case, y)


@emulated
@several
@given(seed=st.integers(0, 2**32 - 1))
def test_columns_of_depthwise_convolutions(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cases = [walked(rng) for _ in range(16)]
    cases += [depthwise(rng, (2, 7, w, 12), (3, 3), "relu6", strides=(s, s), pads=(1,) * 4) for w in (7, 8, 9) for s in (1, 2)]
    got, text = run(cases, tmp_path_factory.mktemp("net") / "net")
    assert "depthwise_walk" in text
    for case, y in zip(cases, got, strict=True):
        check(case, y)


@emulated
@several
@given(seed=st.integers(0, 2**32 - 1))
def test_blocks(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """Fused blocks, with the walk in them and without, some of them the input's own residual."""
    folder, rng = tmp_path_factory.mktemp("net") / "net", np.random.default_rng(seed)
    cases = [random_chain(rng) for _ in range(10)]
    graph, feeds = built(cases)
    with pytest.MonkeyPatch.context() as m:
        m.setattr(chains, "pays", lambda call: True)
        manifest = compile_to(graph, folder, "aarch64", opt="-O1", cache=False)
    assert any(s["family"] == "strip" for s in manifest["variants"][0]["steps"])
    done = execute(folder, manifest, get_target("aarch64"), [dict(zip(graph.inputs, feeds, strict=True))], find_compiler())
    for n, case in enumerate(cases):
        case.check(done.outputs[0][f"y{n}"])


@emulated
def test_any_number_of_threads_gives_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of rows are 5 or 4 high and end elsewhere for each number of threads; rows and groups of channels are shared out."""
    monkeypatch.setattr(lower, "_WORTH_SHARING", 0)
    rng = np.random.default_rng(4)
    cases = [product(rng, m, 19, n, "relu6") for m in (2, 6, 11, 21, 83) for n in (8, 33)]
    cases += [depthwise(rng, (1, 9, 11, c), (3, 3), "relu6", pads=(1,) * 4) for c in (8, 20, 132)]
    x = (1, 7, 9, 10)
    full = {"strides": (1, 1), "pads": (1,) * 4, "dilations": (1, 1), "group": 1, "layout": "channels_last"}
    cases.append(Case("conv", [normal(rng, *x), normal(rng, 24, 10, 3, 3), None], full))
    plain = program.main_c
    want, _ = run(cases, tmp_path / "one", winograd=False)
    for case, y in zip(cases, want, strict=True):
        check(case, y)
    for threads in (2, 3, 4):
        with monkeypatch.context() as m:
            m.setattr(program, "main_c", lambda manifest, threads=threads, **more: plain(manifest, **more).replace(
                "void pith_main(void);\n", _TURNS.format(threads=threads), 1))  # fmt: skip
            got, text = run(cases, tmp_path / str(threads), winograd=False, threads=threads)
        assert "UNIT(" in text
        for case, y, z in zip(cases, want, got, strict=True):
            np.testing.assert_array_equal(y.view(np.int32), z.view(np.int32), err_msg=f"{threads} threads: {case}")


def test_edges_by_hand() -> None:
    """Outputs of a row: how many columns stick out on each side, and how many outputs are left after turns of those in flight."""
    assert edges_of(3, 1, 1, 14, 14, 4) == Edges(1, 1, 1, False)  # 13 outputs inside, three at a time
    assert edges_of(3, 2, 1, 112, 56, 5) == Edges(1, 0, 0, True)
    assert edges_of(3, 2, 0, 112, 56, 2) == Edges(0, 1, 1, False)  # 55 inside, two at a time
    assert edges_of(3, 1, 0, 5, 3, 2) == Edges(0, 0, 0, False)
    assert edges_of(3, 1, 1, 2, 2, 2) is None  # shorter than the kernel
    assert edges_of(3, 2, 2, 9, 5, 2) is None  # the first output would have no column of its first step
    assert edges_of(2, 1, 0, 9, 11, 2) is None  # the last output lies outside


def test_where_columns_are_walked() -> None:
    relu6, relu = Tail(clamp(X, 0, arg(1, DType.F32)), ("value",)), Tail(call("max", X, 0), ())
    assert {("fmax", -1), ("fmin", 0)} == set(bounds(relu6) or ()) and bounds(relu) == (("fmax", -1),) and bounds(Tail(None, ())) == ()
    assert bounds(Tail(X * arg(1, DType.F32), ("value",))) is None and bounds(Tail(call("max", X, arg(1, DType.F32)), ("channel",))) is None
    assert walks(ISA, 24, 3, 3, 1, relu6) and walks(ISA, 4, 3, 3, 2, relu)
    assert not walks(ISA, 24, 5, 5, 1, relu6)  # 25 weights of two vectors have no room
    assert not walks(ISA, 22, 3, 3, 1, relu6)  # part of a vector
    assert not any(walks(get_target(t).isa, 24, 3, 3, 1, relu6) for t in ("armv7", "x86-64-v4", "riscv64-v", "wasm", "c99"))
