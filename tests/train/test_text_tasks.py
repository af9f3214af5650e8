"""Tasks of text and of super-resolution: losses and scores against the slow way; recipes that come with Pith make a step."""

from __future__ import annotations

import itertools
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install pith[train]")
pytest.importorskip("lightning_fabric", reason="training needs Lightning Fabric: pip install pith[train]")
pytest.importorskip("matplotlib", reason="its fonts are used here: pip install matplotlib")

from pith.graph.errors import BuildError, ConfigError  # noqa: E402
from pith.models.text_signs import merged  # noqa: E402
from pith.train.ctc import Ctc, places_needed  # noqa: E402
from pith.train.data.augment import TextColours  # noqa: E402
from pith.train.data.bicubic import shrink  # noqa: E402
from pith.train.data.page_sets import TextPages  # noqa: E402
from pith.train.data.sets import DataSet  # noqa: E402
from pith.train.data.sr_pairs import SrPairs  # noqa: E402
from pith.train.data.text_sets import TextWords, kept  # noqa: E402
from pith.train.db import Db, balanced, dice  # noqa: E402
from pith.train.recipe import load  # noqa: E402
from pith.train.runner import Runner  # noqa: E402
from pith.train.super_resolution import SuperResolution, psnr_y  # noqa: E402


class Says(torch.nn.Module):
    """A network that always gives the same."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: Any) -> Any:
        return self.value


def test_ctc_is_the_sum_over_all_paths() -> None:
    scores = torch.randn(3, 5, 3, generator=torch.Generator().manual_seed(0))
    words = torch.tensor([[1, 2, 0], [1, 1, 0], [2, 0, 0]])
    total = 0.0
    for s, word in zip(scores.double().log_softmax(2), words.tolist(), strict=True):
        paths = (p for p in itertools.product(range(3), repeat=5) if merged(p) == [c for c in word if c])
        total -= math.log(sum(math.exp(sum(float(s[t, c]) for t, c in enumerate(p))) for p in paths))
    assert float(Ctc().loss(Says(scores), torch.zeros(3), words)) == pytest.approx(total / 5, rel=1e-5)
    assert places_needed(words).tolist() == [2, 3, 1]


def test_ctc_scores() -> None:
    read = torch.nn.functional.one_hot(torch.tensor([[1, 0, 2, 2], [3, 3, 3, 3]]), 4).float()
    assert Ctc().scores(Says(read), None, torch.tensor([[1, 2, 0], [1, 2, 3]])) == {"characters": (3, 5), "words": (1, 2)}


def test_ctc_refuses_what_does_not_fit() -> None:
    data = DataSet(torch.zeros(2, 3, 8, 8, dtype=torch.uint8), torch.tensor([[1, 1, 2], [3, 0, 0]]), 4)
    Ctc().check(torch.zeros(2, 4, 4), data)
    for shape, message in (((2, 3, 4), "needs 4 places"), ((2, 4, 5), "tells 5 signs apart"), ((2, 4), "the network gives")):
        with pytest.raises(ConfigError, match=message):
            Ctc().check(torch.zeros(shape), data)


def test_db_losses_by_hand() -> None:
    rng = np.random.default_rng(0)
    p, truth, counts = rng.uniform(0.01, 0.99, 400), (rng.random(400) < 0.1), (rng.random(400) < 0.9)
    each = -np.where(truth, np.log(p), np.log(1 - p))
    positive, negative = each[truth & counts], np.sort(each[~truth & counts])[::-1]
    many = 3 * len(positive)
    expected = (positive.sum() + negative[:many].sum()) / (len(positive) + many)
    tensors = [torch.from_numpy(a.astype(np.float32)).reshape(1, 20, 20) for a in (p, truth, counts)]
    assert float(balanced(*tensors, 3.0)) == pytest.approx(expected, rel=1e-5)
    share = 1 - 2 * p[truth & counts].sum() / (p[counts].sum() + (truth & counts).sum())
    assert float(dice(*tensors)) == pytest.approx(share, rel=1e-5)
    y = torch.zeros(1, 4, 20, 20)
    y[0, 0], y[0, 1], y[0, 2], y[0, 3] = tensors[1], tensors[2], 100, tensors[1]
    t = torch.full((1, 1, 20, 20), 0.5)
    binary = 1 / (1 + np.exp(-50 * (p - 0.5)))
    third = 1 - 2 * binary[truth & counts].sum() / (binary[counts].sum() + (truth & counts).sum())
    whole = 5 * expected + third + 10 * abs(0.5 - 100 / 255)
    assert float(Db().loss(Says((tensors[0][:, None], t)), None, y)) == pytest.approx(whole, rel=1e-4)
    with pytest.raises(ConfigError, match="no threshold map"):
        Db().loss(Says(t), None, y)


def test_db_scores_what_it_was_taught_with_1(tmp_path: Path) -> None:
    pages = TextPages(4, 128, seed=1, workers=0, folder=str(tmp_path))
    again = TextPages(4, 128, seed=1, workers=0, folder=str(tmp_path))
    assert torch.equal(pages.x, again.x) and len(list(tmp_path.iterdir())) == 1
    pairs, sides = Db().scores(Says(pages.y[:, :1].float()), pages.x, pages.y)["f_measure"]
    assert pairs == sides > 0
    assert Db().scores(Says(torch.zeros(4, 1, 128, 128)), pages.x, pages.y)["f_measure"] == (0, sides / 2)
    with pytest.raises(ConfigError, match="not a map of"):
        Db().check(torch.zeros(2, 1, 64, 64), pages)
    with pytest.raises(ConfigError, match="multiple of 32"):
        TextPages(4, 100)


def test_kept_words_are_drawn_again_with_other_fonts_of_the_same_name(tmp_path: Path) -> None:
    import matplotlib

    fonts, kept_in = Path(matplotlib.get_data_path()) / "fonts" / "ttf", tmp_path / "kept"

    def drawn(folder: str, font: str) -> torch.Tensor:
        (tmp_path / folder).mkdir()
        shutil.copy(fonts / font, tmp_path / folder / "one.ttf")
        return TextWords(4, 32, 64, seed=1, alphabet="abc", fonts=[str(tmp_path / folder)], workers=0, folder=str(kept_in)).x

    first = drawn("a", "DejaVuSans.ttf")
    assert not torch.equal(first, drawn("b", "DejaVuSerif.ttf")) and len(list(kept_in.iterdir())) == 2
    assert torch.equal(first, drawn("c", "DejaVuSans.ttf")) and len(list(kept_in.iterdir())) == 2


def test_pictures_that_cannot_be_kept_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: Any, **arrays: Any) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(BuildError, match=r"(?s)the disk is full.*No space left"):
        TextWords(4, 32, 64, alphabet="abc", workers=0, folder=str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_words_as_a_data_set() -> None:
    words = TextWords(5, 32, 64, alphabet="abc", longest=4, workers=0)
    assert words.x.shape == (5, 3, 32, 64) and words.classes == 4 and words.y.shape == (5, 4) and int(words.y.max()) <= 3
    for wrong in ({"height": 4}, {"hard": 2}, {"longest": 0}):
        with pytest.raises(ConfigError, match="height is 8"):
            TextWords(5, **wrong)
    with pytest.raises(ConfigError, match="cannot read the words"):
        TextWords(5, words="no_such_file.txt")


def test_colours_of_text() -> None:
    """A share of a batch gets what it gets in the whole; pictures stay in range."""
    x = torch.randint(0, 256, (6, 3, 8, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    whole = TextColours()(x, torch.arange(6), 6, torch.Generator().manual_seed(1))
    part = TextColours()(x[1::2], torch.arange(1, 6, 2), 6, torch.Generator().manual_seed(1))
    assert torch.equal(whole[1::2], part) and not torch.equal(whole, x) and whole.dtype == torch.uint8


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for k in range(2):
        small = Image.fromarray(rng.integers(0, 256, (9, 11, 3), np.uint8))
        small.resize((87 + k, 70), Image.Resampling.BICUBIC).save(tmp_path / f"{k}.png")
    return tmp_path


def test_pairs_belong_together(photographs: Path) -> None:
    """Away from its border, a small piece is the large piece made small."""
    pairs = SrPairs(str(photographs), 3, 6, 12, seed=1)
    assert torch.equal(pairs.x, SrPairs(str(photographs), 3, 6, 12, seed=1).x)
    upright = SrPairs(str(photographs), 3, 6, 12, seed=1, turn=False)
    for made, most in ((upright, 0), (pairs, 1)):  # columns are rounded before rows, so a turn may change a value by one
        for x, y in zip(made.x.numpy(), made.y.numpy(), strict=True):
            difference = shrink(y.transpose(1, 2, 0), 3).astype(int) - x.transpose(1, 2, 0)
            assert np.abs(difference[2:-2, 2:-2]).max() <= most
    damaged = SrPairs(str(photographs), 3, 6, 12, seed=1, noise=5.0, jpeg=60)
    assert torch.equal(damaged.y, pairs.y) and not torch.equal(damaged.x, pairs.x)
    grey = np.random.default_rng(1).integers(0, 256, (40, 40), np.uint8)
    (photographs / "deep").mkdir()
    Image.fromarray(grey.astype(np.uint16) * 257).save(photographs / "deep" / "sixteen_bits.png")
    deep = SrPairs(str(photographs / "deep"), 2, 1, 20, turn=False).y[0]
    assert all(torch.equal(channel, torch.from_numpy(grey)) for channel in deep)
    with pytest.raises(ConfigError, match="smaller than a piece"):
        SrPairs(str(photographs), 3, 6, 48)
    (photographs / "broken.png").write_bytes(b"\x89PNG")
    with pytest.raises(ConfigError, match="cannot be read"):
        SrPairs(str(photographs), 3, 6, 12)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Before anything is drawn."""
    (tmp_path / "file").write_text("")
    with pytest.raises(BuildError, match="folder for what is drawn cannot be made"):
        kept(str(tmp_path / "file" / "below"), "words", 0, lambda _: pytest.fail("drawn"), 3, 0, 0)


def test_luma_ratio() -> None:
    """Against the evaluation of released weights, which rounds the luma."""
    from benchmarks.evaluation.super_resolution import psnr

    a, b = np.random.default_rng(0).integers(0, 256, (2, 2, 40, 40, 3), np.uint8)
    got = psnr_y(*(torch.from_numpy(v).permute(0, 3, 1, 2) for v in (a, b)), 2)
    assert np.allclose(got.numpy(), [psnr(p, q, 2) for p, q in zip(a, b, strict=True)], atol=0.01)
    data = DataSet(torch.zeros(2, 3, 4, 4, dtype=torch.uint8), torch.zeros(2, 3, 8, 8, dtype=torch.uint8))
    with pytest.raises(ConfigError, match="the same scale"):
        SuperResolution().check(torch.zeros(2, 3, 12, 12), data)


@pytest.mark.parametrize("name", ["crnn_text", "db_text", "lesrcnn_x2"])
def test_recipes_make_a_step(name: str, photographs: Path, tmp_path: Path) -> None:
    sizes: dict[str, dict[str, Any]] = {"crnn_text": {}, "db_text": {"size": 64}, "lesrcnn_x2": {"folder": str(photographs), "patch": 8}}
    text = {"fonts": ["matplotlib"], "folder": "", "workers": 0} if name != "lesrcnn_x2" else {}
    text |= {"backgrounds": ""} if name == "db_text" else {}
    changes: dict[str, Any] = {"data.batch": 2, "train.epochs": 1}
    for part in ("train", "val"):
        changes |= {f"data.{part}.{key}": value for key, value in {"count": 2, **text, **sizes[name]}.items()}
    done = Runner(load(name, changes), tmp_path / "out", quiet=True).run()
    assert done["steps"] == 1 and math.isfinite(done["loss"]) and any(k.startswith("val_") for k in done)
