"""Quantisation-aware training in PyTorch (`pip install pith[train]`): `Qat` makes a module of a quantised network."""

from pith.train.qat import Qat

__all__ = ["Qat"]
