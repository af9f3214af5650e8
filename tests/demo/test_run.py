"""The demonstration as a newcomer runs it: what it prints and what it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from PIL import Image

from pith.api import compile as pith_compile
from pith.demo.run import MODEL, classify


def test_the_whole_demonstration(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pith.demo.run", "--out", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for words in ("lower bound", "onnxruntime", "ms", "photographs of a class", "report.html"):
        assert words in done.stdout
    left = {p.name for p in (tmp_path / "out").iterdir()}
    assert {"report.html", "photographs.png", "mobilenext_cifar10.c", "manifest.json"} <= left
    assert not any(name.startswith(".") for name in left)
    assert "Where the time goes" in (tmp_path / "out" / "report.html").read_text()
    with Image.open(tmp_path / "out" / "photographs.png") as sheet:
        assert sheet.width > 700 and len(sheet.getcolors(1 << 24) or ()) > 1000


def test_labels_are_those_of_onnx_runtime() -> None:
    net = pith_compile(MODEL)
    oracle = ort.InferenceSession(MODEL, providers=["CPUExecutionProvider"])
    labels = json.loads(net.manifest["metadata"]["pith.labels"])
    assert labels == (MODEL.parent / "labels.txt").read_text().split()
    for shown in classify(net):
        (logits,) = oracle.run(None, {net.inputs[0].name: shown.array})
        exact = np.exp(logits[0].astype(np.float64) - logits.max())
        exact /= exact.sum()
        for label, p in shown.best:
            assert p == pytest.approx(exact[labels.index(label)], abs=1e-5)
        assert shown.best[0][1] == pytest.approx(exact.max(), abs=1e-5)


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    code = "import sys; sys.modules['skimage'] = None; sys.argv[1:] = ['--out', 'out']; from pith.demo.run import main; main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "pip install" in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert not done.stdout and not (tmp_path / "out").exists()  # before anything is compiled
