"""Arm MPS2+ with the Cortex-M7 image AN500."""

from pith.boards.base import Board, Region, Uart, register


@register("mps2-an500")
def board() -> Board:
    return Board(
        "mps2-an500", "Arm MPS2+ with the Cortex-M7 image AN500", "cortex-m7",
        flash=Region(0x00000000, 4 << 20), ram=Region(0x20000000, 4 << 20), machine="mps2-an500", clock=25_000_000,
        uart=Uart("cmsdk", 0x40004000, 25_000_000),
    )  # fmt: skip
