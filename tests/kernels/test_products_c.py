"""The C of conv, conv_transpose and matmul: no warning from two compilers, nothing found by the sanitizers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pith.api import generate
from pith.targets.base import get_target
from tests.emit.harness import build_and_run, bundled_clang, compile_objects
from tests.kernels.products import EPILOGUES, TARGET_NAMES, Case, check, graph_of
from tests.kernels.test_conv import conv_case
from tests.kernels.test_matmul import matmul_case


def samples() -> list[Case]:
    """Every kernel, with partial tiles and padding on all sides: with both epilogues that read tensors of their own, and one of the others."""
    rng = np.random.default_rng(7)
    cases = []
    for shift, name in enumerate(("", "relu6", "neg_abs", "affine_add", "silu_add")):
        made = [
            conv_case(rng, (5, 6), (1, 1), (7, 29), epilogue=name),
            conv_case(rng, (9, 7), (3, 3), (3, 24), strides=(2, 1), pads=(1, 2, 0, 1), epilogue=name),
            conv_case(rng, (6, 5), (3, 3), (20, 13), pads=(1, 1, 1, 1), dilations=(1, 2), epilogue=name),
            conv_case(rng, (6, 5), (3, 3), (6, 10), pads=(1, 1, 1, 1), group=2, batch=2, epilogue=name),
            conv_case(rng, (8, 9), (3, 3), (21, 21), pads=(1, 1, 1, 1), group=21, epilogue=name),
            conv_case(rng, (8, 9), (5, 5), (16, 16), pads=(2, 2, 2, 2), strides=(2, 2), group=16, epilogue=name),
            conv_case(rng, (4, 5), (3, 3), (5, 5), pads=(3, 3, 3, 3), dilations=(3, 3), group=5, epilogue=name),
            conv_case(rng, (4, 3), (3, 3), (6, 9), strides=(2, 2), pads=(1, 1, 1, 1), output_padding=(1, 1), epilogue=name),
            conv_case(rng, (4, 3), (2, 2), (6, 6), strides=(2, 2), group=6, output_padding=(0, 0), epilogue=name),
            matmul_case(rng, (17, 9), (9, 41), bias=True, epilogue=name),
            matmul_case(rng, (1, 130), (130, 12), epilogue=name),
        ]
        cases += [case for k, case in enumerate(made) if "add" in name or k % 3 == shift]
    cases += [
        matmul_case(rng, (2, 5, 7), (2, 19, 7), trans_b=True, bias=True, epilogue="prelu", constant=()),
        matmul_case(rng, (5, 7), (7, 3), dtype=np.float16, constant=()), matmul_case(rng, (2, 7), (2, 3), trans_b=False, trans_a=True, dtype=np.int32),
        conv_case(rng, (5, 4), (3, 2), (4, 6), layout="channels_first", dtype=np.int64, group=2, pads=(1, 1, 0, 0), constant=()),
        conv_case(rng, (5, 4, 3), (2, 2, 2), (2, 3), dtype=np.float64, strides=(2, 1, 1), output_padding=(1, 0, 0), constant=()),
    ]  # fmt: skip
    return cases


def test_samples_cover_the_kinds_of_epilogue() -> None:
    assert {c.label for c in samples()} - {""} <= set(EPILOGUES)


@pytest.mark.parametrize("target", TARGET_NAMES)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_no_warnings(target: str, compiler: str, tmp_path: Path) -> None:
    result = generate([graph_of(samples())[0]], get_target(target), "cases")
    command = ["gcc"] if compiler == "gcc" else [*bundled_clang(), "-ffreestanding"]
    done = compile_objects(tmp_path, result, command, ["-O1", "-Wno-unused-function"])
    assert done.returncode == 0, done.stderr[:4000]


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_sanitizers_find_nothing(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Address and undefined-behaviour sanitizers, on blocks that end exactly where the tensors end."""
    monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0")  # the driver frees nothing
    graph, feeds = graph_of(samples())
    flags = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-ffp-contract=off"]
    outputs = build_and_run(tmp_path, generate([graph], get_target(target), "cases"), feeds, ["gcc"], flags)
    for case, got in zip(samples(), outputs, strict=True):
        check(case, got)
