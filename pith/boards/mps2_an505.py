"""Arm MPS2+ with the Cortex-M33 image AN505, in its secure world."""

from pith.boards.base import Board, Region, Uart, Worlds, register


@register("mps2-an505")
def board() -> Board:
    half = 2 << 20
    return Board(
        "mps2-an505", "Arm MPS2+ with the Cortex-M33 image AN505, in its secure world", "cortex-m33",
        flash=Region(0x10000000, 4 << 20), ram=Region(0x38000000, 4 << 20), machine="mps2-an505",
        worlds=Worlds(
            flash=Region(0x10000000, half - 4096), veneers=Region(0x10000000 + half - 4096, 4096), ram=Region(0x38000000, half),
            app_flash=Region(half, half), app_ram=Region(0x28000000 + half, half),
            protection=((0x58007000, half, 2 * half), (0x58009000, 0, half)),
            set_bits=((0x50080014, 1),),  # NSCCFG of SSE-200: entries may lie in the memory of code
        ),
        uart=Uart("cmsdk", 0x50200000, 20_000_000),
    )  # fmt: skip
