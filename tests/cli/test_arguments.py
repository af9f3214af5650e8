"""What shells and people do to the arguments, and what the terminal shows."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from onnx import helper, numpy_helper

from pith.cli.main import rejoin_braces
from tests.cli.test_errors import _save, pith, refused


@pytest.mark.parametrize(
    ("words", "joined"),
    [
        ("compile m --shape x=1x3 x=1x5 -o d", "compile m --shape x=1x3 --shape x=1x5 -o d"),
        ("compile --shape x=3 x=4 x=5 m", "compile --shape x=3 --shape x=4 --shape x=5 m"),
        ("run m --shape x=1x3 x=1x3.npy", "run m --shape x=1x3 x=1x3.npy"),
        ("run m --shape x=1x3 y=1x5", "run m --shape x=1x3 y=1x5"),
        ("compile m --shape a.b=3 aXb=4", "compile m --shape a.b=3 aXb=4"),
        ("compile m --shape", "compile m --shape"),
    ],
)
def test_braces_that_the_shell_expanded(words: str, joined: str) -> None:
    assert rejoin_braces(words.split()) == joined.split()


def test_brace_form_through_a_shell(tmp_path: Path) -> None:
    path = _save(tmp_path / "m.onnx", [helper.make_node("Relu", ["x"], ["y"])], [1, "n"])
    words = json.dumps([str(path)])[2:-2]
    done = subprocess.run(
        ["bash", "-c", f"printf '%s\\n' --shape x=1x{{3,5}} {words}"], capture_output=True, text=True, check=True
    )
    expanded = done.stdout.split("\n")[:-1]
    assert expanded[:3] == ["--shape", "x=1x3", "x=1x5"]
    built = pith("compile", *expanded, "-o", "out", "--json", cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    assert [v["inputs"][0]["shape"] for v in json.loads((tmp_path / "out" / "manifest.json").read_text())["variants"]] == [[1, 3], [1, 5]]


def test_names_are_not_markup(tmp_path: Path) -> None:
    path = _save(tmp_path / "[bold]m[red].onnx", [helper.make_node("Relu", ["x"], ["y"], name="[link=x]act")], [1, 4])
    done = pith("compile", path, "-o", "out[/bold]", cwd=tmp_path)
    assert done.returncode == 0 and "out[/bold]" in done.stdout, done.stderr
    assert "[link=x]act" in pith("inspect", path, cwd=tmp_path).stdout
    refused(pith("run", path, "[/bold].npy", cwd=tmp_path), "[/bold].npy")


def test_lines_stay_whole_in_a_pipe(tmp_path: Path) -> None:
    long = "layer" * 15
    path = _save(tmp_path / "m.onnx", [helper.make_node("Relu", ["x"], ["y"], name=long)], [1, 4])
    folder = "a" * 120
    assert folder in pith("compile", path, "-o", folder, cwd=tmp_path).stdout
    assert long in pith("inspect", path, cwd=tmp_path).stdout


def test_options_that_are_wrong(tmp_path: Path) -> None:
    path = _save(tmp_path / "m.onnx", [helper.make_node("Relu", ["x"], ["y"])], [1, 4])
    np.save(tmp_path / "x.npy", np.ones((1, 4), np.float32))
    (tmp_path / "labels.txt").write_text("one\ntwo\n")
    (tmp_path / "file").write_text("")
    refused(pith("compile", path, "--opt", "-O9; rm", cwd=tmp_path), "-O9; rm", "-Os")
    refused(pith("compile", path, "-o", "file", cwd=tmp_path), "file")
    refused(pith("run", path, "x.npy", "-o", "nowhere/y.npz", cwd=tmp_path), "nowhere")
    refused(pith("run", path, "x.npy", "-o", "y.csv", cwd=tmp_path), ".npz")
    refused(pith("run", path, "x.npy", "--labels", "labels.txt", cwd=tmp_path), "2 labels", "1x4")
    refused(pith("run", path, "x.npy", "--labels", "none.txt", cwd=tmp_path), "none.txt")
    refused(pith("run", tmp_path, "x.npy", cwd=tmp_path), "manifest.json")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "labels.txt", "m.onnx", "x.npy"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 99}'])
def test_damaged_manifest(tmp_path: Path, text: str) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "manifest.json").write_text(text)
    refused(pith("inspect", "net", cwd=tmp_path), "compile again")


def test_a_folder_can_be_inspected_without_its_library(tmp_path: Path) -> None:
    w = numpy_helper.from_array(np.ones((4, 3), np.float32), "w")
    path = _save(tmp_path / "m.onnx", [helper.make_node("MatMul", ["x", "w"], ["y"])], [1, 4], [w])
    assert pith("compile", path, "-o", "net", "-q", cwd=tmp_path).returncode == 0
    (tmp_path / "net" / "libm.so").unlink()
    facts = json.loads(pith("inspect", "net", "--json", cwd=tmp_path).stdout)
    assert facts["macs"] == 12 and facts["params"] == 12
    refused(pith("run", "net", "x.npy", cwd=tmp_path), "libm.so")


def test_regression_outputs_get_no_labels(tmp_path: Path) -> None:
    path = _save(tmp_path / "m.onnx", [helper.make_node("Relu", ["x"], ["y"])], [1, 4])
    np.save(tmp_path / "x.npy", np.array([[1, 2, 3, 4]], np.float32))
    assert "class" not in pith("run", path, "x.npy", cwd=tmp_path).stdout
    soft = _save(tmp_path / "s.onnx", [helper.make_node("Softmax", ["x"], ["y"])], [1, 4])
    assert pith("run", soft, "x.npy", "--top", "1", cwd=tmp_path).stdout.splitlines()[1].split() == ["64.39%", "class", "3"]


def test_verbose_lists_the_passes(tmp_path: Path) -> None:
    path = _save(tmp_path / "m.onnx", [helper.make_node("Relu", ["x"], ["y"])], [1, 4])
    shown = pith("compile", path, "-v", cwd=tmp_path).stdout
    assert "fold constants" in shown and "layout" in shown and "build" in shown
    assert (tmp_path / "m-host" / "report.html").exists()
