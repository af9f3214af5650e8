"""The list of networks: by name, what makes one, what it reads, where it comes from and which weights were released for it."""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pith.graph.errors import InputError, UnsupportedError


@dataclass(frozen=True)
class Entry:
    """A network in the list.

    Attributes:
        name: what `create` is given.
        home: module and function (or class) that make it, "pith.models.lprnet:LPRNet".
        shapes: of the inputs, the first dimension the batch.
        what: one line.
        source: paper or project, with the licence of its code where that is known.
        settings: arguments of the function; `create(name, key=value)` replaces them.
        weights: the released file, below the data folder ("": none, it has to be trained).
        adapt: "module:function" that renames the file's tensors.
        read: "module:function" that reads the file into tensors by name, where PyTorch has not written it.
        integers: inputs are int64 below this number; 0: they are float32.
    """

    name: str
    home: str
    shapes: tuple[tuple[int, ...], ...]
    what: str
    source: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    weights: str = ""
    adapt: str = ""
    read: str = ""
    integers: int = 0


ENTRIES: dict[str, Entry] = {}


def register(*entries: Entry) -> None:
    """Add to the list. Raises ValueError for a name that is taken."""
    for entry in entries:
        if entry.name in ENTRIES:
            raise ValueError(f"{entry.name} is in the list already")
        ENTRIES[entry.name] = entry


def list_models(pattern: str = "*") -> list[str]:
    """Names that fit a pattern (`*` any text, `?` any sign, `[ab]` one of these), sorted."""
    _load()
    return sorted(name for name in ENTRIES if fnmatchcase(name, pattern))


def describe(name: str) -> Entry:
    """The entry of that name. Raises InputError, with names like it."""
    _load()
    if name not in ENTRIES:
        near = difflib.get_close_matches(str(name), ENTRIES, 3, 0.4)
        raise InputError(
            f"there is no network {name!r}", try_=(f"{', '.join(near)}; " if near else "") + 'models.list_models("*")'
        )
    return ENTRIES[name]


def create(name: str, pretrained: str | Path | None = None, **changes: Any) -> Any:
    """The network of that name as a `torch.nn.Module`, in evaluation mode.

    pretrained: a weight file; without one the weights are random.  changes: replace the entry's settings (number of classes, ...).
    Raises InputError for an unknown name or setting, ModelError for weights that do not fit, UnsupportedError without PyTorch.
    """
    entry, make = describe(name), maker(name)
    try:
        net = make(**{**entry.settings, **changes})
    except TypeError as error:
        raise InputError(f"{name} cannot be made with {', '.join(changes) or 'its settings'}", why=str(error),
                         try_=f"it takes {', '.join(inspect.signature(make).parameters) or 'nothing'}") from error  # fmt: skip
    except ValueError as error:
        raise InputError(f"{name} cannot be made", why=str(error)) from error
    if pretrained is not None:
        from pith.models.weights import install

        install(net, released(name, pretrained), str(pretrained))
    return net.eval()


def maker(name: str) -> Any:
    """What makes the network of that name, a class or a function of its settings. Raises InputError, UnsupportedError without PyTorch."""
    return _resolve(describe(name).home)


def released(name: str, path: str | Path) -> dict[str, Any]:
    """The tensors of a weight file of the network of that name, named as the network's own. Raises InputError, ModelError."""
    entry = describe(name)
    read = _resolve(entry.read or "pith.models.weights:read_state")
    state = read(path)
    return _resolve(entry.adapt)(state) if entry.adapt else state


def example(name: str, shapes: Sequence[tuple[int, ...]] | None = None) -> tuple[Any, ...]:
    """Inputs of the right shapes (or of `shapes`) and types for the network of that name, the same in every run."""
    entry = describe(name)
    shapes = shapes or entry.shapes
    torch = _torch()
    generator = torch.Generator().manual_seed(0)
    if entry.integers:
        return tuple(torch.randint(0, entry.integers, s, generator=generator) for s in shapes)
    return tuple(torch.randn(*s, generator=generator) for s in shapes)


def _torch() -> Any:
    try:
        return importlib.import_module("torch")
    except ImportError as error:
        raise UnsupportedError(
            "the networks of pith.models need PyTorch", why=str(error), try_='pip install ".[train]" in the clone'
        ) from error


def _resolve(path: str) -> Any:
    _torch()
    module, _, function = path.partition(":")
    return getattr(importlib.import_module(module), function)


def _load() -> None:
    """Fill the list."""
    importlib.import_module("pith.models.entries")
