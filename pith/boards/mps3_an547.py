"""Arm MPS3 with the Cortex-M55 image AN547, in its tightly coupled memories; SRAM and the external DDR are there for what does not
fit. Their wait states are an assumption that keeps their order."""

from pith.boards.base import Board, Memory, Region, Uart, register


@register("mps3-an547")
def board() -> Board:
    return Board(
        "mps3-an547", "Arm MPS3 with the Cortex-M55 image AN547, in its tightly coupled memories", "cortex-m55",
        flash=Region(0x00000000, 512 << 10), ram=Region(0x20000000, 512 << 10), machine="mps3-an547",
        more=(Memory("SRAM", Region(0x21000000, 2 << 20), wait=1), Memory("DDR", Region(0x60000000, 256 << 20), wait=20)),
        uart=Uart("cmsdk", 0x59303000, 32_000_000),
    )  # fmt: skip
