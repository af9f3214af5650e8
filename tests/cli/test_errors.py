"""Bad input: a message with what, where or why, and what to try; exit code 2; no traceback; nothing left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper


def _info(name: str, shape: list[int | str], kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def _save(
    path: Path, nodes: list[onnx.NodeProto], shape: list[int | str], constants: list[onnx.TensorProto] | None = None
) -> Path:
    graph = helper.make_graph(nodes, "g", [_info("x", shape)], [_info("y", None)], constants or [])  # type: ignore[arg-type]
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return _save(tmp_path / "m.onnx", [helper.make_node("Relu", ["x"], ["y"], name="act")], [1, 4])


def pith(*args: object, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pith", *map(str, args)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(env or {})},
    )


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Exit code 2, a clear message holding every word, no traceback, nothing on standard output."""
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    for word in words:
        assert word in done.stderr, f"{word!r} not in:\n{done.stderr}"
    assert "try:" in done.stderr or "why:" in done.stderr, done.stderr


def test_missing_file(tmp_path: Path) -> None:
    refused(pith("compile", "nowhere.onnx", cwd=tmp_path), "nowhere.onnx")


@pytest.mark.parametrize("keep", [0, 1, 10, 60])
def test_truncated_file(model: Path, keep: int) -> None:
    data = model.read_bytes()
    model.write_bytes(data[: len(data) * keep // 100])
    before = sorted(model.parent.iterdir())
    done = pith("compile", model, "-o", "out", cwd=model.parent)
    refused(done)
    assert sorted(model.parent.iterdir()) == before


def test_every_unsupported_operator_is_listed(tmp_path: Path) -> None:
    nodes = [helper.make_node("RandomNormalLike", ["x"], ["a"], name="noise"), helper.make_node("RandomUniformLike", ["a"], ["b"], name="coin"),
             helper.make_node("Nonsense", ["b"], ["y"], name="what", domain="my.ops")]  # fmt: skip
    path = _save(tmp_path / "m.onnx", nodes, [1, 4])
    refused(
        pith("compile", path, "-o", "out", cwd=tmp_path),
        "RandomNormalLike",
        "noise",
        "RandomUniformLike",
        "coin",
        "Nonsense",
        "what",
    )
    assert not (tmp_path / "out").exists()


def test_unbound_dimension_says_which_option(tmp_path: Path) -> None:
    path = _save(tmp_path / "m.onnx", [helper.make_node("Relu", ["x"], ["y"])], ["batch", 3, "h", "w"])
    refused(pith("compile", path, "-o", "out", cwd=tmp_path), "batch", "--shape x=")


def test_bad_options(model: Path) -> None:
    folder = model.parent
    refused(pith("compile", model, "--shape", "x=1xfour", cwd=folder), "four")
    refused(pith("compile", model, "--shape", "z=1x4", cwd=folder), "z")
    refused(pith("compile", model, "-t", "pdp11", cwd=folder), "pdp11", "host")
    refused(pith("compile", model, "--cc", "no-such-compiler", "-o", "out", cwd=folder), "no-such-compiler")
    refused(pith("inspect", model, "--stage", "soup", cwd=folder), "soup")
    assert not (folder / "out").exists()


def test_inputs_that_do_not_fit(model: Path) -> None:
    folder = model.parent
    np.save(folder / "wrong_shape.npy", np.zeros((2, 4), np.float32))
    np.save(folder / "wrong_type.npy", np.zeros((1, 4)))
    np.save(folder / "nan.npy", np.full((1, 4), np.nan, np.float32))
    np.save(folder / "good.npy", np.ones((1, 4), np.float32))
    (folder / "junk.npy").write_bytes(b"junk")
    (folder / "junk.png").write_bytes(b"junk")
    refused(pith("run", model, "wrong_shape.npy", cwd=folder), "[2, 4]", "[1, 4]")
    refused(pith("run", model, "wrong_type.npy", cwd=folder), "float64", "float32")
    refused(pith("run", model, "nan.npy", cwd=folder), "not finite", "--allow-nan")
    refused(pith("run", model, "junk.npy", cwd=folder), "junk.npy")
    refused(pith("run", model, "missing.npy", cwd=folder), "missing.npy")
    refused(pith("run", model, "junk.png", cwd=folder), "'x'")
    refused(pith("run", model, "good.npy", "--preprocess", "{", cwd=folder), "preprocessing")
    assert pith("run", model, "nan.npy", "--allow-nan", cwd=folder).returncode == 0
    assert pith("run", model, "good.npy", "-o", "y.npz", cwd=folder).returncode == 0
    np.testing.assert_array_equal(np.load(folder / "y.npz")["y"], np.ones((1, 4), np.float32))


def test_a_pickle_is_never_read(model: Path) -> None:
    np.save(model.parent / "evil.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    refused(pith("run", model, "evil.npy", cwd=model.parent), "evil.npy")


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/hostname", "link.bin"])
def test_external_data_outside_the_folder(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(16))
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    w = numpy_helper.from_array(np.zeros((1, 4), np.float32), "w")
    w.ClearField("raw_data")
    w.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", "16")):
        entry = w.external_data.add()
        entry.key, entry.value = key, value
    path = _save(folder / "m.onnx", [helper.make_node("Add", ["x", "w"], ["y"])], [1, 4], [w])
    refused(pith("compile", path, "-o", "out", cwd=folder), "w")


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mount") is None,
    reason="a full disk is made with a small tmpfs, which only root may mount",
)
def test_full_disk(model: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, check=False
    ).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    try:
        w = numpy_helper.from_array(np.random.default_rng(0).standard_normal((4, 60000)).astype(np.float32), "w")
        path = _save(tmp_path / "big.onnx", [helper.make_node("MatMul", ["x", "w"], ["y"])], [1, 4], [w])
        done = pith("compile", path, "-o", disk / "out", "--no-cache", cwd=tmp_path)
        refused(done, "disk is full")
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_misspelt_input_is_named(model: Path) -> None:
    ran = pith("run", model, "input=x.npy", cwd=model.parent)
    assert ran.returncode == 2 and "no input 'input'" in ran.stderr and "its inputs are x" in ran.stderr


def test_changes_of_a_recipe(tmp_path: Path) -> None:
    """Lists and mappings as a shell hands them over; what is no section is told how it is written."""
    pytest.importorskip("yaml", reason="recipes are YAML; PyYAML is not here")
    changes = ["hooks=[{type: clip, norm: 2.0}]", "data.augment={type: crop_flip, pad: 2}", "optimizer={_delete_: true, type: Adam, lr: 1e-3}"]
    shown = pith("train", "bnn_vgg_cifar10", *changes, "--show", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    for lines in ("hooks:\n  -\n    type: clip\n    norm: 2.0\n", "  augment:\n    type: crop_flip\n    pad: 2\n", "optimizer:\n  type: Adam\n  lr: 0.001\n"):
        assert lines in shown.stdout
    refused(pith("train", "resnet8_cifar10", "model=resnet8", cwd=tmp_path), "model is a mapping with `type`, not 'resnet8'", "model.type=resnet8")
    refused(pith("train", "resnet8_cifar.yaml", cwd=tmp_path), "resnet8_cifar.yaml", "resnet8_cifar10")
    refused(pith("train", "resnet8_cifar10", "optimzer.lr=1", cwd=tmp_path), "no key 'optimzer'", "optimizer")
    refused(pith("train", "resnet8_cifar10", "hooks=[{type clip}]", cwd=tmp_path), "'type clip' is no `key: value`")


def test_an_output_folder_that_is_a_file(tmp_path: Path) -> None:
    for package in ("torch", "lightning_fabric", "yaml"):
        pytest.importorskip(package, reason="training needs pip install pith[train]")
    (tmp_path / "afile").write_text("mine")
    refused(pith("train", "resnet8_cifar10", "-o", "afile", cwd=tmp_path), "here is a file of that name", "afile")
