"""Damaged and hostile files: refused with what, where and why, before anything large is allocated."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from pith.graph import ModelError, PithError, ShapeError, UnsupportedError
from pith.importers import import_model
from pith.importers.onnx import import_onnx
from tests.importers.build import model, node, run_pith, value

F = TensorProto.FLOAT


def plain(tensor: TensorProto | None = None) -> onnx.ModelProto:
    """y = x + w, with w given as a tensor."""
    made = model([node("Add", ["x", "w"], "y", name="sum")], [value("x", (2, 3))], [value("y", None)])
    made.graph.initializer.append(tensor or numpy_helper.from_array(np.ones((2, 3), np.float32), "w"))
    return made


def refused(made: Any, *words: str, error: type[PithError] = ModelError, **more: Any) -> PithError:
    """Import must raise `error`, and its text must have all `words`."""
    with pytest.raises(error) as e:
        import_onnx(made, **more)
    for word in words:
        assert word in str(e.value), str(e.value)
    return e.value


@pytest.mark.parametrize("data", [b"", b"not a model", b"\x08", random.Random(1).randbytes(64), b"\x3a\xff\xff\xff\xff\x0f"])
def test_bytes_that_are_no_model(data: bytes) -> None:
    refused(data, "try:")


def test_every_truncation_is_refused_or_complete() -> None:
    """A prefix of a file either breaks its protobuf or lacks a part; none gives a graph that differs."""
    data = plain().SerializeToString()
    for end in range(len(data)):
        try:
            graph = import_onnx(data[:end])
        except PithError:
            continue
        assert [n.op for n in graph.nodes] == ["add"]


def test_missing_file_folder_and_suffix(tmp_path: Path) -> None:
    for path, word in ((tmp_path / "no.onnx", "no such file"), (tmp_path, "not a file")):
        refused(path, word, str(path))
    (tmp_path / "model.xyz").write_bytes(b"?")
    with pytest.raises(ModelError, match="no importer"):
        import_model(tmp_path / "model.xyz")


def tensor(dims: list[int], *, kind: int = F, **fields: Any) -> TensorProto:
    return TensorProto(name="w", data_type=kind, dims=dims, **fields)


@pytest.mark.parametrize(
    ("made", "word"),
    [
        (tensor([2, 3], raw_data=b"\0" * 23), "24 bytes"),
        (tensor([2, 3], raw_data=b"\0" * 28), "24 bytes"),
        (tensor([2, 3]), "6 elements has 0"),
        (tensor([2, 3], float_data=[1.0] * 5), "6 elements has 5"),
        (tensor([-2, -3], raw_data=b"\0" * 24), "negative"),
        (tensor([2**40, 2**40], raw_data=b""), "too large"),
        (tensor([2**62], raw_data=b"\0" * 24), "too large"),
        (tensor([1] * 40, raw_data=b"\0" * 4), "too large"),
        (tensor([2, 3], kind=99, raw_data=b"\0" * 24), "no element type 99"),
        (tensor([2, 3], kind=0, raw_data=b"\0" * 24), "no element type 0"),
    ],
)
def test_tensors_whose_sizes_lie(made: TensorProto, word: str) -> None:
    refused(plain(made), word, "initializer w", error=PithError)


def test_nothing_large_is_allocated_for_a_lie() -> None:
    tracemalloc.start()
    refused(plain(tensor([1 << 29], raw_data=b"\0" * 24)), "bytes")
    sparse = model([node("Add", ["x", "w"], "y")], [value("x", (2, 3))], [value("y", None)])
    values = numpy_helper.from_array(np.ones(1, np.float32), "w")
    indices = numpy_helper.from_array(np.zeros(1, np.int64), "i")
    sparse.graph.sparse_initializer.append(onnx.SparseTensorProto(values=values, indices=indices, dims=[1 << 30]))
    refused(sparse, "too large", error=ShapeError)
    for op, shape in (("ConstantOfShape", [1 << 30]), ("ConstantOfShape", [-1]), ("ConstantOfShape", [1 << 20] * 3)):
        bomb = model(
            [node(op, ["s"], "c"), node("NonZero", ["c"], "y")], [], [value("y", None)], {"s": np.array(shape)}
        )
        refused(bomb, "try:", error=PithError)
    bomb = model(
        [node("Range", ["a", "b", "c"], "y")],
        [],
        [value("y", None)],
        {"a": np.array(0), "b": np.array(2**62), "c": np.array(1)},
    )
    refused(bomb, "too long")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_sparse_indices_outside() -> None:
    made = model([node("Add", ["x", "w"], "y")], [value("x", (2, 3))], [value("y", None)])
    values = numpy_helper.from_array(np.ones(1, np.float32), "w")
    for places in (np.array([6]), np.array([-1]), np.array([[0, 3]]), np.array([0, 1])):
        del made.graph.sparse_initializer[:]
        indices = numpy_helper.from_array(places, "i")
        made.graph.sparse_initializer.append(onnx.SparseTensorProto(values=values, indices=indices, dims=[2, 3]))
        refused(made, "w")


def external(location: str, offset: int = 0, length: int | None = 24) -> onnx.ModelProto:
    w = tensor([2, 3], data_location=TensorProto.EXTERNAL)
    entries = {"location": location, "offset": str(offset)} | ({} if length is None else {"length": str(length)})
    for k, v in entries.items():
        w.external_data.add(key=k, value=v)
    return plain(w)


def test_external_data_beside_the_model(tmp_path: Path) -> None:
    weights = np.arange(8, dtype=np.float32)
    (tmp_path / "sub").mkdir()
    weights.tofile(tmp_path / "sub" / "w.bin")
    path = tmp_path / "m.onnx"
    path.write_bytes(external("sub/w.bin", offset=8, length=None).SerializeToString())
    np.testing.assert_array_equal(import_onnx(path).constants["w"], weights[2:].reshape(2, 3))


@pytest.mark.parametrize(
    "location", ["../w.bin", "sub/../../w.bin", "/etc/passwd", "C:\\w.bin", "..\\w.bin", "", "w\0.bin", "~/w.bin"]
)
def test_external_data_outside_the_folder(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "w.bin").write_bytes(b"\0" * 24)
    path = folder / "m.onnx"
    path.write_bytes(external(location).SerializeToString())
    refused(path, "is refused", "initializer w")


def test_external_data_through_a_link(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "w.bin").write_bytes(b"\0" * 24)
    (folder / "link.bin").symlink_to(tmp_path / "w.bin")
    (folder / "dir").symlink_to(tmp_path)
    path = folder / "m.onnx"
    for location in ("link.bin", "dir/w.bin"):
        path.write_bytes(external(location).SerializeToString())
        refused(path, "is refused", "symbolic link")


@pytest.mark.parametrize(("offset", "length"), [(8, 24), (-8, 24), (2**62, 24), (0, 23), (0, -24)])
def test_external_data_that_is_not_all_there(tmp_path: Path, offset: int, length: int) -> None:
    (tmp_path / "w.bin").write_bytes(b"\0" * 24)
    path = tmp_path / "m.onnx"
    path.write_bytes(external("w.bin", offset, length).SerializeToString())
    refused(path, "w.bin" if length == 24 else "external data")


def test_external_data_of_a_model_without_a_folder(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(b"\0" * 24)
    refused(external("w.bin"), "is refused", "no folder")
    refused(external("w.bin").SerializeToString(), "is refused", "no folder")


def broken(change: Callable[[onnx.ModelProto], Any]) -> onnx.ModelProto:
    made = plain()
    change(made)
    return made


def _cycle(made: onnx.ModelProto) -> None:
    made.graph.node[0].input[1] = "z"
    made.graph.node.append(node("Neg", ["y"], "z"))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (_cycle, "cycle"),
        (lambda m: m.graph.node.append(m.graph.node[0]), "made twice"),
        (lambda m: m.graph.node[0].input.__setitem__(1, "nothing"), "nothing makes it"),
        (lambda m: m.graph.node[0].input.append("x"), "inputs"),
        (lambda m: m.graph.node[0].input.pop(), "inputs"),
        (lambda m: m.graph.input.append(m.graph.input[0]), "one name"),
        (lambda m: m.graph.output.append(m.graph.output[0]), "one name"),
        (lambda m: m.graph.output.append(value("v", None)), "never made"),
        (lambda m: m.graph.initializer.append(m.graph.initializer[0]), "given twice"),
        (lambda m: m.ClearField("graph"), "no graph"),
        (lambda m: m.graph.ClearField("output"), "no output"),
        (lambda m: m.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.ones((2, 3)), "w")), "one type"),
        (
            lambda m: m.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.ones((5, 7), np.float32), "w")),
            "broadcast",
        ),
        (lambda m: m.graph.node[0].attribute.append(helper.make_attribute("axis", 1)), "axis"),
    ],
)
def test_graphs_that_break_the_rules(change: Callable[[onnx.ModelProto], Any], word: str) -> None:
    refused(broken(change), word, error=PithError)


def test_future_opset() -> None:
    refused(broken(lambda m: setattr(m.opset_import[0], "version", 10_000)), "10000", "try:", error=UnsupportedError)


def test_all_unsupported_nodes_are_listed_at_once() -> None:
    nodes = [
        node("NonZero", ["x"], "places", name="find"),
        node("Frobnicate", ["x"], "f", name="first", domain="acme"),
        node("Frobnicate", ["f"], "g", name="second", domain="acme"),
        node("RandomNormalLike", ["x"], "r", name="noise"),
        node("Relu", ["g"], "h", name="fine"),
    ]
    made = model(nodes, [value("x", (2,))], [value(v, None) for v in ("places", "h", "r")], domains={"acme": 1})
    e = refused(
        made,
        "4 nodes",
        "NonZero at find",
        "acme:Frobnicate at first, second",
        "RandomNormalLike at noise",
        error=UnsupportedError,
    )
    assert "fine" not in str(e) and "random" in str(e) and "depends on the data" in str(e)


def nested(depth: int) -> onnx.ModelProto:
    inner = helper.make_graph([node("Neg", ["x"], "z")], "g", [], [value("z", None)])
    for _ in range(depth):
        inner = helper.make_graph(
            [node("If", ["c"], "z", then_branch=inner, else_branch=inner)], "g", [], [value("z", None)]
        )
    return model(list(inner.node), [value("x", (2,))], [value("z", None)], {"c": np.array(True)})


def test_subgraphs_within_each_other() -> None:
    assert run_pith(nested(3), {"x": np.ones(2, np.float32)})[0].tolist() == [-1, -1]


def test_functions_that_multiply_are_refused() -> None:
    """Each function calls the next one sixteen times: 16 ** 7 nodes from a small file."""
    functions, imports = [], [helper.make_opsetid("", 17), helper.make_opsetid("m", 1)]
    for k in range(7):
        names = ["a", *(f"t{i}" for i in range(15)), "b"]
        op, domain = ("Neg", "") if k == 6 else (f"f{k + 1}", "m")
        body = [node(op, [s], d, domain=domain) for s, d in pairwise(names)]
        functions.append(helper.make_function("m", f"f{k}", ["a"], ["b"], body, imports))
    made = model(
        [node("f0", ["x"], "y", domain="m")],
        [value("x", (1,))],
        [value("y", None)],
        domains={"m": 1},
        functions=functions,
    )
    refused(made, "more than", error=UnsupportedError)


@pytest.mark.parametrize(
    ("op", "attrs"),
    [
        ("MaxPool", {"kernel_shape": [2**40, 2]}),
        ("MaxPool", {"kernel_shape": [2, 2], "strides": [0, 1]}),
        ("MaxPool", {"kernel_shape": [2, 2], "pads": [0, 0, -1, 0]}),
        ("MaxPool", {"kernel_shape": [2]}),
        ("AveragePool", {"kernel_shape": [2, 2], "auto_pad": "SOMETIMES"}),
        ("Transpose", {"perm": [0, 0, 1, 2]}),
        ("Flatten", {"axis": 9}),
        ("Softmax", {"axis": -7}),
        ("DepthToSpace", {"blocksize": 0}),
        ("DepthToSpace", {"blocksize": 2**40}),
        ("SpaceToDepth", {"blocksize": -1}),
        ("Concat", {"axis": 12}),
        ("LRN", {"size": -3}),
        ("Cast", {"to": 77}),
        ("Einsum", {"equation": "ij,j->"}),
        ("ReduceMax", {"axes": [0, 0]}),
        ("ArgMax", {"axis": "zero"}),
    ],
)
def test_attributes_out_of_range(op: str, attrs: dict[str, Any]) -> None:
    made = model([node(op, ["x"], "y", name="bad", **attrs)], [value("x", (1, 4, 4, 4))], [value("y", None)], opset=13)
    refused(made, "bad", error=PithError)


def test_constant_indices_out_of_range() -> None:
    for op in ("Gather", "GatherElements", "GatherND"):
        made = model(
            [node(op, ["x", "i"], "y", name="pick")],
            [value("x", (3, 2))],
            [value("y", None)],
            {"i": np.array([[5, 1]])},
        )
        refused(made, "pick", "outside", error=PithError)


def test_names_that_are_no_text() -> None:
    data = plain().SerializeToString().replace(b"sum", b"s\xffm")
    refused(data, "no text")
