"""The Python API refuses bad arguments as Pith's errors, and takes every way to write a shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import pith
from pith.api import expand_shapes
from pith.graph import BuildError, InputError, ShapeError

OPEN = '<ir_version: 8, opset_import: ["" : 17]> net (float[batch, 4] x) => (float[batch, 4] y) { y = Relu(x) }'


@pytest.fixture(scope="module")
def model() -> onnx.ModelProto:
    return onnx.parser.parse_model(OPEN)


@pytest.mark.parametrize(
    ("given", "want"),
    [
        (None, [{}]),
        ({}, [{}]),
        ({"x": (1, 4)}, [{"x": (1, 4)}]),
        ({"x": [1, 4]}, [{"x": (1, 4)}]),
        ({"x": np.array([1, 4])}, [{"x": (1, 4)}]),
        ({"batch": 3}, [{"batch": (3,)}]),
        ({"x": []}, [{"x": ()}]),
        ({"x": [(1, 4), np.array([2, 4]), (1, 4)]}, [{"x": (1, 4)}, {"x": (2, 4)}]),
        ({"x": [(1,), (2,)], "y": (3,)}, [{"x": (1,), "y": (3,)}, {"x": (2,), "y": (3,)}]),
    ],
)
def test_shapes_are_read(given: Any, want: list[dict[str, tuple[int, ...]]]) -> None:
    assert expand_shapes(given) == want


@pytest.mark.parametrize("given", [{"x": "1x4"}, {"x": (1, 4.0)}, {"x": None}, {"x": (1, -4)}, {"x": [(1, "4")]}, [(1, 4)], "x=1x4"])
def test_what_is_no_shape_is_refused(given: Any) -> None:
    with pytest.raises(ShapeError):
        expand_shapes(given)


def test_a_dimension_is_bound_by_its_name(model: onnx.ModelProto) -> None:
    assert pith.compile(model, shapes={"batch": 3}).inputs[0].shape == (3, 4)
    assert pith.compile(model, shapes={"batch": [(1,), (2,)]}).shapes == [((1, 4),), ((2, 4),)]
    assert pith.import_model(model, {"batch": 5}).types["x"].shape == (5, 4)


@pytest.mark.parametrize("where", ["shapes", "constants"])
def test_unknown_names_say_what_there_is(model: onnx.ModelProto, where: str) -> None:
    with pytest.raises(ShapeError) as caught:
        pith.compile(model, **{where: {"barch": np.array([3])}})
    message = str(caught.value)
    assert "its inputs are x" in message
    assert ("open dimensions are batch" in message) == ("did you mean 'batch'?" in message) == (where == "shapes")


def test_levels_that_change_results_are_refused(model: onnx.ModelProto) -> None:
    for opt in ("-Ofast", "3", "-O3 -ffast-math"):
        with pytest.raises(InputError, match="no optimisation level"):
            pith.compile(model, shapes={"batch": 1}, opt=opt)


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(pith.PithError, match="this is a folder"):
        pith.compile(tmp_path)


def test_a_library_for_another_processor_is_not_loaded(model: onnx.ModelProto, tmp_path: Path) -> None:
    pith.compile(model, "c99", {"batch": 1}, out=tmp_path)
    path = tmp_path / "manifest.json"
    manifest = json.loads(path.read_text())
    assert manifest["cpu_features"] == []
    path.write_text(json.dumps(manifest | {"cpu_features": ["amx9"]}))
    with pytest.raises(BuildError, match="does not run on this processor") as caught:
        pith.load(tmp_path)
    assert "amx9" in str(caught.value)


def test_host_names_what_it_needs(model: onnx.ModelProto) -> None:
    manifest = pith.compile(model, "host", {"batch": 1}).manifest
    assert manifest["isa"] == "c99" or "sse4_2" in manifest["cpu_features"]


@pytest.mark.parametrize("what", [None, 3, ["m.onnx"]])
def test_what_is_no_model_is_refused(what: Any) -> None:
    with pytest.raises(pith.PithError, match="is no model"):
        pith.compile(what)


def test_a_module_of_pytorch_is_told_the_way() -> None:
    """By what modules have, so that PyTorch need not be there; those that torch.fx makes have a graph as well."""
    module = type("Net", (), {"state_dict": dict, "graph": object()})()
    with pytest.raises(pith.PithError, match="a Net is no model") as refusal:
        pith.compile(module)
    assert refusal.value.try_ == "pith.from_torch(module, example)"


def test_what_quantize_returned_is_a_model() -> None:
    x = np.random.default_rng(0).random((2, 3, 32, 32), np.float32)
    made = pith.quantize(Path(pith.__file__).parent / "demo" / "mobilenext_cifar10.onnx", x, method="minmax", improve=False)
    ours = pith.compile(made, opt="-O1")
    assert np.array_equal(ours(x[:1]), made.compile(opt="-O1")(x[:1]))
    with pytest.raises(pith.PithError, match="a Quantized has its shapes already"):
        pith.compile(made, shapes={"input": (2, 3, 32, 32)})


def test_arrays_where_a_dictionary_is_wanted(model: onnx.ModelProto) -> None:
    session = pith.compile(model, shapes={"batch": 1})
    for wrong in (np.zeros((1, 4), np.float32), [1], None):
        with pytest.raises(InputError, match="no dictionary"):
            session.run(wrong)  # type: ignore[arg-type]


def test_compiling_into_a_folder_takes_the_place_of_what_was_compiled_there(model: onnx.ModelProto, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    pith.compile(model, shapes={"batch": 1}, out=tmp_path, name="first", profile=True)
    pith.compile(model, "c99", shapes={"batch": 1}, out=tmp_path, name="second")
    names = {p.name for p in tmp_path.iterdir()}
    assert "notes.txt" in names and not any("first" in n for n in names) and "second.c" in names


def test_a_folder_in_the_way_leaves_everything_as_it_was(model: onnx.ModelProto, tmp_path: Path) -> None:
    (tmp_path / "net.c").write_text("mine")
    (tmp_path / "net.h").mkdir()
    with pytest.raises(BuildError, match="cannot write"):
        pith.compile(model, shapes={"batch": 1}, out=tmp_path, name="net")
    assert (tmp_path / "net.c").read_text() == "mine" and {p.name for p in tmp_path.iterdir()} == {"net.c", "net.h"}


@pytest.mark.parametrize("name", ["stdint", "math", "String", "é", "模型", "a" * 300, "-", "int", "9lives"])
def test_any_name_of_a_network(model: onnx.ModelProto, name: str, tmp_path: Path) -> None:
    session = pith.compile(model, shapes={"batch": 1}, name=name, out=tmp_path)
    assert session(np.full((1, 4), -1, np.float32)).tolist() == [[0, 0, 0, 0]]
    made = session.manifest["name"]
    assert made.isidentifier() and len(made) <= 70 and made.lower() not in ("stdint", "math", "string", "_")


def test_names_that_differ_stay_apart(model: onnx.ModelProto) -> None:
    made = [pith.inspect(model, "c99", {"batch": 1}, name=n).name for n in ("模型", "网络", "é", "è", "a" * 300, "a" * 301)]
    assert len(set(made)) == len(made)
