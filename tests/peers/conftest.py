"""A tiny network, compiled once; interpreters that have nothing, or only trouble."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import pith
from pith.runtime.bench import random_inputs


@pytest.fixture(autouse=True)
def no_named_interpreters(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the developer's shell says about other environments is not part of a test."""
    for name in list(os.environ):
        if name.startswith("PITH_PEER_PYTHON_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A convolution, a mean, and a second output."""
    rng = np.random.default_rng(0)
    w = numpy_helper.from_array(rng.standard_normal((8, 3, 3, 3)).astype(np.float32), "w")
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], name="conv"), helper.make_node("Relu", ["c"], ["r"], name="relu"),
        helper.make_node("GlobalAveragePool", ["r"], ["p"], name="pool"),
    ]  # fmt: skip
    info = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "g", [info("x", 1, [1, 3, 20, 20])], [info("p", 1, None), info("r", 1, None)], [w])
    path = tmp_path_factory.mktemp("tiny") / "tiny.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.fixture(scope="session")
def artefact(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny network compiled, with its profiling library."""
    folder = tmp_path_factory.mktemp("artefact") / "tiny"
    pith.compile(tiny, out=folder, profile=True).close()
    return folder


@pytest.fixture(scope="session")
def quantised(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny network in 8 bits, as a QDQ file: its input and outputs are float32."""
    path, rng = tmp_path_factory.mktemp("quantised") / "tiny8.onnx", np.random.default_rng(1)
    samples = [{"x": rng.standard_normal((1, 3, 20, 20)).astype(np.float32)} for _ in range(4)]
    pith.quantize(tiny, samples, method="minmax", improve=False).save_onnx(path)
    return path


@pytest.fixture
def inputs(artefact: Path) -> dict[str, np.ndarray]:
    return random_inputs(pith.load(artefact))


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """A file that can be named as an interpreter; the text is its shell script, {python} this interpreter."""

    def make(text: str) -> str:
        path = tmp_path / f"python-{len(list(tmp_path.iterdir()))}"
        path.write_text("#!/bin/sh\n" + text.format(python=sys.executable) + "\n")
        path.chmod(0o755)
        return str(path)

    return make
