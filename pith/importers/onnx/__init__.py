"""The ONNX importer: `import_onnx` makes a Graph, `shape_inputs` says which inputs must be known at compile time."""

from pith.importers.onnx.importer import import_onnx
from pith.importers.onnx.registry import known_ops
from pith.importers.onnx.shape_inputs import shape_inputs

__all__ = ["import_onnx", "known_ops", "shape_inputs"]
