"""Damaged and hostile ncnn, Caffe and Tengine files: refused with what, where and why, before anything large is allocated."""

from __future__ import annotations

import random
import struct
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from pith.graph import PithError
from pith.importers import import_model
from tests.importers import caffe_files, ncnn_files, tengine_files

W = np.ones((2, 3), np.float32)


def ncnn(folder: Path, line: str = "InnerProduct ip 1 1 x y 0=2 2=6", weights: bytes | None = None, head: str = "") -> Path:
    """One layer over x [3]."""
    path = folder / "net.param"
    path.write_text(f"7767517\n{head or '2 2'}\nInput x 0 1 x 0=3\n{line}\n")
    (folder / "net.bin").write_bytes(ncnn_files.Net().tagged(W).weights if weights is None else weights)
    return path


def caffe(folder: Path, text: str = "", weights: bytes | None = None) -> Path:
    net = caffe_files.Net().input("x", 1, 3).layer("InnerProduct", ["x"], ["y"], "inner_product_param { num_output: 2 bias_term: false }", W)
    path = net.save(folder)
    if text:
        path.write_text(text)
    if weights is not None:
        path.with_suffix(".caffemodel").write_bytes(weights)
    return path


def tengine(folder: Path) -> Path:
    net = tengine_files.Net()
    net.node("FullyConnected", {"out": 2}, [net.input("x", (1, 3)), net.constant(W)])
    return net.save(folder)


def refused(path: Path, *words: str) -> None:
    with pytest.raises(PithError) as e:
        import_model(path)
    for word in (*words, "where:"):
        assert word in str(e.value), str(e.value)


@contextmanager
def little_memory() -> Iterator[None]:
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize("make", [ncnn, caffe, tengine])
def test_every_truncation_of_every_file_is_refused_or_complete(make: object, tmp_path: Path) -> None:
    make(tmp_path)  # type: ignore[operator]
    for file in sorted(tmp_path.iterdir()):
        data = file.read_bytes()
        main = next(p for p in tmp_path.iterdir() if p.suffix in (".param", ".prototxt", ".tmfile"))
        for end in range(len(data)):
            file.write_bytes(data[:end])
            try:
                graph = import_model(main)
            except PithError:
                continue
            assert (file is not main and end > len(data) - 4) or [n.op for n in graph.nodes if n.op != "reshape"] == ["matmul"]
        file.write_bytes(data)


@pytest.mark.parametrize("suffix", [".param", ".param.bin", ".prototxt", ".caffemodel", ".tmfile"])
@pytest.mark.parametrize("data", [b"", b"not a model", b"\x08", random.Random(1).randbytes(64), b"\0" * 64, b"7767517\n"])
def test_bytes_that_are_no_model(suffix: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / f"net{suffix}").write_bytes(data)
    refused(tmp_path / f"net{suffix}", "try:")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("InnerProduct ip 1 1 x y 0=2000000000 2=2000000000", ["end too early"]),
        ("InnerProduct ip 1 1 x y 0=2 2=-6", ["-6 weights"]),
        ("InnerProduct ip 1 1 x y 0=2 2=6 8=1", ["end too early"]),
        ("InnerProduct ip 1 1 x y 0=0 2=6", ["0 outputs"]),
        ("InnerProduct ip 1 1 nothing y 0=2 2=6", ["'nothing' is read"]),
        ("InnerProduct ip 1 1 y y 0=2 2=6", ["'y' is read"]),  # a cycle
        ("InnerProduct ip 1000000 1 x y", ["1,000,000 blobs"]),
        ("InnerProduct ip 1 1 x", ["fewer blobs"]),
        ("InnerProduct ip 1 1 x y 0=2 2=6 99=1", ["number 99"]),
        ("InnerProduct ip 1 1 x y 0=2 2=6 -23310=1000000000,1", ["array of 1000000000"]),
        ("InnerProduct ip 1 1 x y 0=1e99 2=6", ["parameter 0 is inf"]),
        ("InnerProduct ip 1 1 x y 0=nan 2=6", ["parameter 0 is 'nan'"]),
        ("Tile t 1 1 x y 0=0 1=2000000000", ["2000000000 repetitions"]),
        ("Padding p 1 1 x y 2=2000000000", ["padding of"]),
        ("Reshape r 1 1 x y 0=1000000 1=1000000", ["cannot be reshaped"]),
        ("Permute p 1 1 x y 0=1000000", ["no order"]),
        ("MemoryData m 0 1 y 0=2000000000 1=2000000000", ["end too early"]),
        ("Split s 1 2 x y y", ["one name"]),
        ("Spectrogram s 1 1 x y", ["Spectrogram at s", "cannot be compiled"]),
    ],
)
def test_ncnn_descriptions_that_lie(line: str, words: list[str], tmp_path: Path) -> None:
    with little_memory():
        refused(ncnn(tmp_path, line), *words)


def test_ncnn_counts_and_weights_that_lie(tmp_path: Path) -> None:
    with little_memory():
        refused(ncnn(tmp_path, head="2000000000 1"), "2000000000 layers are announced")
        refused(ncnn(tmp_path, weights=b"\0" * 8), "net.bin", "24 more", "InnerProduct")
        refused(ncnn(tmp_path, weights=struct.pack("<I", 0x01306B47) + b"\0" * 11), "end too early")
        refused(ncnn(tmp_path, weights=struct.pack("<I", 0x000D4B38) + b"\0" * 8), "int8 without scales")
        refused(ncnn(tmp_path, weights=struct.pack("<I", 5) + b"\0" * 8), "1,024 more")
        (tmp_path / "net.param.bin").write_bytes(struct.pack("<3i", 7767517, 2**31 - 1, 1))
        refused(tmp_path / "net.param.bin", "2,147,483,647 layers")
        (tmp_path / "net.param.bin").write_bytes(struct.pack("<9i", 7767517, 1, 1, 15, 0, 0, -23300, 2**31 - 1, 0))
        refused(tmp_path / "net.param.bin", "array of")
    (tmp_path / "old.param").write_text("2 2\nInput x 0 1 x\n")
    refused(tmp_path / "old.param", "before 2018")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('layer { name: "a" type: "InnerProduct" bottom: "x" top: "y" }', ["'x' is read"]),
        ('layer { name: "a" type: "Input" top: "x" input_param { shape { dim: 9000000000 dim: 9000000000 } } }', ["no shape"]),
        ('layer { name: "a" type: "Input" top: "x" input_param { shape { dim: -1 } } }', ["no shape"]),
        ('input: "x" input_dim: 1 input_dim: 3 layer { name: "a" type: "ReLU" bottom: "x" top: "y" }', ["not known"]),
        ('layer { name: "a" type: "Nothing" bottom: "x" top: "y" }', ["Nothing at a"]),
        ("layer {" * 5000, ["does not parse"]),
        ("param { " * 5000, ["does not parse"]),
        ('input: "x" input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 3 layer { name: "t" type: "Tile" bottom: "x" top: "y" '
         "tile_param { tiles: 2000000000 } }", ["2000000000 repetitions"]),
    ],
)  # fmt: skip
def test_caffe_descriptions_that_lie(text: str, words: list[str], tmp_path: Path) -> None:
    with little_memory():
        refused(caffe(tmp_path, text), *words)


def test_caffe_weights_that_lie(tmp_path: Path) -> None:
    part, varint = caffe_files.part, caffe_files.varint

    def layer(shape: tuple[int, ...], data: bytes) -> bytes:
        blob = part(7, part(1, b"".join(map(varint, shape)))) + part(5, data)
        return part(100, part(1, b"InnerProduct0") + part(7, blob))

    with little_memory():
        refused(caffe(tmp_path, weights=layer((2, 3), b"\0" * 20)), "(2, 3)", "have 5 values")
        refused(caffe(tmp_path, weights=layer((2**40, 2**40), b"\0" * 24)), "have 6 values")
        refused(caffe(tmp_path, weights=layer((1,) * 50, b"\0" * 4)), "have 1 values")
        refused(caffe(tmp_path, weights=layer((3, 3), b"\0" * 36)), "not (2, 3)")
        refused(caffe(tmp_path, weights=b"\x0a\xff\xff\xff\xff\x0f"), "damaged")
        refused(caffe(tmp_path, weights=b""), "put the .caffemodel")


def test_tables_that_lie(tmp_path: Path) -> None:
    """Each word of a file in turn is huge, or points back to the beginning: refused, or the same kind of network."""
    path = tengine(tmp_path)
    data = path.read_bytes()
    with little_memory():
        for at in range(0, len(data) - 4, 4):
            for word in (0, 12, len(data) - 4, 2**31 - 1, 2**32 - 1):
                path.write_bytes(data[:at] + struct.pack("<I", word) + data[at + 4 :])
                try:
                    graph = import_model(path)
                except PithError as e:
                    assert e.what and e.where
                    continue
                assert {n.op for n in graph.nodes} <= {"matmul", "reshape"}


def test_links_and_folders_beside_a_model(tmp_path: Path) -> None:
    """Only the file of the same name is read as weights; a folder of that name is refused."""
    path = ncnn(tmp_path)
    (tmp_path / "net.bin").unlink()
    (tmp_path / "net.bin").mkdir()
    refused(path, "not a file")
