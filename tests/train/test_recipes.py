"""Every recipe that comes with Pith: its parts can be made, and where its data are there it makes a step. And what the manual says of parts."""

from __future__ import annotations

import dataclasses
import inspect
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install pith[train]")
pytest.importorskip("lightning_fabric", reason="training needs Lightning Fabric: pip install pith[train]")

from pith.train import checkpoint, tasks, text_tasks  # noqa: E402
from pith.train.recipe import load, recipes  # noqa: E402
from pith.train.registries import AUGMENTS, DATA, HOOKS, OPTIMIZERS, SCHEDULES, TASKS  # noqa: E402
from pith.train.runner import Runner  # noqa: E402
from pith.train.settings import built, check_types, network  # noqa: E402

DRAWN = ("crnn_text", "db_text", "lesrcnn_x2")
"""They make a step in test_text_tasks.py, on pictures that need no data."""


@pytest.fixture
def untaught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Teachers without their weight files, which other trainings leave behind."""

    def make(described: dict[str, Any]) -> torch.nn.Module:
        return network({k: v for k, v in described.items() if k != "pretrained"}, "task.teacher").eval().requires_grad_(False)

    for module in (tasks, text_tasks):
        monkeypatch.setattr(module, "make_teacher", make)


@pytest.fixture
def neighbours(tmp_path: Path) -> dict[str, Any]:
    """A file of neighbours for recipes that replace words."""
    np.savez(tmp_path / "n.npz", neighbours=np.zeros((30522, 1), np.int32))
    return {"data.augment.file": str(tmp_path / "n.npz")}


class Devices:
    """As much of Fabric as a task needs before the first step."""

    autocast = staticmethod(torch.no_grad)

    def to_device(self, thing: Any) -> Any:
        """Where it is."""
        return thing


@pytest.mark.parametrize("name", sorted(recipes()))
def test_parts_of_a_recipe(name: str, untaught: None, neighbours: dict[str, Any]) -> None:
    cfg = load(name)
    if (cfg.data.augment or {}).get("type") == "replace_words":
        cfg = load(name, neighbours)
    net = network(cfg.model, "model").train()
    built(TASKS, cfg.task, where="task").prepare(Devices(), net)
    built(OPTIMIZERS, cfg.optimizer, [p for p in net.parameters() if p.requires_grad], where="optimizer")
    assert 0 <= built(SCHEDULES, cfg.schedule, where="schedule")(0, 1000) <= 1
    for k, hook in enumerate(cfg.hooks):
        built(HOOKS, hook, where=f"hooks.{k}")
    if cfg.data.augment:
        built(AUGMENTS, cfg.data.augment, where="data.augment")
    for part in [p for p in ("train", "val") if cfg.data[p]]:
        make = DATA.get(cfg.data[part].type)
        inspect.signature(make).bind(**{k: v for k, v in cfg.data[part].items() if k != "type"})
        check_types(make, cfg.data[part], part)


@pytest.mark.parametrize("name", sorted(set(recipes()) - set(DRAWN)))
def test_a_recipe_makes_two_steps(
    name: str, untaught: None, neighbours: dict[str, Any], data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a few samples, without checkpoints, which are large."""
    monkeypatch.setenv("PITH_DATA", str(data_dir))
    monkeypatch.setattr(checkpoint, "write", lambda *_: None)
    whole = load(name).data
    changes: dict[str, Any] = {"data.batch": 8, "train.epochs": 0, "train.iterations": 2, "threads": 1}
    for part in [p for p in ("train", "val") if whole[p] and whole[p].type != "spoken_digits"]:
        changes[f"data.{part}.limit"] = 4 if whole[part].type == "cifar10" else 16
    if (whole.augment or {}).get("type") == "replace_words":
        changes |= neighbours
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"schedule\.warmup")  # two steps are less than a warm-up
        runner = Runner(load(name, changes), tmp_path / "out", quiet=True)
    done = runner.run()
    assert done["steps"] == 2 and np.isfinite(done["loss"])
    assert 0 <= float(done["val_accuracy"]) <= 1 if whole.val else "val_accuracy" not in done


def settings_of(make: Callable[..., Any]) -> str:
    """As the manual writes them: `name` where it has to be said, `name: value` where it has a default."""
    found = []
    made = {f.name: f.default_factory for f in dataclasses.fields(make) if f.init} if dataclasses.is_dataclass(make) else {}
    for p in inspect.signature(make).parameters.values():
        default = made[p.name]() if made.get(p.name, dataclasses.MISSING) is not dataclasses.MISSING else p.default
        value = default if isinstance(default, str) and default else json.dumps(default) if default is not p.empty else ""
        found.append(f"`{p.name}: {value if len(value) < 40 else '...'}`" if value else f"`{p.name}`")
    return ", ".join(found)


def test_the_manual_has_the_settings() -> None:
    for file, registries in (("training.md", (DATA, AUGMENTS)), ("recipes.md", (TASKS, SCHEDULES, HOOKS))):
        page = (Path(__file__).resolve().parents[2] / "docs" / file).read_text()
        for registry in registries:
            for name in registry.names():
                assert f"| `{name}` | {settings_of(registry.get(name))} |".replace("  ", " ") in page
