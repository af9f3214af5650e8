"""TFLite files that are damaged, hostile or ask for what Pith has not: refused with the reason, never a crash."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

import pith
from pith.graph import DType, ModelError, ShapeError, UnsupportedError
from pith.importers.tflite import known_ops, load
from pith.importers.tflite.flatbuffer import Table
from tests.importers.tflite_build import Op, T, litert, model, pith_outputs, serialise
from tests.importers.tflite_build import Table as Made


def _relu(**more: object) -> bytes:
    return model([T((1, 4), name="x", **more), T((1, 4), name="y")], [Op("RELU", [0], [1])], [0], [1])  # type: ignore[arg-type]


@pytest.mark.parametrize("data", [b"", b"TFL3", b"\0" * 64, b"\xff\xff\xff\x7fTFL3" + b"\0" * 64, b"\x08\0\0\0TFL3\xff\xff\xff\x7f" + b"\0" * 64])
def test_no_model(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(data)
    with pytest.raises(ModelError) as e:
        load(path)
    assert str(path) in e.value.where


def test_every_prefix_is_refused() -> None:
    data = _relu()
    for size in range(0, len(data) - 8, 7):
        with pytest.raises((ModelError, UnsupportedError)):
            load(data[:size])


def test_offsets_that_point_backwards_or_beyond() -> None:
    """A vtable before the file, a vector longer than it, a table beyond it."""
    for offset in (-(2**31), -1000, 2**31 - 1):
        data = bytearray(_relu())
        (root,) = struct.unpack_from("<I", data, 0)
        struct.pack_into("<i", data, root, offset)
        with pytest.raises(ModelError):
            load(bytes(data))
    with pytest.raises(ModelError, match="TFLite"):
        load(serialise(Made({0: ("I", 3), 2: np.zeros(1, "<i4")})))  # a table where numbers lie


def test_absent_fields_have_defaults() -> None:
    t = Table.root(serialise(Made({1: ("i", 7)})))
    assert (t.whole(0, "i", 5), t.whole(1, "i"), t.whole(9, "i", 3), t.text(2), t.ints(4), t.tables(5), t.table(6)) == (5, 7, 3, "", (), [], None)


def test_what_is_missing_is_named_all_at_once() -> None:
    tensors = [T((1, 4)), T((1, 4)), T((1, 4)), T((1, 4), name="out")]
    ops = [Op("CUSTOM", [0], [1], custom="TFLite_Detection_PostProcess"), Op("SVDF", [0], [2]), Op("ADD", [1, 2], [3])]
    with pytest.raises(UnsupportedError) as e:
        load(model(tensors, ops, [0], [3]))
    assert "2 operators" in e.value.what and "TFLite_Detection_PostProcess" in e.value.where and "SVDF" in e.value.where
    assert "ADD" not in e.value.where  # a consequence


def test_strings_and_sparse_tensors_are_refused() -> None:
    data = bytearray(_relu())
    tensor = Table.root(bytes(data)).tables(2)[0].tables(0)[0]
    place = tensor.place(1)
    assert place is not None
    data[place] = 5
    with pytest.raises(UnsupportedError, match="strings"):
        load(bytes(data))


@pytest.mark.parametrize(
    ("scale", "zero"), [(0.0, 0), (None, 0), (0.1, 300), (float("nan"), 0), (-1.0, 0)], ids=["zero", "none", "zero point", "nan", "negative"]
)
def test_scales_that_are_none(scale: float | None, zero: int) -> None:
    like = {"dtype": DType.I8, "scale": 0.1}
    tensors = [T((1, 4), **like), T((1, 4), **like), T((1, 4), DType.I8, scale=scale, zero=zero)]
    with pytest.raises((ModelError, UnsupportedError)):
        load(model(tensors, [Op("ADD", [0, 1], [2])], [0, 1], [2]))


def test_sums_that_may_leave_int32_are_refused() -> None:
    k = 140_000
    tensors = [T((1, k), DType.I8, scale=0.1), T.const(np.full((1, k), 127, np.int8), scale=0.1), T((1, 1), DType.I8, scale=0.1)]
    with pytest.raises(UnsupportedError, match="int32"):
        load(model(tensors, [Op("FULLY_CONNECTED", [0, 1, -1], [2])], [0], [2]))


def test_shapes_may_change_only_where_the_model_leaves_them_open() -> None:
    data = _relu(open=(0,))
    assert load(data, shapes={"x": (7, 4)}).types["y"].shape == (7, 4)
    for shape in ((7, 5), (7,)):
        with pytest.raises(ShapeError, match="does not fit"):
            load(data, shapes={"x": shape})
    with pytest.raises(ShapeError, match="no input 'z'"):
        load(data, shapes={"z": (7, 4)})


def test_inputs_become_constants() -> None:
    graph = load(_relu(), constants={"x": np.array([[-1, 2, -3, 4]], np.float32)})
    assert not graph.inputs and pith_outputs(graph, [])[0].tolist() == [[0, 2, 0, 4]]
    with pytest.raises(ShapeError):
        load(_relu(), constants={"x": np.zeros(3, np.float32)})


def test_inputs_and_constants_handed_through() -> None:
    tensors = [T((2,), name="x"), T.const(np.array([5.0, 6.0], np.float32), name="c"), T((2,), name="y")]
    data = model(tensors, [Op("RELU", [0], [2])], [0], [0, 1, 2, 2])
    feed = np.array([-1, 3], np.float32)
    for got, want in zip(pith_outputs(data, [feed]), [feed, [5, 6], [0, 3], [0, 3]], strict=True):
        assert got.tolist() == list(want)


def test_equal_names_are_told_apart() -> None:
    tensors = [T((2,), name="a"), T((2,), name="a"), T((2,), name="a")]
    data = model(tensors, [Op("RELU", [0], [1]), Op("NEG", [1], [2])], [0], [2])
    (got,) = pith_outputs(data, [np.array([-1, 3], np.float32)])
    assert got.tolist() == [0, -3]


def test_every_mapping_is_of_an_operator_in_the_schema() -> None:
    from pith.importers.tflite.schema import OPERATORS

    assert set(known_ops()) <= set(OPERATORS) and len(known_ops()) > 90


def test_commands(tmp_path: Path) -> None:
    """inspect and run take a .tflite file as they take an .onnx one."""
    from typer.testing import CliRunner

    from pith.cli.main import app

    path, numbers = tmp_path / "net.tflite", tmp_path / "x.txt"
    path.write_bytes(_relu())
    numbers.write_text("-1 2 -3 4")
    shown = CliRunner().invoke(app, ["inspect", str(path), "--stage", "import"])
    assert shown.exit_code == 0 and "relu(x)" in shown.output
    ran = CliRunner().invoke(app, ["run", str(path), str(numbers), "-o", str(tmp_path / "y.npy"), "-q"])
    assert ran.exit_code == 0 and np.load(tmp_path / "y.npy").tolist() == [[0, 2, 0, 4]]


def test_run_reads_integers_as_what_they_stand_for(tmp_path: Path) -> None:
    """Shares of a quantised softmax get labels, and sum to 1."""
    import json

    from typer.testing import CliRunner

    from pith.cli.main import app

    x, y = T((1, 3), DType.I8, scale=0.1, name="x"), T((1, 3), DType.I8, scale=1 / 256, zero=-128, name="y")
    (tmp_path / "net.tflite").write_bytes(model([x, y], [Op("SOFTMAX", [0], [1], {"beta": 1.0})], [0], [1]))
    (tmp_path / "x.txt").write_text("10 20 0")
    (tmp_path / "labels.txt").write_text("a\nb\nc")
    ran = CliRunner().invoke(app, ["run", str(tmp_path / "net.tflite"), str(tmp_path / "x.txt"), "--labels", str(tmp_path / "labels.txt"), "--json"])
    top = json.loads(ran.output)["results"][0]["top"]
    assert [t["label"] for t in top] == ["b", "a", "c"] and abs(sum(t["probability"] for t in top) - 1) < 1e-6
    assert abs(top[0]["probability"] - 0.665) < 0.01  # exp(2) / (exp(2) + exp(1) + exp(0))


def test_the_oracle_takes_what_the_builder_writes() -> None:
    assert litert(_relu(), [np.array([[-1, 2, -3, 4]], np.float32)])[0].tolist() == [[0, 2, 0, 4]]


def test_the_api_knows_bytes_by_their_mark() -> None:
    assert pith.import_model(_relu()).metadata["format"] == "TFLite"
