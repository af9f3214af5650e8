"""The whole of post-training quantisation: observe, choose grids, search, improve, check, insert."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pith.graph import Graph, InputError, Node
from pith.passes import channels_first
from pith.passes.pipeline import FRONT, optimize
from pith.quant.calibration import Compile, Feed, Inside, Progress, Samples
from pith.quant.cores import in_order, one_blas_thread
from pith.quant.easyquant import LENGTH, PAPER, RELEASED, Search, integer_weights, layer_loss, search_value
from pith.quant.even import equalize, ways
from pith.quant.grid import Grid, weight_limit
from pith.quant.improve import corrected_bias, rounded_jointly
from pith.quant.insert import Inserted, Numbers, insert
from pith.quant.measure import Differences, compare, mean_loss, worst_result
from pith.quant.observers import OUTLIER, Seen, observed_grid
from pith.quant.options import PLAIN, Options
from pith.quant.plan import Layer, Plan, make_plan, others_read
from pith.quant.progress import Parts, part
from pith.quant.rows import (
    Gatherer,
    Rows,
    from_matrices,
    gather_all,
    half_relative_error,
    has_rows,
    joined,
    one_minus_cosine,
    places,
    rows_for_each,
    scale_row,
)
from pith.quant.sensitivity import sensitivity
from pith.quant.sums import on_common_steps
from pith.quant.watch import Watched
from pith.quant.weights import IntWeights, bias_of, channel_axis, initial_scale, scale_for_bias, to_integers
from pith.quant.wider import as_long_as_they_pay, carried, cheapest, decibels, judged, most, note

_OWN = 1 << 18  # numbers of a value that is looked at itself, of all samples together
_APART = 5  # of so many samples one is kept from the search, to choose by


@dataclass(slots=True)
class Outcome:
    """What came of it. graph: with integers.  source: the float graph it was made from, whose value names it shares.

    snapshots: (what was done, mean 1 - cosine over the layers) of every state that was measured; the best was taken.
    layers: how each layer's output differs, in the state taken;  before: in the first state.  seen: by group.  watched: by value.
    limit: the largest magnitude of a weight's integer.  notes: what the formats imply.
    """

    graph: Graph
    source: Graph
    plan: Plan
    numbers: Numbers
    inserted: Inserted
    layers: Differences
    before: Differences
    seen: dict[str, Seen]
    watched: dict[str, Watched]
    limit: int
    snapshots: list[tuple[str, float]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def front(graph: Graph) -> Graph:
    """A copy of an imported graph after the front half of the passes: the form that is quantised."""
    copy = optimize(graph.copy(), passes=FRONT)
    if channels_first.run(copy):
        optimize(copy, passes=FRONT)
    return copy


class _Flow:
    def __init__(self, graph: Graph, samples: Samples, compile: Compile, options: Options, say: Progress) -> None:
        self.graph, self.samples, self.compile, self.options, self.say = graph, samples, compile, options, say
        self.plan = self.planned(frozenset())
        self.makers = graph.producers()
        self.limit = weight_limit(options.weight_bits)
        self.seen: dict[str, Seen] = {}
        self.watched: dict[str, Watched] = {}
        self.targets: dict[str, np.ndarray] = {}
        self.numbers = Numbers()
        self.warnings: list[str] = []
        self.evened = ""  # how channels were, for better results
        self.rowed = [layer for layer in self.plan.layers if has_rows(graph, self.makers[layer.key])]
        apart = options.judged and options.target == "own" and len(samples) >= 2 * _APART
        self.apart = frozenset(range(_APART - 1, len(samples), _APART) if apart else range(len(samples)))
        self.fitted = [k for k in range(len(samples)) if not (apart and k in self.apart)]
        self.shared = others_read(graph, self.plan, {layer.key for layer in self.rowed}) if options.judged else set()
        self.own: dict[str, np.ndarray] = {}  # parts of the values of `shared`, unrounded
        self.take = {layer.key: rows_for_each(graph, self.makers[layer.key], len(self.fitted)) for layer in self.rowed}

    def planned(self, also: frozenset[str]) -> Plan:
        """The plan, with these layers in floats too."""
        o = self.options
        return make_plan(self.graph, keep=o.keep | also, float_outputs=o.float_outputs, integers_only=o.integers_only and o.activation_bits != 16)

    def rounds_results(self, name: str) -> bool:
        """Whether the results on grids are still on grids with that layer in floats."""
        group = self.planned(frozenset({name})).group
        return all(v in group for v in self.graph.outputs if v in self.plan.group)

    def node(self, layer: Layer) -> Node:
        return self.makers[layer.key]

    # ---- what the float network does

    def observe(self, *, rows: bool) -> None:
        """One run over the samples: ranges of all groups, and the output rows of the layers."""
        gatherers = {layer.key: Gatherer(self.graph, self.node(layer), self.take[layer.key]) for layer in self.rowed} if rows else {}
        self.seen = {root: Seen() for root in self.plan.sources}
        sources = {v: root for root, vs in self.plan.sources.items() for v in vs}
        moved = [v for v in dict.fromkeys(layer.x for layer in self.plan.layers) if v not in sources]  # looked at for the report alone
        wanted = [*dict.fromkeys((*sources, *moved, *gatherers))]
        with Inside(self.graph, wanted, self.compile) as inside:

            def of_sample(at: tuple[int, Feed]) -> tuple[dict[str, tuple[Seen, Watched]], Feed]:
                k, feed = at
                values = inside.run(feed)
                return {v: self.look(v, values[v], k, ranged=v in sources) for v in (*sources, *moved)}, {key: values[key] for key in gatherers}

            for k, (looks, outputs) in enumerate(in_order(of_sample, enumerate(self.samples), size=inside.size)):
                self.say("observe", 0.05 + 0.05 * k / len(self.samples))
                for v, (seen, watched) in looks.items():
                    if v in sources:
                        self.seen[sources[v]].join(seen)
                    self.watched.setdefault(v, Watched()).join(watched)
                gather_all(gatherers, {key: key for key in gatherers}, outputs, k, output=True)
        self.targets = {key: g.stacked() for key, g in gatherers.items()}
        self.set_apart()

    def set_apart(self) -> None:
        """Keep a few samples of another order of magnitude from deciding ranges."""
        told: set[int] = set()
        for root, vs in self.plan.sources.items():
            found = [f for v in vs if v in self.watched and (f := self.watched[v].apart(OUTLIER)) is not None]
            if found:
                self.seen[root].bound = max(f[0] if (f := self.watched[v].apart(OUTLIER)) else self.watched[v].top for v in vs if v in self.watched)
                first = min(k for _, k in found)
                if first not in told:
                    told.add(first)
                    self.warnings.append(f"{self.samples.names[first]}: makes {root} over a thousand times larger than most samples do; "
                                         "what lies beyond theirs is cut off")  # fmt: skip

    def look(self, value: str, array: np.ndarray, sample: int, *, ranged: bool) -> tuple[Seen, Watched]:
        """What a value did in one sample; its range too."""
        seen, watched = Seen(), Watched()
        try:
            if ranged:
                seen.add(array)
            watched.add(array, sample)
            return seen, watched
        except InputError as e:
            maker = self.makers.get(value)
            raise InputError("an activation holds NaN or infinity", where=f"{maker.name or value if maker else value} in {self.samples.names[sample]}",
                             why="the float network itself makes it from this sample", try_="take that sample out, or repair the network") from e  # fmt: skip

    # ---- numbers

    def start(self) -> None:
        """Grids by the method (or what EasyQuant starts from), and weights that just fit."""
        for root, seen in self.seen.items():
            if seen.has_outlier() and not seen.bound:
                self.warnings.append(f"{root}: a few values are over a thousand times larger than the rest ({max(-seen.low, seen.high):.3g}); they are cut off")
            elif seen.low == seen.high:
                self.warnings.append(f"{root}: always {seen.low:.3g} in the calibration data")
        for layer in self.plan.layers:
            if layer.weights and not np.isfinite(self.graph.constants[layer.weights]).all():
                raise InputError("weights hold NaN or infinity", where=layer.name, try_="repair the network")
        self.plain(self.options.ranges)

    def plain(self, ranges: str) -> None:
        """Numbers by that method, nothing searched."""
        o = self.options
        self.numbers = Numbers()
        for root, seen in self.seen.items():
            self.numbers.grids[root] = observed_grid(seen, ranges, o.activation_bits, symmetric=o.symmetric)
        self.numbers.grids = on_common_steps(self.graph, self.plan, self.numbers.grids)
        for layer in self.plan.layers:
            if layer.weights:
                w = self.graph.constants[layer.weights]
                self.set_scale(layer, initial_scale(w, channel_axis(self.node(layer), w.shape), self.limit))

    def set_scale(self, layer: Layer, scale: np.ndarray, q: np.ndarray | None = None) -> None:
        """Integers for a layer's weights; those to the nearest, unless `q` has them."""
        node, w = self.node(layer), self.graph.constants[layer.weights]
        x_scale = self.numbers.grids[self.plan.group[layer.x]].scale
        fitting = scale_for_bias(node, w, scale, bias_of(self.graph, node), x_scale)
        q = to_integers(w, fitting, self.limit) if q is None or (fitting != scale).any() else q
        self.numbers.weights[layer.key] = IntWeights(q, fitting)

    # ---- sweeps over the layers

    def units(self) -> list[tuple[str, list[Layer]]]:
        """Layers by the group they read, in order of the first."""
        found: dict[str, list[Layer]] = {}
        for layer in self.rowed:
            found.setdefault(self.plan.group[layer.x], []).append(layer)
        return list(found.items())

    def runs(self) -> Iterable[list[tuple[str, list[Layer]]]]:
        units = self.units()
        size = -(-len(units) // self.options.stages) if units else 1
        return (units[k : k + size] for k in range(0, len(units), size))

    def rows(self, units: list[tuple[str, list[Layer]]]) -> dict[str, Rows]:
        """Rows of the layers of a run, their inputs taken from the network as quantised by now, not yet rounded."""
        members: dict[str, int] = {}
        for root in self.plan.group.values():
            members[root] = members.get(root, 0) + 1
        several = {root for root, _ in units if members[root] > 1}
        inserted = insert(self.graph, self.plan, self.numbers, without=several)
        layers = [layer for _, group in units for layer in group]
        gatherers = {layer.key: Gatherer(self.graph, self.node(layer), self.take[layer.key]) for layer in layers}
        values = {layer.key: inserted.before[layer.x] for layer in layers}
        whole = {root: [inserted.before[v] for v in self.plan.sources[root]] for root, _ in units if root in self.shared}
        parts: dict[str, list[np.ndarray]] = {root: [] for root in whole}
        with Inside(inserted.graph, [*values.values(), *(v for vs in whole.values() for v in vs)], self.compile) as inside:
            for at, found in enumerate(inside.each(self.samples.load(k) for k in self.fitted)):
                gather_all(gatherers, values, found, at, output=False)
                for root, vs in whole.items():
                    flat = np.concatenate([found[v].reshape(-1) for v in vs])
                    parts[root].append(flat[places(flat.size, min(flat.size, -(-_OWN // len(self.fitted))), at)])
        self.own = {root: np.stack(p) for root, p in parts.items()}
        rows = {}
        for layer in layers:
            w, bias = self.graph.constants[layer.weights], bias_of(self.graph, self.node(layer))
            x = gatherers[layer.key].stacked()
            rows[layer.key] = joined(self.node(layer), x, self.targets.get(layer.key), len(self.fitted), w, bias)
        return rows

    def sweep(self, what: str, begin: float, end: float, *, search: Search | None, weights: bool, activations: bool, improve: bool) -> None:
        runs = list(self.runs())
        done, total = 0, max(len(self.units()), 1)
        for units in runs:
            self.say(what, begin + (end - begin) * done / total)
            rows = self.rows(units)

            def unit(one: tuple[str, list[Layer]], rows: dict[str, Rows] = rows) -> None:
                """Changes the numbers of its own group and layers only, and reads no others: several run side by side."""
                root, layers = one
                if search is not None:
                    self.search(root, layers, rows, search, weights, activations)
                if improve:
                    for layer in layers:
                        self.improve(layer, rows[layer.key])

            for _ in in_order(unit, units):
                done += 1
                self.say(what, begin + (end - begin) * done / total)

    def search(self, root: str, layers: list[Layer], rows: dict[str, Rows], search: Search, weights: bool, activations: bool) -> None:
        scales = [scale_row(self.node(layer), self.numbers.weights[layer.key].scale) for layer in layers]
        grid = self.numbers.grids[root]
        readers = [rows[layer.key] for layer in layers]
        scales, grid = search_value(readers, scales, grid, self.limit, search, [self.rectified(layer) for layer in layers],
                                    weights=weights, activations=activations, own=self.own.get(root))  # fmt: skip
        self.numbers.grids[root] = grid
        for layer, scale in zip(layers, scales, strict=True):
            old = self.numbers.weights[layer.key].scale
            new = scale.reshape(old.shape)
            if (new != old).any():
                self.set_scale(layer, new)

    def rectified(self, layer: Layer) -> bool:
        users = [n for n in self.graph.nodes if layer.key in n.inputs]
        return len(users) == 1 and users[0].op == "relu"

    def improve(self, layer: Layer, rows: Rows) -> None:
        """Weights rounded together where that lowers the layer's loss, then the bias."""
        node, grid = self.node(layer), self.numbers.grids[self.plan.group[layer.x]]
        x = grid.rounded(rows.x)
        held = self.numbers.weights[layer.key]
        scale = scale_row(node, held.scale)
        shape = self.graph.constants[layer.weights].shape
        weights = integer_weights(rows.weights, scale, self.limit)
        if self.options.rounding:
            q = rounded_jointly(rows, x, scale, self.limit)
            loss = half_relative_error if self.options.judged else one_minus_cosine
            if layer_loss(rows, x, q * scale, loss=loss) < layer_loss(rows, x, weights, loss=loss):
                self.numbers.weights[layer.key] = IntWeights(from_matrices(node, q, shape).astype(np.int8), held.scale)
                weights = q * scale
        if self.options.bias:
            self.numbers.biases[layer.key] = corrected_bias(rows, x, weights)

    # ---- the whole

    def begin(self) -> None:
        """Look at the float network, and take the first ranges."""
        o = self.options
        self.observe(rows=(o.method == "easyquant" or o.rounding or o.bias) and o.target == "network")
        self.start()

    def plains(self) -> list[tuple[str, Numbers]]:
        """The ranges of PLAIN other than the first ones, with the numbers they give."""
        held, found = self.numbers, []
        for other in PLAIN:
            if other != self.options.ranges:
                self.plain(other)
                found.append((other, self.numbers))
        self.numbers = held
        return found

    def plain_error(self) -> float:
        """Error of the results with the first ranges (`best`: the best of all plain ones), on the samples kept apart."""
        results = judged(self.graph)
        others = self.plains() if self.options.best else []
        forms = [insert(self.graph, self.plan, numbers) for numbers in (self.numbers, *(n for _, n in others))]
        found = compare(self.graph, forms, results, self.samples, self.compile, apart=self.apart)
        return min((worst_result(d, results) for d in found), default=0.0)

    def run(self) -> Outcome:
        """Everything after `begin`."""
        o = self.options
        improve = o.rounding or o.bias
        searching = o.method == "easyquant"
        states = [("start", self.numbers.copy())]
        if o.best:
            states += self.plains()
        mode = RELEASED if o.mode == "released" else LENGTH if o.judged else PAPER
        share = 0.7 / max(1, 2 * searching + improve)
        at = 0.2
        if searching and o.mode == "released":
            self.sweep("search weights", at, at + share, search=mode, weights=True, activations=False, improve=False)
            self.sweep("search activations", at + share, at + 2 * share, search=mode, weights=False, activations=True, improve=False)
            states.append(("easyquant", self.numbers.copy()))
        elif searching:
            self.sweep("search", at, at + share, search=mode, weights=True, activations=True, improve=False)
            states.append(("easyquant", self.numbers.copy()))
            if o.joint:
                self.sweep("refine", at + share, at + 2 * share, search=replace(mode, turns=1), weights=False, activations=True, improve=False)
                states.append(("easyquant, refined", self.numbers.copy()))
        if improve:
            self.sweep("improve", 0.9 - share, 0.9, search=None, weights=False, activations=False, improve=True)
            if o.rounding and o.bias:  # rounding does not depend on the biases: each helps some networks only
                states.append(("rounded together", replace(self.numbers.copy(), biases={})))
            states.append(("improved", self.numbers.copy()))
        return self.choose(states)

    def choose(self, states: list[tuple[str, Numbers]]) -> Outcome:
        """The state whose layers' outputs are nearest to the float network's, on all samples and positions; `best`: whose results."""
        keys = [layer.key for layer in self.plan.layers]
        results = judged(self.graph)
        values = list(dict.fromkeys((*keys, *self.graph.outputs, *results)))
        forms = [insert(self.graph, self.plan, numbers) for _, numbers in states]
        found = compare(self.graph, forms, values, self.samples, self.compile, part(self.say, 0.9, 0.04), apart=self.apart)
        scores = [mean_loss(d, keys) for d in found]
        by_results = self.options.judged and bool(results)
        errors = [worst_result(d, results) for d in found] if by_results else scores
        allowed = [k for k, score in enumerate(scores) if self.options.best or score <= scores[0]]
        best = min(allowed, key=lambda k: (errors[k], scores[k]))
        snapshots = [(name, score) for (name, _), score in zip(states, scores, strict=True)]
        outcome = Outcome(forms[best].graph, self.graph, self.plan, states[best][1], forms[best], found[best], found[0], self.seen,
                          self.watched, self.limit, snapshots, self.warnings, self.options.notes())  # fmt: skip
        if by_results:
            name = states[best][0] + self.evened
            outcome.notes.append(f"taken: {name}; of {len(states)} that were tried, for its results on {len(self.apart)} samples")
            if (self.options.best or self.options.wider) and self.options.mixed and not self.options.integers_only:
                outcome = self.widened(outcome, results, math.inf if self.options.best else scores[0])
        return outcome

    def widened(self, outcome: Outcome, results: list[str], limit: float) -> Outcome:
        """With as many layers in floats as pay, by the results on the samples kept apart; limit: of the mean loss over all layers."""
        error, layers = worst_result(outcome.layers, results), self.plan.layers
        if len(layers) < 2 or cheapest([error, 0.0]) == 0:
            return outcome
        graph = self.graph.copy()
        graph.outputs = results
        graph.drop_unused()
        measured = sensitivity(graph, outcome.plan, outcome.numbers, self.samples, self.compile, part(self.say, 0.94, 0.02))
        if measured is None:
            return outcome
        names = {layer.key: layer.name for layer in layers}
        order = [names[k] for k in measured.order if self.options.float_outputs or self.rounds_results(names[k])][: most(len(layers))]
        tried: list[tuple[Plan, Numbers]] = []
        for k in range(len(order)):
            plan = self.planned(frozenset(order[: k + 1]))
            if (numbers := carried(outcome.plan, outcome.numbers, plan)) is None:
                break
            tried.append((plan, numbers))
        values = list(dict.fromkeys((*names, *self.graph.outputs, *results)))
        parts = Parts(self.say, 0.96, 0.04, len(tried))

        def look(some: Sequence[tuple[Plan, Numbers]]) -> list[tuple[float, tuple[Inserted, Differences]]]:
            forms = [insert(self.graph, plan, numbers) for plan, numbers in some]
            found = compare(self.graph, forms, values, self.samples, self.compile, parts.next(len(some)), apart=self.apart)
            return [(worst_result(d, results) if mean_loss(d, list(names)) <= limit else math.inf, (f, d)) for f, d in zip(forms, found, strict=True)]

        errors, looked = as_long_as_they_pay(error, tried, look)
        tries = ", ".join(map(decibels, errors))
        outcome.notes.append(f"worst result on the {len(self.apart)} samples kept apart, dB above its error, with 0, 1, ... layers in floats: {tries}")
        if not (count := cheapest(errors)):
            return outcome
        (plan, numbers), (form, differences) = tried[count - 1], looked[count - 1]
        seen = {root: self.seen[outcome.plan.group[root]] for root in plan.sources}
        notes = [*outcome.notes, note(order[:count], self.options.wider)]
        return replace(outcome, graph=form.graph, plan=plan, numbers=numbers, inserted=form, layers=differences, seen=seen, notes=notes)


def _evened(plain: _Flow, samples: Samples, compile: Compile, options: Options, say: Progress) -> _Flow:
    """`plain`, which has begun, or one with channels evened out whose results are nearer."""
    flow, least = plain, -1.0
    for turn, (name, even) in enumerate(ways(plain.graph, plain.watched), 1):
        other = _Flow(even, samples, compile, options, part(say, 0.05 * turn, 1))
        other.begin()
        other.evened = f", channels evened out by {name}"
        least = plain.plain_error() if least < 0 else least
        if (error := other.plain_error()) < least:
            flow, least, other.say = other, error, say
    return flow


@one_blas_thread()
def quantize_graph(
    graph: Graph, samples: Samples, compile: Compile, options: Options | None = None, say: Progress = lambda what, done: None
) -> Outcome:
    """Quantise an imported float `graph` (not changed). compile: makes a graph run. say: told (stage, share done)."""
    options = options or Options()
    options.check()
    source = front(graph)
    if options.equalize:
        equalize(source)
    unknown = options.keep - {n.name or n.outputs[0] for n in source.nodes}
    if unknown:
        raise InputError("no layer is called " + ", ".join(sorted(unknown)), try_="names as the report has them")
    flow = _Flow(source, samples, compile, options, say)
    if not flow.plan.layers:
        raise InputError("nothing in this network can be quantised", why="it has no convolution or matrix product with float32 constant weights",
                         try_="check that the model is not quantised already")  # fmt: skip
    if any(n.op == "quantize_linear" for n in source.nodes):
        flow.warnings.append("the network is in integers in part already: what it rounds stays rounded, and its weights are taken as they are")
    flow.begin()
    if options.judged and not options.equalize and judged(source):
        flow = _evened(flow, samples, compile, options, say)
    return flow.run()


def grid_of(outcome: Outcome, value: str) -> Grid:
    """The grid of a quantised value."""
    return outcome.numbers.grids[outcome.plan.group[value]]
