"""Training by recipe: it learns, goes on after a kill as if nothing had been, shares a batch among processes, and refuses what cannot work."""

from __future__ import annotations

import csv
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install pith[train]")
pytest.importorskip("lightning_fabric", reason="training needs Lightning Fabric: pip install pith[train]")

from benchmarks.kill_and_resume import kill_and_resume, recipe  # noqa: E402
from pith import models  # noqa: E402
from pith.cli.main import app  # noqa: E402
from pith.config import Config, parse_overrides  # noqa: E402
from pith.graph.errors import BuildError, ConfigError, PithError  # noqa: E402
from pith.models import registry  # noqa: E402
from pith.train import checkpoint  # noqa: E402
from pith.train.data.sets import DataSet, Folder  # noqa: E402
from pith.train.hooks import Hook  # noqa: E402
from pith.train.recipe import check, load  # noqa: E402
from pith.train.runner import Diverged, Runner  # noqa: E402


def plain_net(classes: int = 4) -> torch.nn.Module:
    """Without batch normalisation, whose statistics are of one process."""
    return torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, 2), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(72, classes))


registry._load()
if "plain_net" not in registry.ENTRIES:
    registry.register(registry.Entry("plain_net", "tests.train.test_runner:plain_net", ((1, 3, 8, 8),), "for tests", "none"))


def made(folder: Path, **changes: Any) -> Config:
    """Four kinds of pictures that a small network can learn."""
    rng = np.random.default_rng(0)
    y = np.arange(96) % 4
    x = rng.integers(0, 120, (96, 3, 8, 8)).astype(np.uint8)
    for k in range(96):
        x[k, y[k] % 3, 4 * (y[k] // 3) :] += 90
    np.savez(folder / "data.npz", x=x, y=y)
    arrays = {"type": "arrays", "file": str(folder / "data.npz")}
    cfg = Config({"model": {"type": "plain_net"}, "data": {"train": arrays, "val": arrays, "batch": 16}, "train": {"epochs": 12}, "threads": 1,
                  "optimizer": {"type": "SGD", "lr": 0.1, "momentum": 0.9}, "schedule": {"type": "cosine", "warmup": 3}})  # fmt: skip
    cfg.merge_from_dict(changes)
    return check(cfg)


def log(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((out / "log.csv").open()))


def test_it_learns_and_logs(tmp_path: Path) -> None:
    cfg = made(tmp_path, hooks=[{"type": "clip", "norm": 5.0}, {"type": "csv", "every": 4}], precision="bf16-mixed")
    done = Runner(cfg, tmp_path / "out", quiet=True).run()
    rows = log(tmp_path / "out")
    assert float(done["val_accuracy"]) == 1.0 and float(rows[-1]["loss"]) < 0.3 * float(rows[0]["loss"])
    assert [int(r["step"]) for r in rows] == sorted({*range(6, 73, 6), *range(4, 73, 4)})
    assert load(tmp_path / "out" / "recipe.yaml") == cfg
    assert checkpoint.found(tmp_path / "out") == [66, 72]
    with pytest.raises(ConfigError, match="holds a training already"):
        Runner(cfg, tmp_path / "out")
    cfg.optimizer.lr = 0.2
    with pytest.raises(ConfigError, match="another recipe") as refusal:
        Runner(cfg, tmp_path / "out", resume=True)
    assert "lr: 0.2 (it was lr: 0.1)" in refusal.value.why


def test_killed_and_resumed_is_the_same(tmp_path: Path) -> None:
    outcome = kill_and_resume(tmp_path, kills=3, iterations=30)
    assert outcome.kills >= 1 and outcome.same, outcome


def test_in_float64_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights and the optimizer's state are of that type again, and data.val is read."""
    cfg = made(tmp_path, **{"precision": "64-true", "train.epochs": 2, "checkpoint.every": 5})
    whole = Runner(cfg, tmp_path / "whole", quiet=True)
    whole.run()
    part = Runner(cfg, tmp_path / "part", quiet=True)
    monkeypatch.setattr(part, "save", lambda: Runner.save(part) if part.step < 8 else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        part.run()
    (tmp_path / "part" / "other.1.part").touch()
    assert checkpoint.newest(tmp_path / "part")[0] is not None and (tmp_path / "part" / "other.1.part").exists()
    again = Runner(cfg, tmp_path / "part", resume=True, quiet=True)
    assert not (tmp_path / "part" / "other.1.part").exists() and again.step == 5
    again.run()
    for a, b in zip(whole.module.parameters(), again.module.parameters(), strict=True):
        assert a.dtype == torch.float64 and torch.equal(a, b)
    assert log(tmp_path / "whole") and all("val_accuracy" in row for row in log(tmp_path / "whole"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here, which is a disk that is full")
@pytest.mark.parametrize("name", ["step_000000004.pt", "log.csv", "recipe.yaml", "final.pt"])
def test_a_full_disk(name: str, tmp_path: Path) -> None:
    """Named, nothing half remains, and with space again the training ends as if nothing had been."""
    cfg = made(tmp_path, **{"train": {"epochs": 0, "iterations": 9}, "checkpoint.every": 2})
    Runner(cfg, tmp_path / "whole", quiet=True).run()
    out = tmp_path / "out"
    out.mkdir()
    (out / f"{name}.{os.getpid()}.part").symlink_to("/dev/full")
    with pytest.raises(BuildError, match="the disk is full") as refusal:
        Runner(cfg, out, quiet=True).run()
    assert refusal.value.where == str(out / name) and "No space left" in refusal.value.why and "--resume" in refusal.value.try_
    assert not list(out.glob("*.part")) and not (out / name).exists()
    steps = {"step_000000004.pt": [2], "log.csv": [2, 4], "recipe.yaml": [], "final.pt": [8, 9]}[name]
    assert checkpoint.found(out) == steps and checkpoint.newest(out)[1] == []
    Runner(cfg, out, resume=True, quiet=True).run()
    one, other = (torch.load(tmp_path / run / "final.pt", weights_only=True) for run in ("whole", "out"))
    assert all(torch.equal(one[k], other[k]) for k in one) and load(out / "recipe.yaml") == cfg and [r["step"] for r in log(out)] == ["6", "9"]


def test_what_pytorch_makes_of_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def save(_state: Any, file: Any) -> None:
        file.write(b"half")
        raise RuntimeError("[enforce fail at inline_container.cc:603] . unexpected pos 448 vs 342\nmore")

    monkeypatch.setattr(torch, "save", save)
    with pytest.raises(BuildError, match="cannot be written") as refusal:
        checkpoint.write(tmp_path / "final.pt", {})
    assert refusal.value.why.endswith("pos 448 vs 342") and refusal.value.where == str(tmp_path / "final.pt") and not list(tmp_path.iterdir())


def test_a_second_training_in_the_folder_of_one_that_runs(tmp_path: Path) -> None:
    """Refused from the first step of the other on, long before that has a checkpoint."""

    class Second(Hook):
        def after_step(self, run: Runner) -> None:
            with pytest.raises(ConfigError, match="holds a training already"):
                Runner(made(tmp_path), tmp_path / "out", quiet=True)

    run = Runner(made(tmp_path, **{"train": {"epochs": 0, "iterations": 2}}), tmp_path / "out", quiet=True)
    run.hooks.append(Second())
    assert run.run()["steps"] == 2


def test_what_a_hook_must_know_is_in_the_checkpoint(tmp_path: Path) -> None:
    """An average of weights, say: stopped and gone on with, it is what it would have been."""

    class Average(Hook):
        def __init__(self) -> None:
            self.mean = torch.zeros(())

        def after_step(self, run: Runner) -> None:
            self.mean = 0.9 * self.mean + 0.1 * sum(p.detach().sum() for p in run.module.parameters())

        def state(self) -> dict[str, Any]:
            return {"mean": self.mean}

        def restore(self, state: dict[str, Any]) -> None:
            self.mean = state.get("mean", self.mean)

    class Stop(Hook):
        def after_step(self, run: Runner) -> None:
            if run.step == 5:
                raise KeyboardInterrupt

    def trained(out: Path, *more: Hook, resume: bool = False) -> torch.Tensor:
        run = Runner(made(tmp_path, **{"train": {"epochs": 0, "iterations": 9}, "checkpoint.every": 2}), out, resume=resume, quiet=True)
        average = Average()
        run.hooks += [average, *more]
        run.run()
        return average.mean

    whole = trained(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "out", Stop())
    assert float(whole) != 0 and torch.equal(trained(tmp_path / "out", resume=True), whole)


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


@pytest.mark.parametrize("left", [0, 1000])
def test_a_damaged_checkpoint_is_passed_over(left: int, tmp_path: Path) -> None:
    cfg = check(Config(recipe(tmp_path, 9)))
    Runner(cfg, tmp_path / "out", quiet=True).run()
    final = torch.load(tmp_path / "out" / "final.pt", weights_only=True)
    newest = tmp_path / "out" / "step_000000009.pt"
    newest.write_bytes(newest.read_bytes()[:left])
    with pytest.warns(UserWarning, match=r"step_000000009\.pt cannot be read"):
        runner = Runner(cfg, tmp_path / "out", resume=True, quiet=True)
    assert runner.step == 6
    runner.run()
    again = torch.load(tmp_path / "out" / "final.pt", weights_only=True)
    assert all(torch.equal(final[k], again[k]) for k in final)


def test_checkpoints_of_a_damaged_run_do_not_push_out_those_of_the_next(tmp_path: Path) -> None:
    cfg = check(Config(recipe(tmp_path, 9)))
    Runner(cfg, tmp_path / "out", quiet=True).run()
    for path in (tmp_path / "out").glob("step_*.pt"):
        path.write_bytes(b"")
    with pytest.warns(UserWarning, match="cannot be read"):
        runner = Runner(cfg, tmp_path / "out", resume=True, quiet=True)
    runner.total = 3
    runner.run()
    with pytest.warns(UserWarning, match="cannot be read"):
        assert Runner(cfg, tmp_path / "out", resume=True, quiet=True).step == 3


def test_the_recipe_of_a_folder_is_what_was_run(tmp_path: Path) -> None:
    """Killed before its first checkpoint, and begun again with another rate."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "recipe.yaml").write_text(made(tmp_path).pretty_text)
    cfg = made(tmp_path, **{"optimizer.lr": 0.01})
    Runner(cfg, tmp_path / "out", resume=True, quiet=True).run()
    assert load(tmp_path / "out" / "recipe.yaml") == cfg


def test_labels_may_be_shares(tmp_path: Path) -> None:
    """Of one class alone they are what numbers of classes are."""
    cfg = made(tmp_path, **{"train.epochs": 2})
    done = Runner(cfg, tmp_path / "one", quiet=True).run()
    with np.load(tmp_path / "data.npz") as arrays:
        x, y = arrays["x"], arrays["y"]
    np.savez(tmp_path / "data.npz", x=x, y=np.eye(4)[y])
    again = Runner(cfg, tmp_path / "two", quiet=True).run()
    assert again["loss"] == pytest.approx(done["loss"], rel=1e-4) and again["val_accuracy"] == done["val_accuracy"]


def test_a_folder_of_a_training_that_ended_keeps_its_recipe(tmp_path: Path) -> None:
    """Gone on with after its checkpoints were removed, and stopped before the first."""
    cfg = made(tmp_path)
    Runner(cfg, tmp_path / "out", quiet=True).run()
    for path in (tmp_path / "out").glob("step_*.pt"):
        path.unlink()
    run = Runner(made(tmp_path, **{"optimizer.lr": 0.01}), tmp_path / "out", resume=True, quiet=True)
    run.train.x = run.train.x * float("nan")
    with pytest.raises(Diverged):
        run.run()
    assert load(tmp_path / "out" / "recipe.yaml") == cfg


def test_other_data_are_not_gone_on_with(tmp_path: Path) -> None:
    cfg = made(tmp_path, **{"checkpoint.every": 6})
    Runner(cfg, tmp_path / "out", quiet=True).run()
    (tmp_path / "out" / "final.pt").unlink()
    with np.load(tmp_path / "data.npz") as arrays:
        x, y = 255 - arrays["x"], arrays["y"]
    np.savez(tmp_path / "data.npz", x=x, y=y)
    with pytest.raises(ConfigError, match="had other data") as refusal:
        Runner(cfg, tmp_path / "out", resume=True, quiet=True)
    assert refusal.value.where == "data.train"


def test_a_process_without_samples_to_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 96 in batches of 64 the second of two processes has the last 32, of 20 it has none."""

    class Whole(DataSet):
        def floats(self, x: torch.Tensor) -> torch.Tensor:
            assert len(x), "asked for no samples"
            return super().floats(x)

    def gather(out: list[Any], mine: Any) -> None:
        out[:] = [mine, {}]

    run = Runner(made(tmp_path, **{"data.batch": 64}), tmp_path / "out", quiet=True)
    monkeypatch.setattr("torch.distributed.all_gather_object", gather)
    run.world, run.rank = 2, 1
    run.val = Whole(run.val.x, run.val.y, 4)
    assert 0 <= run.evaluate()["accuracy"] <= 1
    run.val = Whole(run.val.x[:20], run.val.y[:20], 4)
    assert run.evaluate() == {}


def test_the_last_step_is_logged_once(tmp_path: Path) -> None:
    cfg = made(tmp_path, **{"train": {"epochs": 0, "iterations": 8}, "hooks": [{"type": "csv", "every": 2}], "data.batch": 32})
    done = Runner(cfg, tmp_path / "out", quiet=True).run()
    assert [r["step"] for r in log(tmp_path / "out")] == ["2", "3", "4", "6", "8"]
    assert isinstance(done["val_accuracy"], float)


def test_two_processes_equal_one(tmp_path: Path) -> None:
    cfg = made(tmp_path, **{"train.epochs": 3, "data.augment": {"type": "crop_flip", "pad": 1, "cutout": 3}, "hooks": [{"type": "csv", "every": 1}]})
    cfg.dump(tmp_path / "recipe.json")
    Runner(cfg, tmp_path / "one", quiet=True).run()
    script = tmp_path / "two.py"
    script.write_text(
        "import sys, tests.train.test_runner\nfrom pith.cli.main import main\n"
        f"sys.argv[1:] = ['train', {str(tmp_path / 'recipe.json')!r}, '-o', {str(tmp_path / 'two')!r}, '--quiet']\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2]), "CUDA_VISIBLE_DEVICES": ""}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    one, two = log(tmp_path / "one"), log(tmp_path / "two")
    assert [r["step"] for r in one] == [r["step"] for r in two] and len(one) == 18
    np.testing.assert_allclose([float(r["loss"]) for r in two], [float(r["loss"]) for r in one], rtol=2e-5)
    assert [r["val_accuracy"] for r in one] == [r["val_accuracy"] for r in two]


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
    import re

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


def test_a_teacher(tmp_path: Path) -> None:
    """The loss is that of the formula, the teacher is not changed; one that cannot teach is refused."""
    torch.manual_seed(5)
    teacher = plain_net()
    torch.save(teacher.state_dict(), tmp_path / "teacher.pth")
    for name, other in (("three", plain_net(3)), ("words", models.create("text_cnn", width=8))):
        torch.save(other.state_dict(), tmp_path / f"{name}.pth")
    told = {"type": "plain_net", "pretrained": str(tmp_path / "teacher.pth")}
    task = {"type": "distillation", "hard": 0.25, "soft": 0.75, "temperature": 2.0, "teacher": told}
    run = Runner(made(tmp_path, task=task), tmp_path / "out", quiet=True)
    x, y, _ = run.batch(0)
    p, z = (net(x).detach().double().numpy() for net in (run.module, teacher))
    log_p, log_z, hard = (v - np.log(np.exp(v).sum(1, keepdims=True)) for v in (p / 2, z / 2, p))
    expected = 0.75 * 4 * (np.exp(log_z) * (log_z - log_p)).sum(1).mean() - 0.25 * hard[np.arange(16), y.numpy()].mean()
    assert float(run.task.loss(run.net, x, y).detach()) == pytest.approx(expected, rel=1e-5)
    assert float(run.run()["val_accuracy"]) > 0.3 and all(torch.equal(a, b) for a, b in zip(run.task._teacher.parameters(), teacher.parameters(), strict=True))
    for teacher_cfg, message in (({"type": "plain_net"}, "`pretrained`"), ({"type": "plain_nut", "pretrained": "a"}, "no network"),
                                 ({"type": "plain_net", "pretrained": "none.pth"}, "no weight file"), ({**told, "classes": -1}, "cannot be made"),
                                 ({**told, "classes": 3, "pretrained": str(tmp_path / "three.pth")}, r"the teacher gives \[3\], the network \[4\]"),
                                 ({"type": "text_cnn", "width": 8, "pretrained": str(tmp_path / "words.pth")}, "teacher cannot read the data")):  # fmt: skip
        with pytest.raises(ConfigError, match=message):
            Runner(made(tmp_path, task={**task, "teacher": teacher_cfg}), tmp_path / "other", quiet=True)


def test_weights_to_begin_with_lie_below_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a teacher's do."""
    monkeypatch.setenv("PITH_DATA", str(tmp_path))
    (tmp_path / "runs").mkdir()
    torch.save(plain_net().state_dict(), tmp_path / "runs" / "begun.pth")
    run = Runner(made(tmp_path, **{"model.pretrained": "runs/begun.pth"}), tmp_path / "out", quiet=True)
    assert all(torch.equal(v, run.module.state_dict()[k]) for k, v in torch.load(tmp_path / "runs" / "begun.pth", weights_only=True).items())
    with pytest.raises(ConfigError, match="no weight file"):
        Runner(made(tmp_path, **{"model.pretrained": "runs/none.pth"}), tmp_path / "out", quiet=True)


def test_channels_last_and_depthwise_layers_in_floats(tmp_path: Path) -> None:
    """A depthwise layer of a bfloat16 training gives what float32 gives for the values it gets, to the bit, and is itself again afterwards."""
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 1), torch.nn.Conv2d(8, 8, 3, 2, groups=8), torch.nn.Flatten(), torch.nn.Linear(72, 4))
    plain, seen = net[1].forward, []
    run = Runner(made(tmp_path, precision="bf16-mixed", channels_last=True), tmp_path / "out", quiet=True, net=net)
    handle = net[1].register_forward_hook(lambda _m, inputs, output: seen.append((inputs[0], output)))
    run.net(run.batch(0)[0])
    handle.remove()
    x, y = seen[-1]
    assert x.dtype == torch.bfloat16 and x.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(y, plain(x.float()).to(torch.bfloat16))
    assert run.run()["steps"] == 72 and "forward" not in vars(net[1])
    with pytest.raises(ConfigError, match="channels_last is true or false"):
        made(tmp_path, channels_last="yes")


def test_binary_weights_stay_within_one(tmp_path: Path) -> None:
    from pith.train import binary

    settings = {"optimizer": {"_delete_": True, "type": "Adam", "lr": 0.5}, "task.type": "squared_hinge", "train.epochs": 1}
    largest = []
    for hooks in ([], [{"type": "clip_binary"}]):
        net = binary.binarise(torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, 2), torch.nn.Conv2d(8, 8, 1), torch.nn.Flatten(), torch.nn.Linear(72, 4)))
        Runner(made(tmp_path, hooks=hooks, **settings), tmp_path / f"out{len(hooks)}", quiet=True, net=net).run()
        largest.append(max(float(binary.real_weight(m).detach().abs().max()) for _, m in binary.layers(net)))
    assert largest[0] > 1 and largest[1] <= 1


def test_bfloat16_only_where_it_is_fast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for able, expected in (({"avx2": True}, "32-true"), ({"avx512_bf16": True}, "bf16-mixed"), ({"amx_bf16": True}, "bf16-mixed")):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda able=able: able)
        run = Runner(made(tmp_path, precision="bf16-if-fast"), tmp_path / expected, quiet=True)
        assert run.fabric.strategy.precision.precision == run.precision == expected


def test_a_training_goes_on_in_the_precision_it_began_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine changes under `bf16-if-fast`, the weights would be others: refused, with what to do."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    cfg = made(tmp_path, precision="bf16-if-fast")
    Runner(cfg, tmp_path / "out", quiet=True).run()
    assert Runner(cfg, tmp_path / "out", quiet=True, resume=True).resumed is not None
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    with pytest.raises(ConfigError, match="is in 32-true, on this machine it would go on in bf16-mixed"):
        Runner(cfg, tmp_path / "out", quiet=True, resume=True)


@pytest.mark.parametrize(("every", "said"), [(2, "--resume goes on from the newest checkpoint"), (100, "there is no checkpoint yet")])
def test_ctrl_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int, said: str) -> None:
    def stopped(self: Hook, run: Runner) -> None:
        if run.step == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr("pith.train.hooks.Clip.after_step", stopped)
    out = tmp_path / "[out]"
    made(tmp_path, hooks=[{"type": "clip", "norm": 1.0}], **{"checkpoint.every": every}).dump(tmp_path / "recipe.yaml")
    done = CliRunner().invoke(app, ["train", str(tmp_path / "recipe.yaml"), "-o", str(out), "--quiet"])
    assert isinstance(done.exception, KeyboardInterrupt | SystemExit) and f"stopped after step 5 of 72; {said} in {out}" in done.output
    assert sorted(p.name for p in out.iterdir()) == (["recipe.yaml", "step_000000002.pt", "step_000000004.pt"] if every == 2 else [])
