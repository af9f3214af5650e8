"""Programs under QEMU's user mode: bits, counts, stack, and what is said where something is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pith.api import compile_to
from pith.emulators import execute, lacking
from pith.emulators.counter import plugin
from pith.emulators.session import EmulatedSession
from pith.graph import UnsupportedError
from pith.graph.errors import BuildError, InputError
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler

MODEL = Path(__file__).resolve().parents[2] / "pith" / "demo" / "mobilenext_cifar10.onnx"
TARGET = get_target("aarch64")
emulated = pytest.mark.skipif(bool(lacking(TARGET)), reason=lacking(TARGET))


@emulated
def test_outputs_counts_and_stack(tmp_path: Path) -> None:
    """Three pictures in one process agree with each alone, counts repeat, and steps add up to a run but for their marks."""
    manifest = compile_to(MODEL, tmp_path / "net", "aarch64")
    rng = np.random.default_rng(0)
    sets = [{"input": rng.standard_normal((1, 3, 32, 32)).astype(np.float32)} for _ in range(3)]
    sets = [{p["name"]: s["input"] for p in manifest["variants"][0]["inputs"]} for s in sets]
    compiler = find_compiler()
    all_of_them = execute(tmp_path / "net", manifest, TARGET, sets, compiler, count=True, steps=True)
    alone = execute(tmp_path / "net", manifest, TARGET, sets[1:2], compiler, runs=2, count=True)
    for name, a in alone.outputs[0].items():
        np.testing.assert_array_equal(a, all_of_them.outputs[1][name])
    assert alone.instructions == pytest.approx(all_of_them.instructions, rel=1e-4)
    again = execute(tmp_path / "net", manifest, TARGET, sets[1:2], compiler, runs=2, count=True)
    assert (again.instructions, again.functions, again.stack) == (alone.instructions, alone.functions, alone.stack)
    assert all_of_them.steps is not None and len(all_of_them.steps) == len(manifest["variants"][0]["steps"])
    assert sum(all_of_them.steps) == pytest.approx(all_of_them.instructions, rel=0.02)
    assert all_of_them.stack is not None and 0 < all_of_them.stack < 1 << 16


@emulated
def test_a_program_that_fails_is_an_error(tmp_path: Path) -> None:
    manifest = compile_to(MODEL, tmp_path / "net", "aarch64")
    broken = replace(TARGET, emulation=replace(TARGET.emulation, options=("-cpu", "no-such-processor")))  # type: ignore[type-var]
    feed = {p["name"]: np.zeros(p["shape"], p["dtype"]) for p in manifest["variants"][0]["inputs"]}
    with pytest.raises(BuildError, match="qemu-aarch64"):
        execute(tmp_path / "net", manifest, broken, [feed], find_compiler())


def test_a_missing_emulator_is_named_with_its_package(tmp_path: Path) -> None:
    gone = replace(TARGET, emulation=replace(TARGET.emulation, program="qemu-of-another-world"))  # type: ignore[type-var]
    with pytest.raises(UnsupportedError, match=r"qemu-of-another-world is not installed(?s:.*)apt-get install qemu-user"):
        execute(tmp_path, {}, gone, [], find_compiler())


def test_no_emulator_and_not_this_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target without an emulator is run on this machine where that can, and refused with the reason where it cannot."""
    native = replace(get_target("x86-64-v2"), cpu_features=("sse4_2",))
    monkeypatch.setattr("pith.targets.base.machine", lambda: "x86_64")
    monkeypatch.setattr("pith.targets.base.missing", lambda names: [])
    assert lacking(native) == ""
    monkeypatch.setattr("pith.targets.base.missing", lambda names: list(names))
    with pytest.raises(UnsupportedError, match=r"has no emulator(?s:.*)this processor lacks sse4_2"):
        lacking(native)


@emulated
def test_inputs_that_do_not_fit_are_refused() -> None:
    """Another dtype, another shape, none: in words, as on this machine."""
    net = EmulatedSession.of(lambda folder: compile_to(MODEL, folder, "aarch64"))
    name = net.inputs[0].name
    for wrong, what in ((np.zeros((1, 3, 32, 32)), "float64"), (np.zeros((1, 3, 16, 16), np.float32), r"has shape \[1, 3, 16, 16\]")):
        with pytest.raises(InputError, match=what):
            net.run({name: wrong})
    with pytest.raises(InputError, match=f"input missing: {name}"):
        net.run({})


@emulated
def test_a_plugin_that_was_cut_off_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PITH_CACHE", str(tmp_path))
    made = plugin()
    whole = made.read_bytes()
    for left in (0, 1000, len(whole) // 2):
        made.write_bytes(whole[:left])
        assert len(plugin().read_bytes()) == len(whole)
