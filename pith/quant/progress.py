"""How far the work is: parts of it, each told from 0 to 1, in the whole."""

from __future__ import annotations

from pith.quant.calibration import Progress


def part(say: Progress, begin: float, share: float) -> Progress:
    """What to tell of a part of the work that begins at `begin` and is `share` of the whole."""
    return lambda what, done: say(what, begin + share * done)


class Parts:
    """The parts of some work that come one after the other: `total` of them, which begin at `begin` and are `share` of the whole."""

    def __init__(self, say: Progress, begin: float, share: float, total: int) -> None:
        self.say, self.begin, self.one = say, begin, share / max(total, 1)

    def next(self, count: int) -> Progress:
        """What to tell of the next so many."""
        begin, self.begin = self.begin, self.begin + count * self.one
        return part(self.say, begin, count * self.one)
