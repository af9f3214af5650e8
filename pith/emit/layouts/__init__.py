"""Files around the C of a network for the project it goes into: CMake, Make, or a library of the Arduino IDE. Text only."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

from pith.graph import DType, InputError, UnsupportedError

LAYOUTS = ("cmake", "make", "arduino")
# what the flags in the manifest say to a compiler whose flags the Arduino IDE decides
_PRAGMA = """/* the same bits under gcc, whose flags are not ours here */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("fp-contract=off", "no-strict-aliasing")
#endif
"""


def check_layout(layout: str | None, threads: int) -> None:
    """Raise InputError for what is no layout, UnsupportedError where it does not go with `threads`."""
    if layout is not None and layout not in LAYOUTS:
        raise InputError(f"no layout {layout!r}", try_="one of: " + " ".join(LAYOUTS))
    if layout == "arduino" and threads > 1:
        raise UnsupportedError("no threads in a library for Arduino", try_="--threads 1")


def embeds(layout: str | None) -> bool:
    """Whether the assembler can find the file of weights in this layout."""
    return layout != "arduino"


def layout_files(layout: str, manifest: Mapping[str, Any], code: str) -> dict[str, str]:
    """Texts by path within the artefact; `manifest` of the compilation, `code`: the text of NAME.c."""
    name, pool = manifest["name"], manifest["threads"] > 1
    marks = {
        "NAME": name, "UP": name.upper(), "TARGET": manifest["target"], "FLAGS": " ".join(manifest["cflags"]), "PITH": manifest["pith"],
        "POOL_SOURCE": " pith_pool.c" if pool else "", "POOL_OBJECT": " $(BUILD)/pith_pool.o" if pool else "", "THREADS": "1" if pool else "0",
    }  # fmt: skip
    if layout == "cmake":
        return {"CMakeLists.txt": _filled("CMakeLists.txt", marks)}
    if layout == "make":
        return {"Makefile": _filled("Makefile", marks)}
    marks["DESCRIPTION"] = f"A neural network compiled to C for {manifest['target']}."
    return {
        "library.properties": _filled("library.properties", marks), f"{name}.c": _PRAGMA + code,
        f"examples/{name}/{name}.ino": _filled("sketch.ino", marks | _sketch(manifest["variants"][0])),
    }  # fmt: skip


def _sketch(variant: Mapping[str, Any]) -> dict[str, str]:
    """Marks of the sketch: arrays for inputs and outputs, and what is printed."""
    ports = {side: variant[f"{side}puts"] for side in ("in", "out")}
    sizes = {side: [math.prod(p["shape"]) or 1 for p in found] for side, found in ports.items()}
    arrays = [
        f"static {DType(p['dtype']).c} {side}_{p['field']}[{n}]; // {p['dtype']} {'x'.join(map(str, p['shape'])) or 'scalar'}"
        for side, found in ports.items() for p, n in zip(found, sizes[side], strict=True)
    ]  # fmt: skip
    first = ports["out"][0]
    kind = "double" if DType(first["dtype"]).is_float else "long"
    return {
        "SYMBOL": variant["symbol"], "ARENA": variant["symbol"].upper(), "ARRAYS": "\n".join(arrays),
        "IN": ", ".join(f"in_{p['field']}" for p in ports["in"]) or "0", "OUT": ", ".join(f"out_{p['field']}" for p in ports["out"]) or "0",
        "FIRST": f"out_{first['field']}", "COUNT": str(sizes["out"][0]), "KIND": kind,
    }  # fmt: skip


def _filled(file: str, marks: Mapping[str, str]) -> str:
    text = (resources.files("pith.emit") / "layouts" / file).read_text()
    return re.sub(r"@([A-Z_]+)@", lambda m: marks[m[1]], text)
