"""The TFLite importer: `load` makes a Graph of a .tflite file, quantised ones with TFLite's own fixed-point arithmetic."""

from pith.importers.tflite.importer import load
from pith.importers.tflite.registry import known_ops

__all__ = ["known_ops", "load"]
