"""Two networks in two tasks of one image: python build.py FIRST SECOND [-t cortex-m4] [--board mps2-an386] [-o two_tasks]

Each model has one input and one output. `two_tasks.elf` runs under QEMU:

    qemu-system-arm -M mps2-an386 -nographic -monitor none -serial none -icount shift=5 \\
      -semihosting-config enable=on,target=native -kernel two_tasks/two_tasks.elf
"""

from __future__ import annotations

import argparse
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from pith.api import compile_to
from pith.boards.base import get_board
from pith.boards.build import link_text, write_start
from pith.graph import BuildError
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler, runtime_archive

HERE = Path(__file__).resolve().parent
STACK = 4096  # bytes of the main stack, where interrupts and the runs before the tasks take place


def facts(name: str, manifest: dict[str, Any]) -> list[str]:
    """Macros about the only input and the only output of a network."""
    lines = [f'#include "{name}.h"']
    for side, word in (("inputs", "IN"), ("outputs", "OUT")):
        (port,) = manifest["variants"][0][side]
        lines.append(f"#define {name.upper()}_{word} {math.prod(port['shape']) * np.dtype(port['dtype']).itemsize}u")
    return [*lines, f"#define {name.upper()}_FLOATS {int(manifest['variants'][0]['inputs'][0]['dtype'] == 'float32')}"]


def build(models: dict[str, Path], target: str, board: str, folder: Path, opt: str = "-O3") -> Path:
    """The image in `folder`; `models`: by the names `first` and `second`."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen, compiler, place = get_target(target), find_compiler(), get_board(board)
    lines, sources = [], ["main.c", "start.c"]
    for name, model in models.items():
        manifest = compile_to(model, folder / name, target, name=name, opt=opt)
        lines += facts(name, manifest)
        for file in (f"{name}.c", f"{name}.h", f"{name}_weights.c"):
            shutil.copy2(folder / name / file, folder / file)
        sources += [f"{name}.c", f"{name}_weights.c"]
    (folder / "tasks.h").write_text("\n".join(lines) + "\n")
    shutil.copy2(HERE / "main.c", folder / "main.c")
    write_start(folder)
    (folder / "link.ld").write_text(link_text(place, STACK))
    objects = [folder / s.replace(".c", ".o") for s in sources]
    for source, output in zip(sources, objects, strict=True):
        compiler.compile(folder / source, output, chosen, (opt, "-ffunction-sections", "-fdata-sections"), shared=False)
    image = folder / "two_tasks.elf"
    try:
        compiler.link_firmware(objects, image, folder / "link.ld")
    except BuildError as e:
        if "undefined symbol" not in e.why:
            raise
        compiler.link_firmware([*objects, runtime_archive(chosen)], image, folder / "link.ld")
    return image


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("first", type=Path)
    p.add_argument("second", type=Path)
    p.add_argument("-t", "--target", default="cortex-m4")
    p.add_argument("--board", default="mps2-an386")
    p.add_argument("-o", "--output", type=Path, default=Path("two_tasks"))
    args = p.parse_args()
    print(build({"first": args.first, "second": args.second}, args.target, args.board, args.output))


if __name__ == "__main__":
    main()
