"""A network and data that a training is tried with."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install pith[train]")
pytest.importorskip("lightning_fabric", reason="training needs Lightning Fabric: pip install pith[train]")

from pith.config import Config  # noqa: E402
from pith.models import registry  # noqa: E402
from pith.train.recipe import check  # noqa: E402


def plain_net(classes: int = 4) -> torch.nn.Module:
    """Without batch normalisation, whose statistics are of one process."""
    return torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, 2), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(72, classes))


registry._load()
if "plain_net" not in registry.ENTRIES:
    registry.register(registry.Entry("plain_net", "tests.train.nets:plain_net", ((1, 3, 8, 8),), "for tests", "none"))


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
