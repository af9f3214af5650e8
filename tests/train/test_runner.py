"""Training by recipe: it learns, shares a batch among processes, and is exact in what it computes with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install pith[train]")
pytest.importorskip("lightning_fabric", reason="training needs Lightning Fabric: pip install pith[train]")

from pith import models  # noqa: E402
from pith.graph.errors import ConfigError  # noqa: E402
from pith.train import checkpoint  # noqa: E402
from pith.train.data.sets import DataSet  # noqa: E402
from pith.train.hooks import Hook  # noqa: E402
from pith.train.recipe import load  # noqa: E402
from pith.train.runner import Runner  # noqa: E402
from tests.train.nets import log, made, plain_net  # noqa: E402


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


def test_a_second_training_in_the_folder_of_one_that_runs(tmp_path: Path) -> None:
    """Refused from the first step of the other on, long before that has a checkpoint."""

    class Second(Hook):
        def after_step(self, run: Runner) -> None:
            with pytest.raises(ConfigError, match="holds a training already"):
                Runner(made(tmp_path), tmp_path / "out", quiet=True)

    run = Runner(made(tmp_path, **{"train": {"epochs": 0, "iterations": 2}}), tmp_path / "out", quiet=True)
    run.hooks.append(Second())
    assert run.run()["steps"] == 2


def test_labels_may_be_shares(tmp_path: Path) -> None:
    """Of one class alone they are what numbers of classes are."""
    cfg = made(tmp_path, **{"train.epochs": 2})
    done = Runner(cfg, tmp_path / "one", quiet=True).run()
    with np.load(tmp_path / "data.npz") as arrays:
        x, y = arrays["x"], arrays["y"]
    np.savez(tmp_path / "data.npz", x=x, y=np.eye(4)[y])
    again = Runner(cfg, tmp_path / "two", quiet=True).run()
    assert again["loss"] == pytest.approx(done["loss"], rel=1e-4) and again["val_accuracy"] == done["val_accuracy"]


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
        "import sys, tests.train.nets\nfrom pith.cli.main import main\n"
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
