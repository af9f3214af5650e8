"""Run the suite on every processor that is emulated and write the table of docs/conformance.md: `python -m tests.conformance.targets`."""

from __future__ import annotations

import argparse
import datetime
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import onnx

from pith.emulators import lacking
from pith.targets.base import get_target
from pith.version import VERSION
from tests.conformance.merged import PithError, chosen, failures, merged, small

ROOT = Path(__file__).resolve().parents[2]
BATCH = 150


def _vectors(*lengths: int) -> dict[str, tuple[str, ...]]:
    return {f"registers of {n} bits": ("-cpu", f"rv64,v=true,vlen={n},vext_spec=v1.0") for n in lengths}


# target -> what it runs on, in words, and the emulator's options for that (none: the target's own)
PROCESSORS: dict[str, dict[str, tuple[str, ...]]] = {
    "aarch64": {"Cortex-A53": ()},
    "aarch64-dotprod": {"Cortex-A76": ()},
    "aarch64-i8mm": {"-cpu max": ()},
    "armv7": {"Cortex-A7": ()},
    "riscv64": {"RV64GC": ()},
    "riscv64-v": _vectors(128, 256, 512),
    "riscv64-v256": _vectors(256, 512),
    "riscv32": {"RV32GC": ()},
    "cortex-m0": {"MPS2 AN385": ()},
    "cortex-m3": {"MPS2 AN385": ()},
    "cortex-m4": {"MPS2 AN386": ()},
    "cortex-m7": {"MPS2 AN500": ()},
    "cortex-m33": {"MPS2 AN505": ()},
    "star-mc1": {"MPS2 AN505": ()},
    "cortex-m55": {"MPS3 AN547": ()},
    "wasm": {"Node": ()},
    "wasm-relaxed": {"Node": ()},
}
# those on which every run of the tests has a case of every operator
TESTED = ("aarch64", "armv7", "riscv64", "riscv64-v", "cortex-m4", "cortex-m33", "cortex-m55", "wasm")


def wrong(names: list[str], target: str) -> dict[str, dict[str, str]]:
    """What is wrong with which case, by what the target runs on. A network that cannot be built is taken apart into its cases."""
    places = PROCESSORS[target]
    try:
        with tempfile.TemporaryDirectory() as folder:
            given = [o for o in places.values() if o]
            found = failures(merged(names), target, Path(folder) / "net", given)
        return dict(zip(places, found.values(), strict=True))
    except PithError as e:
        if len(names) == 1:
            return {place: {names[0]: str(e)} for place in places}
        halves = wrong(names[: len(names) // 2], target), wrong(names[len(names) // 2 :], target)
        return {place: halves[0][place] | halves[1][place] for place in places}


def main() -> None:
    from tests.conformance.test_onnx_backend import CASES, EXPECTED

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", help="only these (nothing is written then)")
    parser.add_argument("--each", type=int, default=0, help="at most so many cases of each operator (0: all, which takes an hour)")
    options = parser.parse_args()
    asked = options.targets
    every = sorted(set(CASES) - set(EXPECTED))
    names = small(every)
    names = chosen(names, options.each) if options.each else names
    batches = [names[at : at + BATCH] for at in range(0, len(names), BATCH)]
    rows = []
    for target in asked or PROCESSORS:
        if missing := lacking(get_target(target)):
            raise SystemExit(f"{target}: {missing}")
        with ThreadPoolExecutor(2) as pool:
            parts = list(pool.map(lambda b, t=target: wrong(b, t), batches))  # type: ignore[misc]
        for place in PROCESSORS[target]:
            bad = {k: v for part in parts for k, v in part[place].items()}
            for name, why in bad.items():
                print(f"{target}, {place}: {name}: {' '.join(why.split())[:300]}", flush=True)
            rows.append(f"| {target} | {place} | {len(names)} | {len(names) - len(bad)} | {len(bad)} |")
            print(rows[-1], flush=True)
    if not asked:
        write(rows, len(every), options.each)


def write(rows: list[str], every: int, each: int) -> None:
    """The rows into the page."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    said, some = (f" --each {each}", f"at most {each} of each operator") if each else ("", "all")
    note = (
        f"`python -m tests.conformance.targets{said}`, Pith {VERSION} (commit {commit}), onnx {onnx.__version__}, "
        f"{datetime.date.today().isoformat()}. Of the {every:,} cases that pass here {some}, with tensors of 64 KB at most; the first data set of each."
    )
    table = "\n".join(["| target | run on | cases | pass | fail |", "|---|---|---:|---:|---:|", *rows, "", note])
    page = ROOT / "docs" / "conformance.md"
    page.write_text(re.sub(r"(<!-- table: targets -->\n).*?(?=<!-- end -->)", lambda m: f"{m[1]}{table}\n", page.read_text(), flags=re.S))


if __name__ == "__main__":
    main()
