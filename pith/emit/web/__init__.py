"""What a network for the browser consists of beside its C: the memory it runs in, an ES module with its types, a page.

All addresses are known when the module is linked: one block holds the arena, one the inputs and outputs of whichever set of
shapes is in use. The JavaScript reads and writes that block directly; nothing is allocated at run time.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from pith.emit.c import identifier, port_names
from pith.graph import DType
from pith.lower.program import ALIGN, Port, Program

# the typed array of each element type; the small floats and 4-bit integers appear as they are stored
_ARRAYS = {
    DType.F32: "Float32Array", DType.F64: "Float64Array", DType.F16: "Uint16Array", DType.BF16: "Uint16Array",
    DType.I4: "Int8Array", DType.I8: "Int8Array", DType.I16: "Int16Array", DType.U16: "Uint16Array", DType.I32: "Int32Array",
    DType.U32: "Uint32Array", DType.I64: "BigInt64Array", DType.U64: "BigUint64Array",
}  # fmt: skip
PORTS = "pith_ports"  # the exported address of the block of inputs and outputs


@dataclass(frozen=True, slots=True)
class Placed:
    """An input or output: its name in the model, its type, its place in the block."""

    port: Port
    field: str
    offset: int

    def facts(self) -> dict[str, Any]:
        t = self.port.type
        array = _ARRAYS.get(t.dtype, "Uint8Array")
        return {"name": self.port.name, "dtype": t.dtype.value, "shape": list(t.shape), "array": array, "length": t.size, "offset": self.offset}


def place(program: Program) -> tuple[list[Placed], list[Placed], int]:
    """Inputs and outputs of a program one after another, and the bytes they take."""
    sides, offset = [], 0
    for ports in (program.inputs, program.outputs):
        placed = []
        for field, port in zip(port_names(ports), ports, strict=True):
            placed.append(Placed(port, field, offset))
            offset += -(-max(1, port.type.nbytes) // ALIGN) * ALIGN
        sides.append(placed)
    return sides[0], sides[1], max(ALIGN, offset)


def glue(name: str, symbols: list[str], programs: list[Program]) -> str:
    """C: the arena, the block of inputs and outputs, and one function without arguments for each set of shapes."""
    arena = max(1, *(p.arena_size for p in programs))
    block = max(place(p)[2] for p in programs)
    lines = [
        f"/* {name}_wasm.c - the memory {name}.wasm runs in */", f'#include "{name}.h"', "",
        f"static unsigned char arena[{arena}] __attribute__((aligned({ALIGN})));",
        f"unsigned char {PORTS}[{block}] __attribute__((aligned({ALIGN})));", "",
    ]  # fmt: skip
    for k, (symbol, program) in enumerate(zip(symbols, programs, strict=True)):
        ins, outs, _ = place(program)
        lines.append(f"int pith_run_{k}(void) {{")
        for kind, side, placed in (("inputs", "in", ins), ("outputs", "out", outs)):
            fields = ", ".join(f".{p.field} = (void *)({PORTS} + {p.offset})" for p in placed) or "0"
            lines.append(f"  const {symbol}_{kind} {side} = {{{fields}}};")
        lines += [f"  return {symbol}_run(arena, &in, &out);", "}", ""]
    return "\n".join(lines)


def exports(count: int) -> list[str]:
    """Names that the linked module exports, beside its memory."""
    return [PORTS, *(f"pith_run_{k}" for k in range(count))]


@cache
def _template(name: str) -> str:
    return (files(__package__) / name).read_text()


def _variant(program: Program) -> dict[str, Any]:
    ins, outs, _ = place(program)
    return {"inputs": [p.facts() for p in ins], "outputs": [p.facts() for p in outs]}


def _script_json(value: Any, indent: int | None = None) -> str:
    """JSON that is also JavaScript, and harmless inside a page's script: what ends a script or a line there is escaped."""
    text = json.dumps(value, ensure_ascii=True, indent=indent)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def module(name: str, build: str, needs: str, programs: list[Program], metadata: Mapping[str, str]) -> str:
    """The ES module NAME.mjs. needs: what the engine must have, in words."""
    kept = {k: v for k, v in metadata.items() if k.startswith("pith.")}
    facts = {"name": name, "build": build, "needs": needs, "metadata": kept, "variants": [_variant(p) for p in programs]}
    return _template("module.mjs").replace("__NAME__", name).replace("__NETWORK__", _script_json(facts, 1))


def types(name: str, programs: list[Program]) -> str:
    """The TypeScript declarations NAME.d.mts."""
    first = programs[0]
    sides = []
    for side, ports in (("Inputs", first.inputs), ("Outputs", first.outputs)):
        fields = [f"  {_script_json(p.name)}: {_ARRAYS.get(p.type.dtype, 'Uint8Array')}; // {p.type.dtype.value}{list(p.type.shape)}" for p in ports]
        sides.append(f"export interface {side} {{\n" + "\n".join(fields) + "\n}")
    return _template("module.d.mts").replace("__NAME__", name).replace("__PORTS__", "\n\n".join(sides))


def page(name: str) -> str:
    """The page NAME.html, which loads the module beside it."""
    return _template("page.html").replace("__NAME__", html.escape(name))


def web_sources(
    name: str, build: str, needs: str, symbols: list[str], programs: list[Program], metadata: Mapping[str, str]
) -> dict[str, str]:
    """File name -> text of all that goes beside NAME.wasm."""
    assert name == identifier(name)
    return {
        f"{name}_wasm.c": glue(name, symbols, programs), f"{name}.mjs": module(name, build, needs, programs, metadata),
        f"{name}.d.mts": types(name, programs), f"{name}.html": page(name),
    }  # fmt: skip
