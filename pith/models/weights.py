"""Released weights into a network. The file is hostile input: only tensors are read, and every key and shape is compared first."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pith.graph.errors import InputError, ModelError

State = dict[str, Tensor]
LIMIT = 2 << 30  # bytes of a weight file, packed or not
_SHOWN = 4  # names of layers in a message
_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "plfd_backbone")
_OPTIONAL = "num_batches_tracked"  # counters of batch normalisation; older files lack them, inference needs none


def read_state(path: str | Path, key: str | None = None) -> State:
    """The tensors of a PyTorch weight file (.pth, .th, .tar), by name.

    key: which entry of the file holds them; by default the file itself or one of the usual entries (`state_dict`, ...). A prefix
    `module.` that all names share is dropped. Nothing of the file is executed (`weights_only`).
    Raises InputError for a file that is not there, ModelError for one that is damaged or holds anything but tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no weight file {path}")
    _check_size(path)
    try:
        held: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        why = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise ModelError(
            "the weight file cannot be read", where=str(path), why=why,
            try_="a file that torch.save wrote from a state dict; pickled objects are refused, because loading them runs their code",
        ) from error  # fmt: skip
    found = _unwrap(held, key)
    if not found:
        raise ModelError(
            "the weight file holds no state dict", where=str(path),
            why=f"found {_kind(held)}", try_="key=NAME for the entry that holds the tensors",
        )  # fmt: skip
    if all(name.startswith("module.") for name in found):
        found = {name.removeprefix("module."): value for name, value in found.items()}
    return found


def install(net: nn.Module, state: Mapping[str, Tensor], where: str) -> None:
    """Copy `state` into `net`, all or nothing. Raises ModelError as `check_state` does; `where` names the file."""
    check_state(net, state, where)
    net.load_state_dict(state, strict=False)


def check_state(net: nn.Module, state: Mapping[str, Tensor], where: str) -> None:
    """Raise ModelError unless `state` holds a finite tensor of the right shape for every layer of `net`, and no other."""
    own = net.state_dict()
    problems = []
    missing = [name for name in own if name not in state and not name.endswith(_OPTIONAL)]
    unexpected = [name for name in state if name not in own]
    shapes = [
        f"{name} is {_shape(state[name])} and should be {_shape(own[name])}"
        for name in own
        if name in state and state[name].shape != own[name].shape
    ]
    problems += [f"{len(missing)} layers are missing: {_some(missing)}"] if missing else []
    problems += [f"{len(unexpected)} are not of this network: {_some(unexpected)}"] if unexpected else []
    problems += [f"{len(shapes)} have another shape: {_some(shapes)}"] if shapes else []
    if not problems:
        wrong = [name for name, value in state.items() if value.is_complex() or not bool(torch.isfinite(value).all())]
        problems += [f"{len(wrong)} hold values that are not finite real numbers: {_some(wrong)}"] if wrong else []
    if problems:
        raise ModelError(
            f"these weights do not fit {type(net).__name__}", where=where, why="; ".join(problems),
            try_="the network, width and number of classes that the weights were trained for",
        )  # fmt: skip


def _check_size(path: Path) -> None:
    """Refuse a file that is, or would unpack into, more than LIMIT bytes."""
    size = path.stat().st_size
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as z:
                size = max(size, sum(entry.file_size for entry in z.infolist()))
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ModelError("the weight file cannot be read", where=str(path), why=str(error)) from error
    if size > LIMIT:
        raise ModelError("the weight file is too large", where=str(path), why=f"{size:,} bytes, more than {LIMIT:,}")


def _unwrap(held: Any, key: str | None) -> State:
    """The state dict inside, or an empty one."""
    if not isinstance(held, Mapping):
        return {}
    if key is not None:
        return _tensors(held.get(key))
    if tensors := _tensors(held):
        return tensors
    return next((t for name in _WRAPPERS if (t := _tensors(held.get(name)))), {})


def _tensors(held: Any) -> State:
    if not isinstance(held, Mapping) or not held:
        return {}
    fit = all(isinstance(k, str) and isinstance(v, Tensor) and v.layout == torch.strided for k, v in held.items())
    return dict(held) if fit else {}


def _kind(held: Any) -> str:
    if isinstance(held, Mapping):
        return "entries " + _some([str(k)[:40] for k in held])
    return f"a {type(held).__name__}"


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _shape(value: Tensor) -> str:
    return "x".join(map(str, value.shape)) or "a number"
