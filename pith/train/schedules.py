"""Learning rates: a factor of the optimizer's own, for each step. Pure functions of the step, so there is no state to keep."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from pith.train.settings import within


@dataclass
class Constant:
    """1 after `warmup` steps of a straight rise."""

    warmup: int = 0

    def __post_init__(self) -> None:
        """Raises ConfigError for numbers out of range."""
        within("warmup", self.warmup, 0)

    def __call__(self, step: int, total: int) -> float:
        """The factor for step 0 .. total - 1."""
        return min(1.0, (step + 1) / (self.warmup + 1)) * self.after(step, total)

    def after(self, step: int, total: int) -> float:
        """The factor without warm-up."""
        return 1.0


@dataclass
class Cosine(Constant):
    """Half a cosine from 1 down to `floor` (arXiv 1608.03983, without restarts)."""

    floor: float = 0.0

    def __post_init__(self) -> None:
        """Raises ConfigError for numbers out of range."""
        super().__post_init__()
        within("floor", self.floor, 0, 1)

    def after(self, step: int, total: int) -> float:
        """The factor without warm-up."""
        share = max(0, step - self.warmup) / max(1, total - self.warmup)
        return self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))


@dataclass
class Steps(Constant):
    """Times `gamma` at each of the `at` shares of the training (0.5: half way)."""

    at: list[float] = field(default_factory=lambda: [0.5, 0.75])
    gamma: float = 0.1

    def __post_init__(self) -> None:
        """Raises ConfigError for numbers out of range."""
        super().__post_init__()
        within("gamma", self.gamma, 0, above=True)
        for k, share in enumerate(self.at):
            within(f"at.{k}", share, 0, 1)

    def after(self, step: int, total: int) -> float:
        """The factor without warm-up."""
        return float(self.gamma ** sum(step >= share * total for share in self.at))
