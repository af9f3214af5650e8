"""Training and evaluation mode, part by part: some parts of a network may stand in another mode than it does (frozen normalisations)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from torch import nn


@contextlib.contextmanager
def restored(net: nn.Module) -> Iterator[None]:
    """Afterwards every part is in the mode that it was in."""
    modes = [(m, m.training) for m in net.modules()]
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextlib.contextmanager
def evaluating(net: nn.Module) -> Iterator[None]:
    """All of it in evaluation mode meanwhile."""
    with restored(net):
        net.eval()
        yield
