"""Which channels of a network go together, and which of them can go at all: dependencies as torch-pruning traces them (arXiv 2301.12900),
each tried before it is believed.

A trace knows convolutions, products and what is done element by element; it can be wrong about slices, shuffles, groups and shapes that
are written as numbers. So the network is shrunk for trial: what is left must compute what the whole network computes when nobody reads the
channels that went. Groups for which that does not hold keep all their channels.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from pith.graph import InputError, UnsupportedError
from pith.train.files import first_line
from pith.train.modes import evaluating, restored

Example: TypeAlias = Tensor | Sequence[Tensor]
LAYERS = (nn.Conv1d, nn.Conv2d, nn.Linear)
"""Layers whose outputs may go."""
READERS = (*LAYERS, nn.ConvTranspose2d)
"""Layers whose results need not have the channels that they read."""


@dataclass(frozen=True)
class Group:
    """Channels that go together.

    Attributes:
        name: of the layer they are outputs of; the first, where there are several.
        channels: how many there are.
        members: (layer, side) of all that have them: "out" or "in".
    """

    name: str
    channels: int
    members: tuple[tuple[str, str], ...]


def _tracer() -> Any:
    try:
        import torch_pruning
    except ImportError as error:
        raise UnsupportedError("torch-pruning is not installed", why=str(error), try_='pip install ".[train]" in the clone') from error
    return torch_pruning


class Traced:
    """Dependencies of a network, with names in place of modules.

    groups: by the name of their first layer; those of results and of `keep` are not there, nor those that are not in `sound`, where given.
    kept: why some of them keep all their channels, by name. Raises InputError for a name of `keep` the network has not, UnsupportedError
    without torch-pruning or where it cannot trace the network.
    """

    def __init__(self, net: nn.Module, example: Example, keep: Sequence[str], sound: Iterable[str] | None = None) -> None:
        self.tp = _tracer()
        if not isinstance(net, nn.Module):
            raise InputError(f"a {type(net).__name__} is no torch.nn.Module")
        self.names = {m: n for n, m in net.named_modules()}
        known = {n for m, n in self.names.items() if isinstance(m, LAYERS)}
        if strange := sorted(set(keep) - known):
            raise InputError(f"{strange[0]!r} is no convolution or product of {type(net).__name__}", try_=", ".join(sorted(known)[:8]))
        frozen = [p for p in net.parameters() if not p.requires_grad]
        for p in frozen:  # what is not trained is not traced otherwise
            p.requires_grad_(True)
        try:
            inputs = example if isinstance(example, Tensor) else tuple(example)
            with torch.enable_grad(), restored(net):  # torch-pruning leaves it in evaluation mode
                self.graph = self.tp.DependencyGraph().build_dependency(net, example_inputs=inputs, verbose=False)
        except Exception as error:
            raise UnsupportedError(f"torch-pruning cannot trace {type(net).__name__}", why=f"{type(error).__name__}: {error}",
                                   try_="a network that takes the example as it is, made of torch's own layers") from error  # fmt: skip
        finally:
            for p in frozen:
                p.requires_grad_(False)
        self.layers = {n for m, n in self.names.items() if isinstance(m, READERS)}
        ignored = [m for m, n in self.names.items() if n in set(keep)]
        self.groups: dict[str, Any] = {}
        for found in self.graph.get_all_groups(ignored_layers=ignored, root_module_types=list(LAYERS)):
            members = {self.names.get(d.target.module, "") for d, _ in found}
            root = found[0][0].target.module
            if members & set(keep) and any(self.side(d) == "out" and self.names.get(d.target.module) in keep for d, _ in found):
                continue
            if self._gives_result(net, found):
                continue
            self.groups[self.names[root]] = found
        self.kept: dict[str, str] = {}
        self.members: dict[str, tuple[tuple[str, str], ...]] = {}
        if sound is not None:
            self.groups = {n: g for n, g in self.groups.items() if n in set(sound)}

    def side(self, dependency: Any) -> str:
        return "in" if self.graph.is_in_channel_pruning_fn(dependency.handler) else "out"

    def _gives_result(self, net: nn.Module, found: Any) -> bool:
        """Nothing reads these channels inside the network: they are its outputs."""
        inside = [d for d, _ in found if self.side(d) == "in" and isinstance(d.target.module, READERS)]
        return not inside

    def owners(self) -> dict[str, str]:
        """The group of each convolution and product whose outputs are all of it, and no more."""
        found = {}
        for name, members in self.groups.items():
            for d, at in members:
                m = d.target.module
                if isinstance(m, LAYERS) and (self.side(d) == "out" or depthwise(m)) and len(at) == len(members[0][1]):
                    found[self.names[m]] = name
        return found

    def describe(self, name: str) -> Group:
        found = self.groups[name]
        members = tuple(dict.fromkeys((self.names[d.target.module], self.side(d)) for d, _ in found if d.target.module in self.names))
        return Group(name, len(found[0][1]), members)

    def outputs(self, group: str) -> list[str]:
        """Convolutions and products of a kept group, whose outputs are its channels."""
        return [name for name, side in self.members[group] if side == "out" and name in self.layers]

    def reason(self, name: str) -> str:
        """Why the outputs of that layer all stay, where the trial says so."""
        return next((why for group, why in self.kept.items() if name in self.outputs(group)), "")

    def take(self, chosen: Mapping[str, Sequence[int]]) -> None:
        """Prunes these channels of these groups. Layers of a group are found again after each other group's change."""
        modules = {n: m for m, n in self.names.items()}
        for name, gone in chosen.items():
            if gone:
                root = modules[name]
                prune = self.graph.get_pruner_of_module(root).prune_out_channels
                self.graph.get_pruning_group(root, prune, sorted(gone)).prune()

    def unread(self, chosen: Mapping[str, Sequence[int]]) -> None:
        """Zeros where layers read these channels of these groups. Raises UnsupportedError for a layer of another kind than those known here."""
        modules = {n: m for m, n in self.names.items()}
        for name, gone in chosen.items():
            root = modules[name]
            found = self.graph.get_pruning_group(root, self.graph.get_pruner_of_module(root).prune_out_channels, sorted(gone))
            for dependency, at in found:
                module = dependency.target.module
                pruner = self.graph.get_pruner_of_module(module)
                if self.side(dependency) == "out" or pruner.prune_in_channels == pruner.prune_out_channels:  # it hands them on
                    continue
                if not isinstance(module, READERS):
                    raise UnsupportedError(f"a {type(module).__name__} reads them")
                weight = module.weight.transpose(0, 1) if isinstance(module, nn.ConvTranspose2d) else module.weight
                weight[:, list(at)] = 0.0


def depthwise(module: nn.Module) -> bool:
    """Whether it is a convolution of one filter for each channel."""
    return isinstance(module, nn.Conv1d | nn.Conv2d) and 1 < module.groups == module.out_channels


def traced(net: nn.Module, example: Example, keep: Sequence[str]) -> Traced:
    """Its groups, those that can be thinned out; `kept` names the others."""
    found = Traced(net, example, keep)
    sound, found.kept = _tried(net, example, keep, found)
    found.members = {n: found.describe(n).members for n in found.kept}
    found.groups = {n: g for n, g in found.groups.items() if n in set(sound)}
    return found


# ---- the trial


def _tried(net: nn.Module, example: Example, keep: Sequence[str], found: Traced) -> tuple[list[str], dict[str, str]]:
    """Names of groups that can be thinned out together, and why the others cannot: all at once, then by halves."""
    draw = torch.Generator().manual_seed(0)  # places without a pattern, which a layout could share
    sizes = {n: len(g[0][1]) for n, g in found.groups.items()}
    trial = _Trial(net, example, keep, {n: torch.randperm(k, generator=draw)[: (k + 1) // 3].tolist() for n, k in sizes.items()})
    good: list[str] = []
    bad: dict[str, str] = {}

    def sort(names: list[str]) -> None:
        why = trial.fault([*good, *names])
        if why is None:
            good.extend(names)
        elif len(names) == 1:
            bad[names[0]] = why
        else:
            sort(names[: len(names) // 2])
            sort(names[len(names) // 2 :])

    for name in found.groups:
        made = [m for m, _ in found.describe(name).members if m in found.layers and _computed(net.get_submodule(m))]
        if made:
            bad[name] = f"the weight of {made[0]} is computed of other parameters (parametrizations, weight_norm): take that off first"
    if left := [name for name in found.groups if name not in bad]:
        sort(left)
    return good, bad


def _computed(module: nn.Module) -> bool:
    """Whether its weight is none of its parameters."""
    return getattr(module, "weight", None) is not module._parameters.get("weight")


class _Trial:
    """Shrinks copies of a network, in float64 where it runs in that, by the channels `gone` of some groups.

    Inputs are noise within the example's range. Parameters that are all alike or next to nothing, as new ones of normalisations are, become
    noise too: a branch that adds nothing yet would hide what is wrong in it. Raises UnsupportedError for a network that cannot be copied.
    """

    def __init__(self, net: nn.Module, example: Example, keep: Sequence[str], gone: Mapping[str, list[int]]) -> None:
        self.keep, self.gone, self.name = keep, gone, type(net).__name__
        draw = torch.Generator().manual_seed(0)
        inputs = (example,) if isinstance(example, Tensor) else tuple(example)
        noise = tuple(_noise_like(t, draw) if t.is_floating_point() and t.numel() else t for t in inputs)
        try:
            plain = copy.deepcopy(net).eval()
        except Exception as error:  # torch.nn.utils.weight_norm: its weight is no leaf
            raise UnsupportedError(f"{self.name} cannot be copied", why=first_line(error),
                                   try_="torch.nn.utils.parametrizations.weight_norm in place of torch.nn.utils.weight_norm") from error  # fmt: skip
        with torch.no_grad():
            for p in plain.parameters():
                if p.is_floating_point() and p.numel() and (bool((p == p.flatten()[0]).all()) or float(p.abs().max()) < 1e-2):
                    p.copy_(0.5 + torch.rand(p.shape, generator=draw))
        try:
            self.net, self.example, self.close = copy.deepcopy(plain).double(), tuple(_as(t, torch.float64) for t in noise), 1e-7
            results(self.net, self.example)
        except Exception:  # numbers of float32 are written down in it
            self.net, self.example, self.close = plain, noise, 1e-3

    def fault(self, names: Sequence[str]) -> str | None:
        """Why these groups cannot be thinned out together; None where they can."""
        chosen = {n: self.gone[n] for n in names}
        try:
            with torch.no_grad():
                small, whole = copy.deepcopy(self.net), copy.deepcopy(self.net)
                Traced(small, self.example, self.keep).take(chosen)
                Traced(whole, self.example, self.keep).unread(chosen)
                ours, theirs = results(small, self.example), results(whole, self.example)
            if [t.shape for t in ours] != [t.shape for t in theirs]:
                return f"they are among the results of {self.name}"
            alike = all(_alike(a, b, self.close) for a, b in zip(ours, theirs, strict=True))
        except UnsupportedError as error:
            return error.what
        except Exception as error:  # whatever the network says
            return f"their number or their places mean something, {self.name} does not run when some go: {first_line(error)}"[:300]
        return None if alike else "what is computed of the other channels depends on them, or on their places"


def _noise_like(t: Tensor, draw: torch.Generator) -> Tensor:
    """Of its shape and range; of 0 to 1 where it is all the same."""
    low, high = float(t.min()), float(t.max())
    low, high = (low, high) if math.isfinite(low) and math.isfinite(high) and low < high else (0.0, 1.0)
    return (low + (high - low) * torch.rand(t.shape, generator=draw)).to(t)


def _alike(a: Tensor, b: Tensor, close: float) -> bool:
    finite = b[b.isfinite()].abs() if b.is_floating_point() or b.is_complex() else b[:0]
    return torch.allclose(a, b, rtol=close, atol=close * float(finite.max()) if finite.numel() else 0.0, equal_nan=b.is_floating_point())


def _as(t: Tensor, dtype: torch.dtype) -> Tensor:
    return t.to(dtype) if t.is_floating_point() else t


def results(net: nn.Module, example: Example) -> list[Tensor]:
    """Its tensors, in order, in evaluation mode."""
    with evaluating(net):
        found = net(*((example,) if isinstance(example, Tensor) else example))
    return [t for t in tree_leaves(found) if isinstance(t, Tensor)]
