"""Engines in processes of their own: measured, missing, failing, dying; who runs when."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import pith
from pith.bench import compare as compare_module
from pith.bench.compare import Row, choose, compare, missing_note, summarise
from pith.bench.process import WORKER, Engine, Failure, Interpreters, Missing, Process, ask
from pith.graph.errors import InputError
from pith.peers.base import get_peer, names
from pith.runtime.bench import computed_in, random_inputs

Script = Callable[[str], str]
Inputs = dict[str, np.ndarray]


def test_pith_and_onnxruntime(tiny: Path, artefact: Path, inputs: Inputs) -> None:
    own, other = compare(tiny, artefact, ["onnxruntime"], inputs, rounds=3, seconds=0.06)
    assert (own.engine, other.engine, own.ratio) == ("pith", "onnxruntime", 1.0)
    assert own.reason is None and other.reason is None
    assert own.error is not None and own.error < 1e-5 and own.counts is True
    assert other.error == 0.0 and other.counts is True
    assert own.median_ms is not None and other.median_ms is not None and other.ratio is not None
    assert 0 < own.median_ms < 50 and 0 < other.median_ms < 50
    assert len(own.blocks) == len(other.blocks) == 3 and own.runs >= 9 and other.runs >= 9
    assert other.version == __import__("onnxruntime").__version__


@pytest.mark.parametrize("kind", [1, 10, 16, 11, 7, 9])
def test_types(tmp_path: Path, kind: int) -> None:
    """float32, float16, bfloat16, float64, int64, bool: arrays reach Pith's worker and come back."""
    import onnx

    info = onnx.helper.make_tensor_value_info
    node = onnx.helper.make_node("Expand", ["x", "s"], ["y"])
    shape = onnx.helper.make_tensor("s", 7, [2], [2, 5])
    path = tmp_path / "m.onnx"
    graph = onnx.helper.make_graph([node], "g", [info("x", kind, [1, 5])], [info("y", kind, [2, 5])], [shape])
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), path)
    with pith.compile(path) as session:
        own, other = compare(path, session.folder, ["onnxruntime"], random_inputs(session), rounds=1, seconds=0.02)
    assert own.median_ms is not None and own.reason is None
    assert own.error == (0.0 if other.reason is None else None)


def test_a_quantised_file_is_judged_by_its_noise(quantised: Path) -> None:
    """It was called float32, after its input, and held to 1e-4 of ONNX Runtime's, which one rounding the other way is far beyond."""
    with pith.compile(quantised) as session:
        feed, kind = random_inputs(session), computed_in(session.manifest)
        assert kind == "int8" and session.inputs[0].dtype == session.outputs[0].dtype == "float32"
        own, other = compare(quantised, session.folder, ["onnxruntime"], feed, rounds=1, seconds=0.02, precision=kind)
    assert own.precision == other.precision == "int8"
    assert own.sqnr_db is not None and own.sqnr_db > 20 and own.counts is True
    assert other.sqnr_db == 999 and other.counts is True  # it is the reference: the result of the file as it is


def test_bounds_of_noise() -> None:
    """Each engine's own network may be 6 dB behind the best; of one file there is one result."""
    reference = {"y": np.array([1.0, 1.0])}
    outputs = {"pith": {"y": np.array([1.0, 0.0])}, "mnn": {"y": np.array([1.0, 0.1])}}  # 3.0 and 3.9 dB
    for made, precision, counts in ((True, "int8", True), (False, "int8", False), (False, "float32", False)):
        rows = {n: Row(n, "net", precision, 1, blocks=[1.0]) for n in outputs}
        summarise(rows, outputs, reference, made=made)
        assert [r.counts for r in rows.values()] == [counts, counts]


def test_what_networks_compute_in(artefact: Path, tmp_path: Path) -> None:
    """Not what their first input is of: token ids are int64."""
    from onnx import TensorProto, helper, numpy_helper, save

    assert computed_in(pith.load(artefact).manifest) == "float32"
    rng, info = np.random.default_rng(0), helper.make_tensor_value_info
    table, w = (numpy_helper.from_array(rng.standard_normal(s).astype(np.float32), n) for n, s in (("t", (9, 8)), ("w", (8, 8))))
    nodes = [helper.make_node("Gather", ["t", "ids"], ["e"]), helper.make_node("MatMul", ["e", "w"], ["y"])]
    graph = helper.make_graph(nodes, "g", [info("ids", TensorProto.INT64, [4])], [info("y", TensorProto.FLOAT, None)], [table, w])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "ids.onnx")
    assert computed_in(pith.compile(tmp_path / "ids.onnx").manifest) == "float32"
    graph = helper.make_graph([helper.make_node("Expand", ["x", "s"], ["y"])], "g", [info("x", TensorProto.INT64, [1, 5])],
                              [info("y", TensorProto.INT64, None)], [helper.make_tensor("s", TensorProto.INT64, [2], [2, 5])])  # fmt: skip
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "moved.onnx")
    assert computed_in(pith.compile(tmp_path / "moved.onnx").manifest) == "int64"


def test_onnxruntime_judges_unasked(tiny: Path, artefact: Path, inputs: Inputs) -> None:
    (own,) = compare(tiny, artefact, [], inputs, rounds=1, seconds=0.02)
    assert own.error is not None and own.error < 1e-5 and own.counts is True


def test_a_peer_that_is_not_installed(tiny: Path, artefact: Path, inputs: Inputs, script: Script) -> None:
    bare = script('exec {python} -S -E "$@"')  # nothing but the standard library
    own, gone = compare(tiny, artefact, ["mnn"], inputs, rounds=1, seconds=0.02, interpreters=Interpreters({"mnn": bare}))
    assert own.median_ms is not None
    assert gone.median_ms is None and gone.ratio is None and gone.counts is None
    assert gone.reason == f"not installed: {bare} -m pip install numpy MNN"


def test_a_converter_that_is_not_installed(script: Script) -> None:
    bare = script('exec {python} -S -E "$@"')
    with pytest.raises(Missing) as e:
        ask(get_peer("ncnn"), bare, {"what": "convert"}, 30)
    assert e.value.command == f"{bare} -m pip install numpy torch pnnx"


def test_a_peer_that_cannot_read_the_model(tiny: Path, artefact: Path, inputs: Inputs, tmp_path: Path) -> None:
    damaged = tmp_path / "tiny.onnx"
    damaged.write_bytes(tiny.read_bytes()[:40])
    own, failed = compare(damaged, artefact, ["onnxruntime"], inputs, rounds=2, seconds=0.02)
    assert own.median_ms is not None and own.error is None and own.counts is None
    assert failed.median_ms is None and failed.reason is not None and "Protobuf" in failed.reason
    assert failed.blocks == [None, None]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("echo something broke >&2; exit 3", "exit code 3: something broke"), ("kill -SEGV $$", "killed by signal 11")],
)
def test_an_engine_that_dies_while_it_loads(
    tiny: Path, artefact: Path, inputs: Inputs, script: Script, text: str, reason: str
) -> None:
    where = Interpreters({"onnxruntime": script(text)})
    _, failed = compare(tiny, artefact, ["onnxruntime"], inputs, rounds=1, seconds=0.02, interpreters=where)
    assert failed.reason == reason


def test_a_program_that_is_not_there(tiny: Path, artefact: Path, inputs: Inputs) -> None:
    """LiteRT and ExecuTorch are converted from MODEL.pt2; whichever Python lacks them as well says so."""
    for row in compare(tiny, artefact, ["litert", "executorch"], inputs, rounds=1, seconds=0.02)[1:]:
        assert row.reason is not None and ("no tiny.pt2 beside the model" in row.reason or "pip install" in row.reason)


@pytest.fixture
def engine(tiny: Path, inputs: Inputs, tmp_path: Path) -> Iterator[Engine]:
    archive = tmp_path / "inputs.npz"
    ports = compare_module.save_inputs(archive, inputs)
    made = Engine(get_peer("onnxruntime"), sys.executable, tiny, tiny, archive, ports, 1, tmp_path, 60)
    yield made
    made.close()


def _state(pid: int) -> str:
    """R running, S sleeping, T stopped, Z ended; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def _waited(pid: int, states: str, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if _state(pid) in states.split(","):
            return True
        time.sleep(0.01)
    return False


def test_stopped_except_in_its_turn(engine: Engine) -> None:
    pid = engine._process._process.pid
    assert _waited(pid, "T")
    ms, runs = engine.turn(0.05)
    assert ms > 0 and runs >= 3
    assert _waited(pid, "T")
    engine.close()
    assert _state(pid) == ""


def test_an_engine_that_dies_in_its_turn(engine: Engine) -> None:
    os.kill(engine._process._process.pid, signal.SIGKILL)
    with pytest.raises(Failure, match="killed by signal 9"):
        engine.turn(0.05)


def test_an_engine_that_does_not_answer(script: Script) -> None:
    with pytest.raises(Failure, match="no answer within 0 s"):
        ask(get_peer("onnxruntime"), script("sleep 60"), {"what": "probe"}, 0.2)


def test_workers_end_with_their_parent(engine: Engine) -> None:
    """A parent that is killed cannot clean up; a stopped worker would stay for ever."""
    request = json.loads(Path(f"/proc/{engine._process._process.pid}/cmdline").read_bytes().split(b"\0")[2])
    parent = (
        "import sys, time; from pith.bench.process import Process\n"
        f"p = Process(sys.executable, {request!r}, {{}})\n"
        "p.answer(60); p.stop(); print(p._process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        assert _waited(child, "T")
        process.kill()
    assert _waited(child, ",Z")


def test_peers_need_nothing_of_pith() -> None:
    """Every file of pith/peers, imported as the worker does it, brings in nothing beyond NumPy and the standard library."""
    code = (
        "import runpy, sys; w = runpy.run_path(sys.argv[1]); w['_stand_alone']()\n"
        "from pith.peers.base import get_peer, names\n"
        "[get_peer(n) for n in names()]\n"
        "print(' '.join(sorted(m for m in sys.modules if m.partition('.')[0] not in sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code, str(WORKER)], capture_output=True, text=True, check=True)
    loaded = {m for m in done.stdout.split() if not m.startswith(("numpy", "_", "cython_runtime", "sitecustomize", "usercustomize"))}
    assert loaded == {"pith", "pith.peers", "pith.peers.base", *(f"pith.peers.{n}" for n in names())}


def test_every_peer_says_how_it_is_installed() -> None:
    assert {"onnxruntime", "openvino", "ncnn", "mnn", "litert", "executorch", "pith"} == set(names())
    for name in names():
        peer = get_peer(name)
        assert peer.name == name and peer.title
        if name != "pith":
            assert peer.package and peer.module
            assert f"{peer.title} (pip install {peer.package})" in missing_note([name])


def test_choice_of_peers(script: Script) -> None:
    assert choose("none", Interpreters()) == ([], [])
    assert choose("ncnn, mnn,ncnn", Interpreters()) == (["ncnn", "mnn"], [])
    with pytest.raises(InputError, match="one of the two"):
        choose("none,mnn", Interpreters())
    with pytest.raises(InputError, match="no engine 'tvm'"):
        choose("tvm", Interpreters())
    found, absent = choose(None, Interpreters({"mnn": script("exit 0")}))
    assert found[0] == "onnxruntime" and "mnn" in found  # one that was given an interpreter is wanted
    assert sorted([*found, *absent, "pith"]) == names()


def test_interpreters(monkeypatch: pytest.MonkeyPatch, script: Script) -> None:
    a, b = script("exit 0"), script("exit 1")
    monkeypatch.setenv("PITH_PEER_PYTHON_NCNN", a)
    monkeypatch.setenv("PITH_PEER_PYTHON_NCNN_CONVERT", b)
    where = Interpreters()
    assert (where.of("ncnn"), where.of("ncnn", convert=True), where.of("mnn")) == (a, b, sys.executable)
    assert where.named("ncnn") and not where.named("mnn")
    assert Interpreters({"ncnn": b}).of("ncnn") == b  # the option comes first
    with pytest.raises(InputError, match="cannot be run"):
        Interpreters({"mnn": "/no/such/python"})
    with pytest.raises(InputError, match="no engine 'nccn'"):
        Interpreters({"nccn": a})


def test_process_says_what_the_worker_printed(script: Script) -> None:
    process = Process(script("echo one >&2; echo two >&2"), {}, {})
    try:
        with pytest.raises(Failure, match="exit code 0: two"):
            process.answer(10)
    finally:
        process.close()
