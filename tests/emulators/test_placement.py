"""Where parts of firmware lie: no placement waits less, what is wanted is done, and the image runs from there."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pith
from pith.api import compile_to
from pith.boards.base import Board, Memory, Region, get_board
from pith.boards.place import PARTS, Part, check_placement, place
from pith.emulators import lacking
from pith.emulators.qemu_system import run_image
from pith.graph.errors import InputError
from pith.targets.base import get_target

LACKING = lacking(get_target("cortex-m4"))


_SIZES = st.lists(st.tuples(st.integers(0, 90), st.integers(0, 9000)), min_size=5, max_size=5)
_MORE = st.lists(st.tuples(st.integers(1, 200), st.integers(0, 9)), min_size=1, max_size=2)


@given(_SIZES, _MORE)
def test_none_waits_less(sizes: list[tuple[int, int]], more: list[tuple[int, int]]) -> None:
    """Against every assignment, written out anew: capacities, flash that keeps code and weights, cycles."""
    parts = {n: Part(b, t) for n, (b, t) in zip(PARTS, sizes, strict=True)}
    others = tuple(Memory(f"M{i}", Region(0, n), wait, code=i == 0) for i, (n, wait) in enumerate(more))
    board = Board("b", "", "", Region(0, 150), Region(0, 200), flash_wait=3, more=others)
    room = {"FLASH": (150, 3), "RAM": (200, 0)} | {m.name: (m.region.length, m.wait) for m in others}
    best = None
    for names in itertools.product(room, repeat=5):
        spot = dict(zip(PARTS, names, strict=True))
        if any(spot[p] == "FLASH" for p in ("arena", "data", "stack")) or spot["code"] == "M1":
            continue
        used = {m: sum(parts[p].bytes for p in PARTS if spot[p] == m) for m in room}
        used["FLASH"] = parts["code"].bytes + parts["weights"].bytes
        if all(used[m] <= room[m][0] for m in room):
            cycles = sum(parts[p].touched // 4 * room[spot[p]][1] for p in PARTS)
            best = cycles if best is None else min(best, cycles)
    found = place(parts, board, {})
    if best is not None:
        assert sum(parts[p].touched // 4 * room[found[p]][1] for p in PARTS) == best


@pytest.mark.skipif(bool(LACKING), reason=LACKING)
@pytest.mark.parametrize(
    ("target", "board", "wanted", "want"),
    [
        ("cortex-m4", "netduinoplus2", {}, {"code": "RAM", "weights": "RAM"}),
        ("cortex-m4", "netduinoplus2", {"code": "FLASH", "weights": "FLASH"}, {"code": "FLASH", "weights": "FLASH", "arena": "RAM"}),
        ("cortex-m55", "mps3-an547", {"arena": "SRAM", "weights": "DDR", "stack": "SRAM"}, {"arena": "SRAM", "weights": "DDR", "data": "RAM"}),
    ],
)
def test_images_run_from_where_they_lie(target: str, board: str, wanted: dict[str, str], want: dict[str, str], data_dir: Path, tmp_path: Path) -> None:
    model = data_dir / "mlperf_tiny" / "kws_ref_model.tflite"
    manifest = compile_to(model, tmp_path / "net", target, name="kws", board=board, place=wanted)
    assert want.items() <= manifest["firmware"]["placement"].items()
    x = np.random.default_rng(1).integers(-128, 128, manifest["variants"][0]["inputs"][0]["shape"], dtype=np.int8)
    run_image(tmp_path / "net" / "kws.elf", get_board(board), get_target(target), x.tobytes(), None)
    got = np.frombuffer((tmp_path / "net" / "kws.out").read_bytes(), np.int8)
    np.testing.assert_array_equal(got, np.asarray(pith.compile(model, "c99", name="kws")(x)).reshape(-1))


def test_what_cannot_be_placed() -> None:
    board = get_board("netduinoplus2")
    for wanted, words in (({"heap": "RAM"}, "nothing called 'heap'"), ({"arena": "ITCM"}, "no memory 'ITCM'"), ({"arena": "FLASH"}, "arena cannot be in FLASH"),
                          ({"code": "CCM"}, "code cannot be in CCM")):  # fmt: skip
        with pytest.raises(InputError, match=words):
            check_placement(board, wanted)
