"""How far the work is: parts of it, each told from 0 to 1, in the whole."""

from __future__ import annotations

from pith.quant.calibration import Progress


def part(say: Progress, begin: float, share: float) -> Progress:
    """What to tell of a part of the work that begins at `begin` and is `share` of the whole."""
    return lambda what, done: say(what, begin + share * done)
