"""Weights of which only blocks are there: a pattern that stays, one that changes within a fixed capacity, and RigL, which changes it.

A matrix (outputs, inputs) is cut into blocks of b x b; those that are there are stored one after another, (capacity, b, b), with their
row and column of blocks. The capacity is ceil(density x blocks) and never grows: a pattern with more is an error. Unused places hold zeros.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pith.graph import InputError


def gradual(step: int, start: int, steps: int, every: int, first: float, last: float) -> float:
    """Sparsity at `step` of gradual pruning: last + (first - last)(1 - (step - start) / (steps every))^3, within its ends (arXiv 1710.01878)."""
    share = min(max((step - start) / (steps * every), 0.0), 1.0)
    return last + (first - last) * (1 - share) ** 3


def capacity(density: float, blocks: int) -> int:
    """ceil(density x blocks)."""
    if not 0 < density <= 1:
        raise InputError(f"a density of {density}", try_="more than 0, at most 1")
    return math.ceil(density * blocks)


class BlockSparseLinear(nn.Module):
    """``(..., inputs) -> (..., outputs)``: x W^T + bias, W of blocks.

    `data` (capacity, b, b) is trained; `rows`, `columns` (capacity) say where a block is, `used` how many of them are. `change` brings
    another pattern within the capacity (dynamic); without it the pattern is static.
    """

    rows: Tensor
    columns: Tensor

    def __init__(
        self, inputs: int, outputs: int, block: int = 8, density: float = 0.25, *, bias: bool = True, pattern: Tensor | None = None, seed: int = 0
    ) -> None:
        """pattern: bool (outputs / b, inputs / b); random with `seed` unless given."""
        super().__init__()
        if block < 1 or inputs % block or outputs % block:
            raise InputError(f"{outputs} x {inputs} is not cut into blocks of {block}", try_="a size that divides both")
        self.inputs, self.outputs, self.block = inputs, outputs, block
        self.shape = (outputs // block, inputs // block)
        self.capacity = capacity(density, self.shape[0] * self.shape[1])
        self.used = 0
        self.data = nn.Parameter(torch.zeros(self.capacity, block, block))
        self.register_buffer("rows", torch.zeros(self.capacity, dtype=torch.long))
        self.register_buffer("columns", torch.zeros(self.capacity, dtype=torch.long))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        generator = torch.Generator().manual_seed(seed)
        if pattern is None:
            pattern = torch.zeros(self.shape, dtype=torch.bool)
            pattern.view(-1)[torch.randperm(pattern.numel(), generator=generator)[: self.capacity]] = True
        self.change(pattern)
        with torch.no_grad():
            bound = 1 / math.sqrt(inputs * self.used / pattern.numel()) if self.used else 0.0
            self.data[: self.used] = (2 * torch.rand(self.used, block, block, generator=generator) - 1) * bound

    def get_extra_state(self) -> Tensor:
        """How many blocks are there, for `state_dict`."""
        return torch.tensor(self.used)

    def set_extra_state(self, state: Tensor) -> None:
        """From `load_state_dict`."""
        self.used = int(state)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, meta: Any, strict: bool, missing: list[str], *others: Any) -> None:
        super()._load_from_state_dict(state_dict, prefix, meta, strict, missing, *others)
        if (key := f"{prefix}_extra_state") in missing:  # of a file from before there was one: this layer's number of blocks stays
            missing.remove(key)

    @torch.no_grad()
    def change(self, pattern: Tensor) -> Tensor:
        """Take the pattern: blocks that stay keep their values, new ones are 0. Returns, for each place, where its values come from (-1: new).

        Raises InputError for another shape, or more blocks than the capacity.
        """
        if tuple(pattern.shape) != self.shape or pattern.dtype != torch.bool:
            raise InputError(f"a pattern {pattern.dtype} {tuple(pattern.shape)}", try_=f"bool {self.shape}")
        device = self.rows.device
        rows, columns = pattern.to(device).nonzero(as_tuple=True)
        if len(rows) > self.capacity:
            raise InputError(f"{len(rows)} blocks, and there is room for {self.capacity}", try_="fewer blocks, or a larger density from the beginning")
        at = torch.full(self.shape, -1, dtype=torch.long, device=device)
        at[self.rows[: self.used], self.columns[: self.used]] = torch.arange(self.used, device=device)
        source = torch.full((self.capacity,), -1, dtype=torch.long, device=device)
        source[: len(rows)] = at[rows, columns]
        self.data.copy_(torch.where((source >= 0)[:, None, None], self.data[source.clamp(min=0)], torch.zeros_like(self.data)))
        self.rows.zero_()
        self.columns.zero_()
        self.rows[: len(rows)], self.columns[: len(rows)], self.used = rows, columns, len(rows)
        return source

    def pattern(self) -> Tensor:
        """bool (outputs / b, inputs / b)."""
        made = torch.zeros(self.shape, dtype=torch.bool, device=self.rows.device)
        made[self.rows[: self.used], self.columns[: self.used]] = True
        return made

    def dense(self) -> Tensor:
        """The whole matrix (outputs, inputs), for export."""
        made = torch.zeros(*self.shape, self.block, self.block, dtype=self.data.dtype, device=self.data.device)
        made = made.index_put((self.rows[: self.used], self.columns[: self.used]), self.data[: self.used])
        return made.transpose(1, 2).reshape(self.outputs, self.inputs)

    def forward(self, x: Tensor) -> Tensor:
        """Block by block: nothing is multiplied by what is not there."""
        n, b = self.used, self.block
        if x.shape[-1] != self.inputs or (x.dtype != self.data.dtype and not torch.is_autocast_enabled(x.device.type)):
            raise InputError(f"an input {list(x.shape)} of {x.dtype}", try_=f"(..., {self.inputs}) of {self.data.dtype}")
        flat = x.reshape(-1, self.shape[1], b)
        parts = torch.einsum("nki,koi->nko", flat[:, self.columns[:n]], self.data[:n])
        y = torch.zeros(flat.shape[0], self.shape[0], b, dtype=parts.dtype, device=x.device).index_add(1, self.rows[:n], parts)
        y = y.reshape(*x.shape[:-1], self.outputs)
        return y if self.bias is None else y + self.bias


def rigl(layer: BlockSparseLinear, gradient: Tensor, share: float, optimiser: torch.optim.Optimizer | None = None) -> int:
    """Drop the `share` of blocks with the smallest weights and grow as many where the gradient is largest (arXiv 1911.11134); returns how
    many were exchanged.

    gradient: of the dense matrix (outputs, inputs), blocks that are not there included (`dense_gradient`). Blocks are judged by the sum of
    magnitudes; a new one begins with 0, and what was just dropped may come back. The capacity stays.  optimiser: what it remembers of a block
    (momentum) goes with the block to its new place, and begins with 0 for a new one.
    """
    if tuple(gradient.shape) != (layer.outputs, layer.inputs):
        raise InputError(f"a gradient {tuple(gradient.shape)}", try_=f"({layer.outputs}, {layer.inputs})")
    if not 0 <= share <= 1:
        raise InputError(f"a share of {share}", try_="from 0 to 1")
    if not bool(gradient.isfinite().all()):
        raise InputError("the gradient holds numbers that are not finite", why="blocks are chosen by it")
    b = layer.block
    pattern = layer.pattern()
    total = pattern.numel()
    count = min(int(share * layer.used), total - layer.used)
    if count < 1:
        return 0
    with torch.no_grad():
        sizes = layer.data[: layer.used].abs().sum((1, 2))
        gone = sizes.argsort(stable=True)[:count]
        slopes = gradient.abs().reshape(layer.shape[0], b, layer.shape[1], b).sum((1, 3))
        kept = pattern.clone()
        kept[layer.rows[gone], layer.columns[gone]] = False
        slopes[kept] = -1.0
        grown = slopes.flatten().argsort(descending=True, stable=True)[:count]
        kept.view(-1)[grown] = True
        before = pattern & ~kept
        _follow(optimiser, layer.data, layer.change(kept))
        return int(before.sum())


def _follow(optimiser: torch.optim.Optimizer | None, data: Tensor, source: Tensor) -> None:
    """What an optimiser remembers of `data`, block by block, from where `change` says that values come."""
    for value in optimiser.state.get(data, {}).values() if optimiser else ():
        if isinstance(value, Tensor) and value.shape == data.shape:
            value.copy_(torch.where((source >= 0)[:, None, None], value[source.clamp(min=0)], torch.zeros_like(value)))


def dense_gradient(x: Tensor, grad_output: Tensor) -> Tensor:
    """Of the dense matrix from what went into a layer (..., inputs) and the gradient of what came out (..., outputs)."""
    return grad_output.reshape(-1, grad_output.shape[-1]).T @ x.reshape(-1, x.shape[-1])


def rigl_share(step: int, end: int, share: float = 0.3) -> float:
    """The share of blocks exchanged at `step`: share / 2 (1 + cos(pi step / end)), none from `end` on (equation 1)."""
    return 0.0 if step >= end else share / 2 * (1 + math.cos(math.pi * step / end))


def counts(layers: Sequence[BlockSparseLinear]) -> tuple[int, int]:
    """Weights that are there, and those of the dense matrices."""
    return sum(m.used * m.block**2 for m in layers), sum(m.inputs * m.outputs for m in layers)
