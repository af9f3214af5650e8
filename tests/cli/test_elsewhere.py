"""pith verify, bench and run for targets of other machines, and for this one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import onnx
import pytest

import pith as api
from pith.emulators import lacking
from pith.targets.base import TARGETS, get_target, load_all
from tests.cli.test_errors import helper, pith, refused

load_all()
M4 = pytest.mark.skipif(bool(lacking(get_target("cortex-m4"))), reason="qemu-system-arm is not installed")
NODE = pytest.mark.skipif(bool(lacking(get_target("wasm"))), reason="Node is not installed")


@pytest.fixture
def net(tmp_path: Path) -> Path:
    """y = 3 x + x of three int32, which every processor computes to the same bits."""
    three = onnx.numpy_helper.from_array(np.int32([3]), "three")
    ports = [helper.make_tensor_value_info(n, onnx.TensorProto.INT32, [3]) for n in "xy"]
    nodes = [helper.make_node("Mul", ["x", "three"], ["m"]), helper.make_node("Add", ["m", "x"], ["y"])]
    path, graph = tmp_path / "net.onnx", helper.make_graph(nodes, "net", ports[:1], ports[1:], [three])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    np.save(tmp_path / "x.npy", np.int32([5, -7, 2**30]))
    return path


@pytest.mark.parametrize("target", ["host", "c99", pytest.param("wasm", marks=NODE)])
def test_where_nothing_counts_runs_are_timed(net: Path, target: str) -> None:
    """-t host had no emulator and was told to try -t host; Node counts no instructions, and nothing ran."""
    done = pith("verify", net, "-t", target, "--runs", 3, "--json", cwd=net.parent)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["target"] == target and said["holds"] is True and said["outputs"][0]["different"] == 0
    assert said["instructions"] is None and said["runs"] == 3 and said["median_ms"] > 0
    assert "measured there" not in pith("verify", net, "-t", target, cwd=net.parent).stdout


@NODE
def test_bench_in_node(net: Path) -> None:
    done = pith("bench", net, "-t", "wasm-scalar", cwd=net.parent)
    assert done.returncode == 0, done.stderr
    assert "median of 30" in done.stdout and "measured in Node" in done.stdout


@pytest.mark.parametrize("target", [pytest.param("cortex-m4", marks=M4), pytest.param("wasm", marks=NODE), "c99"])
def test_run_goes_through_the_emulator(net: Path, target: str) -> None:
    """It ended with the name of a folder of the cache. A model and a folder, the sums by hand: 32 bits wrap."""
    for what in ("net.onnx", "folder"):
        args = ("-t", target) if what == "net.onnx" else ()
        done = pith("run", what, "x.npy", *args, "-o", "y.npz", cwd=net.parent)
        assert done.returncode == 0, done.stderr
        np.testing.assert_array_equal(np.load(net.parent / "y.npz")["y"], np.int32([20, -28, 0]))
        assert pith("compile", net, "-t", target, "-o", net.parent / "folder", cwd=net.parent).returncode == 0


@M4
def test_threads_and_an_emulator(net: Path) -> None:
    refused(pith("run", net, "x.npy", "-t", "cortex-m4", "--threads", 2, cwd=net.parent), "under an emulator")


@pytest.mark.parametrize(("given", "said"), [
    (("--csv", "x.csv"), "--csv with target"), (("--threads", "2", "--precision", "int8"), "--threads, --precision with target"),
    (("--peers", "onnxruntime", "--rounds", "3"), "--peers, --rounds with target"), (("--plot", "x.png", "--roofline", "y.png"), "--plot, --roofline"),
    (("--python", "ncnn=python", "--images", "x.npy", "--seconds", "1"), "--python, --images, --seconds"),
])  # fmt: skip
def test_options_for_engines_of_this_machine(net: Path, given: tuple[str, ...], said: str) -> None:
    """They were taken, and left out."""
    refused(pith("bench", net, "-t", "cortex-m4", *given, cwd=net.parent), said, "which is emulated here")
    more = ("--device", "ssh://nowhere.invalid")
    if "--seconds" not in given:
        refused(pith("bench", net, *more, *given, cwd=net.parent), said.replace("with target", "with --device"))


@NODE
def test_layers_where_runs_are_timed_as_a_whole(net: Path) -> None:
    refused(pith("bench", net, "-t", "wasm", "--layers", cwd=net.parent), "--layers with target wasm", "times runs as a whole")


@M4
def test_options_that_hold_under_an_emulator(net: Path) -> None:
    """What says no more than what happens is no reason to refuse."""
    done = pith("bench", net, "-t", "cortex-m4", "--peers", "none", "--threads", "1", "--layers", "--json", cwd=net.parent)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["layers"][0]["instructions"] > 0


@pytest.mark.parametrize("target", ["cortex-m4", "cortex-m0", "wasm"])
def test_threads_where_there_are_none(net: Path, target: str) -> None:
    """The folder had pith_pool.c in it, which needs POSIX threads."""
    refused(pith("compile", net, "-t", target, "--threads", 2, "-o", "out", cwd=net.parent), f"--threads does not go with target {target}")
    with pytest.raises(api.PithError, match=f"does not go with target {target}"):
        api.inspect(net, target, threads=2)
    assert not (net.parent / "out").exists()


def test_threads_where_a_system_has_them(net: Path) -> None:
    done = pith("compile", net, "-t", "riscv64", "--threads", 2, "-o", "out", cwd=net.parent)
    assert done.returncode == 0 and (net.parent / "out" / "pith_pool.c").exists(), done.stderr


def test_what_cannot_be_opened_is_refused_before_any_work(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PITH_CACHE", str(net.parent / "cache"))
    with pytest.raises(api.PithError, match="cortex-m4 cannot be opened here") as caught:
        api.compile(net, "cortex-m4", out=net.parent / "out")
    assert "pith verify" in str(caught.value) and "cache" not in str(caught.value)
    assert not (net.parent / "cache").exists() and not (net.parent / "out").exists()


def test_no_emulator_and_not_this_processor(net: Path) -> None:
    name = next((n for n in sorted(TARGETS) if get_target(n).emulation is None and get_target(n).not_here()), None)
    if name is None:
        pytest.skip("each target runs here or has an emulator")
    refused(pith("verify", net, "-t", name, cwd=net.parent), "does not run here", "pith targets")


@pytest.mark.skipif(get_target("x86-64-amx").runs_here(), reason="this processor has AMX")
def test_a_simulation_measures_nothing(net: Path) -> None:
    refused(pith("bench", net, "-t", "x86-64-amx", cwd=net.parent), "cannot be timed on this machine")


def test_targets_name_their_emulators(tmp_path: Path) -> None:
    said = {t["target"]: t for t in json.loads(pith("targets", "--json", cwd=tmp_path).stdout)}
    assert said["cortex-m4"]["emulator"] == "qemu-system-arm" and said["wasm"]["emulator"] == "node" and said["c99"]["emulator"] is None
    assert {said[n]["emulator"] for n in ("x86-64-v4", "x86-64-v4-vnni", "x86-64-v4-vbmi", "x86-64-amx")} == {"simulation"}
    table = {line.split()[0]: line for line in pith("targets", cwd=tmp_path).stdout.splitlines() if line.strip()}
    assert "qemu-aarch64" in table["aarch64"]


@pytest.mark.parametrize(("target", "package"), [("cortex-m4", "qemu-system-arm"), ("aarch64", "qemu-user"), ("wasm", "nodejs")])
def test_without_the_emulator(net: Path, target: str, package: str, tmp_path: Path) -> None:
    """Commands are looked for on the PATH alone; refused before anything is compiled."""
    empty = tmp_path / "empty"
    empty.mkdir()
    env = {**os.environ, "PATH": str(empty), "PITH_CACHE": str(tmp_path / "cache")}
    for command in (("verify", net), ("bench", net), ("run", net, net.parent / "x.npy")):
        refused(pith(*command, "-t", target, cwd=tmp_path, env=env), "is not installed", f"apt-get install {package}")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(("array", "said"), [
    (np.float32([1, 2, 3]), "'x' has dtype float32, wanted int32"), (np.int32([1, 2]), "'x' has shape [2], wanted [3]"),
])  # fmt: skip
def test_inputs_that_do_not_fit(net: Path, array: np.ndarray, said: str) -> None:
    """They ended in an assertion."""
    np.save(net.parent / "odd.npy", array)
    refused(pith("verify", net, "-t", "c99", "--inputs", "odd.npy", cwd=net.parent), said)
    np.savez(net.parent / "odd.npz", z=array)
    refused(pith("verify", net, "-t", "c99", "--inputs", "odd.npz", cwd=net.parent), "no input 'z'", "x (int32 3)")


def test_placement_needs_a_board(net: Path) -> None:
    """It was taken, and left out."""
    refused(pith("compile", net, "-t", "cortex-m4", "--place", "arena=RAM", "-o", "out", cwd=net.parent), "--board")
    assert not (net.parent / "out").exists()
