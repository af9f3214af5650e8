"""Folders of trainings: gone on with after a kill as if nothing had been, whatever was damaged, full or changed in between."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install pith[train]")
pytest.importorskip("lightning_fabric", reason="training needs Lightning Fabric: pip install pith[train]")

from benchmarks.kill_and_resume import kill_and_resume, recipe  # noqa: E402
from pith.cli.main import app  # noqa: E402
from pith.config import Config  # noqa: E402
from pith.graph.errors import BuildError, ConfigError  # noqa: E402
from pith.train import checkpoint  # noqa: E402
from pith.train.hooks import Hook  # noqa: E402
from pith.train.recipe import check, load  # noqa: E402
from pith.train.runner import Diverged, Runner  # noqa: E402
from tests.train.nets import log, made  # noqa: E402


def test_killed_and_resumed_is_the_same(tmp_path: Path) -> None:
    outcome = kill_and_resume(tmp_path, kills=3, iterations=30)
    assert outcome.kills >= 1 and outcome.same, outcome


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
