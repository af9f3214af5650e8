"""The Tengine importer: `load` makes a Graph of a `.tmfile` of version 2."""

from pith.importers.tengine.importer import load
from pith.importers.tengine.registry import known_layers

__all__ = ["known_layers", "load"]
