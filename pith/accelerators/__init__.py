"""Accelerators: who else may compute parts of a network. A plug-in needs what is named here and `pith.graph`; see docs/accelerators.md."""

from pith.accelerators.base import Accelerator, find, installed
from pith.accelerators.partition import partition
from pith.kernels.accelerated_calls import Emission
from pith.kernels.base import Const, Float, In, Int, Out, Scratch

__all__ = ["Accelerator", "Const", "Emission", "Float", "In", "Int", "Out", "Scratch", "find", "installed", "partition"]
