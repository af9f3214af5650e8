"""Table of mapping functions, filled by the `maps_*` modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pith.importers.layers.layer import Result
from pith.importers.registry import Registry

if TYPE_CHECKING:
    from pith.importers.ncnn.layer import NcnnLayer

Mapping = Callable[["NcnnLayer"], Result]
MAPS: Registry[Mapping] = Registry("pith.importers.ncnn", ("Input",))
ncnn_layer, find, known_layers = MAPS.maps, MAPS.find, MAPS.known
