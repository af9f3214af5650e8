"""The inner loop of float32 tiles where products by one lane of a vector exist: each row's next few k come by one load."""

from __future__ import annotations

from pith.targets.isa.base import ISA


def by_lane(isa: ISA, rows: int, vectors: int, panel: int, k: str, end: str, w: str) -> list[str]:
    """C of the loop over as many k at once as a vector has lanes, of rows a0, a1, ... into the sums s0_0, ...; none where the
    instruction set lacks it. `panel`: vectors from one k to the next in `w`; `k`, `end`: the running number and its bound."""
    if "lane" not in isa.features or rows == 1:
        return []
    lanes = isa.lanes(4)
    o = [f"for (; {k} <= {end} - {lanes}; {k} += {lanes}, {w} += {lanes * panel} * VF_LANES) {{"]
    o += [f"  const vf row{r} = vf_load(a{r} + {k});" for r in range(rows)]
    for i in range(lanes):
        o += [f"  const vf l{i}_{v} = vf_load({w} + {i * panel + v} * VF_LANES);" for v in range(vectors)]
        o += [f"  s{r}_{v} = vf_fma_lane(row{r}, {i}, l{i}_{v}, s{r}_{v});" for r in range(rows) for v in range(vectors)]
    return [*o, "}"]
