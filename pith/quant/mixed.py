"""Some layers in floats: as many as it takes for the outputs to keep a wanted cosine."""

from __future__ import annotations

from dataclasses import replace

from pith.graph import Graph, InputError
from pith.quant.calibration import Compile, Progress, Samples
from pith.quant.flow import Outcome, quantize_graph
from pith.quant.options import Options
from pith.quant.progress import part
from pith.quant.report import make_report
from pith.quant.sensitivity import sensitivity


def worst_output(outcome: Outcome) -> float:
    """The smallest cosine of an output with that of the float network."""
    return min(outcome.layers[o].cosine for o in outcome.source.outputs)


def quantize_to(
    wanted: float, graph: Graph, samples: Samples, compile: Compile, options: Options, say: Progress
) -> tuple[Outcome, Options]:
    """Quantise with the fewest layers in floats that a halving search over the report's ranking finds.

    Layers are ranked once, by what each does to the results when it alone is in integers (see sensitivity.py; where no result
    is a float, by the error it adds to its output); the first k of the ranking stay in floats, for the smallest k whose outputs
    all reach `wanted`. Measured cosines decide, with min-max scales while searching, and with the options' own method in the
    end (where it falls short, layers are added until it does not). Raises InputError when not even floats reach it, or for no cosine.
    """
    if not 0 < wanted < 1:
        raise InputError(f"a cosine of {wanted!r}", try_="a number between 0 and 1, such as 0.999")
    outcome = quantize_graph(graph, samples, compile, options, part(say, 0, 0.2))
    if worst_output(outcome) >= wanted:
        return outcome, options
    measured = sensitivity(outcome.source, outcome.plan, outcome.numbers, samples, compile, part(say, 0.2, 0.1))
    rank = make_report(outcome, options, len(samples), measured).rank
    quick = replace(options, method="minmax", rounding=False, bias=False)
    low, high = 0, len(rank)
    while high - low > 1:
        k = (low + high) // 2
        say(f"{k} layers in floats", 0.3 + 0.3 * (1 - (high - low) / len(rank)))
        tried = quantize_graph(graph, samples, compile, replace(quick, keep=options.keep | frozenset(rank[:k])))
        low, high = (low, k) if worst_output(tried) >= wanted else (k, high)
    left = 0.4  # of the work, as far as anybody can tell
    for k in range(max(high, 1), len(rank)):
        left /= 2
        at = 1 - 2 * left
        chosen = replace(options, keep=options.keep | frozenset(rank[:k]))
        outcome = quantize_graph(graph, samples, compile, chosen, part(say, at, left))
        if worst_output(outcome) >= wanted:
            return outcome, chosen
    raise InputError(f"no output cosine of {wanted:g} can be had", why=f"with all but one layer in floats the worst is {worst_output(outcome):.6f}",
                     try_="a smaller --min-cosine, or float outputs")  # fmt: skip
