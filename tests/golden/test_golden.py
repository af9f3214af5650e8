"""The C of every kernel, compared with the text reviewed last. `PITH_UPDATE_GOLDEN=1 pytest tests/golden` writes it anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pith.artefact import write_sources
from pith.kernels.base import KERNELS, load_all
from pith.targets.base import get_target
from pith.targets.build import build_shared
from pith.targets.compiler import find_compiler
from pith.vector.cfunction import CFunction
from tests.golden.cases import ALSO_ON, BUILT, ONLY_ON, SUITE, compiled

FOLDER = Path(__file__).parent / "c"
TARGETS = ("c99", "x86-64-v3")
load_all()
NAMES = sorted(f"{op}/{k.name}" for op, ks in KERNELS.items() for k in ks if op != "accelerated")  # whose text is the plug-in's


def _text(function: CFunction) -> str:
    """The function and what it calls of its own (not the math library or the vector dialect), callees first."""
    parts: dict[str, str] = {}

    def visit(f: CFunction) -> None:
        for r in f.requires:
            if not r.name.startswith(("pith_", "vf", "PITH_")):
                visit(r)
        parts[f.name] = f.text

    visit(function)
    return "\n".join(parts.values())


def test_every_kernel_has_a_case() -> None:
    assert sorted({*SUITE, *BUILT}) == NAMES


VECTORS_ONLY = ("gru/lanes", "lstm/lanes", "rnn/lanes",
                "conv/winograd2", "conv/winograd4", "conv/winograd6", "conv_chain/strip", "softmax/vector", "layer_norm/vector", "rms_norm/vector",
                "conv_integer/dot", "conv_integer/depthwise", "matmul_integer/dot", "matmul_integer/batched",
                "conv_integer/pairs", "conv_integer/words", "conv_integer/depthwise_pairs", "conv_integer/depthwise_words",
                "matmul_integer/pairs", "matmul_integer/words", "conv_integer/split", "matmul_integer/split",
                "conv_integer/shorts", "matmul_integer/shorts", "conv_integer/winograd2", "conv_integer/winograd4", "fused/bytes", "fused/quantise",
                *ONLY_ON)  # fmt: skip


CASES = [*((n, t) for n in NAMES for t in TARGETS if t != "c99" or n not in VECTORS_ONLY), *ALSO_ON.items()]


def _path(name: str, target: str) -> Path:
    return FOLDER / f"{name.replace('/', '_')}.{ONLY_ON.get(name, target)}.c"


def test_no_file_is_left_over() -> None:
    assert sorted(FOLDER.iterdir()) == sorted({_path(*case) for case in CASES})


@pytest.mark.parametrize(("name", "target"), CASES)
def test_text(name: str, target: str) -> None:
    op, family = name.split("/")
    program = compiled(name, target).programs[0]
    steps = [s for s in program.steps if s.kernel == family and (s.op == op or op == "fused")]
    assert steps, f"the case no longer uses {name}: {[(s.op, s.kernel) for s in program.steps]}"
    text = "\n".join(dict.fromkeys(_text(s.function) for s in steps))
    path = _path(name, target)
    if os.environ.get("PITH_UPDATE_GOLDEN"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.exists(), f"no golden file; write it with PITH_UPDATE_GOLDEN=1 and review {path.name}"
    assert text == path.read_text(), f"{path.name} differs; if meant, PITH_UPDATE_GOLDEN=1 and review the diff"


# for the processors of this table: the text of the others is compiled by their own tests
LINKED_ON = {n: ONLY_ON.get(n, "x86-64-v3") for n in NAMES if get_target(ONLY_ON.get(n, "x86-64-v3")).hosted}


@pytest.mark.parametrize("name", sorted(LINKED_ON))
def test_links_without_a_library_at_o0(name: str, tmp_path: Path) -> None:
    """-O0 turns initialisers and copies of arrays into calls of memset and memcpy, which nothing would bring along."""
    sources, target = compiled(name, LINKED_ON[name]).sources, get_target(LINKED_ON[name])
    write_sources(tmp_path, sources, embed=target.embed)
    built = build_shared(tmp_path, sources.name, target, find_compiler(), exports=[f"{sources.name}_run"], opt="-O0")
    assert built.library.is_file()
