"""Calibration data good and bad: what is taken, what is refused and how, that memory is bounded and bits repeat."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tracemalloc
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pith
from pith.api import import_model
from pith.graph import InputError, PithError, ShapeError
from pith.quant import calibration
from pith.quant.calibration import open_samples, ports_of
from pith.quant.flow import quantize_graph
from pith.quant.options import Options
from pith.runtime.inputs import Preprocess
from pith.runtime.session import PortInfo
from tests.quantize.nets import Interpreted, model, pictures, run, small_net

PORT = [PortInfo("x", "float32", (1, 3, 8, 8))]


def folder_of(path: Path, count: int, suffix: str = ".png") -> Path:
    rng = np.random.default_rng(0)
    path.mkdir(parents=True, exist_ok=True)
    for k in range(count):
        Image.fromarray(rng.integers(0, 255, (9, 11, 3), np.uint8)).save(path / f"p{k:02}{suffix}")
    return path


def arrays(samples: calibration.Samples) -> list[np.ndarray]:
    return [feed["x"] for feed in samples]


def test_a_folder_with_folders(tmp_path: Path) -> None:
    folder_of(tmp_path / "a", 3)
    folder_of(tmp_path / "b" / "c", 2, ".JPG")
    found = open_samples(tmp_path, PORT, how=Preprocess(scale=1 / 255))
    assert len(found) == 5 and all(x.shape == (1, 3, 8, 8) and x.min() >= 0 and x.max() <= 1 for x in arrays(found))
    assert [Path(n).name for n in found.names] == ["p00.png", "p01.png", "p02.png", "p00.JPG", "p01.JPG"]


def test_a_mixed_folder_takes_the_pictures_and_says_so(tmp_path: Path) -> None:
    folder_of(tmp_path, 3)
    (tmp_path / "notes.txt").write_text("mine")
    np.save(tmp_path / "other.npy", np.zeros((3, 8, 8), np.float32))
    (tmp_path / "._p00.png").write_bytes(b"a resource fork")  # what one system leaves beside each picture
    (tmp_path / ".thumbs").mkdir()
    (tmp_path / ".thumbs" / "t.png").write_bytes(b"hidden")
    with pytest.warns(UserWarning, match=r"2 of 5 files .* are no pictures and were left out, such as notes\.txt"):
        found = open_samples(tmp_path, PORT)
    assert len(found) == 3
    with pytest.warns(UserWarning, match="left out"):
        result = pith.quantize(small_net(), tmp_path, method="minmax", improve=False)
    assert any("left out" in w for w in result.report.warnings)


def test_a_folder_of_arrays(tmp_path: Path) -> None:
    data = pictures(4)
    for k, x in enumerate(data):
        np.save(tmp_path / f"s{k}.npy", x if k else x[None])
    assert np.array_equal(np.concatenate(arrays(open_samples(tmp_path, PORT))), data)
    np.save(tmp_path / "s9.npy", np.zeros((3, 9, 8), np.float32))
    with pytest.raises(InputError, match=r"s9\.npy has shape \[3, 9, 8\]"):
        arrays(open_samples(tmp_path, PORT))


@pytest.mark.parametrize(("name", "content", "message"), [
    ("broken.png", b"no picture", r"broken\.png is not a picture"), ("cut.npy", b"\x93NUMPY\x01\x00", "is not a NumPy array"),
    ("pickled.npy", None, "Python objects"), ("list.csv", b"1,2", "is no calibration data"),
])  # fmt: skip
def test_files_that_cannot_be_read_are_named(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    path = tmp_path / name
    if content is None:
        np.save(path, np.array([{}], object), allow_pickle=True)
    else:
        path.write_bytes(content)
    with pytest.raises(PithError, match=message), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        arrays(open_samples(path, PORT))


def test_one_broken_picture_of_many_is_named(tmp_path: Path) -> None:
    folder_of(tmp_path, 4)
    whole = (tmp_path / "p02.png").read_bytes()
    (tmp_path / "p02.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"p02\.png"):
        pith.quantize(small_net(), tmp_path, method="minmax")


def test_empty(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no pictures in .*: it is empty|no pictures"):
        open_samples(tmp_path, PORT)
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(InputError, match="none of its 1 files"):
        open_samples(tmp_path, PORT)
    for nothing in ([], iter(()), np.zeros((0, 3, 8, 8), np.float32)):
        with pytest.raises(InputError):
            open_samples(nothing, PORT)


@pytest.mark.parametrize("data", [
    np.zeros((2, 3, 8), np.float32), np.zeros((2, 8, 8, 3), np.float32), np.zeros(()), [np.zeros((3, 8, 9))], [(np.zeros((3, 8, 8)),) * 2],
    {"y": np.zeros((2, 3, 8, 8))}, [{"x": np.zeros((3, 8, 8)), "z": np.zeros(1)}], [np.zeros((3, 8, 8), "M8[s]")], [np.array(["a"])],
], ids=str)  # fmt: skip
def test_what_does_not_fit(data: object) -> None:
    with pytest.raises(InputError) as e:
        open_samples(data, PORT)
    assert "x" in str(e.value) or "sample 0" in str(e.value)


def test_kinds_of_numbers() -> None:
    """Wider floats are taken, bytes are no floats, and integers must fit the type of the input."""
    assert arrays(open_samples(np.full((1, 3, 8, 8), 0.1), PORT))[0].dtype == np.float32
    for data, message in ((np.zeros((1, 3, 8, 8), np.uint8), "holds uint8, input 'x' takes float32"), (np.full((1, 3, 8, 8), 1e39), "beyond float32")):
        with pytest.raises(InputError, match=message):
            arrays(open_samples(data, PORT))
    ids = [PortInfo("ids", "int32", (1, 4))]
    assert np.array_equal(open_samples(np.arange(4), ids).load(0)["ids"], [[0, 1, 2, 3]])
    half = [PortInfo("h", "bfloat16", (1, 4))]  # a type that NumPy does not know by its kind
    assert np.array_equal(open_samples(np.full(4, 0.5, np.float32), half).load(0)["h"].astype(np.float32), np.full((1, 4), 0.5))
    with pytest.raises(InputError, match="holds int64, input 'h' takes bfloat16"):
        open_samples(np.arange(4), half).load(0)
    for wrong, message in ((np.full(4, 1 << 40), "beyond int32"), (np.zeros(4), "holds float64")):
        with pytest.raises(InputError, match=message):
            open_samples(wrong, ids).load(0)


def test_pictures_whose_preparation_nothing_says(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "b.png")
    with pytest.warns(UserWarning, match="does not say how pictures"):
        open_samples(tmp_path, PORT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_samples(tmp_path, PORT, how=Preprocess())
        open_samples(tmp_path, [PortInfo("x", "uint8", (1, 3, 8, 8))])


def test_several_inputs(tmp_path: Path) -> None:
    ports = [PortInfo("a", "float32", (1, 2)), PortInfo("b", "float32", (1, 3))]
    data = {"a": np.zeros((4, 2), np.float32), "b": np.ones((4, 3), np.float32)}
    np.savez(tmp_path / "d.npz", **data)
    for source in (data, tmp_path / "d.npz", zip(data["a"], data["b"], strict=True)):
        samples = open_samples(source, ports)
        assert len(samples) == 4 and samples.load(3)["b"].tolist() == [[1, 1, 1]]
    with pytest.raises(InputError, match="different lengths"):
        open_samples({**data, "b": np.ones((5, 3), np.float32)}, ports)
    with pytest.raises(InputError, match="one array for 2 inputs"):
        open_samples(data["a"], ports)


def test_nan_inside_names_the_layer_and_the_sample() -> None:
    net = import_model(model("net (float[1, 3, 8, 8] x) => (float[1, 4, 8, 8] y) { early = Relu(x) bad = Log(early) y = Conv(bad, w) }",
                             w=np.ones((4, 3, 1, 1))))  # fmt: skip
    data = np.abs(pictures(3)) + 1
    data[2, 1, 3, 3] = -5
    with pytest.raises(InputError, match="NaN or infinity") as e:
        pith.quantize(net, data, method="minmax")
    assert "bad in sample 2" in str(e.value)


def test_infinity_from_an_overflow_is_located() -> None:
    net = import_model(model("net (float[1, 3, 8, 8] x) => (float[1, 4, 8, 8] y) { big = Exp(x) y = Conv(big, w) }", w=np.ones((4, 3, 1, 1))))
    with pytest.raises(InputError, match="big in sample 1"):
        pith.quantize(net, np.stack([np.zeros((3, 8, 8)), np.full((3, 8, 8), 200.0)]).astype(np.float32), method="minmax")


def test_a_constant_channel_is_fine() -> None:
    """A channel that never changes, and one of weights that are all zero: finite, and as exact as the others."""
    data = pictures(6)
    data[:, 1] = 0.5
    net = small_net()
    name = next(n for n in net.nodes if n.op == "conv").inputs[1]
    net.constants[name] = net.constants[name].copy()
    net.constants[name][3] = 0
    outcome = quantize_graph(net, open_samples(data, ports_of(net)), Interpreted, Options(method="minmax"))
    assert np.isfinite(outcome.numbers.weights[outcome.plan.layers[0].key].scale).all() and outcome.layers["y"].cosine > 0.999


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("method", ["minmax", "kl", "percentile", "mse", "entropy", "moving", "easyquant"])
def test_a_huge_outlier_spoils_little(method: str) -> None:
    """Hardly worse on other pictures than without the sample that has it, though its layers' outputs have it too."""
    spoiled = pictures(8)
    spoiled[2, 1, 4, 4] = 1e20
    net = import_model(model("net (float[1, 3, 8, 8] x) => (float[1, 4, 8, 8] y) { y = Conv(x, w) }", w=np.random.default_rng(0).standard_normal((4, 3, 1, 1))))

    def made(data: np.ndarray) -> tuple[Interpreted, list[str]]:
        outcome = quantize_graph(net, open_samples(data, ports_of(net)), Interpreted, Options(method=method, rounding=False, bias=False))
        return Interpreted(outcome.graph), outcome.warnings

    (with_it, told), (without, silent) = made(spoiled), made(np.delete(spoiled, 2, axis=0))
    assert any("sample 2: makes" in w and "cut off" in w for w in told) and not silent
    others = pictures(6, 20)
    exact = np.concatenate([Interpreted(net)(x[None]) for x in others])
    errors = [float(np.abs(np.concatenate([q(x[None]) for x in others]) - exact).max()) for q in (with_it, without)]
    assert errors[0] < 1.3 * errors[1] + 0.01 * np.abs(exact).max()


# ---- bounds


class _Stream:
    """Pictures that would not fit: made when asked for, counted."""

    def __init__(self, count: int, shape: tuple[int, ...]) -> None:
        self.count, self.shape, self.made = count, shape, 0

    def __iter__(self) -> Iterator[np.ndarray]:
        for k in range(self.count):
            self.made += 1
            yield np.full(self.shape, k / self.count, np.float32)


def test_a_stream_is_not_held() -> None:
    """3 GB pass by, 8 samples of 1 MB stay."""
    stream = _Stream(3000, (3, 296, 296))
    tracemalloc.start()
    try:
        samples = open_samples(stream, [PortInfo("x", "float32", (1, 3, 296, 296))], images=8)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert stream.made == 3000 and len(samples) == 8 and peak < 14 << 20
    assert len({float(x.max()) for x in arrays(samples)}) == 8 and max(float(x.max()) for x in arrays(samples)) > 0.3  # from all over it


def test_memory_does_not_grow_with_the_samples() -> None:
    """The whole of a quantisation with 8 and with 64 samples: what it holds of activations has bounds of its own."""
    net = import_model(model("net (float[1, 3, 64, 64] x) => (float[1, 8, 64, 64] y) { c = Conv(x, a) r = Relu(c) y = Conv(r, b) }",
                             a=np.random.default_rng(0).standard_normal((16, 3, 1, 1)), b=np.random.default_rng(1).standard_normal((8, 16, 1, 1))))  # fmt: skip
    peaks = []
    for count in (8, 64):
        data = np.lib.stride_tricks.as_strided(pictures(1, shape=(3, 64, 64)), (count, 3, 64, 64), (0, 64 * 64 * 4, 64 * 4, 4))
        tracemalloc.start()
        quantize_graph(net, open_samples(data, ports_of(net), images=count), run, Options(method="minmax"))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # what all samples make inside would be 44 MiB; what two or three cores happen to have under way at once differs by some MiB
    assert peaks[1] < peaks[0] + (16 << 20)


def test_a_large_file_stays_on_disk(tmp_path: Path) -> None:
    big = np.lib.format.open_memmap(tmp_path / "big.npy", mode="w+", dtype=np.float32, shape=(400, 3, 128, 128))
    big[7] = 1
    big.flush()
    tracemalloc.start()
    samples = open_samples(tmp_path / "big.npy", [PortInfo("x", "float32", (1, 3, 128, 128))], images=400)
    total = sum(float(x.sum()) for x in arrays(samples))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 3 * 128 * 128 and peak < 4 << 20


def test_too_large_samples_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "_HELD_BYTES", 5000)
    with pytest.warns(UserWarning, match="only 7 samples"):
        assert len(open_samples(iter(pictures(20)), PORT, images=12)) == 7


# ---- repetition and progress

_SCRIPT = """
import sys, numpy as np, pith
from tests.quantize.nets import pictures, small_net
pith.quantize(small_net(), pictures(20), images=6, seed=3).save_onnx(sys.argv[1])
"""


def test_the_same_bytes_in_other_processes(tmp_path: Path) -> None:
    digests = set()
    for seed in ("1", "77"):
        file = tmp_path / f"{seed}.onnx"
        subprocess.run([sys.executable, "-c", _SCRIPT, str(file)], check=True, env={**os.environ, "PYTHONHASHSEED": seed})
        digests.add(hashlib.sha256(file.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_progress_runs_from_begin_to_end() -> None:
    told: list[tuple[str, float]] = []
    pith.quantize(small_net(), pictures(4), explain=True, progress=lambda what, done: told.append((what, done)))
    shares = [d for _, d in told]
    assert shares == sorted(shares) and shares[0] == 0
    assert [w for w, d in told if d == 1] == ["done"]  # all is done at the end alone
    assert {"import", "observe", "search", "improve", "compare", "sensitivity", "done"} <= {w for w, _ in told}


def test_refused_before_any_work() -> None:
    calls: list[str] = []
    with pytest.raises(ShapeError, match="several shapes"):
        pith.quantize(small_net(), pictures(2), shapes={"x": [(1, 3, 8, 8), (1, 3, 16, 16)]}, progress=lambda what, done: calls.append(what))
    for options in ({"weight_bits": 16}, {"activation_bits": 4}, {"bits": 3}, {"start": "easyquant"}, {"mode": "code"}):
        with pytest.raises(InputError):
            pith.quantize(small_net(), pictures(2), progress=lambda what, done: calls.append(what), **options)  # type: ignore[arg-type]
    assert not calls
