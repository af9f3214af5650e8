"""The commands on good input: what they print and the stable keys of --json."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pith.cli import common
from pith.cli.common import parse_constants, parse_shapes
from tests.cli.test_errors import _save, helper, numpy_helper, pith


@pytest.fixture
def classifier(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    w = numpy_helper.from_array(rng.standard_normal((10, 3, 3, 3)).astype(np.float32), "w")
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"], name="conv"), helper.make_node("GlobalAveragePool", ["c"], ["p"]),
             helper.make_node("Flatten", ["p"], ["y"])]  # fmt: skip
    return _save(tmp_path / "net.onnx", nodes, [1, 3, 16, 16], [w])


def test_compile_writes_the_artefact(classifier: Path) -> None:
    done = pith("compile", classifier, "-o", "out", "--json", cwd=classifier.parent)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert {
        "name",
        "target",
        "library",
        "arena_bytes",
        "arena_lower_bound",
        "code_bytes",
        "weights_bytes",
        "macs",
        "params",
        "folder",
    } <= facts.keys()
    names = {p.name for p in (classifier.parent / "out").iterdir()}
    assert {"net.c", "net.h", "net_weights.c", "net_weights.bin", "libnet.so", "manifest.json", "report.html"} <= names
    assert facts["macs"] == 10 * 14 * 14 * 27


def test_c99_target_spells_weights_out(classifier: Path) -> None:
    assert pith("compile", classifier, "-t", "c99", "-o", "out", cwd=classifier.parent).returncode == 0
    assert not (classifier.parent / "out" / "net_weights.bin").exists()


def test_run_prints_top_labels(classifier: Path) -> None:
    folder = classifier.parent
    Image.fromarray(np.full((20, 30, 3), 128, np.uint8)).save(folder / "grey.png")
    (folder / "labels.txt").write_text("\n".join(f"thing{i}" for i in range(10)))
    done = pith("run", classifier, "grey.png", "--labels", "labels.txt", "--top", 3, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("thing") == 3 and "does not say how pictures become its input" in done.stdout
    said = pith("run", classifier, "grey.png", "--preprocess", '{"scale": 0.01}', cwd=folder)
    assert said.returncode == 0 and "does not say" not in said.stdout
    parsed = json.loads(
        pith("run", classifier, "grey.png", "grey.png", "--labels", "labels.txt", "--json", cwd=folder).stdout
    )
    assert len(parsed["results"]) == 2
    assert parsed["results"][0]["top"][0].keys() == {"label", "index", "probability"}


def test_inspect_keys_and_stages(classifier: Path) -> None:
    facts = json.loads(pith("inspect", classifier, "--json", cwd=classifier.parent).stdout)
    assert {"layers", "macs", "params", "arena_bytes", "arena_lower_bound"} <= facts.keys()
    assert {"name", "op", "kernel", "shape", "macs", "bytes", "share"} <= facts["layers"][0].keys()
    for stage, word in (("import", "conv("), ("graph", "graph "), ("program", "arena"), ("c", "int net_run(")):
        done = pith("inspect", classifier, "--stage", stage, cwd=classifier.parent)
        assert done.returncode == 0 and word in done.stdout


def test_bench_ops_targets(classifier: Path) -> None:
    rows = json.loads(pith("bench", classifier, "--seconds", "0.1", "--peers", "onnxruntime", "--json", cwd=classifier.parent).stdout)
    assert {"engine", "model", "precision", "threads", "median_ms", "ratio"} <= rows[0].keys()
    assert {r["engine"] for r in rows} == {"pith", "onnxruntime"}
    ops = json.loads(pith("ops", "--json", cwd=classifier.parent).stdout)
    assert {"Conv", "LSTM", "Loop"} <= {o["operator"] for o in ops["onnx"] if o["how"] == "mapped"}
    assert {"host", "c99", "x86-64-v3"} <= {
        t["target"] for t in json.loads(pith("targets", "--json", cwd=classifier.parent).stdout)
    }


@pytest.mark.parametrize("command", ["bench", "compile", "quantize", "run", "verify"])
def test_help_shows_every_default_that_is_written(command: str) -> None:
    """Square brackets are markup unless they are told not to be."""
    written = re.findall(r"\[default: [^\]]+\]", (Path(common.__file__).parent / f"{command}.py").read_text())
    shown = pith(command, "--help", cwd=Path(), env={"COLUMNS": "400"}).stdout
    assert written and all(default in shown for default in written)


def test_several_shapes_at_once(tmp_path: Path) -> None:
    path = _save(tmp_path / "s.onnx", [helper.make_node("Relu", ["x"], ["y"])], [1, "n"])
    assert pith("compile", path, "--shape", "x=1x{3,5}", "-o", "out", cwd=tmp_path).returncode == 0
    for n in (3, 5):
        np.save(tmp_path / "x.npy", np.full((1, n), -1.0, np.float32))
        assert pith("run", "out", "x.npy", "-o", "y.npy", cwd=tmp_path).returncode == 0
        np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), np.zeros((1, n), np.float32))
    np.save(tmp_path / "x.npy", np.zeros((1, 4), np.float32))
    done = pith("run", "out", "x.npy", cwd=tmp_path)
    assert done.returncode == 2 and "x=1x3" in done.stderr and "x=1x5" in done.stderr


def test_option_parsers() -> None:
    assert parse_shapes(["a=1x{2,3}x4", "b=7"]) == {"a": [(1, 2, 4), (1, 3, 4)], "b": [(7,)]}
    assert parse_shapes(["scalar="]) == {"scalar": [()]}
    c = parse_constants(["k=3", "axes=[1]", "s=1,2", "f=0.5"])
    assert c["k"].shape == () and c["axes"].shape == (1,) and c["s"].tolist() == [1, 2] and c["f"].dtype == np.float32


def test_outputs_that_are_not_finite(classifier: Path) -> None:
    """No percentages of NaN, and JSON that any reader takes."""
    folder = classifier.parent
    np.save(folder / "nan.npy", np.full((1, 3, 16, 16), np.nan, np.float32))
    (folder / "labels.txt").write_text("\n".join(f"thing{i}" for i in range(10)))
    run = ("run", classifier, "nan.npy", "--allow-nan", "--labels", "labels.txt")
    text = pith(*run, cwd=folder).stdout
    assert "from nan to nan" in text and "%" not in text
    result = json.loads(pith(*run, "--json", cwd=folder).stdout, parse_constant=lambda c: pytest.fail(f"{c} is no JSON"))
    assert result["results"][0]["outputs"]["y"]["max"] is None


def test_profile_fills_the_report(classifier: Path) -> None:
    assert pith("compile", classifier, "--profile", "-o", "out", cwd=classifier.parent).returncode == 0
    assert "Where the time goes" in (classifier.parent / "out" / "report.html").read_text()
    assert pith("compile", classifier, "-o", "plain", cwd=classifier.parent).returncode == 0
    assert "Where the work goes" in (classifier.parent / "plain" / "report.html").read_text()


def test_import_stage_of_several_shapes(tmp_path: Path) -> None:
    path = _save(tmp_path / "s.onnx", [helper.make_node("Relu", ["x"], ["y"])], [1, "n"])
    done = pith("inspect", path, "--shape", "x=1x3", "--shape", "x=1x5", "--stage", "import", cwd=tmp_path)
    assert done.stdout.count("graph ") == 2 and "1x3" in done.stdout and "1x5" in done.stdout


@pytest.mark.parametrize("args", [(), ("-t", "cortex-m4"), ("-t", "cortex-m4", "--board", "mps2-an386"), ("-t", "wasm")])
def test_what_to_do_next_can_be_typed(classifier: Path, args: tuple[str, ...]) -> None:
    """A folder with a space in its name is one word of the shell there."""
    done = pith("compile", classifier, *args, "-o", "my net", cwd=classifier.parent)
    assert done.returncode == 0, done.stderr
    (line,) = [s for s in done.stdout.splitlines() if "next:" in s]
    words = [w for w in shlex.split(line) if "my net" in w]
    assert words and all((classifier.parent / w).exists() for w in words)
