"""What a network costs: learned parameters and multiply-accumulates."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Cost(NamedTuple):
    """params: learned numbers, batch normalisation included.  macs: multiply-accumulates of convolutions, linear and recurrent
    layers, and of products of two activations; not of normalisation, activation or pooling. FLOPs are usually twice that."""

    params: int
    macs: int


def macs_of(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> int:
    """Multiply-accumulates of one layer that was called once. A module may answer for itself by a method `own_macs`."""
    if hasattr(module, "own_macs"):
        return int(module.own_macs(*inputs))
    if isinstance(module, nn.Conv1d | nn.Conv2d):
        return output.numel() * module.weight[0].numel()
    if isinstance(module, nn.ConvTranspose2d):
        return inputs[0].numel() * module.weight[0].numel()
    if isinstance(module, nn.Linear):
        return output.numel() * module.in_features
    if isinstance(module, nn.LSTM | nn.GRU):
        steps = inputs[0].shape[0] * inputs[0].shape[1]
        return steps * sum(w.numel() for name, w in module.named_parameters() if "weight" in name)
    return 0


def count(net: nn.Module, *shapes: tuple[int, ...], examples: tuple[Tensor, ...] | None = None) -> Cost:
    """Counts what `net` costs for inputs of `shapes` (default 1x3x224x224), by running it once on zeros, or on `examples`."""
    macs = 0

    def seen(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal macs
        macs += macs_of(module, inputs, output)

    handles = [module.register_forward_hook(seen) for module in net.modules()]
    training = net.training
    try:
        with torch.no_grad():
            net.eval()(*(examples or [torch.zeros(s) for s in shapes or ((1, 3, 224, 224),)]))
    finally:
        net.train(training)
        for handle in handles:
            handle.remove()
    return Cost(sum(parameter.numel() for parameter in net.parameters()), macs)
