"""The list of networks: it can be read without PyTorch, and says what is wrong."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import pith
from pith import models


def test_list_and_patterns() -> None:
    names = models.list_models()
    assert names == models.list_models("*") == sorted(names) and len(names) >= 20
    assert models.list_models("lesrcnn_x?") == ["lesrcnn_x2", "lesrcnn_x3", "lesrcnn_x4"]
    assert models.list_models("nothing*") == []


def test_every_entry_says_where_it_is_from() -> None:
    for name in models.list_models():
        entry = models.describe(name)
        if entry.home.startswith("tests."):  # of another test in this process
            continue
        assert entry.what and entry.source and entry.shapes and entry.name == name
        module = Path(importlib.util.find_spec(entry.home.partition(":")[0]).origin)  # type: ignore[union-attr, arg-type]
        assert module.parent.name == "models"


def test_unknown_names_get_a_hint() -> None:
    with pytest.raises(pith.PithError, match="no network 'resnet-20'") as caught:
        models.describe("resnet-20")
    assert "resnet20" in str(caught.value)


def test_listing_does_not_import_torch(tmp_path: Path) -> None:
    code = "from pith import models; models.list_models(); import sys; print('torch' in sys.modules)"
    root = Path(pith.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_without_torch() -> None:
    """Networks are compiled, quantised and run; what needs PyTorch says so."""
    code = """
import sys
for name in ("torch", "lightning_fabric", "torch_pruning", "onnxscript"):
    sys.modules[name] = None  # as if it were not installed
import numpy as np
import pith
import pith.__main__, pith.quant
from pith import models
x = np.random.default_rng(0).random((4, 3, 32, 32), np.float32)
for model in ("pith/demo/mobilenext_cifar10.onnx", pith.quantize("pith/demo/mobilenext_cifar10.onnx", x, method="minmax", improve=False)):
    assert pith.compile(model, opt="-O1")(x[:1]).shape == (1, 10)
for call in (lambda: models.create("resnet20"), lambda: pith.from_torch(None, None)):
    try:
        call()
    except pith.PithError as error:
        print(str(error).replace(chr(10), " "))
"""
    root = Path(pith.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) == 2, done.stderr
    assert "need PyTorch" in lines[0] and "not installed" in lines[1] and all(".[train]" in line for line in lines)
