"""Checkpoints that are whole or not there: written beside, flushed to the disk, renamed."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pith.train.files import first_line, placed

_NAME = re.compile(r"step_(\d{9})\.pt")


def save(folder: Path, step: int, state: dict[str, Any], keep: int) -> Path:
    """`state` as step_N.pt; at most `keep` stay. A kill at any moment leaves the ones before."""
    path = folder / f"step_{step:09d}.pt"
    write(path, state)
    for old in [s for s in found(folder) if s <= step][:-keep]:  # later ones could not be read: this training will come to them
        (folder / f"step_{old:09d}.pt").unlink(missing_ok=True)
    return path


def write(path: Path, state: Any) -> None:
    """torch.save, atomically: the file is complete on the disk before it has its name. Raises BuildError."""
    with placed(path) as part, part.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    if os.name == "posix":
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def found(folder: Path) -> list[int]:
    """Steps that have a checkpoint."""
    return sorted(int(m[1]) for p in folder.glob("step_*.pt") if (m := _NAME.fullmatch(p.name)))


def tidy(folder: Path) -> None:
    """Removes what processes that were killed had begun to write. For the one that goes on with the training."""
    for part in folder.glob("*.part"):
        part.unlink(missing_ok=True)


def newest(folder: Path) -> tuple[dict[str, Any] | None, list[str]]:
    """The newest checkpoint that can be read (only tensors and plain values are), and complaints about newer ones that cannot."""
    complaints: list[str] = []
    for step in reversed(found(folder)):
        path = folder / f"step_{step:09d}.pt"
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            if not isinstance(state, dict) or state.get("step") != step:
                raise ValueError("it is no checkpoint of this step")
            return state, complaints
        except Exception as error:  # whatever a damaged file makes torch raise
            complaints.append(f"{path.name} cannot be read: {first_line(error)[:200]}")
    return None, complaints


def random_state() -> dict[str, Any]:
    """Of Python's, NumPy's and PyTorch's generators, as plain values and tensors."""
    version, internal, gauss = random.getstate()
    name, keys, position, has, cached = np.random.get_state()
    state = {"python": [version, list(internal), gauss], "numpy": [str(name), torch.from_numpy(np.array(keys, np.int64)), position, has, cached],
             "torch": torch.get_rng_state()}  # fmt: skip
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def restore_random(state: dict[str, Any]) -> None:
    """Puts the generators where `random_state` found them."""
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
