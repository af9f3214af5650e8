"""pith quantize: a float model into one of 8-bit or 7-bit integers."""

from __future__ import annotations

import warnings
from pathlib import Path

import typer

from pith.cli.common import JsonOption, Model, QuietOption, ShapeOption, parse_shapes, print_json, progress, say, size
from pith.graph.errors import InputError
from pith.report.files import check_place


def command(
    model: Path = Model,
    images: Path = typer.Option(..., "--images", help="calibration data: a folder of pictures, or a .npy or .npz file", show_default=False),
    output: Path = typer.Option(None, "--output", "-o", help="write the quantised model here, as ONNX", show_default=False),
    method: str = typer.Option("easyquant", help="easyquant, minmax, kl, percentile, mse, entropy or moving"),
    bits: int = typer.Option(8, help="8 or 7"),
    weight_bits: int = typer.Option(None, "--weight-bits", help="of weights alone: 8, 7 or 4", show_default=False),
    activation_bits: int = typer.Option(None, "--activation-bits", help="of activations alone: 8, 7 or 16", show_default=False),
    count: int = typer.Option(50, "--count", min=1, help="how many calibration samples to use"),
    seed: int = typer.Option(0, help="which samples are drawn when there are more"),
    shape: list[str] = ShapeOption,
    preprocess: str = typer.Option(None, help="JSON: scale, mean, std, layout, crop \\[default: what the model records]", show_default=False),
    symmetric: bool = typer.Option(False, "--symmetric", help="int8 activations around zero instead of uint8"),
    improve: bool = typer.Option(True, "--improve/--no-improve",
        help="even out channels, round weights together, correct biases, let results on samples kept apart decide, leave a few layers in floats"),
    best: bool = typer.Option(False, "--best",
        help="choose among plain ranges too, though their layers may be further off; a few layers may stay in floats even with 4 or 16 bits"),
    mixed: bool = typer.Option(True, "--mixed/--no-mixed", help="a few layers may stay in floats where that pays; other runtimes may then round otherwise"),
    equalize: bool = typer.Option(False, "--equalize", help="even out channel ranges between convolutions first"),
    integers_only: bool = typer.Option(False, "--integers-only", help="leave nothing in floats that need not be: functions like gelu are tables"),
    mode: str = typer.Option("paper", help="form of EasyQuant: paper or released (as in its code)"),
    start: str = typer.Option("", help="method whose ranges EasyQuant begins with \\[default: minmax; kl if released]", show_default=False),
    keep_float: list[str] = typer.Option([], "--keep-float", help="name of a layer to leave in floats (as the report has it)", show_default=False),
    min_cosine: float = typer.Option(None, help="leave as many layers in floats as it takes for this cosine of every output", show_default=False),
    report: Path = typer.Option(None, help="write the report here: .html (with .json beside it), .json or .txt", show_default=False),
    compare: list[Path] = typer.Option(
        [], "--compare", help="picture, folder or array to run in floats and in integers afterwards, side by side", show_default=False
    ),
    per_layer: bool = typer.Option(False, "--per-layer", help="with --compare: every layer, not only the results"),
    rows: int = typer.Option(12, min=0, help="how many layers to print, those that add most error (0: all)"),
    json: bool = JsonOption,
    quiet: bool = QuietOption,
) -> None:
    """Quantise MODEL after training, by looking at what --images do inside it, and say what it cost layer by layer."""
    from pith.quantized import quantize

    shapes = parse_shapes(shape)
    if per_layer and not compare:
        raise InputError("--per-layer without --compare", why="nothing is compared", try_="--compare FILE; --rows 0 prints every layer of the report")
    _check(model, output, report, compare, shapes, preprocess)
    with progress(quiet or json) as bar, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are in the report
        found = quantize(
            model, images, method=method, bits=bits, weight_bits=weight_bits, activation_bits=activation_bits, images=count,
            seed=seed, shapes=shapes, preprocess=preprocess, symmetric=symmetric, improve=improve, best=best, mixed=mixed, equalize=equalize, mode=mode,
            start=start, integers_only=integers_only, keep_float=keep_float, min_cosine=min_cosine, explain=report is not None, progress=bar,
        )  # fmt: skip
    if output is not None:
        found.save_onnx(output)
    written = found.save_report(report) if report is not None else []
    beside = {str(file): found.compare(file, layers=per_layer) for file in compare}
    if json:
        plain = found.report.plain() | ({"compare": {name: c.plain() for name, c in beside.items()}} if compare else {})
        print_json({**plain, "output": str(output) if output is not None else None})
        return
    _say_result(found.report.text(rows), {name: c.text() for name, c in beside.items()}, output, written)


def _check(
    model: Path, output: Path | None, report: Path | None, compare: list[Path], shapes: dict[str, list[tuple[int, ...]]], preprocess: str | None
) -> None:  # fmt: skip
    """Refuse what cannot be written or read, before any work."""
    from pith.quantized import check_report_path, check_samples

    if output is not None:
        check_place(output, (".onnx",))
        if output.exists() and model.exists() and output.samefile(model):
            raise InputError(f"cannot write {output}", why="it is the model that is read", try_="another name")
    if report is not None:
        check_report_path(report)
    for file in compare:
        if not file.exists():
            raise InputError(f"no file {file}", where="--compare", try_="check the path")
    if compare:
        check_samples(model, compare, shapes=shapes, preprocess=preprocess)


def _say_result(report: str, beside: dict[str, str], output: Path | None, written: list[Path]) -> None:
    """The report, each comparison under the name of what was compared, and the files that were written."""
    for line in report.splitlines():
        say(line)
    for name, comparison in beside.items():
        say("")
        say((name, "bold"))
        for line in comparison.splitlines():
            say(line)
    if output is not None:
        say("wrote ", (str(output), "bold"), f", {size(output.stat().st_size)}")
    if written:
        say("wrote ", (", ".join(map(str, written)), "bold"))
