"""pith bench: rows, stable keys, files, and what is refused."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pith.cli.main import app
from pith.graph.errors import InputError
from pith.targets.base import get_target
from tests.cli.test_errors import _save, helper, pith, refused

KEYS = {"engine", "model", "precision", "threads", "median_ms", "ratio", "error", "sqnr_db", "counts", "version", "runs", "reason"}


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("PITH_PEER_PYTHON_"):
            monkeypatch.delenv(name)
    return _save(tmp_path / "net.onnx", [helper.make_node("Softmax", ["x"], ["y"], axis=1)], ["n", 50])


def bench(net: Path, *args: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    quick = ("--shape", "x=4x50", "--seconds", "0.1", "--rounds", "2")
    return pith("bench", net, *quick, *args, cwd=net.parent, env=env)


def test_rows(net: Path) -> None:
    done = bench(net, "--peers", "onnxruntime", "--threads", "1,2", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [(r["engine"], r["threads"]) for r in rows] == [("pith", 1), ("onnxruntime", 1), ("pith", 2), ("onnxruntime", 2)]
    for r in rows:
        assert r.keys() == KEYS and r["model"] == "net" and r["precision"] == "float32"
        assert r["median_ms"] > 0 and r["ratio"] > 0 and r["error"] < 1e-5 and r["counts"] is True and r["reason"] is None
    assert rows[0]["ratio"] == rows[2]["ratio"] == 1.0


def test_printed(net: Path) -> None:
    text = bench(net, "--peers", "onnxruntime").stdout
    assert "Pith" in text and "ONNX Runtime" in text and "the best peer, ONNX Runtime, takes" in text
    assert "medians of 2 rounds" in text


def test_nobody_to_compare_with(net: Path) -> None:
    rows = json.loads(bench(net, "--peers", "none", "--json").stdout)
    assert [r["engine"] for r in rows] == ["pith"] and rows[0]["counts"] is True


def test_a_peer_that_is_missing_is_named(net: Path) -> None:
    bare = net.parent / "bare"
    bare.write_text('#!/bin/sh\nexec ' + sys.executable + ' -S -E "$@"\n')
    bare.chmod(0o755)
    rows = json.loads(bench(net, "--peers", "mnn", "--python", f"mnn={bare}", "--json").stdout)
    assert rows[1]["engine"] == "mnn" and rows[1]["median_ms"] is None and rows[1]["reason"].endswith("pip install numpy MNN")
    done = bench(net, "--peers", "mnn", env={"PITH_PEER_PYTHON_MNN": str(bare)})
    assert done.returncode == 0 and f"MNN, 1 thread: no time, not installed: {bare} -m pip install numpy MNN" in done.stdout


def test_layers_and_files(net: Path) -> None:
    pytest.importorskip("matplotlib")
    files = ("--csv", "rows.csv", "--plot", "bars.png", "--roofline", "roof.png")
    done = bench(net, "--peers", "onnxruntime", "--layers", *files)
    assert done.returncode == 0, done.stderr
    assert "measured ceilings of one core" in done.stdout and "softmax" in done.stdout
    with (net.parent / "rows.csv").open() as f:
        rows = list(csv.DictReader(f))
    assert [r["engine"] for r in rows] == ["pith", "onnxruntime"] and rows[0].keys() >= KEYS | {"processor", "date", "pith"}
    for picture in ("bars.png", "roof.png"):
        assert (net.parent / picture).read_bytes().startswith(b"\x89PNG")
    own = json.loads(bench(net, "--peers", "none", "--layers", "--json").stdout)[0]
    assert own["layers"][0].keys() >= {"name", "op", "kernel", "ms", "share", "gflops", "of_roof"}
    assert own["ceilings"]["isa"] == get_target("host").isa.name
    assert own["ceilings"]["gflops"] > 0.5 and own["ceilings"]["gbytes"].keys() == {"L1", "L2", "L3", "memory"}
    assert own["ceilings"]["int8_gops"] > 0.5 and own["layers"][0]["computes"] == "float32"


@pytest.mark.skipif(not get_target("x86-64-v3").runs_here(), reason="AVX2 does not run here")
def test_ceilings_are_those_of_the_target(net: Path) -> None:
    """The roof of -t x86-64-v3 was that of this processor's best instructions."""
    own = json.loads(bench(net, "-t", "x86-64-v3", "--peers", "none", "--layers", "--json").stdout)[0]
    assert own["ceilings"]["isa"] == "avx2"
    assert "measured ceilings of one core (avx2): " in bench(net, "-t", "x86-64-v3", "--peers", "none", "--layers").stdout


def test_csv_to_a_device_or_through_a_link(net: Path) -> None:
    """It is written where it is, not replaced by a file."""
    done = bench(net, "--peers", "none", "--csv", "/dev/stdout")
    assert done.returncode == 0 and "engine,model,precision" in done.stdout and Path("/dev/stdout").is_symlink()
    (net.parent / "out.csv").touch()
    (net.parent / "link.csv").symlink_to("out.csv")
    assert bench(net, "--peers", "none", "--csv", "link.csv").returncode == 0
    assert (net.parent / "link.csv").is_symlink() and "engine,model,precision" in (net.parent / "out.csv").read_text()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--peers", "tvm"), ("tvm", "onnxruntime")),
        (("--peers", ","), ("--peers", "none")),
        (("--threads", "0"), ("--threads",)),
        (("--threads", "1000"), ("--threads", "256")),
        (("--threads", "1,x"), ("--threads",)),
        (("--python", "mnn"), ("PEER=PATH",)),
        (("--python", "mnn=/no/such/file"), ("/no/such/file", "mnn")),
        (("--limit", "5"), ("--limit without --device",)),
        (("--plot", "bars.txt"), (".png",)),
        (("--roofline", "nowhere/roof.png"), ("nowhere",)),
        (("--csv", "nowhere/rows.csv"), ("nowhere",)),
        *((("--peers", "none", option, "folder.png"), ("folder.png", "a folder of that name")) for option in ("--csv", "--plot", "--roofline")),
    ],
)
def test_refused(net: Path, args: tuple[str, ...], words: tuple[str, ...]) -> None:
    """Before any work: nothing is compiled."""
    (net.parent / "folder.png").mkdir()
    refused(bench(net, *args, env={"PITH_CACHE": str(net.parent / "cache")}), *words)
    assert not (net.parent / "cache").exists()


@pytest.mark.parametrize("option", ["--csv", "--plot", "--roofline"])
def test_a_folder_that_may_not_be_written(net: Path, option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place = net.parent / "closed" / "x.png"
    place.parent.mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "closed")  # root may write anywhere
    monkeypatch.setattr("pith.api.compile", lambda *_, **__: pytest.fail("this comes before any work"))
    error = CliRunner().invoke(app, ["bench", str(net), "--peers", "none", option, str(place)]).exception
    assert isinstance(error, InputError) and error.what == f"cannot write {place}" and "may not be written" in str(error)


def test_integers_are_not_made_integers_again(net: Path) -> None:
    nodes = [helper.make_node("Constant", [], ["scale"], value_float=0.1), helper.make_node("QuantizeLinear", ["x", "scale"], ["q"]),
             helper.make_node("DequantizeLinear", ["q", "scale"], ["y"])]  # fmt: skip
    refused(bench(_save(net.parent / "q.onnx", nodes, ["n", 50]), "--precision", "int8"), "--precision int8 with q.onnx", "has integers already")


def test_several_shapes_are_refused(net: Path) -> None:
    refused(pith("bench", net, "--shape", "x={2,3}x50", cwd=net.parent), "several shapes", "--shape")


@pytest.mark.skipif(get_target("x86-64-v4").runs_here(), reason="this processor runs every target")
def test_a_target_that_does_not_run_here_is_refused_before_any_work(net: Path) -> None:
    refused(bench(net, "-t", "x86-64-v4"), "x86-64-v4", "does not run here")


def test_constants_go_to_the_peers_too(tmp_path: Path) -> None:
    """An input fixed when Pith compiles is an input still for the others."""
    import onnx

    info = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph([helper.make_node("Reshape", ["x", "s"], ["y"])], "g", [info("x", 1, [2, 6]), info("s", 7, [2])],
                                   [info("y", 1, ["a", "b"])])  # fmt: skip
    path = tmp_path / "r.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), path)
    done = pith("bench", path, "--const", "s=3,4", "--seconds", "0.1", "--rounds", "1", "--peers", "onnxruntime", "--json", cwd=tmp_path)
    assert [r["counts"] for r in json.loads(done.stdout)] == [True, True], done.stdout + done.stderr
