"""Table of mapping functions, filled by the `maps_*` modules."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from pith.importers.layers.layer import Result

if TYPE_CHECKING:
    from pith.importers.ncnn.layer import NcnnLayer

Mapping = Callable[["NcnnLayer"], Result]
_M = TypeVar("_M", bound=Mapping)
_TABLE: dict[str, Mapping] = {}


def ncnn_layer(*kinds: str) -> Callable[[_M], _M]:
    """Decorator: the function maps the layer types `kinds`."""

    def add(function: _M) -> _M:
        _TABLE.update(dict.fromkeys(kinds, function))
        return function

    return add


def find(kind: str) -> Mapping | None:
    load_maps()
    return _TABLE.get(kind)


def known_layers() -> list[str]:
    """Every layer type that can be imported, sorted."""
    load_maps()
    return sorted({*_TABLE, "Input"})


@lru_cache(maxsize=1)
def load_maps() -> None:
    """Import every `maps_*` module of this folder (once)."""
    import pith.importers.ncnn as package

    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("maps_"):
            importlib.import_module(f"{package.__name__}.{module.name}")
