"""Netduino Plus 2 (STM32F405, Cortex-M4, 168 MHz): five wait states of flash at that clock, and 64 KB that only data can be in
(STMicroelectronics RM0090, sections 2.3 and 3.5)."""

from pith.boards.base import Board, Memory, Region, register


@register("netduinoplus2")
def board() -> Board:
    return Board(
        "netduinoplus2", "Netduino Plus 2 (STM32F405, Cortex-M4, 168 MHz)", "cortex-m4",
        flash=Region(0x08000000, 1 << 20), ram=Region(0x20000000, 128 << 10), machine="netduinoplus2", clock=168_000_000, flash_wait=5,
        more=(Memory("CCM", Region(0x10000000, 64 << 10), code=False),),
    )  # fmt: skip
