"""Generated C as a product: no warnings under two compilers, clean under ASan and UBSan, the same bits at -O0 and -O3.

One case of every operator of the ONNX backend suite, and the network that ships with the project.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest

from pith.api import Compilation, stages
from pith.api import compile as pith_compile
from pith.graph import PithError
from pith.importers.onnx import shape_inputs
from pith.targets.base import get_target
from tests.conformance.cases import Case, difference, load_cases
from tests.emit.harness import build_and_run, bundled_clang, compile_objects


@functools.cache
def operator_cases() -> dict[str, str]:
    """Operator -> the name of its first case that is not an expansion into other operators."""
    chosen: dict[str, str] = {}
    for name, case in sorted(load_cases().items()):
        if case.kind == "node" and len(case.model.graph.node) == 1 and "expanded" not in name:
            chosen.setdefault(case.operators[0], name)
    return chosen


def _compile(case: Case, target: str) -> tuple[Compilation, list[np.ndarray], list[np.ndarray]]:
    inputs, expected = case.data_sets[0]
    fixed = shape_inputs(case.model)
    names = [i.name for i in case.model.graph.input]
    given = {n: a for n, a in zip(names, inputs, strict=False) if a is not None}
    constants = {n: a for n, a in given.items() if n in fixed}
    try:
        result = stages(
            case.model, target, {n: a.shape for n, a in given.items() if n not in fixed}, constants=constants
        )
    except PithError as e:
        pytest.skip(f"refused, see the conformance list: {e.what}")
    return result, [given[p.name] for p in result.programs[0].inputs], expected


@pytest.mark.parametrize("operator", sorted(operator_cases()))
def test_no_warnings(operator: str, tmp_path: Path) -> None:
    for target in ("c99", "x86-64-v3", "x86-64-v4"):
        result, _, _ = _compile(load_cases()[operator_cases()[operator]], target)
        for command in (["gcc"], bundled_clang()):
            folder = tmp_path / f"{target}-{Path(command[0]).name}"
            folder.mkdir()
            done = compile_objects(folder, result, command, ["-O1", "-ffreestanding"])
            assert done.returncode == 0, f"{target} {command[0]}\n{done.stderr[:3000]}"


@pytest.mark.parametrize("operator", sorted(operator_cases()))
def test_sanitizers_find_nothing(operator: str, tmp_path: Path) -> None:
    case = load_cases()[operator_cases()[operator]]
    result, inputs, expected = _compile(case, "c99")
    flags = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-ffp-contract=off"]
    for got, want in zip(build_and_run(tmp_path, result, inputs, ["gcc"], flags), expected, strict=True):
        assert not difference(got, want, case.rtol, case.atol)


@pytest.mark.parametrize("target", ["c99", "x86-64-v3"])
def test_same_bits_at_every_optimisation_level_and_compiler(target: str) -> None:
    """The shipped network, built by the bundled clang and by gcc."""
    if not get_target(target).runs_here():
        pytest.skip(f"this processor cannot run {target}")
    model = Path(__file__).resolve().parents[2] / "pith" / "demo" / "mobilenext_cifar10.onnx"
    builds = [(None, "-O0"), (None, "-O3"), (None, "-Os"), ("gcc", "-O0"), ("gcc", "-O3")]
    sessions = [pith_compile(model, target, cc=cc, opt=opt, cache=False) for cc, opt in builds]
    x = np.random.default_rng(0).standard_normal(sessions[0].inputs[0].shape).astype(np.float32)
    results = [s(x) for s in sessions]
    for build, got in zip(builds, results, strict=True):
        np.testing.assert_array_equal(got, results[0], err_msg=str(build))


def test_c_text_is_deterministic() -> None:
    model = Path(__file__).resolve().parents[2] / "pith" / "demo" / "mobilenext_cifar10.onnx"
    a, b = stages(model, "x86-64-v3").sources, stages(model, "x86-64-v3").sources
    assert (a.code, a.header, a.weights_c, a.weights) == (b.code, b.header, b.weights_c, b.weights)
