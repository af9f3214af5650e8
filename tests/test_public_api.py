"""`import pith` is small: eleven names, loaded when they are used; running a network does not import the compiler."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import onnx
import pytest

import pith


def modules_after(code: str, folder: Path) -> set[str]:
    code += "\nimport sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_every_name_exists_and_is_documented() -> None:
    assert 5 <= len(pith.__all__) - 1 <= 11
    for name in pith.__all__:
        value = getattr(pith, name)
        assert name.startswith("__") or (value.__doc__ or "").strip(), name
    assert set(pith.__all__) <= set(dir(pith))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        pith.nonsense  # noqa: B018


def test_import_brings_nothing_with_it(tmp_path: Path) -> None:
    loaded = modules_after("import pith", tmp_path)
    assert not loaded & {"numpy", "onnx", "rich", "typer", "jinja2", "PIL", "ml_dtypes"}
    assert {m for m in loaded if m.startswith("pith")} == {"pith", "pith.version"}


def test_running_does_not_import_the_compiler(tmp_path: Path) -> None:
    text = '<ir_version: 8, opset_import: ["" : 17]> net (float[1, 4] x) => (float[1, 4] y) { y = Relu(x) }'
    pith.compile(onnx.parser.parse_model(text), out=tmp_path / "net")
    code = "import numpy, pith; net = pith.load('net'); net(numpy.zeros((1, 4), 'float32'))"
    loaded = modules_after(code, tmp_path)
    assert not loaded & {"onnx", "rich", "typer", "jinja2", "PIL", "google.protobuf", "pith.api", "pith.ops.base"}


def test_module_is_the_command(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "pith", "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == f"pith {pith.__version__}\n"
