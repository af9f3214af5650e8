"""Table of mapping functions, filled by the `maps_*` modules."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from pith.importers.tflite.context import Call

Mapping = Callable[["Call"], "str | Sequence[str]"]
_M = TypeVar("_M", bound=Mapping)
_TABLE: dict[str, Mapping] = {}


def tflite_op(*names: str) -> Callable[[_M], _M]:
    """Decorator: the function maps the TFLite operators `names`."""

    def add(function: _M) -> _M:
        for name in names:
            _TABLE[name] = function
        return function

    return add


def find(name: str) -> Mapping | None:
    """The mapping of an operator."""
    load_maps()
    return _TABLE.get(name)


def known_ops() -> list[str]:
    """Names of all operators that have a mapping, sorted."""
    load_maps()
    return sorted(_TABLE)


@lru_cache(maxsize=1)
def load_maps() -> None:
    """Import every `maps_*` module of this folder (once)."""
    import pith.importers.tflite as package

    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("maps_"):
            importlib.import_module(f"{package.__name__}.{module.name}")
