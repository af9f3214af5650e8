"""Arm MPS3 with the Cortex-M55 image AN547, in its tightly coupled memories."""

from pith.boards.base import Board, Region, Uart, register


@register("mps3-an547")
def board() -> Board:
    return Board(
        "mps3-an547", "Arm MPS3 with the Cortex-M55 image AN547, in its tightly coupled memories", "cortex-m55",
        flash=Region(0x00000000, 512 << 10), ram=Region(0x20000000, 512 << 10), machine="mps3-an547",
        uart=Uart("cmsdk", 0x59303000, 32_000_000),
    )  # fmt: skip
