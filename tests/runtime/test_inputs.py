"""Files into arrays: pictures against NumPy arithmetic of their pixels, refusals, text."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pith.graph import InputError
from pith.runtime.inputs import Preprocess, is_probabilities, picture, prepare, read_input, softmax
from pith.runtime.session import PortInfo

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)


def port(*shape: int, dtype: str = "float32") -> PortInfo:
    return PortInfo("image", dtype, shape)


@pytest.mark.parametrize("order", ["RGB", "BGR"])
def test_normalisation(order: str) -> None:
    mean, std = [0.5, 0.4, 0.3], [0.25, 0.5, 0.75]
    how = Preprocess.parse(json.dumps({"scale": 1 / 255, "mean": mean, "std": std, "layout": order}))
    got = prepare(Image.fromarray(PIXELS), port(1, 3, 6, 8), how)
    channels = PIXELS if order == "RGB" else PIXELS[..., ::-1]
    want = (channels / 255.0 - mean) / std
    np.testing.assert_allclose(got, want.transpose(2, 0, 1)[None], rtol=1e-6, atol=1e-6)
    assert got.dtype == np.float32
    last = prepare(Image.fromarray(PIXELS), port(6, 8, 3), how)
    np.testing.assert_array_equal(last, got[0].transpose(1, 2, 0))


def test_integer_inputs_take_the_pixels() -> None:
    how = Preprocess.parse('{"scale": 0.1}')
    got = prepare(Image.fromarray(PIXELS), port(1, 6, 8, 3, dtype="uint8"), how)
    np.testing.assert_array_equal(got[0], PIXELS)
    shifted = prepare(Image.fromarray(PIXELS), port(1, 6, 8, 3, dtype="int8"), Preprocess.parse('{"offset": -128}'))
    np.testing.assert_array_equal(shifted[0], PIXELS.astype(np.int32) - 128)
    with pytest.raises(InputError, match="pixels do not fit"):
        prepare(Image.fromarray(PIXELS), port(1, 6, 8, 3, dtype="int8"), how)


def test_sixteen_bits_are_scaled_and_other_depths_refused(tmp_path: Path) -> None:
    grey = PIXELS[..., 0]
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "16.png")
    got = picture(tmp_path / "16.png", port(1, 6, 8, 1, dtype="uint8"), Preprocess())
    np.testing.assert_array_equal(got[0, ..., 0], grey)
    for dtype in (np.int32, np.float32):
        Image.fromarray(grey.astype(dtype)).save(tmp_path / "other.tiff")
        with pytest.raises(InputError, match="the pixels of"):
            picture(tmp_path / "other.tiff", port(1, 6, 8, 1), Preprocess())


def test_archives_of_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "two.npz", a=np.zeros(3), b=np.ones(2))
    assert read_input(tmp_path / "two.npz", PortInfo("b", "float64", (2,)), Preprocess()).tolist() == [1, 1]
    with pytest.raises(InputError, match="no array called 'c'"):
        read_input(tmp_path / "two.npz", PortInfo("c", "float64", (2,)), Preprocess())
    whole = (tmp_path / "two.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (100000, 100000, 1000), }".ljust(117) + b"\n"
    (tmp_path / "claims.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00" + header)
    np.save(tmp_path / "objects.npy", np.array([{}], object))
    for name in ("cut.npz", "claims.npy", "objects.npy"):
        with pytest.raises(InputError, match="is not a NumPy array file"):
            read_input(tmp_path / name, PortInfo("c", "float32", (2,)), Preprocess())


def test_shrinking_averages_and_cropping_takes_the_middle() -> None:
    stripes = np.zeros((4, 16, 3), np.uint8)
    stripes[:, 6:10] = 200
    how = Preprocess.parse('{"crop": true}')
    middle = prepare(Image.fromarray(stripes), port(1, 3, 4, 4), how)
    np.testing.assert_array_equal(middle, np.full((1, 3, 4, 4), 200, np.float32))
    whole = prepare(Image.fromarray(stripes), port(1, 3, 1, 1), Preprocess())
    assert abs(float(whole[0, 0, 0, 0]) - 50) < 30  # 4 of 16 columns, those in the middle weigh more
    squeezed = prepare(Image.fromarray(stripes), port(1, 3, 4, 16), Preprocess())
    np.testing.assert_array_equal(squeezed[0, 0], stripes[..., 0])


def test_a_turned_photograph_stands_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held sideways: turn by 270 degrees to view
    Image.fromarray(PIXELS).save(tmp_path / "p.png", exif=exif)
    got = picture(tmp_path / "p.png", port(1, 8, 6, 3, dtype="uint8"), Preprocess())
    np.testing.assert_array_equal(got[0], np.rot90(PIXELS, -1))


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ((1, 5, 7, 9), "{}"),
        ((4,), "{}"),
        ((1, 1, 6, 8), '{"mean": [1, 2, 3]}'),
        ((1, 3, 6, 8), '{"std": [1, 2]}'),
        ((1, 3, 6, 8), '{"std": 0}'),
        ((1, 3, 6, 8), '{"layout": "CMYK"}'),
        ((1, 3, 6, 8), "[]"),
        ((1, 3, 6, 8), "{"),
        ((1, 3, 6, 8), '{"mean": "x"}'),
        ((1, 3, 6, 8), '{"sacle": 1}'),
        ((1, 3, 6, 8), '{"scale": true}'),
        ((1, 3, 6, 8), '{"crop": "yes"}'),
        ((1, 3, 6, 8), '{"layout": "GRAY"}'),
        ((1, 3, 6, 8), '{"mean": []}'),
    ],
)
def test_what_does_not_fit_is_refused(shape: tuple[int, ...], text: str) -> None:
    with pytest.raises(InputError) as info:
        prepare(Image.fromarray(PIXELS), port(*shape), Preprocess.parse(text))
    assert info.value.why or info.value.try_


def test_broken_pictures_are_refused(tmp_path: Path) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "good.png")
    whole = (tmp_path / "good.png").read_bytes()
    for keep in (0, 10, 40, len(whole) // 2, len(whole) - 30):
        (tmp_path / "cut.png").write_bytes(whole[:keep])
        with pytest.raises(InputError):
            picture(tmp_path / "cut.png", port(1, 3, 6, 8), Preprocess())


def test_text_and_unknown_files(tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("101, 7\n 2  102\n")
    np.testing.assert_array_equal(read_input(tmp_path / "ids.txt", port(1, 4, dtype="int64"), Preprocess()), [[101, 7, 2, 102]])
    with pytest.raises(InputError, match="4 numbers"):
        read_input(tmp_path / "ids.txt", port(1, 5, dtype="int64"), Preprocess())
    with pytest.raises(InputError, match="unknown kind"):
        read_input(tmp_path / "sound.wav", port(1, 4), Preprocess())


@pytest.mark.parametrize("text", ["nan", "inf", "1e30", "1.5", "-1", "99999999999999999999", "300"])
def test_numbers_that_an_integer_cannot_hold(tmp_path: Path, text: str) -> None:
    (tmp_path / "n.txt").write_text(text)
    with pytest.raises(InputError):
        read_input(tmp_path / "n.txt", port(1, dtype="uint8"), Preprocess())


def test_probabilities() -> None:
    scores = np.array([1.0, -2.0, 3.5], np.float32)
    exact = np.exp(scores.astype(np.float64)) / np.exp(scores.astype(np.float64)).sum()
    np.testing.assert_allclose(softmax(scores), exact, rtol=1e-12)
    assert is_probabilities(exact) and not is_probabilities(scores) and not is_probabilities(np.ones(1))
    np.testing.assert_array_equal(softmax(exact), exact)
