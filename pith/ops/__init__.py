"""Operators: one file each. `load_all()` fills the registry `OPS`."""

from pith.ops.base import OPS, Cost, Elementwise, Op, add_node, infer_node, load_all, register

__all__ = ["OPS", "Cost", "Elementwise", "Op", "add_node", "infer_node", "load_all", "register"]
