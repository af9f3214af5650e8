"""Sentences as word pieces, in batches of like lengths; TinyBERT's two stages by recipe; what cannot be read is named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install pith[train]")
pytest.importorskip("lightning_fabric", reason="training needs Lightning Fabric: pip install pith[train]")

import pith  # noqa: E402
from pith import models  # noqa: E402
from pith.config import Config  # noqa: E402
from pith.graph.errors import ConfigError  # noqa: E402
from pith.train.data.sentences import ReplaceWords, Sentences  # noqa: E402
from pith.train.data.word_pieces import WordPieces, words  # noqa: E402
from pith.train.recipe import check  # noqa: E402
from pith.train.runner import Runner  # noqa: E402

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PIECES = [*SPECIAL, "good", "bad", "film", "a", "the", "un", "##good", "##ly", "##s", "b", "##b", "##a", "e", "##e", ".", "'", "!", "中", "β"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vocabulary, and sentences that are good where they say so."""
    place: Path = tmp_path_factory.mktemp("text")
    (place / "vocab.txt").write_text("\n".join(PIECES) + "\n", "utf-8")
    rng = np.random.default_rng(0)
    lines = ["sentence\tlabel"]
    for k in range(160):
        around = ["the" if rng.random() < 0.5 else "films" for _ in range(int(rng.integers(1, 14)))]
        around.insert(int(rng.integers(len(around) + 1)), ("bad", "good")[k % 2])
        lines.append(f"{' '.join(around)}\t{k % 2}")
    (place / "s.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    return place


def sentences(folder: Path, **more: Any) -> Sentences:
    return Sentences(str(folder / "s.tsv"), str(folder / "vocab.txt"), **more)


@settings(max_examples=150, deadline=None)
@given(text=st.text(st.sampled_from("goodbadfilmthe unls.'!中βé\u0301ÀBE\t\n\u00a0\u200b-")) | st.text(st.characters(max_codepoint=0x24F), max_size=30))
def test_pieces_are_those_of_the_released_tokenizer(text: str) -> None:
    tokenizers = pytest.importorskip("tokenizers", reason="the reference for word pieces: pip install tokenizers")
    vocabulary = {piece: k for k, piece in enumerate(PIECES)}
    theirs = tokenizers.BertWordPieceTokenizer(vocabulary, lowercase=True)
    assert _own(text) == theirs.encode(text).ids


def _own(text: str) -> list[int]:
    made = WordPieces.__new__(WordPieces)
    made._ids = {piece: k for k, piece in enumerate(PIECES)}
    made._word = made._cut  # type: ignore[method-assign,assignment]
    return made.ids(text, 10_000)


def test_pieces_by_hand(folder: Path) -> None:
    cut = WordPieces(folder / "vocab.txt")
    numbers = {p: k for k, p in enumerate(PIECES)}
    for text, expected in {"The ungoodly FILMS!": "[CLS] the un ##good ##ly film ##s ! [SEP]", "goody x": "[CLS] [UNK] [UNK] [SEP]",
                           "a中b\u00e9e": "[CLS] a 中 b ##e ##e [SEP]", "": "[CLS] [SEP]"}.items():  # fmt: skip
        assert cut.ids(text, 64) == [numbers[p] for p in expected.split()], text
    assert cut.ids("the good film", 4) == [2, numbers["the"], numbers["good"], 3] and words("é") == ["e"]
    with pytest.raises(ConfigError, match="cannot read the vocabulary"):
        WordPieces(folder / "none.txt")
    (folder / "wrong.txt").write_text("a\nb\n")
    with pytest.raises(ConfigError, match=r"lacks \[PAD\]"):
        WordPieces(folder / "wrong.txt")


@pytest.mark.parametrize("line", ["no label", "film\t2", "film\t-1", "film\tone", "\t1", "film\t1.0", "film\t²"])
def test_bad_lines(folder: Path, tmp_path: Path, line: str) -> None:
    file, vocabulary = tmp_path / "bad.tsv", str(folder / "vocab.txt")
    file.write_text(f"sentence\tlabel\ngood\t1\n{line}\nbad\t0\n", "utf-8")
    with pytest.raises(ConfigError, match="no sentence or no label") as found:
        Sentences(str(file), vocabulary)
    assert "bad.tsv:3" in str(found.value)
    with pytest.warns(UserWarning, match="bad.tsv:3"):
        kept = Sentences(str(file), vocabulary, bad="skip")
    assert kept.y.tolist() == [1, 0] and kept.skipped == ("bad.tsv:3",)


def test_files_that_are_none(folder: Path, tmp_path: Path) -> None:
    vocabulary = str(folder / "vocab.txt")
    (tmp_path / "head.tsv").write_text("sentence\tlabel\n")
    (tmp_path / "bytes.tsv").write_bytes(b"sentence\tlabel\n\xff\xfe\t1\n")
    for name, message in (("none.tsv", "cannot read"), ("head.tsv", "no sentence can be read"), ("bytes.tsv", "cannot read")):
        with pytest.raises(ConfigError, match=message):
            Sentences(str(tmp_path / name), vocabulary)
    for settings_ in ({"bad": "x"}, {"longest": 2}, {"longest": 1 << 40}):
        with pytest.raises(ConfigError):
            sentences(folder, **settings_)


def test_batches_of_like_lengths(folder: Path) -> None:
    data = sentences(folder)
    order = data.order(torch.Generator().manual_seed(3), 12)
    assert len(order) == 156 and len(set(order.tolist())) == 156
    assert torch.equal(order, data.order(torch.Generator().manual_seed(3), 12)) and not torch.equal(order, data.order(torch.Generator(), 12))
    spread = [int(data._lengths[b].max() - data._lengths[b].min()) for b in order.split(12)]
    assert max(spread) <= 6 and len({int(data._lengths[b].max()) for b in order.split(12)}) > 4
    x = data.floats(data.x[order[:12]])
    assert x.shape[1] % 4 == 0 and 0 <= x.shape[1] - int(data._lengths[order[:12]].max()) < 4


def test_words_replaced(folder: Path, tmp_path: Path) -> None:
    table = np.zeros((len(PIECES), 2), np.int32)
    table[5] = [6, 7]
    np.savez(tmp_path / "n.npz", neighbours=table)
    replace, x = ReplaceWords(str(tmp_path / "n.npz"), 0.5), sentences(folder).x[:64]
    whole = replace(x, torch.arange(64), 64, torch.Generator().manual_seed(1))
    share = [replace(x[r::2], torch.arange(r, 64, 2), 64, torch.Generator().manual_seed(1)) for r in (0, 1)]
    assert torch.equal(whole[0::2], share[0]) and torch.equal(whole[1::2], share[1])
    assert torch.equal(whole[x != 5], x[x != 5]) and {5, 6, 7} == set(whole[x == 5].tolist())
    np.savez(tmp_path / "few.npz", neighbours=table[:6] * 0)
    with pytest.raises(ConfigError, match="neighbours are of 6"):
        ReplaceWords(str(tmp_path / "few.npz"), 0.5)(x, torch.arange(64), 64, torch.Generator())
    for name, array in (("negative", table - 1), ("outside", table + 99), ("flat", table[0])):
        np.savez(tmp_path / f"{name}.npz", neighbours=array)
        with pytest.raises(ConfigError, match="neighbours are an array"):
            ReplaceWords(str(tmp_path / f"{name}.npz"))
    with pytest.raises(ConfigError, match="cannot read the neighbours"):
        ReplaceWords(str(tmp_path / "none.npz"))


def test_insides_on_two_processes(folder: Path, tmp_path: Path) -> None:
    """Each waits for the gradients of all that is trained: what makes logits has none."""
    data = {"type": "sentences", "file": str(folder / "s.tsv"), "vocabulary": str(folder / "vocab.txt")}
    torch.save(models.create("tinybert4", layers=2, size=(24, 48, 2)).state_dict(), tmp_path / "teacher.pth")
    teacher = {"type": "tinybert4", "layers": 2, "size": [24, 48, 2], "pretrained": str(tmp_path / "teacher.pth")}
    cfg = check(Config({"model": {"type": "tinybert4", "layers": 2, "size": [16, 32, 2]}, "data": {"train": data, "batch": 16}, "train": {"iterations": 4},
                        "task": {"type": "tinybert_inside", "teacher": teacher}, "optimizer": {"type": "AdamW", "lr": 0.003}, "threads": 1}))  # fmt: skip
    cfg.dump(tmp_path / "recipe.json")
    run = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "pith", "train"]
    done = subprocess.run([sys.executable, *run, str(tmp_path / "recipe.json"), "-o", str(tmp_path / "two"), "--quiet"],
                          env={**os.environ, "CUDA_VISIBLE_DEVICES": ""}, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    names = set(torch.load(tmp_path / "two" / "final.pt", weights_only=True))
    assert names == set(models.create("tinybert4", layers=2, size=(16, 32, 2)).state_dict())


def test_two_stages(folder: Path, tmp_path: Path) -> None:
    """The teacher learns the sentences, the student learns its insides and then, without labels, its predictions; compiled C says the same."""
    data = {"type": "sentences", "file": str(folder / "s.tsv"), "vocabulary": str(folder / "vocab.txt")}

    def cfg(width: int, **more: Any) -> Config:
        return check(Config({"model": {"type": "tinybert4", "layers": 2, "size": [width, 2 * width, 2]}, "data": {"train": data, "val": data, "batch": 16},
                             "train": {"epochs": 4}, "optimizer": {"type": "AdamW", "lr": 0.003}, "threads": 1, **more}))  # fmt: skip

    done = Runner(cfg(24, precision="bf16-mixed"), tmp_path / "teacher", quiet=True).run()
    assert float(done["val_accuracy"]) > 0.95
    teacher = {"type": "tinybert4", "layers": 2, "size": [24, 48, 2], "pretrained": str(tmp_path / "teacher" / "final.pt")}
    inside = Runner(cfg(16, task={"type": "tinybert_inside", "teacher": teacher}), tmp_path / "inside", quiet=True)
    before = float(inside.task.loss(inside.net.eval(), *inside.batch(0)[:2]).detach())
    inside.net.train()
    assert inside.run()["loss"] < 0.7 * before
    assert all((p.grad is None) == name.startswith(("classifier.", "bert.pooler.")) and p.requires_grad for name, p in inside.module.named_parameters())
    student = {"type": "tinybert4", "layers": 2, "size": [16, 32, 2], "pretrained": str(tmp_path / "inside" / "final.pt")}
    shuffled = {**data, "file": str(tmp_path / "wrong.tsv")}  # labels are not looked at
    lines = (folder / "s.tsv").read_text("utf-8").splitlines()
    (tmp_path / "wrong.tsv").write_text("\n".join([lines[0], *(line[:-1] + "0" for line in lines[1:-1]), lines[-1]]), "utf-8")
    taught = Runner(cfg(16, task={"type": "tinybert_prediction", "teacher": teacher}, model=student, data={"train": shuffled, "val": data, "batch": 16}),
                    tmp_path / "taught", quiet=True)  # fmt: skip
    x, y, _ = taught.batch(0)
    with torch.no_grad():
        p, z = taught.module.eval()(x).double().log_softmax(1), taught.task._teacher(x).double().softmax(1)
        assert float(taught.task.loss(taught.net, x, y)) == pytest.approx(float(-(z * p).mean()), rel=1e-5)
    taught.net.train()
    assert float(taught.run()["val_accuracy"]) > 0.95
    net = models.create("tinybert4", pretrained=tmp_path / "taught" / "final.pt", layers=2, size=(16, 32, 2))
    x = sentences(folder, longest=20).x
    session = pith.from_torch(net, (x[:4],), opt="-O1")
    with torch.no_grad():
        expected = net(x[4:8]).numpy()
    assert np.abs(np.asarray(session(x[4:8].numpy())) - expected).max() <= 1e-4 * np.abs(expected).max()


def test_teachers_that_do_not_fit(folder: Path, tmp_path: Path) -> None:
    data = {"type": "sentences", "file": str(folder / "s.tsv"), "vocabulary": str(folder / "vocab.txt")}
    for name, size, layers in (("heads", (24, 24, 3), 2), ("layers", (16, 16, 2), 3)):
        torch.save(models.create("tinybert4", layers=layers, size=size).state_dict(), tmp_path / f"{name}.pth")
        task = {"type": "tinybert_inside", "teacher": {"type": "tinybert4", "layers": layers, "size": list(size), "pretrained": str(tmp_path / f"{name}.pth")}}
        cfg = check(Config({"model": {"type": "tinybert4", "layers": 2, "size": [16, 16, 2]}, "data": {"train": data}, "task": task, "train": {"epochs": 1}}))
        with pytest.raises(ConfigError, match=r"heads|layers"):
            Runner(cfg, tmp_path / "out", quiet=True)
    torch.save(models.create("tinybert4", layers=2, labels=3, size=(16, 16, 2)).state_dict(), tmp_path / "three.pth")
    teacher = {"type": "tinybert4", "layers": 2, "labels": 3, "size": [16, 16, 2], "pretrained": str(tmp_path / "three.pth")}
    cfg.task = {"type": "tinybert_prediction", "teacher": teacher, "smoothing": 0.1}
    with pytest.raises(ConfigError, match=r"the teacher gives \[3\], the network \[2\]"):
        Runner(cfg, tmp_path / "out", quiet=True)
    assert not (tmp_path / "out").exists()
