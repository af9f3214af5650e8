"""Generated text: the same pictures whatever the number of processes; what is taught lies where the ink is."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith.graph.errors import ConfigError
from pith.train.data import text_draw, text_fonts, text_images, text_pages
from pith.train.data.text_words import Words

pytest.importorskip("matplotlib", reason="its fonts are used here: pip install matplotlib")
FONTS = text_fonts.find(["matplotlib"], text_images.ALPHABET)
STYLE = text_pages.Style(128, 1.0, 0.4, FONTS, (), Words(text_pages.SIGNS, longest=8))
make_words = partial(text_images.words, seed=5, words=Words(text_images.ALPHABET), fonts=FONTS, height=32, width=96, hard=1.0)
make_pages = partial(text_pages.pages, seed=5, style=STYLE)


@pytest.mark.parametrize("make", [make_words, make_pages])
def test_pictures_do_not_depend_on_processes(make: partial) -> None:
    alone, shared = text_images.made(make, 7, 0), text_images.made(make, 7, 2, piece=2)
    later = text_images.made(make, 3, 0, start=4)
    for a, b, c in zip(alone, shared, later, strict=True):
        assert a.dtype == b.dtype == c.dtype and np.array_equal(a, b) and np.array_equal(a[4:], c)
        assert len({x.tobytes() for x in a}) == 7
    assert [a.dtype for a in alone] == [np.uint8, np.int64 if make is make_words else np.uint8]


def test_an_alphabet_of_more_signs_than_a_byte_counts() -> None:
    alphabet = "".join(chr(c) for c in (*range(0x21, 0x7F), *range(0xC0, 0x180)))
    words = Words(alphabet, shares=(0, 0, 0, 1))
    _, y = text_images.words(range(40), seed=0, words=words, fonts=text_fonts.find(["matplotlib"], alphabet), height=32, width=96, hard=0.0)
    assert y.dtype == np.int64 and 255 < y.max() <= len(alphabet)


def test_clean_words_are_dark_or_light_where_the_signs_are() -> None:
    """Without damage, a line has the ink of its signs: twice the text is about twice as wide, and every sign is there."""
    one, two = (text_draw.line(t, FONTS[0], 40) for t in ("HOB", "HOBHOB"))
    assert abs(two.shape[1] - 2 * one.shape[1]) < 12 and abs(two.sum() - 2 * one.sum()) < 0.01 * two.sum()
    wide = text_draw.line("HOB", FONTS[0], 40, 0.5)
    assert abs(wide.shape[1] - one.shape[1] - 40) <= 2 and abs(wide.sum() - one.sum()) < 0.03 * one.sum()
    picture, text = text_images.word(1, 0, Words("A", shares=(0, 0, 0, 1)), FONTS, 32, 0.0)
    assert set(text) == {"A"} and picture.shape[0] == 32 and np.ptp(picture.astype(int), (0, 1)).max() > 30


def test_words_keep_to_the_alphabet() -> None:
    words, rng = Words("abc12", longest=5), np.random.default_rng(0)
    drawn = [words(rng) for _ in range(300)]
    assert all(1 <= len(w) <= 5 and set(w) <= set("abc12") for w in drawn) and len(set(drawn)) > 100
    mine = Words("abc", ["cab"], shares=(1, 0, 0, 0))
    assert {mine(rng) for _ in range(50)} == {"cab"}  # this alphabet has no capitals
    for wrong in ("", "aa", "a b"):
        with pytest.raises(ConfigError, match="alphabet"):
            Words(wrong)
    with pytest.raises(ConfigError, match="shares"):
        Words("ab", shares=(0, 0, 0, 0))


def test_fonts_have_all_signs(tmp_path: Path) -> None:
    names = {f.name for f in FONTS}
    assert {"DejaVuSans.ttf", "STIXGeneral.ttf"} <= names
    assert not names & {"cmsy10.ttf", "cmex10.ttf", "STIXSizOneSymReg.ttf", "LastResortHE-Regular.ttf"}  # symbols, boxes
    with pytest.raises(ConfigError, match="pip install no-such-fonts"):
        text_fonts.find(["no_such_fonts"], "A")
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    with pytest.raises(ConfigError, match="no font has the signs"):
        text_fonts.find([str(tmp_path)], "A")


@given(st.integers(0, 10**6))
def test_a_full_mask_fills_its_corners(seed: int) -> None:
    """Drawn in perspective, the cover is the polygon, within the softness of its border."""
    rng = np.random.default_rng(seed)
    quad = text_draw.quad_of(50, 20, (48, 40), rng.uniform(-1, 1), rng, 0.15)
    cover = text_draw.warped(np.ones((20, 50), np.float32), quad, (80, 96))
    x, y = quad[:, 0], quad[:, 1]
    exact = abs(sum(x[k] * y[k - 1] - x[k - 1] * y[k] for k in range(4))) / 2
    assert abs(cover.sum() - exact) < 0.05 * exact
    matrix = text_draw.homography(quad, np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]]))
    mapped = np.c_[quad, np.ones(4)] @ matrix.T
    assert np.allclose(mapped[:, :2] / mapped[:, 2:], [[0, 0], [1, 0], [1, 1], [0, 1]], atol=1e-9)


@given(st.integers(10, 30), st.integers(10, 30), st.integers(12, 60), st.integers(8, 40))
def test_maps_of_a_rectangle(x0: int, y0: int, w: int, h: int) -> None:
    """By hand: shrunk by D = w h (1 - 0.16) / (2 w + 2 h) on each side; the threshold falls from 0.7 on the border to 0.3 at D."""
    inset = w * h * 0.84 / (2 * (w + h))
    quad = np.array([[x0, y0], [x0 + w, y0], [x0 + w, y0 + h], [x0, y0 + h]], float)
    shrunk, counts, threshold, near = text_pages.maps([quad], 128)
    y, x = np.mgrid[:128, :128]
    edge = np.minimum(np.minimum(x - x0, x0 + w - x), np.minimum(y - y0, y0 + h - y)).astype(float)  # inside positive
    assert np.array_equal(shrunk, edge >= inset - 1e-9) and counts.all()
    outside = np.hypot(np.maximum(0, np.maximum(x0 - x, x - x0 - w)), np.maximum(0, np.maximum(y0 - y, y - y0 - h)))
    distance = np.where(edge >= 0, edge, outside)
    assert np.array_equal(near, (edge >= 0) | (outside <= inset))
    level = 255 * (0.3 + 0.4 * np.clip(1 - distance / inset, 0, 1))
    assert np.abs(threshold - np.where(near, level, 0.3 * 255)).max() <= 0.51
    small = text_pages.maps([quad], 128, least=100)
    assert not small[0].any() and not small[1][y0 : y0 + h, x0 : x0 + w].any() and small[1].sum() == 128 * 128 - (w + 1) * (h + 1)


def test_pages_have_texts_apart_from_each_other() -> None:
    found = 0
    for index in range(12):
        picture, quads = text_pages.page(3, index, STYLE)
        taken = np.zeros((128, 128), int)
        for quad in quads:
            assert quad.min() >= 0 and quad.max() <= 128
            low, high = np.floor(quad.min(0)).astype(int), np.ceil(quad.max(0)).astype(int)
            taken[low[1] : high[1], low[0] : high[0]] += 1
            assert np.ptp(picture[low[1] : high[1], low[0] : high[0]].astype(int), (0, 1)).max() > 15
        assert taken.max(initial=0) <= 1
        found += len(quads)
    assert found > 20


def test_corners_turn_clockwise_on_the_screen() -> None:
    quad = text_draw.quad_of(40, 10, (0, 0), math.pi / 2, np.random.default_rng(0), 0.0)
    assert np.allclose(quad, [[5, -20], [5, 20], [-5, 20], [-5, -20]])
