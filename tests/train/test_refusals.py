"""What a training refuses, or stops at, and what it says then: settings, data, networks and losses."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install pith[train]")
pytest.importorskip("lightning_fabric", reason="training needs Lightning Fabric: pip install pith[train]")

from pith.config import parse_overrides  # noqa: E402
from pith.graph.errors import ConfigError, PithError  # noqa: E402
from pith.train.data.sets import DataSet, Folder  # noqa: E402
from pith.train.recipe import check, load  # noqa: E402
from pith.train.runner import Diverged, Runner  # noqa: E402
from tests.train.nets import made  # noqa: E402


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    for out in (tmp_path / "out", tmp_path / "out" / "below"):
        with pytest.raises(ConfigError, match="here is a file of that name") as refusal:
            Runner(made(tmp_path), out, quiet=True)
        assert refusal.value.where == str(tmp_path / "out") and (tmp_path / "out").read_text() == "mine"


def test_a_warm_up_longer_than_the_training(tmp_path: Path) -> None:
    """A short try of a long recipe: it runs, and says that the rate stays low."""
    with pytest.warns(UserWarning, match=r"schedule\.warmup: 143 steps are not over.* after 72: the rate gets to 50% of optimizer\.lr"):
        Runner(made(tmp_path, **{"schedule.warmup": 143}), tmp_path / "out", quiet=True)


def test_pixels_are_divided_by_a_deviation(tmp_path: Path) -> None:
    x, y = torch.zeros(2, 3, 4, 4, dtype=torch.uint8), torch.arange(2)
    for settings in ({"std": 0.0}, {"std": [1.0, 0.0, 1.0]}, {"std": -1.0}, {"std": [1.0, 1.0]}, {"mean": float("nan")}, {"mean": "x"}, {"mean": [[1.0], []]}):
        with pytest.raises(ConfigError, match=f"{next(iter(settings))} is a number"):
            DataSet(x, y, 2, **settings)
    np.savez(tmp_path / "none.npz", x=x.numpy()[:0], y=np.zeros(0, np.float32))
    with pytest.raises(ConfigError, match="0 inputs and 0 labels") as refusal:  # it is told which of the two
        Runner(made(tmp_path, **{"data.val.file": str(tmp_path / "none.npz")}), tmp_path / "out", quiet=True)
    assert refusal.value.where == "data.val"
    assert DataSet(x.flatten(1), y, 2, mean=0.5).floats(x.flatten(1)).shape == (2, 48)


def test_a_loss_that_is_no_number_stops_with_the_batch(tmp_path: Path) -> None:
    cfg = made(tmp_path)
    np.savez(tmp_path / "data.npz", x=np.ones((32, 3, 8, 8), np.float32), y=np.arange(32) % 4)
    run = Runner(cfg, tmp_path / "out", quiet=True)
    run.train.x[21, 0, 0, 0] = float("nan")
    with pytest.raises(Diverged, match="the loss is nan in step"):
        run.run()
    assert not (tmp_path / "out" / "recipe.yaml").exists()
    saved = torch.load(tmp_path / "out" / "nan_batch.pt", weights_only=True)
    assert 21 in saved["indices"] and saved["x"].shape == (16, 3, 8, 8) and saved["x"].isnan().sum() == 1


def test_the_advice_after_a_loss_that_is_no_number_can_be_typed(tmp_path: Path) -> None:
    """In the same folder too, as long as no checkpoint was made."""
    hot = {"optimizer.lr": 1e30, "optimizer.momentum": 0.0, "schedule.warmup": 0}
    with pytest.raises(Diverged) as refusal:
        Runner(made(tmp_path, **hot), tmp_path / "out", quiet=True).run()
    typed = [word for word in shlex.split(refusal.value.try_) if word.startswith("hooks=")]
    cfg = made(tmp_path)
    cfg.merge_from_dict(parse_overrides(typed))
    run = Runner(check(cfg), tmp_path / "out", quiet=True)
    assert type(run.hooks[-1]).__name__ == "Clip"
    assert run.run()["steps"] == 72 and load(tmp_path / "out" / "recipe.yaml") == cfg
    with pytest.raises(Diverged, match=r"\{type: clip\} among the hooks"):
        Runner(made(tmp_path, hooks=[{"type": "csv", "every": 2}], **hot), tmp_path / "other", quiet=True).run()
    with pytest.raises(Diverged, match="in step 7") as refusal:
        late = Runner(made(tmp_path, hooks=cfg.hooks), tmp_path / "late", quiet=True)
        late.rates = [1e30 if late.step else 0.1]
        late.schedule = lambda step, _: 1e30 if step == 6 else 1
        late.run()
    assert "smaller norm of the hook clip; anew in another folder" in refusal.value.try_


@pytest.mark.parametrize(("changes", "message"), [
    ({"name": 3}, "name is text.*this is 3"), ({"name": "../out"}, "name is text"), ({"threads": 100_000}, "threads is .* at most 1024"),
    ({"optimizer": {"type": "Adam"}}, "unexpected keyword argument 'momentum'.*`_delete_: true` beside"), ({"seed": 1 << 31}, "seed is .* at most 2147483647"),
    ({"model.classes": 5}, "tells 5 classes apart, the data have 4"), ({"model.type": "plain_nut"}, "no network 'plain_nut'"),
    ({"model.width": 2}, "cannot be made with width.*it takes classes"), ({"model.classes": "three"}, "classes is a whole number, not 'three'"),
    ({"model": {"type": "bnn_vgg", "method": "ternary"}}, "method is bnn or bireal or real, not 'ternary'"),
    ({"optimizer.type": "SDG"}, "no optimizer 'SDG'\n.*SGD"),
    ({"optimizer": {"_delete_": True, "type": "Adam", "betas": [0.9]}}, r"betas is a list of 2: a number.*, not \[0.9\]"),
    ({"optimizer.speed": 1}, "unexpected keyword argument 'speed'"), ({"data.train.file": "none.npz"}, "cannot read the arrays"),
    ({"data.batch": 97}, "less than a batch"), ({"hooks": [{"type": "clap"}]}, "no hook 'clap'"), ({"model": {"type": "tinybert4"}}, "cannot read the data"),
    ({"data.train.classes": 3, "model.classes": 3}, "a label is 3"), ({"optimizer.lr": -1.0}, "lr is at least 0, not -1.0.*optimizer.lr"),
    ({"schedule.warmup": -1}, "warmup is at least 0, not -1"), ({"schedule.warmup": "ten"}, "warmup is a whole number, not 'ten'.*schedule.warmup"),
    ({"hooks": [{"type": "evaluate", "every": 0}]}, "every is at least 1, not 0"), ({"data.train.limit": -3}, "0 for all, not -3"),
    ({"data.train.limit": "abc"}, "limit is a whole number, not 'abc'.*data.train.limit"), ({"data.train.file": 5}, "file is text, not 5.*data.train.file"),
    ({"data.train": {"_delete_": True, "type": "cifar10", "split": "tset"}}, "split is train or test, not 'tset'"),
    ({"data.train": {"_delete_": True, "type": "mnist", "split": "tset"}}, "split is train or test, not 'tset'"),
    ({"data.train": {"_delete_": True, "type": "folder", "folder": ".", "size": [32]}}, "size is .height, width. in pixels, not .32."),
    ({"model": "resnet8"}, "model is a mapping with `type`, not 'resnet8'.*model.type=resnet8"), ({"task": "ctc"}, "task is a mapping.*task.type=ctc"),
    ({"data.augment": "crop_flip"}, "data.augment is a mapping.*data.augment.type=crop_flip"),
    ({"hooks": ["clip"]}, r"hooks.0 is a mapping.*'hooks=\[{type: clip}\]'"),
    ({"model.type": "plain_nte"}, "no network 'plain_nte'.*plain_net"), ({"model.classes": -4}, "plain_net cannot be made.*model"),
    ({"task.type": "clasification"}, "no task 'clasification'.*task.*classification"), ({"data.train.type": "array"}, "no data set 'array'.*arrays"),
    ({"schedule": {"_delete_": True, "type": "steps", "at": 5}}, "at is a list, each a number, not 5.*schedule.at"),
    ({"schedule": {"_delete_": True, "type": "steps", "at": [0.5, 80]}}, "at most 1, not 80.*schedule.at.1"),
    ({"schedule.warmup": 2.5}, "whole number, not 2.5"), ({"schedule.warmup": True}, "whole number, not True"),
    *[({"optimizer.lr": value}, f"lr is .*{str(value)[:99]}.*optimizer.lr") for value in (float("nan"), float("inf"), -0.1, 10**400, "fast")],
    ({"optimizer.momentum": -2.0}, "SGD cannot be made.*momentum"), ({"optimizer.nesterov": "yes"}, "nesterov is true or false, not 'yes'"),
    *[({"data.augment": {"type": "crop_flip", "pad": 1, **change}}, message + ".*data.augment") for change, message in (
        ({"pad": "x"}, "pad is a whole number, not 'x'"), ({"pad": -1}, "pad is at least 0, not -1"), ({"cutout": -3}, "cutout is at least 0, not -3"),
        ({"flip": 2.0}, "flip is at least 0, at most 1, not 2.0"), ({"pads": 1}, "cannot be made"), ({"pad": 8}, "8 x 8 cannot be moved by 8 pixels"))],
    ({"data.augment": {"type": "shift_frames"}}, r"shift_frames is for recordings.*not \[2, 3, 8, 8\]"),
    ({"data.train.file": "labels.npz", "data.train.classes": 4}, r"a classifier learns a whole number.*labels are \[\] of float32.*task.type=regression"),
    ({"data.train.file": "rows.npz"}, r"labels are shares of the classes, at least 0 and 1 together"),
    ({"data.train.file": "rows.npz", "model.classes": 3}, r"a classifier learns a whole number.*labels are \[4\] of float32"),
    ({"data.train.file": "rows.npz", "task.type": "squared_hinge"}, r"a classifier learns a whole number.*labels are \[4\] of float32"),
    ({"data.train.file": "negative.npz"}, "a label is -1.*classes begin with 0"), ({"data.train.file": "empty.npz"}, "0 inputs and 0 labels"),
    ({"data.train.file": "nan.npz"}, "input 7 holds numbers that are not finite.*data.train"),
    ({"data.augment": {"type": "text_colours"}, "data.train.file": "floats.npz"}, r"text_colours is for pictures.*\[2, 3, 8, 8\] of float32"),
    ({"data.augment": {"type": "shift_frames"}, "data.train.file": "grey.npz"}, r"shift_frames is for recordings.*\[2, 1, 8, 8\] of uint8"),
    ({"data.augment": {"type": "crop_flip", "pad": 1}, "data.train.file": "maps.npz"}, "cannot be varied.*what they should give would not"),
    ({"data.augment": {"type": "crop_flip", "pads": 1}}, "data.augment.*unexpected keyword argument 'pads'.*it takes pad, flip, cutout"),
    ({"hooks": [{"type": "clip", "norm": 0}]}, "norm is above 0, not 0"), ({"hooks": [{"type": "clip", "priority": "first"}]}, "priority is at least"),
    ({"hooks": {"type": "clip"}}, r"hooks are a list.*'hooks=\[{type: clip}\]'"), ({"task.smoothing": 1.5}, "smoothing is at least 0, at most 1, not 1.5"),
    ({"task": {"type": "squared_hinge", "smoothing": 0.1}}, "unexpected keyword argument 'smoothing'"),
    ({"task": {"type": "tinybert_inside", "smoothing": 0.1}}, "unexpected keyword argument 'smoothing'.*it takes teacher"),
])  # fmt: skip
def test_refused_before_the_first_step(changes: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PITH_DATA", str(tmp_path))
    labels = np.arange(96) % 4
    floats = np.zeros((96, 3, 8, 8))  # of float64, as NumPy makes them
    np.savez(tmp_path / "floats.npz", x=floats, y=labels)
    np.savez(tmp_path / "labels.npz", x=floats, y=labels + 0.5)
    np.savez(tmp_path / "rows.npz", x=floats, y=np.zeros((96, 4)))
    np.savez(tmp_path / "negative.npz", x=floats, y=labels - 1)
    np.savez(tmp_path / "empty.npz", x=floats[:0], y=labels[:0])
    floats[7, 1, 2, 3] = np.nan
    np.savez(tmp_path / "nan.npz", x=floats, y=labels)
    if changes.get("data.train.file") == "grey.npz":
        np.savez(tmp_path / "grey.npz", x=np.zeros((96, 1, 8, 8), np.uint8), y=labels)
        monkeypatch.setattr(torch.nn.Conv2d, "forward", lambda self, x: torch.zeros(len(x), 8, 3, 3))
    if changes.get("data.train.file") == "maps.npz":
        np.savez(tmp_path / "maps.npz", x=np.zeros((96, 3, 8, 8), np.uint8), y=np.zeros((96, 3, 8, 8), np.float32))
        monkeypatch.setattr("pith.train.tasks.Labelled.check", lambda *_: None)
    with pytest.raises(PithError) as refusal:
        Runner(made(tmp_path, **changes), tmp_path / "out")

    assert re.search(message, str(refusal.value), re.S)
    assert not (tmp_path / "out").exists()


def test_classes_are_those_of_both_sets(tmp_path: Path) -> None:
    """By their names: the second of two sets may not be another class."""
    for part, kinds in (("train", "abcd"), ("val", "abce")):
        for k, kind in enumerate(kinds):
            (tmp_path / part / kind).mkdir(parents=True)
            for n in range(4):
                Image.fromarray(np.full((8, 8, 3), 40 * k + n, np.uint8)).save(tmp_path / part / kind / f"{n}.png")
    data = {part: {"_delete_": True, "type": "folder", "folder": str(tmp_path / part), "size": 8} for part in ("train", "val")}
    changes = {"data.train": data["train"], "data.val": data["val"], "data.batch": 16}
    with pytest.raises(ConfigError, match="other classes") as refusal:
        Runner(made(tmp_path, **changes), tmp_path / "out", quiet=True)
    assert "only one has d, e" in str(refusal.value)
    (tmp_path / "val" / "d").mkdir()
    (tmp_path / "train" / "e").mkdir()
    assert Runner(made(tmp_path, **changes, **{"model.classes": 5}), tmp_path / "out", quiet=True).val.names == ("a", "b", "c", "d", "e")


def test_a_corrupt_picture_is_named(tmp_path: Path) -> None:
    for kind in "ab":
        (tmp_path / kind).mkdir()
        for k in range(3):
            Image.new("RGB", (9, 7), (k * 50, 0, 0)).save(tmp_path / kind / f"{k}.png")
    bad = tmp_path / "b" / "1.png"
    bad.write_bytes(bad.read_bytes()[:50])
    with pytest.raises(ConfigError) as refusal:
        Folder(str(tmp_path), [8, 8])
    assert refusal.value.where == str(bad)
    with pytest.warns(UserWarning, match=r"1\.png"):
        data = Folder(str(tmp_path), [8, 8], bad="skip")
    assert data.skipped == (str(bad),) and data.y.tolist() == [0, 0, 0, 1, 1] and data.x.shape == (5, 3, 8, 8)
    told = {"_delete_": True, "type": "folder", "folder": str(tmp_path), "size": 8, "bad": "skip"}
    with pytest.warns(UserWarning, match=r"data\.train: 1 could not be read and were skipped, 5 are left"):
        Runner(made(tmp_path, **{"data.train": told, "data.val": None, "data.batch": 5, "model.classes": 2}), tmp_path / "out", quiet=True)
    bad.unlink()
    with pytest.warns(UserWarning, match="another mean or std"):
        Runner(made(tmp_path, **{"data.train": told, "data.val": {**told, "mean": 0.1}, "data.batch": 5, "model.classes": 2}), tmp_path / "out", quiet=True)
