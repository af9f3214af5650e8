"""Arm MPS2+ with the Cortex-M33 image AN505, in its secure world."""

from pith.boards.base import Board, Region, Uart, register


@register("mps2-an505")
def board() -> Board:
    return Board(
        "mps2-an505", "Arm MPS2+ with the Cortex-M33 image AN505, in its secure world", "cortex-m33",
        flash=Region(0x10000000, 4 << 20), ram=Region(0x38000000, 4 << 20), machine="mps2-an505",
        uart=Uart("cmsdk", 0x50200000, 20_000_000),
    )  # fmt: skip
