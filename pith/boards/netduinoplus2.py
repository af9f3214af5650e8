"""Netduino Plus 2 (STM32F405, Cortex-M4, 168 MHz)."""

from pith.boards.base import Board, Region, register


@register("netduinoplus2")
def board() -> Board:
    return Board(
        "netduinoplus2", "Netduino Plus 2 (STM32F405, Cortex-M4, 168 MHz)", "cortex-m4",
        flash=Region(0x08000000, 1 << 20), ram=Region(0x20000000, 128 << 10), machine="netduinoplus2",
    )  # fmt: skip
