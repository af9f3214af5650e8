"""Table of mapping functions, filled by the `maps_*` modules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pith.importers.registry import Registry

if TYPE_CHECKING:
    from pith.importers.tflite.context import Call

Mapping = Callable[["Call"], "str | Sequence[str]"]
MAPS: Registry[Mapping] = Registry("pith.importers.tflite")
tflite_op, find, known_ops = MAPS.maps, MAPS.find, MAPS.known
