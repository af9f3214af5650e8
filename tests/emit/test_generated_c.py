"""Generated C as a product: no warnings under two compilers, clean under ASan and UBSan, the same bits at -O0 and -O3.

One case of every operator of the ONNX backend suite, and the network that ships with the project.
"""

from __future__ import annotations

import functools
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from pith.api import Compilation, stages
from pith.api import compile as pith_compile
from pith.emit.c import functions
from pith.graph import InternalError, PithError
from pith.importers.onnx import shape_inputs
from pith.targets.base import get_target
from pith.vector.cfunction import CFunction
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


def test_functions_of_one_name_must_be_one_function() -> None:
    """Also where equal texts call different functions of one name."""
    inner = [CFunction("inner", f"static int inner(void) {{ return {k}; }}") for k in (1, 2)]
    outer = [CFunction("outer", "static int outer(void) { return inner(); }", (i,)) for i in inner]
    program = stages(_relu(), "c99").programs[0]
    step = program.steps[0]
    program.steps[:] = [replace(step, function=f) for f in outer]
    with pytest.raises(InternalError, match="two C functions named inner differ"):
        functions([program])


def test_epilogues_that_differ_have_names_that_differ() -> None:
    """Products with different activations in one network."""
    body = "".join(f"m{k} = MatMul(x, w) a{k} = Clip(m{k}, l{k}, h) y{k} = {f}(a{k}) " for k, f in enumerate(["Sin", "Cos", "Atan", "Tanh"]))
    consts = ", ".join(f"float l{k} = {{-{k}}}" for k in range(4))
    outs = ", ".join(f"float[1,2] y{k}" for k in range(4))
    model = onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 17]> net (float[1,2] x) => ({outs}) <float[2,2] w={{1,2,3,4}}, float h={{9}}, {consts}> {{ {body} }}'
    )
    x = np.array([[-1.5, 0.25]], np.float32)
    clipped = [np.clip(x @ np.array([[1, 2], [3, 4]], np.float32), -k, 9) for k in range(4)]
    for got, f, c in zip(pith_compile(model)(x), (np.sin, np.cos, np.arctan, np.tanh), clipped, strict=True):
        np.testing.assert_allclose(got, f(c), rtol=1e-5)


WORDS = ("linux", "unix", "asm", "typeof", "NULL", "INT32_MAX", "UINT8_C", "class", "new", "this", "bool", "true", "int", "a b", "1", "__x")


def test_any_name_becomes_a_c_name(tmp_path: Path) -> None:
    """Inputs called like words and macros of C and C++: the header compiles as either."""
    ports = [onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [2]) for n in WORDS]
    nodes = [onnx.helper.make_node("Sum", list(WORDS), ["new"])]
    outs = [onnx.helper.make_tensor_value_info("operator", onnx.TensorProto.FLOAT, [2])]
    nodes[0].output[0] = "operator"
    graph = onnx.helper.make_graph(nodes, "g", ports, outs)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    result = stages(model, "c99", name="net")
    session = pith_compile(model, "host", name="namespace", out=tmp_path / "net")
    np.testing.assert_array_equal(session(*[np.ones(2, np.float32)] * len(WORDS)), np.full(2, float(len(WORDS))))
    assert compile_objects(tmp_path, result, ["gcc", "-std=gnu17"], ["-ffreestanding"]).returncode == 0
    (tmp_path / "use.cpp").write_text('#include "net.h"\nint main() { net_inputs in = {}; return in.x_class != nullptr; }\n')
    command = [*bundled_clang()[:1], "c++"] if bundled_clang()[0].endswith("zig") else ["g++"]
    flags = [*command, "-std=c++20", "-Wall", "-Wextra", "-Werror", "-c", "use.cpp", "-o", "use.o"]
    done = subprocess.run(flags, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _relu() -> onnx.ModelProto:
    return onnx.parser.parse_model('<ir_version: 8, opset_import: ["" : 17]> net (float[2] x) => (float[2] y) { y = Relu(x) }')
