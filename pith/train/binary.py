"""Binary networks: from a network of real numbers to one of signs, how it is trained, and what remains of it when it is done.

    net = binarise(net, "xnor")                      # first and last layer stay real
    optimiser = torch.optim.Adam(parameters(net), 1e-3)
    clip_after(optimiser, net)                       # real weights back to -1..1 after each step
    ...
    session = pith.from_torch(frozen(net), example)  # weights -1, 0, 1 and a scale for each channel

Weight decay would pull weights to 0, where their signs flip: `parameters` gives binary weights none. Statistics of batch normalisation
belong to one set of signs: `restate` measures them anew. Sources: arXiv 1602.02830 (BNN), 1603.05279 (XNOR-Net), 1605.04711 (ternary
weights), 1606.06160 (DoReFa), 1808.00278 (Bi-Real).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from pith.graph import InputError, UnsupportedError
from pith.models.signs import (
    BinaryConv2d,
    BinaryLinear,
    BinaryWeight,
    DorefaWeight,
    Sign,
    Steps,
    TernaryWeight,
    XnorWeight,
    real_weight,
)

Layer: TypeAlias = Any  # BinaryConv2d or BinaryLinear
METHODS: dict[str, tuple[Callable[[], nn.Module], Callable[[], nn.Module]]] = {
    "bnn": (BinaryWeight, Sign),
    "xnor": (XnorWeight, Sign),
    "bireal": (lambda: BinaryWeight(scaled=True), lambda: Sign("parabolas")),
    "ternary": (TernaryWeight, Sign),
    "dorefa": (DorefaWeight, lambda: Steps(1)),
    "bnn_weights": (BinaryWeight, nn.Identity),
    "ternary_weights": (TernaryWeight, nn.Identity),
}
"""Weights and activations of each; those of `_weights` leave activations real."""


def binarise(net: nn.Module, method: str = "bnn", *, keep: Sequence[str] | None = None, border: int = 0) -> nn.Module:
    """Make convolutions and products binary, in place; their weights are where training begins. Returns `net`.
    Projections of nn.MultiheadAttention are no layers of their own, and stay real.

    method: a name of METHODS.  keep: names of layers that stay as they are; by default the first and the last in the order of the
    module, which see pixels and give scores. Put ReLU after no sign: binary layers want batch normalisation before them alone.
    border: what stands around pictures: 0, 1 or -1, see `BinaryConv2d`.
    Raises InputError for an unknown method, name or border, and where no layer becomes binary; UnsupportedError for padding that is no zeros.
    """
    if method not in METHODS:
        raise InputError(f"there is no method {method!r}", try_=", ".join(METHODS))
    if border not in (-1, 0, 1):
        raise InputError(f"border is -1, 0 or 1, not {border!r}")
    found = [(n, m) for n, m in net.named_modules() if type(m) in (nn.Conv2d, nn.Linear)]
    names = [n for n, _ in found]
    keep = [*names[:1], *names[-1:]] if keep is None else list(keep)
    if strange := sorted(set(keep) - set(names)):
        raise InputError(f"{strange[0]!r} is no convolution or product of {type(net).__name__}", try_=", ".join(names[:8]))
    weights, activation = METHODS[method]
    chosen = [(n, m) for n, m in found if n not in keep]
    if not chosen:
        there = sum(isinstance(m, BinaryConv2d | BinaryLinear) for m in net.modules())
        why = f"{there} layers are binary already" if there else f"it has {len(found)} convolutions and products, all of which stay real"
        raise InputError(f"nothing of {type(net).__name__} becomes binary", why=why, try_="keep=[] to keep no layer real" if found and not there else "")
    for name, module in chosen:
        made = _binary(module, weights(), activation(), border, name)
        parent, _, last = name.rpartition(".")
        if not name:
            raise InputError("the module is itself one layer", try_="a network, or BinaryConv2d and BinaryLinear of pith.models.signs")
        setattr(net.get_submodule(parent), last, made)
        if isinstance(owner := net.get_submodule(parent), nn.TransformerEncoderLayer):
            owner.activation_relu_or_gelu = 0  # its short cut for evaluation would read the weights and pass the signs by
    for module in net.modules():
        if isinstance(module, nn.TransformerEncoder):
            module.use_nested_tensor = False  # made for that short cut
    return net


def _binary(module: nn.Module, weights: nn.Module, activation: nn.Module, border: int, name: str) -> Layer:
    made: Layer
    if isinstance(module, nn.Conv2d):
        if module.padding_mode != "zeros" or isinstance(module.padding, str):
            raise UnsupportedError("padding of a binary convolution is a number of zeros", where=name)
        made = BinaryConv2d(
            module.in_channels, module.out_channels, module.kernel_size, module.stride, padding=module.padding, groups=module.groups,
            bias=module.bias is not None, dilation=module.dilation, weights=weights, activation=activation, border=border,
        )  # fmt: skip
    else:
        assert isinstance(module, nn.Linear)
        made = BinaryLinear(module.in_features, module.out_features, bias=module.bias is not None, weights=weights, activation=activation)
    with torch.no_grad():
        real_weight(made).copy_(module.weight.clamp(-1, 1))
        if made.bias is not None:
            assert isinstance(module.bias, Tensor)
            made.bias.copy_(module.bias)
    return made.train(module.training)


def layers(net: nn.Module) -> list[tuple[str, Layer]]:
    """The binary layers, with their names."""
    return [(n, m) for n, m in net.named_modules() if isinstance(m, BinaryConv2d | BinaryLinear)]


def clip_weights(net: nn.Module) -> None:
    """Bring the real weights of all binary layers back to -1..1."""
    with torch.no_grad():
        for _, layer in layers(net):
            real_weight(layer).clamp_(-1, 1)


def clip_after(optimiser: torch.optim.Optimizer, net: nn.Module) -> Any:
    """`clip_weights` after each step of `optimiser`. Returns the hook's handle."""
    return optimiser.register_step_post_hook(lambda *_: clip_weights(net))


def parameters(net: nn.Module, weight_decay: float = 0.0) -> list[dict[str, Any]]:
    """Groups for an optimiser: binary weights without decay, everything else with `weight_decay`."""
    binary = {id(real_weight(m)) for _, m in layers(net)}
    one = [p for p in net.parameters() if id(p) in binary]
    rest = [p for p in net.parameters() if id(p) not in binary]
    return [{"params": g, "weight_decay": d} for g, d in ((one, 0.0), (rest, weight_decay)) if g]


def squared_hinge(scores: Tensor, labels: Tensor) -> Tensor:
    """Mean over samples and classes of max(0, 1 - t y)^2, t = 1 for the label and -1 for the others: the loss of BNN.

    scores: (N, classes).  labels: int64 (N).
    """
    targets = 2 * nn.functional.one_hot(labels, scores.shape[1]).to(scores.dtype) - 1
    return (1 - targets * scores).clamp(min=0).square().mean()


@torch.no_grad()
def restate(net: nn.Module, batches: Iterable[Tensor]) -> None:
    """Measure the statistics of batch normalisation anew, as means over `batches`; everything else stays, mode included."""
    norms = [m for m in net.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    modes, momenta = [(m, m.training) for m in net.modules()], [m.momentum for m in norms]
    net.eval()
    for m in norms:
        m.reset_running_stats()
        m.momentum = None  # a mean over all batches
        m.train()
    try:
        for x in batches:
            net(x)
    finally:
        for m, was in modes:
            m.training = was
        for m, momentum in zip(norms, momenta, strict=True):
            m.momentum = momentum


def frozen(net: nn.Module) -> nn.Module:
    """A copy for export, in evaluation mode: the real weights are gone, those of a binary layer are -1, 0 and 1, with a scale for each
    output channel beside them. Weights that are not two or three values a channel stay as they are computed."""
    made = copy.deepcopy(net).eval()
    for _, layer in layers(made):
        if not parametrize.is_parametrized(layer, "weight"):
            continue
        with torch.no_grad():
            w = layer.weight.clone()
        # by hand: parametrize.remove_parametrizations takes `weight` from the class, which the original shares with its copy
        layer.__class__ = BinaryConv2d if isinstance(layer, BinaryConv2d) else BinaryLinear
        del layer.parametrizations
        layer.register_parameter("weight", nn.Parameter(w, requires_grad=False))
        with torch.no_grad():
            size = w.abs().flatten(1).amax(1)
            scale = torch.where(size > 0, size, torch.ones_like(size))
            split = w / scale.reshape(-1, *(1,) * (w.ndim - 1))
            if bool(((split == 0) | (split.abs() == 1)).all()):
                layer.weight = nn.Parameter(split, requires_grad=False)
                layer.scale = scale  # of ones too: between signs and a batch normalisation it keeps the exporter from joining them
    return made


# ---- what a sign becomes in integers


def threshold(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """sign(norm(z)) of whole numbers z as comparisons: ``(T, direction)``, int64 and int8 for each channel.

    direction 1: +1 where z >= T; -1: +1 where z <= T; 0: T itself is the result, 1 or -1, whatever z is (a factor of 0). Computed in
    float64; T is kept within 2^31 (section 16 of BNN's derivation: T = mean - beta sigma / gamma, rounded up or down).
    """
    assert norm.running_mean is not None and norm.running_var is not None
    mean, var = norm.running_mean.double(), norm.running_var.double()
    gamma = norm.weight.detach().double() if norm.affine else torch.ones_like(mean)
    beta = norm.bias.detach().double() if norm.affine else torch.zeros_like(mean)
    edge = mean - beta * torch.sqrt(var + norm.eps) / torch.where(gamma == 0, torch.ones_like(gamma), gamma)
    edge = edge.clamp(-(2.0**31), 2.0**31)
    found = torch.where(gamma > 0, torch.ceil(edge), torch.floor(edge))
    constant = torch.where(beta >= 0, 1.0, -1.0).double()
    direction = torch.sign(gamma)
    return torch.where(gamma == 0, constant, found).long(), direction.to(torch.int8)
