"""Arm MPS2+ with the Cortex-M3 image AN385."""

from pith.boards.base import Board, Region, Uart, register


@register("mps2-an385")
def board() -> Board:
    return Board(
        "mps2-an385", "Arm MPS2+ with the Cortex-M3 image AN385", "cortex-m3",
        flash=Region(0x00000000, 4 << 20), ram=Region(0x20000000, 4 << 20), machine="mps2-an385", clock=25_000_000,
        uart=Uart("cmsdk", 0x40004000, 25_000_000),
    )  # fmt: skip
