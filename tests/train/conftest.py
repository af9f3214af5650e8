"""One thread for PyTorch: networks here are so small that threads only wait for one another."""

from __future__ import annotations

import importlib.util

if importlib.util.find_spec("torch"):
    import torch

    torch.set_num_threads(1)
