"""How ncnn networks are stored, found and compiled: float16, int8, tables, the binary form, inputs, and whole published models."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pith
from benchmarks.formats import fastestdet, nanodet, squeezenet, words
from pith.cache import cache_folder
from pith.graph import ModelError, ShapeError, UnsupportedError
from pith.importers import files_of, import_model
from pith.importers.ncnn import known_layers
from pith.importers.ncnn.param import TYPES
from pith.ops.interpret import run_reference
from tests.importers.ncnn_files import HALF, INT8, Net
from tests.importers.ncnn_oracle import run_ncnn

RNG = np.random.default_rng(11)
DATA = Path(os.environ.get("PITH_DATA", "/nonexistent"))
needs_data = pytest.mark.skipif(not DATA.exists(), reason="PITH_DATA does not say where the published models are")


def numbers(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def product(w: np.ndarray, tag: int = 0, **params: Any) -> Net:
    """y = x w^T."""
    net = Net().input("x", w.shape[1]).layer("InnerProduct", ["x"], ["y"], {0: w.shape[0], 2: w.size, **{int(k[1:]): v for k, v in params.items()}})
    return net.tagged(w, tag)


def run(path: Path, **feeds: np.ndarray) -> list[np.ndarray]:
    return run_reference(import_model(path), feeds)


@pytest.mark.parametrize(("rows", "columns"), [(4, 6), (3, 5), (1, 7)])
def test_storage(rows: int, columns: int, tmp_path: Path) -> None:
    """The same weights as float32, float16 and by a table, odd counts padded to whole words."""
    w = numbers(rows, columns).astype(np.float16).astype(np.float32)
    x = numbers(1, columns)
    table = np.zeros(256, np.float32)
    values, codes = np.unique(w, return_inverse=True)
    table[: values.size] = values
    coded = product(w)
    codes_bytes = codes.astype("u1").tobytes()
    coded.weights = np.uint32(1).tobytes() + table.tobytes() + codes_bytes + b"\0" * (-len(codes_bytes) % 4)
    for k, net in enumerate((product(w), product(w, HALF), coded)):
        found = run(net.save(tmp_path, f"net{k}"), x=x)[0]
        assert np.allclose(found, x @ w.T, rtol=1e-6)
        assert not import_model(tmp_path / f"net{k}.param").notes


def int8_net(kind: str, requantised: bool) -> tuple[Net, tuple[int, ...]]:
    """Two layers of int8 weights; with `requantised` the first hands int8 to the second.

    Channels are no multiple of 8: with those, ncnn on x86 takes a reciprocal of 12 bits in depthwise layers.
    """
    net = Net().input("x", 5, 7, 9)
    for k, (source, made) in enumerate((("x", "m"), ("m", "y"))):
        group, term = (5 if kind == "ConvolutionDepthWise" else 1), (101 if requantised and k == 0 else 1)
        w = RNG.integers(-127, 128, (5, 5 // group, 3, 3))
        net.layer(kind, [source], [made], {0: 5, 1: 3, 4: 1, 5: 1, 6: w.size, 8: term, 9: 1 - k, 7: group})
        net.tagged(w, INT8).plain(numbers(5)).plain(40 + 20 * RNG.random(5)).plain(np.array([30.0]))
        if term > 100:
            net.plain(np.array([25.0]))
    return net, (5, 7, 9)


@pytest.mark.parametrize("requantised", [False, True])
@pytest.mark.parametrize("kind", ["Convolution", "ConvolutionDepthWise"])
def test_int8_convolutions_are_ncnns_own(kind: str, requantised: bool, tmp_path: Path) -> None:
    net, shape = int8_net(kind, requantised)
    path, x = net.save(tmp_path), numbers(*shape)
    found = run(path, x=x[None])[0][0]
    theirs = run_ncnn(path, {"x": x}, ["y"])[0]
    assert np.abs(found - theirs).max() <= 1e-5 * np.ptp(theirs)


def test_int8_inner_product(tmp_path: Path) -> None:
    """Exact sums of rounded inputs; beside arithmetic written out in NumPy, compiled."""
    w, x = RNG.integers(-127, 128, (5, 33)), numbers(1, 33)
    scales, source, bias = (40 + RNG.random(5)).astype(np.float32), np.float32(31.7), numbers(5)
    net = product(w, INT8, _8=2, _1=1)
    net.plain(bias).plain(scales).plain(np.array([source]))
    v = x * source
    q = np.clip(np.sign(v) * np.floor(np.abs(v) + np.float32(0.5)), -127, 127).astype(np.int64)
    want = (q @ w.T).astype(np.float32) * (np.float32(1) / (source * scales)) + bias
    path = net.save(tmp_path)
    assert np.array_equal(run(path, x=x)[0], want)
    assert np.allclose(pith.compile(path, cache=False)(x), want, rtol=1e-6)


def test_float_weights_of_an_int8_layer_are_rounded(tmp_path: Path) -> None:
    w, scales = numbers(5, 12), np.full(5, 50, np.float32)
    net = product(w, 0, _8=2)
    net.plain(scales).plain(np.array([20.0]))
    rounded = np.clip(np.sign(w) * np.floor(np.abs(w * 50) + 0.5), -127, 127)
    stored = product(rounded, INT8, _8=2)
    stored.plain(scales).plain(np.array([20.0]))
    x = numbers(1, 12)
    assert np.array_equal(run(net.save(tmp_path, "a"), x=x)[0], run(stored.save(tmp_path, "b"), x=x)[0])


def binary_form(path: Path, floats: frozenset[tuple[int, int]] = frozenset()) -> bytes:
    """The description at `path` in its binary form; `floats`: (layer, parameter) that are floats."""
    lines = [line.split() for line in path.read_text().splitlines()[1:]]
    numbers_of: dict[str, int] = {}
    out = [struct.pack("<3i", 7767517, int(lines[0][0]), int(lines[0][1]))]
    for k, parts in enumerate(lines[1:]):
        reads, makes = int(parts[2]), int(parts[3])
        blobs = [numbers_of.setdefault(b, len(numbers_of)) for b in parts[4 : 4 + reads + makes]]
        out.append(struct.pack(f"<{3 + len(blobs)}i", TYPES.index(parts[0]), reads, makes, *blobs))
        for pair in parts[4 + reads + makes :]:
            key, value = pair.split("=")
            values = value.split(",")
            out.append(struct.pack("<i", int(key)))
            if int(key) <= -23300:
                out.append(struct.pack("<i", int(values.pop(0))))
            number = -23300 - int(key) if int(key) <= -23300 else int(key)
            out.append(b"".join(struct.pack("<f", float(v)) if (k, number) in floats else struct.pack("<i", int(v)) for v in values))
        out.append(struct.pack("<i", -233))
    return b"".join(out)


def test_binary_description(tmp_path: Path) -> None:
    """The same network from net.param.bin, beside whose name the weights lie too."""
    w = numbers(4, 3, 3, 3)
    net = Net().input("x", 3, 6, 5).layer("Convolution", ["x"], ["c"], {0: 4, 1: 3, 6: w.size, 9: 2, 10: (0.1,)}).tagged(w)
    net.layer("ReLU", ["c"], ["r"], {0: 0.25}).layer("Slice", ["r"], ["a", "b"], {0: (2, -233)})
    path, x = net.save(tmp_path), numbers(1, 3, 6, 5)
    want = run(path, x=x)
    packed = tmp_path / "net.param.bin"
    packed.write_bytes(binary_form(path, frozenset({(1, 10), (2, 0)})))
    path.unlink()
    found = run_reference(graph := import_model(packed), {graph.inputs[0]: x})
    assert all(map(np.array_equal, found, want)) and files_of(packed) == [packed, tmp_path / "net.bin"]
    packed.write_bytes(packed.read_bytes()[:-4])
    with pytest.raises(ModelError, match="damaged"):
        import_model(packed)


def test_inputs_need_shapes(tmp_path: Path) -> None:
    net = Net()
    net.lines.append("Input x 0 1 x")
    path = net.layer("ReLU", ["x"], ["y"]).save(tmp_path)
    with pytest.raises(ShapeError, match="--shape x=1x3xHxW"):
        import_model(path)
    assert import_model(path, shapes={"x": (2, 3, 4, 5)}).types["y"].shape == (2, 3, 4, 5)
    with pytest.raises(ShapeError, match="no input"):
        import_model(path, shapes={"x": (2, 3), "z": (1,)})
    fixed = Net().input("x", 3, 4, 5).layer("ReLU", ["x"], ["y"]).save(tmp_path, "fixed")
    assert import_model(fixed, shapes={"x": (4, 3, 8, 8)}).types["y"].shape == (4, 3, 8, 8)
    with pytest.raises(ShapeError, match="the batch first"):
        import_model(fixed, shapes={"x": (3, 8, 8)})


def test_a_batch_is_as_many_pictures(tmp_path: Path) -> None:
    """ncnn has no batch; two pictures together give what each gives alone."""
    w, v = numbers(4, 3, 3, 3), numbers(5, 4 * 4 * 3)
    net = Net().input("x", 3, 6, 5).layer("Convolution", ["x"], ["c"], {0: 4, 1: 3, 6: w.size}).tagged(w)
    path = net.layer("InnerProduct", ["c"], ["y"], {0: 5, 2: v.size}).tagged(v).save(tmp_path)
    x = numbers(2, 3, 6, 5)
    both = run_reference(import_model(path, shapes={"x": x.shape}), {"x": x})[0]
    alone = [run(path, x=x[k : k + 1])[0][0] for k in range(2)]
    assert np.allclose(both, alone, rtol=1e-6)


def test_embedding_reads_integers(tmp_path: Path) -> None:
    table = numbers(6, 4)
    net = Net().input("x", 5).layer("Embed", ["x"], ["y"], {0: 4, 1: 6, 3: 24}).tagged(table)
    index = np.array([[0, 5, 2, 9, -1]], np.int32)
    assert np.array_equal(run(net.save(tmp_path), x=index)[0][0], table[[0, 5, 2, 5, 0]])


def test_compiled_and_cached_by_both_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other weights beside the same description are another artefact."""
    monkeypatch.setenv("PITH_CACHE", str(tmp_path / "cache"))
    assert cache_folder() is not None
    x = numbers(1, 4)
    for _ in range(2):
        w = numbers(3, 4)
        path = product(w).save(tmp_path)
        assert np.allclose(pith.compile(path)(x), x @ w.T, rtol=1e-5, atol=1e-6)
    (tmp_path / "net.bin").unlink()
    with pytest.raises(ModelError, match="does not exist"):
        pith.compile(path)


def test_weights_left_over_are_noted(tmp_path: Path) -> None:
    net = product(numbers(3, 4))
    net.weights += b"\0" * 40
    assert "40 bytes more" in import_model(net.save(tmp_path)).notes[0]


def test_detection_output_becomes_boxes_and_scores(tmp_path: Path) -> None:
    """Two priors decoded by hand; picking is left to the caller, and a note says so."""
    priors = np.array([[0.1, 0.2, 0.5, 0.6], [0.4, 0.4, 0.8, 0.6]], np.float32)
    var = np.tile(np.array([0.1, 0.1, 0.2, 0.2], np.float32), 2)
    net = Net().input("loc", 8).input("conf", 6).layer("MemoryData", [], ["p"], {0: 8, 1: 2}).plain(priors).plain(var)
    net.layer("DetectionOutput", ["loc", "conf", "p"], ["out"], {0: 3})
    graph = import_model(net.save(tmp_path))
    loc, conf = numbers(1, 8), numbers(1, 6)
    boxes, scores = run_reference(graph, {"loc": loc, "conf": conf})
    d = loc.reshape(2, 4) * [0.1, 0.1, 0.2, 0.2]
    size, centre = priors[:, 2:] - priors[:, :2], (priors[:, 2:] + priors[:, :2]) / 2
    middle, half = centre + d[:, :2] * size, np.exp(d[:, 2:]) * size / 2
    assert np.allclose(boxes[0], np.concatenate([middle - half, middle + half], 1), rtol=1e-5)
    assert np.array_equal(scores, conf.reshape(1, 2, 3)) and graph.outputs == ["out_boxes", "out_scores"]
    assert "non-maximum suppression" in graph.notes[0]


def test_unknown_layers_are_refused_together(tmp_path: Path) -> None:
    net = Net().input("x", 3, 4, 5).layer("Spectrogram", ["x"], ["a"]).layer("Proposal", ["a"], ["b"]).layer("Proposal", ["b"], ["c"])
    with pytest.raises(UnsupportedError) as e:
        import_model(net.save(tmp_path))
    for word in ("3 layers", "Spectrogram at Spectrogram_1", "Proposal at Proposal_2, Proposal_3", "formats.md", "try:"):
        assert word in str(e.value)
    assert "Spectrogram" not in known_layers()


# published models

WHOLE = [
    ("imagenet_models/squeezenet_v1.1.param", "data", (3, 227, 227)), ("ocr/ncnn/det-sim-op.param", "input0", (3, 160, 192)),
    ("ocr/ncnn/cls-sim-op.param", "input", (3, 48, 192)), ("ocr/ncnn/rec-sim-op.param", "input", (3, 32, 160)),
    ("ocr/ncnn/pdocrv2.0_rec-op.param", "input", (3, 32, 160)), ("detection/nanodet_m.param", "input.1", (3, 320, 320)),
    ("detection/FastestDet.param", "input.1", (3, 352, 352)),
]  # fmt: skip


@needs_data
@pytest.mark.parametrize(("file", "name", "shape"), WHOLE, ids=[Path(w[0]).stem for w in WHOLE])
def test_published_models_beside_ncnn(file: str, name: str, shape: tuple[int, ...]) -> None:
    """Compiled, on smooth pictures, within 1e-4 of the range."""
    pytest.importorskip("ncnn", reason="the package ncnn is not installed")
    net = pith.compile(DATA / file, shapes={name: (1, *shape)})
    ramp = np.linspace(-1, 1, shape[2], dtype=np.float32) * np.linspace(0.5, 1.5, shape[1], dtype=np.float32)[:, None]
    x = np.stack([np.sin(ramp * (3 + k)) for k in range(3)]).astype(np.float32)
    found = net(x[None])
    for out, ours, theirs in zip(net.outputs, found if isinstance(found, (list, tuple)) else [found],
                                 run_ncnn(DATA / file, {name: x}, [o.name for o in net.outputs]), strict=True):  # fmt: skip
        assert np.abs(ours.reshape(theirs.shape) - theirs).max() <= 1e-4 * np.ptp(theirs), out.name


@needs_data
def test_squeezenet_on_photographs() -> None:
    """ncnn was measured at 63.1 and 84.8 % on these 309 pictures, resized otherwise; on these very pixels it gives what Pith gives."""
    top1, top5, count = squeezenet()
    assert count == 309 and top1 >= 63.1 and top5 >= 84.8


@needs_data
@pytest.mark.parametrize("model", ["rec-sim-op", "pdocrv2.0_rec-op"])
def test_words_are_read(model: str) -> None:
    assert list(words(model).values()) == ["JOINT", "yourself", "韩国小馆", "实力活力"]


@needs_data
def test_detectors_are_as_sure_as_in_ncnn() -> None:
    for (score, kind), expected in ((nanodet(), 0.68), (fastestdet(), 0.90)):
        assert kind == 0 and abs(score - expected) < 0.01
