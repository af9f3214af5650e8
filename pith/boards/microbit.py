"""BBC micro:bit (nRF51822, Cortex-M0, 16 MHz)."""

from pith.boards.base import Board, Region, register


@register("microbit")
def board() -> Board:
    return Board(
        "microbit", "BBC micro:bit (nRF51822, Cortex-M0, 16 MHz)", "cortex-m0",
        flash=Region(0x00000000, 256 << 10), ram=Region(0x20000000, 16 << 10), machine="microbit",
    )  # fmt: skip
