"""`pith quantize` refuses before any work what it cannot read or write, in one message, and leaves nothing behind."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from pith.cli.main import main

W = np.random.default_rng(0).standard_normal((4, 3, 3, 3)).astype(np.float32)


def _model(path: Path, inputs: int = 1) -> Path:
    """A convolution of each input, and their sum."""
    names = ["x", "z"][:inputs]
    nodes = [helper.make_node("Conv", [n, "w"], [f"c{n}"], name=f"conv_{n}") for n in names]
    nodes.append(helper.make_node("Sum", [f"c{n}" for n in names], ["y"]))
    ports = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 3, 8, 8]) for n in names]
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", ports, [out], [numpy_helper.from_array(W, "w")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model of one input and one of two, and calibration data of all kinds."""
    monkeypatch.chdir(tmp_path)
    _model(tmp_path / "m.onnx")
    _model(tmp_path / "two.onnx", 2)
    good = np.random.default_rng(1).random((3, 3, 8, 8), np.float32)
    np.save("good.npy", good)
    np.save("none.npy", good[:0])
    np.savez("one.npz", x=good)
    Path("text.npy").write_text("hello")
    Path("pickle.npy").write_bytes(b"\x80\x04K\x01.")
    for folder in ("folder.onnx", "page.json"):
        Path(folder).mkdir()
    return tmp_path


def _refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """What is said; the folder stays as it was."""
    before = {p: p.stat().st_mtime_ns for p in Path().rglob("*")}
    monkeypatch.setattr(sys, "argv", ["pith", "quantize", *arguments, "-q"])
    with pytest.raises(SystemExit) as e:
        main()
    assert e.value.code == 2
    assert {p: p.stat().st_mtime_ns for p in Path().rglob("*")} == before
    said = capsys.readouterr()
    assert not said.out
    return said.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["m.onnx", "--images", "good.npy", "-o", "m.onnx"], ["cannot write m.onnx", "the model that is read"]),
        (["m.onnx", "--images", "good.npy", "-o", "folder.onnx"], ["cannot write folder.onnx", "a folder of that name"]),
        (["m.onnx", "--images", "good.npy", "-o", "a.tflite"], ["cannot write a.tflite", "ends in .onnx"]),
        (["m.onnx", "--images", "good.npy", "-o", "no/a.onnx"], ["there is no folder no"]),
        (["m.onnx", "--images", "good.npy", "--report", "page.html"], ["cannot write page.json", "a folder of that name"]),
        (["m.onnx", "--images", "good.npy", "--report", "page.pdf"], [".html, .json or .txt"]),
        (["m.onnx", "--images", "good.npy", "--per-layer"], ["--per-layer without --compare"]),
        (["m.onnx", "--images", "good.npy", "--best", "--no-improve"], ["the best of all that is tried", "one of the two"]),
        (["m.onnx", "--images", "none.npy"], ["no calibration samples", "[0, 3, 8, 8]"]),
        (["m.onnx", "--images", "text.npy"], ["does not begin as such a file does"]),
        (["m.onnx", "--images", "pickle.npy"], ["Python objects, which are never loaded"]),
        (["two.onnx", "--images", "one.npz"], ["no array called 'z'", "it has x"]),
    ],
    ids=lambda v: v[-1] if isinstance(v, list) else "",
)  # fmt: skip
def test_refusals(arguments: list[str], says: list[str], here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    said = _refused(capsys, monkeypatch, *arguments)
    assert all(part in said for part in says), said


def test_a_folder_that_may_not_be_written(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("shut").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "shut")  # root may write anywhere
    said = _refused(capsys, monkeypatch, "m.onnx", "--images", "good.npy", "-o", "shut/a.onnx")
    assert "may not be written" in said and "another folder" in said


def test_one_sample_is_one(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    np.save("single.npy", np.load("good.npy")[:1])
    monkeypatch.setattr(sys, "argv", ["pith", "quantize", "m.onnx", "--images", "single.npy", "--no-improve", "--method", "minmax", "-o", "q.onnx"])
    with pytest.raises(SystemExit) as e:
        main()
    assert not e.value.code
    assert "8 bits, 1 sample: mean" in capsys.readouterr().out and Path("q.onnx").stat().st_size
