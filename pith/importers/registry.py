"""Which function maps which operator of a format: a table that the `maps_*` modules of the format's package fill."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

M = TypeVar("M", bound=Callable[..., object])


class Registry(Generic[M]):
    """The table of one format.

    package: name of the format's package;  others: kinds of nodes that its importer takes without a mapping function.
    """

    def __init__(self, package: str, others: Iterable[str] = ()) -> None:
        self._package, self._others, self._loaded = package, frozenset(others), False
        self._table: dict[str, M] = {}

    def maps(self, *kinds: str) -> Callable[[M], M]:
        """Decorator: the function maps the operators `kinds`."""

        def add(function: M) -> M:
            self._table.update(dict.fromkeys(kinds, function))
            return function

        return add

    def find(self, kind: str) -> M | None:
        """The mapping of an operator, None where there is none."""
        self.load()
        return self._table.get(kind)

    def known(self) -> list[str]:
        """Every operator that can be imported, sorted."""
        self.load()
        return sorted(self._others.union(self._table))

    def load(self) -> None:
        """Import every `maps_*` module of the package (once)."""
        if not self._loaded:
            load_maps(self._package)
            self._loaded = True


def load_maps(name: str, *more: str) -> None:
    """Import every `maps_*` module of the package `name`, and those called `more`."""
    package = importlib.import_module(name)
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("maps_") or module.name in more:
            importlib.import_module(f"{name}.{module.name}")
