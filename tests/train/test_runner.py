"""Training by recipe: it learns, goes on after a kill as if nothing had been, shares a batch among processes, and refuses what cannot work."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install pith[train]")
pytest.importorskip("lightning_fabric", reason="training needs Lightning Fabric: pip install pith[train]")

from benchmarks.kill_and_resume import kill_and_resume, recipe  # noqa: E402
from pith.config import Config  # noqa: E402
from pith.graph.errors import ConfigError, PithError  # noqa: E402
from pith.models import registry  # noqa: E402
from pith.train import checkpoint  # noqa: E402
from pith.train.data.sets import Folder  # noqa: E402
from pith.train.recipe import check, load, recipes  # noqa: E402
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


def test_moved_by_more_than_the_picture(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="8 x 8 cannot be moved by 8 pixels"):
        Runner(made(tmp_path, **{"data.augment": {"type": "crop_flip", "pad": 8}}), tmp_path / "out", quiet=True).run()


def test_a_damaged_checkpoint_is_passed_over(tmp_path: Path) -> None:
    cfg = check(Config(recipe(tmp_path, 9)))
    Runner(cfg, tmp_path / "out", quiet=True).run()
    final = torch.load(tmp_path / "out" / "final.pt", weights_only=True)
    newest = tmp_path / "out" / "step_000000009.pt"
    newest.write_bytes(newest.read_bytes()[:1000])
    with pytest.warns(UserWarning, match=r"step_000000009\.pt cannot be read"):
        runner = Runner(cfg, tmp_path / "out", resume=True, quiet=True)
    assert runner.step == 6
    runner.run()
    again = torch.load(tmp_path / "out" / "final.pt", weights_only=True)
    assert all(torch.equal(final[k], again[k]) for k in final)


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
    x = np.ones((32, 3, 8, 8), np.float32)
    x[21, 0, 0, 0] = np.nan
    cfg = made(tmp_path)
    np.savez(tmp_path / "data.npz", x=x, y=np.arange(32) % 4)
    with pytest.raises(Diverged, match="the loss is nan in step"):
        Runner(cfg, tmp_path / "out", quiet=True).run()
    saved = torch.load(tmp_path / "out" / "nan_batch.pt", weights_only=True)
    assert 21 in saved["indices"] and saved["x"].shape == (16, 3, 8, 8) and saved["x"].isnan().sum() == 1


@pytest.mark.parametrize(("changes", "message"), [
    ({"model.classes": 5}, "tells 5 classes apart, the data have 4"), ({"model.type": "plain_nut"}, "no network 'plain_nut'"),
    ({"model.width": 2}, "cannot be made with width"), ({"optimizer.type": "SDG"}, "no optimizer 'SDG'\n.*SGD"),
    ({"optimizer.speed": 1}, "unexpected keyword argument 'speed'"), ({"data.train.file": "none.npz"}, "cannot read the arrays"),
    ({"data.batch": 97}, "less than a batch"), ({"hooks": [{"type": "clap"}]}, "no hook 'clap'"), ({"model": {"type": "tinybert4"}}, "cannot read the data"),
    ({"data.train.classes": 3, "model.classes": 3}, "a label is 3"), ({"optimizer.lr": -1.0}, "SGD cannot be made.*Invalid learning rate"),
    ({"schedule.warmup": -1}, "a warm-up of -1 steps"), ({"schedule.warmup": "ten"}, "a warm-up of 'ten' steps"),
    ({"hooks": [{"type": "evaluate", "every": 0}]}, "evaluation every 0 epochs"), ({"data.train.limit": -3}, "0 for all, not -3"),
    ({"data.train.limit": "abc"}, "0 for all, not 'abc'"), ({"data.train.file": 5}, "arrays cannot be made with these settings"),
    ({"data.train": {"_delete_": True, "type": "cifar10", "split": "tset"}}, "split is train or test, not 'tset'"),
    ({"data.train": {"_delete_": True, "type": "mnist", "split": "tset"}}, "split is train or test, not 'tset'"),
    ({"data.train": {"_delete_": True, "type": "folder", "folder": ".", "size": [32]}}, "size is .height, width. in pixels, not .32."),
])  # fmt: skip
def test_refused_before_the_first_step(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
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


@pytest.mark.parametrize("name", sorted(n for n in recipes() if n.endswith("_cifar10")))
def test_recipes_that_come_with_pith(name: str, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps on some pictures of each class."""
    monkeypatch.setenv("PITH_DATA", str(data_dir))
    limits = {"data.train.limit": 4, "data.batch": 8, "train.epochs": 0, "train.iterations": 2}
    if load(name).data.val:
        limits["data.val.limit"] = 1
    done = Runner(load(name, limits), tmp_path, quiet=True).run()
    assert done["steps"] == 2 and np.isfinite(done["loss"])
    assert 0 <= float(done["val_accuracy"]) <= 1 if load(name).data.val else "val_accuracy" not in done


def test_a_teacher(tmp_path: Path) -> None:
    """The loss is that of the formula, the teacher is not changed; one that cannot teach is refused."""
    torch.manual_seed(5)
    teacher = plain_net()
    torch.save(teacher.state_dict(), tmp_path / "teacher.pth")
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
                                 ({"type": "plain_net", "pretrained": "none.pth"}, "no weight file")):  # fmt: skip
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
