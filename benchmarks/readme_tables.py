"""Write the tables of README.md and of pages in docs from the CSV files in benchmarks/results, between their markers.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`; a NAME whose CSV file is missing is left alone.
"""

from __future__ import annotations

import csv
import functools
import re
import statistics
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
Rows = list[dict[str, str]]


def _markdown(head: list[str], rows: list[list[str]], note: str) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(r) + " |" for r in rows]
    return "\n".join([*lines, "", note])


def _real_models(rows: Rows) -> str:
    head = ["model", "Pith ms", "ONNX Runtime ms", "ratio", "code KB", "arena KB", "arena / bound", "compile s"]
    body = [
        [r["model"], r["pith_ms"], r["ort_ms"], f"{float(r['ratio']):.2f}", f"{int(r['code_bytes']) / 1e3:.0f}",
         f"{int(r['arena_bytes']) / 1e3:.0f}", r["arena_over_bound"], r["compile_s"]]
        for r in rows
    ]  # fmt: skip
    first = rows[0]
    note = "One thread, interleaved, medians; ratio: ONNX Runtime's time over Pith's, round by round. "
    note += f"{first['processor']}; `python -m benchmarks.real_models`, commit {first['commit']}, {first['date']}, "
    return _markdown(head, body, note + f"target {first['target']}, ONNX Runtime {first['onnxruntime']}.")


def _compile_time(rows: Rows) -> str:
    first = rows[0]
    note = f"{first['processor']}, {first['cores']} cores; `python -m benchmarks.compile_time`, commit {first['commit']}, {first['date']}."
    return _markdown(["what", "seconds"], [[r["what"], r["seconds"]] for r in rows], note)


def _cold_start(rows: Rows) -> str:
    body = [[r["what"], _ms(r["first_result_ms"]), f"{float(r['peak_mb']):.0f}"] for r in rows if r["first_result_ms"]]
    first, bare = rows[0], next((r for r in rows if r["bare_ms"]), rows[0])
    note = "MobileNetV2 at 224 x 224, one thread, a new process each time. Python processes: less the time of Python with NumPy alone "
    note += f"({_ms(bare['bare_ms'])} ms; {float(bare['bare_mb'] or 0):.0f} MB of the memory). The C program: {first['load_ms']} ms of it for "
    note += f"loading, a further run {first['further_run_ms']} ms. {first['processor']}; `benchmarks/cold_start.py`, commit {first['commit']}, "
    return _markdown(["process", "first result, ms", "memory, MB"], body, note + f"{first['date']}.")


def _ms(text: str) -> str:
    """Milliseconds to three digits."""
    return f"{float(text):.3g}" if text else "-"


_EXACT = "engines whose result is off by 1e-4 or more do not count"
_INT8 = "each engine's int8 network is made by its own tools, and counts with 10 dB of signal to noise, or 6 dB below the best engine's at the least"


def _peers(rows: Rows, rule: str = _EXACT) -> str:
    """A line a network; for each number of threads Pith's time, the best peer and its time, and the ratio."""
    counts = sorted({r["threads"] for r in rows}, key=int)
    by_model: dict[str, dict[str, dict[str, str]]] = {}
    for r in rows:
        by_model.setdefault(r["model"], {})[r["threads"]] = r
    head = ["model", "MFLOP"]
    for t in counts:
        head += [f"Pith ms, {t} thread{'s' * (t != '1')}", "best peer", "ms", "ratio"]
    body = []
    for model, found in by_model.items():
        first = next(iter(found.values()))
        line = [model, f"{float(first['mflop']):.0f}" if first["mflop"] else ""]
        for t in counts:
            r = found.get(t)
            if r is None:
                line += ["-"] * 4
            else:
                mean = not r["pith_ms"]
                ratio = f"{float(r['ratio']):.2f}" if r["ratio"] else "-"
                line += ["", "", "", f"**{ratio}**"] if mean else [_ms(r["pith_ms"]), r["best_peer"], _ms(r["best_ms"]), ratio]
        body.append(line)
    first = rows[0]
    engines = [k.removesuffix("_version") for k in first if k.endswith("_version") and k != "pith_version"]
    versions = ", ".join(f"{e} {first[f'{e}_version']}" for e in engines if first[f"{e}_version"])
    commits = ", ".join(dict.fromkeys(r["commit"] for r in rows))
    note = f"Ratio: the best peer's time over Pith's, round by round, so above 1 Pith is faster; {rule}. "
    note += f"{versions}. {first['processor']}; `{first['command']}`, commit {commits}, {first['date']}."
    return _markdown(head, body, note)


def _integers_avx2(rows: Rows) -> str:
    """A line a network: milliseconds of float32, int8 and int7, and what each gains over the one before."""
    kinds = {"f32": "float32 ms", "int8": "int8 ms", "int7": "int7 ms", "int8_plain": "int8 plain ms", "int7_plain": "int7 plain ms"}
    gains = {"f32:int8": "int8 over float32", "int8:int7": "int7 over int8", "int8_plain:int7_plain": "the same, plain"}
    first = rows[0]
    shown = [k for k in kinds if f"{k}_ms" in first]
    body = [[r["network"], *(_ms(r[f"{k}_ms"]) for k in shown), *(f"{float(r[k]):.2f}" for k in gains if k in first)] for r in rows]
    note = f"One thread, target {first['target']}, interleaved; ratios are medians of those round by round. {first['processor']}; "
    note += f"`python -m benchmarks.integers_avx2 --models FOLDER`, commit {first['commit']}, {first['date']}."
    head = ["network", *(kinds[k] for k in shown), *(v for k, v in gains.items() if k in first)]
    return _markdown(head, body, note)


def _int8_gain(rows: Rows) -> str:
    """A line a network, for each target the two times and their ratio."""
    targets = list(dict.fromkeys(r["target"] for r in rows))
    found = {(r["model"], r["target"]): r for r in rows}
    body = []
    for model in dict.fromkeys(r["model"] for r in rows):
        line = [model]
        for t in targets:
            r = found.get((model, t))
            line += ["-"] * 3 if r is None else [_ms(r["f32_ms"]), _ms(r["int8_ms"]), f"{float(r['ratio']):.2f}"]
        body.append(line)
    head = ["model"]
    for t in targets:
        head += [f"float32 ms, {t}", "int8 ms", "ratio"]
    first = rows[0]
    note = f"One thread, interleaved. {first['processor']}; `{first['command']}`, commit {first['commit']}, {first['date']}."
    return _markdown(head, body, note)


def _layers(rows: Rows) -> str:
    """A line a network: how many layers reach their goal, and the share that the network's time as a whole reaches."""
    body = []
    for model in dict.fromkeys(r["model"] for r in rows):
        line = [model]
        for kind in ("product", "depthwise"):
            some = [r for r in rows if r["model"] == model and r["kind"] == kind]
            if not some:
                line += ["-"] * 3
                continue
            reached, ms = [float(r["reached"]) for r in some], [float(r["ms"]) for r in some]
            whole = sum(a * b for a, b in zip(reached, ms, strict=True)) / sum(ms)
            line += [f"{sum(v >= float(r['goal']) for v, r in zip(reached, some, strict=True))} of {len(some)}", f"{whole:.0%}", f"{min(reached):.0%}"]
        body.append(line)
    head = ["model", "products at 85 %", "all, by time", "least", "depthwise at 70 %", "all, by time", "least"]
    first = rows[0]
    note = f"One thread. Products: of {first['ceiling_gflops']} GFLOP/s of multiply-adds; depthwise: of what the cache that holds their data delivers. "
    note += f"{first['processor']}; `{first['command']}`, commit {', '.join(dict.fromkeys(r['commit'] for r in rows))}, {first['date']}."
    return _markdown(head, body, note)


def _quantization(rows: Rows) -> str:
    """A line for each network and number of bits, a column for each method; accuracies in a line of their own."""
    methods = list(dict.fromkeys(r["method"] for r in rows if r["method"] != "float"))
    found = {(r["network"], r["bits"], r["method"]): r for r in rows}
    body = []
    for network in dict.fromkeys(r["network"] for r in rows):
        for bits in ("8", "7"):
            cells = [found.get((network, bits, m), {}) for m in methods]
            seconds = f"{float(cells[methods.index('EasyQuant, improved')]['seconds']):.0f}"
            body.append([network, bits, *(f"{float(c['sqnr_db']):.1f}" if c.get("sqnr_db") else "-" for c in cells), seconds])
            if any(c.get("accuracy") for c in cells):
                exact = float(found[network, "32", "float"]["accuracy"])
                body.append([f"accuracy (float: {exact:.2%})", bits, *(f"{float(c['accuracy']):.2%}" if c.get("accuracy") else "-" for c in cells), ""])
    first = rows[0]
    note = "Signal to noise of the worst output in dB, against the float network, on samples that were not calibrated with (50 were); more is better. "
    note += "Seconds of the processor, all threads together, that \"EasyQuant, improved\" takes, compilations included. ONNX Runtime: "
    note += "`quantize_static`, run by itself; a dash: its model did not load, or not measured with these bits. "
    note += f"`benchmarks/quantization.py`, commit {first['commit']}, {first['date']}, ONNX Runtime {first['onnxruntime']}."
    return _markdown(["network", "bits", *methods, "seconds"], body, note)


def _browser(rows: Rows) -> str:
    names = [r["model"].replace("models/", "").replace("q/", "int8: ") for r in rows]
    body = [[n, r["target"], r["pith_ms"], r["ort_web_ms"], r["ratio"], f"{int(r['wasm_bytes']) / 1e6:.1f}"] for n, r in zip(names, rows, strict=True)]
    first = rows[0]
    note = "Both with one thread, in turns in one page; medians, ratio: onnxruntime-web's time over Pith's. "
    note += f"onnxruntime-web {first['onnxruntime_web']}, {first['browser']}, {first['processor']}; `python -m benchmarks.browser`, "
    note += f"commit {first['commit']}, {first['date']}."
    return _markdown(["model", "target", "Pith ms", "onnxruntime-web ms", "ratio", ".wasm, MB"], body, note)


def _accuracy(rows: Rows) -> str:
    """For each network its score in floats, and for each number of bits what each method changes, with the 95 % interval."""
    order = ("min-max", "KL", "search alone", "EasyQuant", "EasyQuant, unmixed", "EasyQuant, best")
    methods = sorted(dict.fromkeys(r["method"] for r in rows if r["method"] != "float"), key=lambda m: order.index(m) if m in order else len(order))
    found = {(r["network"], r["bits"], r["method"]): r for r in rows}

    def change(r: dict[str, str] | None, of: tuple[str, str, str] = ("low", "change", "high")) -> str:
        if r is None or not r.get(of[1]):
            return "-"
        unit = 1.0 if "dB" in r["metric"] else 100.0
        low, middle, high = (unit * float(r[k]) for k in of)
        return f"{middle:+.2f} ({low:+.2f} to {high:+.2f})"

    body = []
    for network in dict.fromkeys(r["network"] for r in rows):
        exact = found[network, "32", "float"]
        unit = 1.0 if "dB" in exact["metric"] else 100.0
        for bits in ("8", "7"):
            head = [network, f"{exact['metric']} {unit * float(exact['score']):.2f}{'' if unit == 1.0 else ' %'}, {exact['n']}"] if bits == "8" else ["", ""]
            cells = [found.get((network, bits, m)) for m in methods]
            if any(cells):
                kept = [found.get((network, bits, m), {}) for m in ("EasyQuant", "EasyQuant, best")]
                floats = ", ".join(f"{r['wide']} of {int(r['layers']) + int(r['wide'])}" if r.get("wide") else "-" for r in kept)
                own, unmixed = (found.get((network, bits, m), {}) for m in ("EasyQuant", "EasyQuant, unmixed"))
                same = ", ".join(f"{float(own[k]):.2%}" if own.get(k) else "-" for k in ("agreement", "integers", "saturating"))
                whole = (unmixed if own.get("wide") != "0" else own).get("agreement")
                rival = change(own, ("beside_low", "beside", "beside_high")) if own else "-"
                body.append([*head, bits, *map(change, cells), rival, floats if any(kept) else "", same if own.get("agreement") else "",
                             f"{float(whole):.2%}" if whole else ""])  # fmt: skip
    versions = ", ".join(dict.fromkeys(r["version"] for r in rows if r["version"] and not r["version"].startswith("failed")))
    note = "Change against floats (more is better, errors turned round), in points of a hundred or dB, and its 95 % interval over the same samples; "
    note += "behind the metric in floats how many samples were judged. A dash: not measured, or the rival refused the network. "
    note += "Beside the best rival: EasyQuant, of as many bits as the line says, less the better of the rivals' int8, sample by sample. "
    note += "Layers in floats: by EasyQuant, and by `best`. Same in ONNX Runtime, from the exported EasyQuant model: "
    note += "share of the results that it gets within one step of Pith's, a 255th of the range of a result that is a float; share of the "
    note += "last integers before the results within one step; results again where its products saturate. Unmixed: without layers in floats. "
    note += "Commits of the quantiser, by method: "
    for m in methods:
        commits = dict.fromkeys(f"{r['commit']} ({r['date']})" for r in rows if r["method"] == m and r["commit"])
        note += f"{m} {', '.join(commits)}; "
    note += f"`benchmarks/accuracy.py`; {versions}."
    more = ["EasyQuant beside the best rival", "layers in floats", "same in ONNX Runtime", "same, unmixed"]
    return _markdown(["network", "metric in floats", "bits", *methods, *more], body, note)


def _bfloat16(rows: Rows) -> str:
    """What the precision bf16 changes, in points of a hundred or dB, with the 95 % interval."""
    body = []
    for r in rows:
        unit = 1.0 if "dB" in r["metric"] else 100.0
        low, middle, high = (unit * float(r[k]) for k in ("low", "change", "high"))
        score = f"{r['metric']} {unit * float(r['score']):.2f}{'' if unit == 1.0 else ' %'}, {r['n']}"
        body.append([r["network"], score, f"{middle:+.2f} ({low:+.2f} to {high:+.2f})", f"{float(r['same']):.2%}" if r["same"] else "-",
                     f"{r['rounded']} of {r['layers']}", f"{float(r['macs']):.0%}", r["own"], r["outputs"], r["simulated"]])  # fmt: skip
    note = "Change against float32 (more is better, errors turned round), in points of a hundred or dB, and its 95 % interval over the same samples. Same: "
    note += "samples whose largest element is the same. Layers that round, of those with weights, and their share of the multiply-adds. Errors: the largest "
    note += "that one layer makes (of one sample), and that of the first output over all samples, as shares of the largest result; the last column is how far "
    note += "the code for AMX, its tiles in plain C, is from the reference with the same roundings (of one sample). "
    commits = dict.fromkeys(f"{r['commit']}, {r['date']}" for r in rows)
    note += f"`python -m benchmarks.bfloat16`, commit {'; '.join(commits)}."
    head = ["network", "metric in float32", "change", "same", "layers", "multiply-adds", "error of a layer", "of the output", "simulated"]
    return _markdown(head, body, note)


def _quantization_time(rows: Rows) -> str:
    body = [[r["network"], r["layers"], r["method"], r["seconds"], r["processor_seconds"]] for r in rows]
    first = rows[0]
    note = f"With {first['pictures']} pictures on {first['cores']} cores of the benchmark machine, compilations included. "
    note += f"`benchmarks/quantization_time.py`, commit {first['commit']}, {first['date']}."
    return _markdown(["network", "layers", "method", "seconds", "of the processor"], body, note)


def _qat(rows: Rows) -> str:
    body = [[r["network"], r["weight_bits"], r["bits"], r["how"], f"{float(r['accuracy']):.2%}", r["seconds"]] for r in rows]
    first = rows[0]
    note = f"Of compiled networks on 2,000 test pictures (JPEG copies); trained: {first['steps']} steps. Seconds of the processor, quantising included. "
    note += f"`benchmarks/qat.py`, commit {first['commit']}, {first['date']}."
    return _markdown(["network", "bits of weights", "of activations", "how", "accuracy", "seconds"], body, note)


def _binary_mnist(rows: Rows) -> str:
    """The last epoch of each seed."""
    last = {r["seed"]: r for r in rows}
    body = [[seed, r["epoch"], f"{r['test error %']} %"] for seed, r in last.items()]
    note = "After the last epoch; the log of every epoch is `benchmarks/results/binary_mnist.csv`."
    return _markdown(["seed", "epochs", "of 10,000 test pictures wrong"], body, note)


def _ocr_trained(rows: Rows) -> str:
    """Each figure, with the errors that were made where they are few."""
    body = [[f"`{r['network']}`", r["data"], r["metric"], f"{float(r['value']):.{2 if 'dB' in r['metric'] else 1}f}", r["n"], r["note"]] for r in rows]
    steps = ", ".join(f"`{name}` {count} steps" for name, count in {r["network"]: r["steps"] for r in rows}.items())
    note = f"All through compiled C. {steps}. `benchmarks/ocr_trained.py`, commit {rows[0]['commit']}, {rows[0]['date']}."
    return _markdown(["recipe", "on", "metric", "value", "n", "of that"], body, note)


def _half_training(rows: Rows) -> str:
    """Means of the seeds for each rounding, and their range."""
    body = []
    for kind in dict.fromkeys(r["kind"] for r in rows):
        mine = [r for r in rows if r["kind"] == kind]
        errors = [int(r["wrong"]) / 100 for r in mine]
        losses = [float(r["training_loss"]) for r in mine]
        body.append([kind, f"{sum(losses) / len(losses):.4f}", f"{sum(errors) / len(errors):.2f} %", f"{min(errors):.2f} to {max(errors):.2f} %"])
    first = rows[0]
    seeds = len(dict.fromkeys(r["seed"] for r in rows))
    note = f"MNIST, a perceptron of {int(first['parameters']):,} parameters, {first['epochs']} epochs of plain SGD at {first['rate']}, "
    note += f"batches of {first['batch']}, {seeds} seeds; test error of compiled C on 10,000 pictures (95 % interval of one run: {_half_width(first)} "
    note += "points either way). "
    note += f"`python -m benchmarks.half_training`, commits {_commits(rows)}; each epoch: `benchmarks/results/half_training_log.csv`."
    return _markdown(["weights and momenta", "training loss", "test error, mean", "lowest to highest"], body, note)


def _half_width(row: dict[str, str]) -> str:
    """Half of the 95 % interval of a row, in points."""
    return f"{50 * (float(row['high']) - float(row['low'])):.2f}"


def _commits(rows: Rows) -> str:
    days = dict.fromkeys(r["date"] for r in rows)
    return "; ".join(f"{', '.join(dict.fromkeys(r['commit'] for r in rows if r['date'] == day))} ({day})" for day in days)


def _taught_to_alone(row: dict[str, str]) -> str:
    """What only one of two students has right, and how likely that is; nothing for one that is compared with none."""
    p = "p < 0.0001" if row["p"] == "0.0000" else f"p = {row['p']}"
    return f"{row['only_taught']} : {row['only_alone']}, {p}" if row["p"] else ""


def _sst2(rows: Rows) -> str:
    """A line a network and seed; beside the taught one, what it and the same student alone have right where the other is wrong."""
    body = [[r["variant"], r["seed"], r["steps"], f"{int(r['parameters']):,}", f"{int(r['right']) / int(r['n']):.2%}",
             f"{float(r['low']):.2%} to {float(r['high']):.2%}", _taught_to_alone(r)]
            for r in rows]  # fmt: skip
    differ = max(int(r["not_as_torch"]) for r in rows)
    note = f"SST-2, 60,614 training phrases, accuracy of compiled C on {rows[0]['n']} test sentences after the last step, with its 95 % interval; at most "
    note += f"{differ} answers of a run are not PyTorch's. Last column: sentences only the taught student has right : only the one alone with the same "
    note += "seed, and McNemar's exact test. `python -m benchmarks.sst2 --way WAY`, "
    note += f"commits {_commits(rows)}; each epoch: `benchmarks/results/sst2_log.csv`."
    return _markdown(["", "seed", "steps", "parameters", "accuracy", "95 % interval", "taught : alone"], body, note)


def _sst2_phrases(rows: Rows) -> str:
    """A line a network; the last column as in `_sst2`."""
    body = [[r["variant"], r["seed"], f"{int(r['right']) / int(r['n']):.2%}", f"{float(r['low']):.2%} to {float(r['high']):.2%}",
             _taught_to_alone(r)] for r in rows]  # fmt: skip
    note = f"The same networks on {int(rows[0]['n']):,} phrases kept apart from the training, compiled C; at most {max(int(r['not_as_torch']) for r in rows)} "
    note += f"answers of a run are not PyTorch's. `python -m benchmarks.sst2 --phrases` with the same `--way`, commits {_commits(rows)}."
    return _markdown(["", "seed", "accuracy", "95 % interval", "taught : alone"], body, note)


def _trained(rows: Rows, experiment: str, data: str = "CIFAR-10, 25,000 training pictures", samples: str = "pictures", as_long: bool = False) -> str:
    """A line a variant: what it costs, and the accuracies of its seeds; differences are to the first variant with the same seed. as_long: the
    first of as many epochs."""
    right = {(r["variant"], r["seed"]): 100 * int(r["right"]) / int(r["n"]) for r in rows}
    variants = list(dict.fromkeys(r["variant"] for r in rows))
    body = []
    for variant in variants:
        mine = [r for r in rows if r["variant"] == variant]
        values = [right[variant, r["seed"]] for r in mine]
        one = mine[0]
        first = next(r["variant"] for r in rows if not as_long or r["epochs"] == one["epochs"])
        more = [right[variant, r["seed"]] - right[first, r["seed"]] for r in mine if (first, r["seed"]) in right]
        change = f"{sum(more) / len(more):+.2f} ({min(more):+.2f} to {max(more):+.2f})" if variant != first and more else ""
        body.append([variant, f"{int(one['parameters']):,}", f"{int(one['macs']) / 1e6:.2f}", one["epochs"], str(len(mine)),
                     f"{sum(values) / len(values):.2f} %", f"{min(values):.2f} to {max(values):.2f} %", change])  # fmt: skip
    differ = max(int(r["not_as_torch"]) for r in rows)
    note = f"{data}; accuracy of compiled C on {int(rows[0]['n']):,} test {samples} after the last step (95 % interval of "
    note += f"one run: {_half_width(rows[0])} points either way; at most {differ} answers of a run are not PyTorch's). "
    first_line = "first line with the same seed and as many epochs" if as_long else "first line with the same seed"
    note += f"Difference: in points, to the {first_line}, and its range. " if len(variants) > 1 else ""
    note += f"`python -m benchmarks.{experiment}`, commits {_commits(rows)}; each epoch: "
    note += "`benchmarks/results/trained_here_log.csv`."
    return _markdown(["", "parameters", "million MACs", "epochs", "seeds", "accuracy, mean", "lowest to highest", "difference"], body, note)


def _microcontrollers(rows: Rows) -> str:
    """Instructions a multiply-accumulate on each core, then the sizes of the image for the first."""
    found = {(r["net"], r["core"]): r for r in rows}
    nets, cores = (list(dict.fromkeys(r[k] for r in rows)) for k in ("net", "core"))
    sizes = {"flash_bytes": "flash", "ram_bytes": "RAM", "stack_bytes": "of it stack"}
    body = [[n, *(found[n, c]["per_mac"] for c in cores), *(f"{int(found[n, cores[0]][k]) / 1024:.1f}" for k in sizes)] for n in nets]
    head = ["network", *(f"{c.upper()}, instructions a MAC" for c in cores), *(f"{w}, KB" for w in sizes.values())]
    note = f"Flash and RAM are of the whole image for {cores[0].upper()}, start-up code and the arrays of inputs and outputs included. "
    note += f"{rows[0]['samples_equal']} samples have the reference's bits on each core. `benchmarks/microcontrollers.py`, commit {rows[0]['commit']}, "
    return _markdown(head, body, note + f"{rows[0]['date']}.")


def _tflm(rows: Rows) -> str:
    """Flash and RAM beside what was published of TFLite-Micro, then arenas alone."""
    columns = {
        "flash_bytes": "flash", "published_flash_bytes": "TFLite-Micro: flash", "ram_bytes": "RAM", "published_ram_bytes": "TFLite-Micro: RAM",
        "arena_ports_bytes": "arena, inputs, outputs", "tflm_arena_bytes": "TFLite-Micro: arena in use", "tflm_head_bytes": "of it tensors",
        "set_aside_bytes": "TFLite-Micro: set aside by MLPerf Tiny",
    }  # fmt: skip
    body = [[r["net"], *(f"{int(r[k]) / 1024:.1f}" for k in columns), r["most_apart"]] for r in rows]
    note = "Flash and RAM of Pith: the whole image for Cortex-M4, with start-up code, stack, inputs and outputs. Of TFLite-Micro: what EdgeMark "
    note += "(arXiv 2502.01700) measured on a Cortex-M4 with CMSIS-NN, at the least arena that ran, less the program without network and library "
    note += "(28,000 bytes of flash, 3,568 of RAM). Arena in use: TFLite-Micro's own interpreter, asked here, where the pointers of its structures "
    note += "have 64 bits. Set aside: kTensorArenaSize of MLPerf Tiny's reference programs. Apart: the largest difference of two outputs on "
    note += f"{rows[0]['samples']} samples, in steps of the 8-bit numbers; Pith has the bits of TFLite's reference kernels. "
    note += "Every published number with its place: `benchmarks/published/tflite_micro.csv`. "
    note += f"tflite-micro {rows[0]['tflm_version']}; `python -m benchmarks.tflm`, commit {rows[0]['commit']}, {rows[0]['date']}."
    return _markdown(["network", *(f"{w}, KB" for w in columns.values()), "apart"], body, note)


def _ram(rows: Rows) -> str:
    body = [
        [r["net"], f"{int(r['limit_bytes']) / 1024:.0f} KB" if r["limit_bytes"] else "-", f"{int(r['ram_bytes']) / 1024:.1f}",
         f"{int(r['arena_bytes']) / 1024:.1f}", r["strips"] or "-", f"{100 * float(r['macs_ratio']) - 100:.0f} %", r["steps"]]
        for r in rows
    ]  # fmt: skip
    note = "RAM: arena, inputs and outputs. The limit in the last row of each network is what the message for an impossible limit names. "
    note += "All have the bits of the network without strips. "
    note += f"`benchmarks/ram.py`, commit {rows[0]['commit']}, {rows[0]['date']}, target {rows[0]['target']}."
    return _markdown(["network", "limit", "RAM, KB", "of it arena, KB", "strips", "MACs more", "steps"], body, note)


def _choice(rows: Rows) -> str:
    """One line: how far the predicted choice of typical layers is from the best candidate."""
    own = [r for r in rows if int(r["predicted"])]
    worst = max(own, key=lambda r: float(r["over_best"]))
    first, mean = rows[0], statistics.geometric_mean(float(r["over_best"]) for r in own)
    body = [[first["processor"], first["isa"], str(len(own)), str(len(rows)), f"{mean:.3f}", f"{worst['over_best']} ({worst['layer']})"]]
    note = f"Time of the predicted choice over that of the fastest candidate; `{first['command']}`, commit {first['commit']}, {first['date']}."
    return _markdown(["processor", "instructions", "layers", "candidates", "geometric mean", "largest"], body, note)


TABLES: dict[str, Callable[[Rows], str]] = {
    "real_models": _real_models, "compile_time": _compile_time, "cold_start": _cold_start, "peers": _peers, "peers_zen4": _peers,
    **dict.fromkeys(("peers_int8", "peers_int8_avx2", "peers_int8_zen4"), functools.partial(_peers, rule=_INT8)),
    "integers_avx2": _integers_avx2, **dict.fromkeys(("int8_gain", "int8_gain_zen4"), _int8_gain),
    **dict.fromkeys(("layers", "layers_zen4"), _layers), "recurrent": _peers,
    "quantization": _quantization, "browser": _browser, "accuracy": _accuracy, "bfloat16": _bfloat16,
    "microcontrollers": _microcontrollers, "ram": _ram, "tflm": _tflm, **dict.fromkeys(("choice", "choice_avx2", "choice_zen4"), _choice),
    **dict.fromkeys(("integers_avx2_zen", "integers_avx2_zen4"), _integers_avx2),
    "quantization_time": _quantization_time, "qat": _qat, "binary_mnist": _binary_mnist, "half_training": _half_training,
    **{f"trained_{name}": functools.partial(_trained, experiment=f"trained_here {name}")
       for name in ("distillation", "mobilenext", "mobilenext_fine", "mobilenext_long")},
    "trained_binary": functools.partial(_trained, experiment="trained_here binary` and `python -m benchmarks.binary_taught", as_long=True),
    "trained_distillation_few": functools.partial(_trained, experiment="trained_here distillation_few", data="CIFAR-10, 2,500 training pictures"),
    "trained_digits": functools.partial(_trained, experiment="trained_here digits", samples="recordings",
                                        data="Free Spoken Digit Dataset, 400 recordings of four speakers, tested by two others"),
    "sst2": _sst2, "sst2_phrases": _sst2_phrases,
    "trained_pruning": functools.partial(_trained, experiment="pruning"),
    "ocr_trained": _ocr_trained,
}  # fmt: skip


def fill(text: str, results: Path = RESULTS) -> str:
    """`text` with every table whose CSV file exists written anew."""

    def table(match: re.Match[str]) -> str:
        path = results / f"{match[1]}.csv"
        if not path.is_file():
            return match[0]
        with path.open(newline="") as f:
            rows = list(csv.DictReader(f))
        return f"<!-- table: {match[1]} -->\n{TABLES[match[1]](rows)}\n<!-- end -->"

    return re.sub(r"<!-- table: (\w+) -->\n.*?<!-- end -->", table, text, flags=re.S)


def main() -> None:
    pages = ("quantization", "benchmarks", "browser", "microcontrollers", "training", "tuning")
    for page in (ROOT / "README.md", *(ROOT / "docs" / f"{name}.md" for name in pages)):
        page.write_text(fill(page.read_text()))


if __name__ == "__main__":
    main()
