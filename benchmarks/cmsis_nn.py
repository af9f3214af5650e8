"""CMSIS-NN's kernels on the layers of MLPerf Tiny's int8 networks, beside Pith's: executed instructions on the same emulator.

    python benchmarks/cmsis_nn.py CMSIS-NN-FOLDER [--data FOLDER] [--nets kws,vww,ic,ad] [--cores m4]

CMSIS-NN (github.com/ARM-software/CMSIS-NN, a checkout of yours) is compiled by the same compiler with the same options and called as
its documentation says: `arm_convolve_wrapper_s8`, `arm_depthwise_conv_wrapper_s8`, `arm_fully_connected_s8`; a layer into which Pith
fused a residual sum also gets `arm_elementwise_add_s8`. Its numbers are made up: the count does not depend on them but for a few
branches. Layers are those convolutions and products of Pith's optimised graph that are CMSIS-NN's too, pools and softmax left out.
Writes benchmarks/results/cmsis_nn.csv.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import tempfile
from datetime import date
from pathlib import Path

from microcontrollers import CORES, NETS, ROOT, commit, samples

from pith.api import compile_to, import_model, optimise
from pith.boards.base import get_board
from pith.boards.build import link_text
from pith.emulators import counter, execute
from pith.emulators.program import MARK
from pith.emulators.qemu_system import run_image
from pith.graph import Graph, Node
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler

_HEAD = """#include "arm_nnfunctions.h"
#include "start.h"
__attribute__((noinline)) void pith_mark(void) { __asm__ volatile("" ::: "memory"); }
static int8_t x[40000], y[40000], z[40000], w[90000], buffer[60000];
static int32_t bias[1024], multiplier[1024], shift[1024];
static cmsis_nn_context ctx = {buffer, sizeof buffer};
static cmsis_nn_context sums = {buffer, sizeof buffer};
int main(void) {
  for (int i = 0; i < 40000; i++) x[i] = (int8_t)(i * 37), z[i] = (int8_t)(i * 11);
  for (int i = 0; i < 90000; i++) w[i] = (int8_t)(i * 73 % 255 - 127);
  for (int i = 0; i < 1024; i++) bias[i] = i * 5 - 900, multiplier[i] = 1500000000 - i, shift[i] = -8;
  cmsis_nn_per_channel_quant_params q = {multiplier, shift};
  cmsis_nn_per_tensor_quant_params one = {1500000000, -8};
"""


def _layer(graph: Graph, node: Node) -> str:
    """C that runs one layer between two marks."""
    a, w, out = (graph.types[v].shape for v in (node.inputs[0], node.inputs[1], node.outputs[0]))
    at = node.attrs
    if node.op == "matmul_integer":
        k, n = a[-1], out[-1]
        call = (f"cmsis_nn_fc_params p = {{128, 0, -128, {{-128, 127}}}};\n"
                f"    cmsis_nn_dims id = {{1, 1, 1, {k}}}, fd = {{{k}, 1, 1, {n}}}, bd = {{1, 1, 1, {n}}}, od = {{1, 1, 1, {n}}};\n"
                "    arm_vector_sum_s8(buffer_sums, fd.n, od.c, w, 128, 0, bias);\n    pith_mark();\n"
                "    bad |= arm_fully_connected_s8(&sums, &p, &one, &id, x, &fd, w, &bd, bias, &od, y);")  # fmt: skip
        call = call.replace("arm_vector_sum_s8(buffer_sums", "arm_vector_sum_s8((int32_t *)(void *)buffer")
    else:
        (o, _, kh, kw), (sh, sw), pads = w, at["strides"], at["pads"]
        depthwise = at["group"] == a[-1] and at["group"] > 1
        dims = f"cmsis_nn_dims id = {{1, {a[1]}, {a[2]}, {a[3]}}}, bd = {{1, 1, 1, {o}}}, od = {{1, {out[1]}, {out[2]}, {o}}}, fd = "
        dims += f"{{1, {kh}, {kw}, {o}}};" if depthwise else f"{{{o}, {kh}, {kw}, {a[3]}}};"
        more = "1, " if depthwise else ""
        kind = "dw_conv" if depthwise else "conv"
        params = f"cmsis_nn_{kind}_params p = {{128, -128, {more}{{{sw}, {sh}}}, {{{pads[1]}, {pads[0]}}}, {{1, 1}}, {{-128, 127}}}};"
        name = "arm_depthwise_conv_wrapper_s8" if depthwise else "arm_convolve_wrapper_s8"
        call = (f"{params}\n    {dims}\n    if ({name}_get_buffer_size(&p, &id, &fd, &od) > (int32_t)sizeof buffer) return 5;\n"
                f"    pith_mark();\n    bad |= {name}(&ctx, &p, &q, &id, x, &fd, w, &bd, bias, &od, y);")  # fmt: skip
        if any(graph.types[v].shape == out for v in node.inputs[3:] if v):
            size = out[1] * out[2] * out[3]
            call += f"\n    bad |= arm_elementwise_add_s8(y, z, 128, 1500000000, -1, 128, 1400000000, -1, 20, y, -128, 1600000000, -18, -128, 127, {size});"
    return f"  {{\n    {call}\n    pith_mark();\n  }}\n"


def _layers(graph: Graph) -> list[Node]:
    """Convolutions and products that are CMSIS-NN's too: an average pool, which has no bias here, is none."""
    return [n for n in graph.nodes if n.op in ("conv_integer", "matmul_integer") and len(n.inputs) > 2 and n.inputs[2]]


def theirs(cmsis: Path, graph: Graph, target_name: str, board_name: str, work: Path) -> list[int]:
    """Instructions of each layer by CMSIS-NN."""
    target, board, compiler = get_target(target_name), get_board(board_name), find_compiler()
    firmware = ROOT / "pith" / "boards" / "firmware"
    for name in ("start.c", "start.h"):
        shutil.copy2(firmware / name, work / name)
    calls = "".join(_layer(graph, n) for n in _layers(graph))
    (work / "layers.c").write_text(f"{_HEAD}  int bad = 0;\n{calls}  pith_say(bad ? \"an error\\n\" : \"samples 1\\n\");\n  return bad ? 6 : 0;\n}}\n")
    sources = [p for d in ("ConvolutionFunctions", "FullyConnectedFunctions", "NNSupportFunctions", "BasicMathFunctions")
               for p in sorted((cmsis / "Source" / d).glob("*s8*.c")) if not any(t in p.name for t in ("s16.c", "s4", "f16", "f32"))]  # fmt: skip
    sources += sorted((cmsis / "Source" / "ConvolutionFunctions").glob("arm_nn_mat_mult_kernel_*s16.c"))
    sources += sorted((cmsis / "Source" / "NNSupportFunctions").glob("arm_q7_to_q15*.c"))
    sources += sorted((cmsis / "Source" / "NNSupportFunctions").glob("arm_s8_to_s16*.c"))
    objects = []
    # its loads of four bytes are calls of memcpy, which the compiler must know to make loads of them
    (work / "string.h").write_text("".join(f"#define {f} __builtin_{f}\n" for f in ("memcpy", "memset", "memmove")))
    (work / "math.h").write_text("")
    for source in dict.fromkeys([work / "layers.c", work / "start.c", *sources]):
        local = work / source.name
        if source != local:
            shutil.copy2(source, local)
        objects.append(local.with_suffix(".o"))
        folders = (cmsis / "Include", cmsis / "Include" / "Internal", cmsis / "Source" / "NNSupportFunctions", work)
        flags = ["-O3", "-ffunction-sections", "-w", *(f"-I{folder}" for folder in folders)]
        compiler.compile(local, objects[-1], target, flags, shared=False)
    script = work / "link.ld"
    script.write_text(link_text(board, 16 << 10))
    compiler.link_firmware(objects, work / "layers.elf", script)
    run_image(work / "layers.elf", board, target, b"", work / "counts")
    marks = counter.read(work / "counts").marks
    return [b - a for a, b in zip(marks[::2], marks[1::2], strict=True)]


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("cmsis", type=Path)
    p.add_argument("--data", type=Path, default=Path(os.environ.get("PITH_DATA", "data")))
    p.add_argument("--nets", default=",".join(NETS))
    p.add_argument("--cores", default="m4")
    args = p.parse_args()
    rows = []
    for net in args.nets.split(","):
        model = args.data / "mlperf_tiny" / f"{NETS[net]}.tflite"
        graph = optimise(import_model(model))
        for core in args.cores.split(","):
            target, board = CORES[core]
            with tempfile.TemporaryDirectory() as folder:
                counts = theirs(args.cmsis, graph, target, board, Path(folder))
                manifest = compile_to(model, Path(folder) / "net", target, name=net)
                first = manifest["variants"][0]
                feed = {first["inputs"][0]["name"]: samples(args.data, net, 1)[0].reshape(first["inputs"][0]["shape"])}
                steps = execute(Path(folder) / "net", manifest, get_target(target), [feed], find_compiler(), count=True, steps=True).steps
            assert steps is not None and MARK == "pith_mark"
            ours = dict(zip((s["name"] for s in first["steps"]), steps, strict=True))
            for node, count in zip(_layers(graph), counts, strict=True):
                name = node.name or node.outputs[0]
                rows.append({"net": net, "core": core, "layer": name, "pith": round(ours[name]), "cmsis_nn": count, "ratio": round(count / ours[name], 2)})
            pith_sum, cmsis_sum = (sum(int(r[k]) for r in rows if r["net"] == net and r["core"] == core and r["layer"] != "all") for k in ("pith", "cmsis_nn"))
            rows.append({"net": net, "core": core, "layer": "all", "pith": pith_sum, "cmsis_nn": cmsis_sum, "ratio": round(cmsis_sum / pith_sum, 2)})
            print(*rows[-1].values(), flush=True)
    with (ROOT / "benchmarks" / "results" / "cmsis_nn.csv").open("w", newline="") as f:
        writer = csv.DictWriter(f, [*rows[0], "commit", "date"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(r | {"commit": commit(), "date": date.today().isoformat()} for r in rows)


if __name__ == "__main__":
    main()
