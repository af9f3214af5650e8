"""Many cases of the ONNX suite as one network side by side, so that a processor that is emulated is started once for all of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from pith.api import import_model, stages
from pith.artefact import write_sources
from pith.build import build_into, describe
from pith.emulators import execute
from pith.emulators.program import build_linux, program_input, program_output
from pith.emulators.qemu_user import run_program
from pith.graph import Graph, Node, PithError
from pith.importers.onnx import shape_inputs
from pith.targets.base import Target, get_target
from pith.targets.compiler import find_compiler
from tests.conformance.cases import NOISY, Case, difference, load_cases


@dataclass
class Merged:
    """A graph of cases, what to feed it, and what each case's outputs are called and must be."""

    graph: Graph
    feed: dict[str, np.ndarray] = field(default_factory=dict)
    wanted: list[tuple[Case, str, str, np.ndarray]] = field(default_factory=list)


def merged(names: Sequence[str]) -> Merged:
    """The first data set of every case."""
    made = Merged(Graph("cases"))
    for k, name in enumerate(names):
        case = load_cases()[name]
        inputs, expected = case.data_sets[0]
        given = {v.name: a for v, a in zip(case.model.graph.input, inputs, strict=False) if a is not None}
        constants = {n: a for n, a in given.items() if n in shape_inputs(case.model)}
        graph = import_model(case.model, {n: a.shape for n, a in given.items() if n not in constants}, constants)
        append(made.graph, graph, f"c{k}_")
        made.feed |= {f"c{k}_{n}": given[n] for n in graph.inputs}
        made.wanted += [(case, f"c{k}_{o}", v.name, want) for o, v, want in zip(graph.outputs, case.model.graph.output, expected, strict=True)]
    return made


def append(to: Graph, graph: Graph, prefix: str) -> None:
    """All of `graph`, its values called by names of their own, beside what is in `to`."""

    def own(names: Sequence[str]) -> list[str]:
        return [prefix + n if n else "" for n in names]

    to.inputs += own(graph.inputs)
    to.outputs += own(graph.outputs)
    to.types |= {prefix + n: t for n, t in graph.types.items()}
    to.constants |= {prefix + n: a for n, a in graph.constants.items()}
    to.nodes += [Node(n.op, own(n.inputs), own(n.outputs), dict(n.attrs), prefix + n.name, n.origin) for n in graph.nodes]


def built(graph: Graph, target: Target, folder: Path) -> dict[str, object]:
    """C of `graph` in `folder`, and its manifest; a library only where the emulator runs one."""
    result = stages(graph, target.name)
    if target.product == "library":
        folder.mkdir()
        write_sources(folder, result.sources, embed=target.embed)
        return describe(result) | {"opt": "-O1"}
    build_into(folder, result, None, "-O1", False, None)
    manifest: dict[str, object] = json.loads((folder / "manifest.json").read_text())
    return manifest


def failures(work: Merged, target: str, folder: Path, processors: Sequence[tuple[str, ...]] = ()) -> dict[tuple[str, ...], dict[str, str]]:
    """What is wrong with each case, by processor: options of QEMU's user mode (without any: as the target is emulated). Raises PithError."""
    chosen = get_target(target)
    manifest = built(work.graph, chosen, folder)
    found: dict[tuple[str, ...], dict[str, str]] = {}
    assert chosen.emulation is not None
    program = build_linux(folder, manifest, chosen, find_compiler(), folder, marked=False) if processors else None
    for options in processors or [chosen.emulation.options]:
        if program is None:
            (outputs,) = execute(folder, manifest, chosen, [work.feed], find_compiler()).outputs
        else:  # built once
            there = replace(chosen, emulation=replace(chosen.emulation, options=options))
            said = run_program(program, there, program_input(manifest, [work.feed], 1), None)
            (outputs,) = program_output(manifest, said, 1).outputs
        wrong = found.setdefault(options, {})
        for case, name, called, want in work.wanted:
            if problem := difference(outputs[name], want, case.rtol, NOISY.get(case.name, case.atol)):
                wrong[f"{case.kind}/{case.name}"] = f"{called}: {problem}"
    return found


def small(names: Sequence[str], most: int = 1 << 16) -> list[str]:
    """Those whose tensors take few bytes."""
    cases = load_cases()
    return [n for n in names if bytes_of(cases[n]) <= most]


def bytes_of(case: Case) -> int:
    return sum(a.nbytes for part in case.data_sets[0] for a in part if a is not None) + case.model.ByteSize()


def chosen(names: Sequence[str], each: int) -> list[str]:
    """At most `each` cases of every operator, spread over its list, the ones with fewest other operators first."""
    cases, by = load_cases(), defaultdict(list)
    for n in names:
        for op in cases[n].operators:
            by[op].append(n)
    picked: set[str] = set()
    for found in by.values():
        few = sorted(found, key=lambda n: (len(cases[n].operators), n))
        plain = [n for n in few if len(cases[n].operators) == len(cases[few[0]].operators)]
        picked.update(plain[i * len(plain) // each] for i in range(min(each, len(plain))))
    return sorted(picked)


__all__ = ["Merged", "PithError", "chosen", "failures", "merged", "small"]
