"""The layer table: one row a step, with its share of the work."""

from __future__ import annotations

from typing import Any


def layer_rows(variant: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows {name, op, kernel, shape, dtype, macs, bytes, share, why, chosen}; share is of MACs, or of bytes where there are none."""
    steps = variant["steps"]
    macs = sum(s["macs"] for s in steps)
    moved = sum(s["read"] + s["written"] for s in steps)
    rows = []
    for s in steps:
        size = s["read"] + s["written"]
        share = s["macs"] / macs if macs else size / moved if moved else 0.0
        rows.append(
            {"name": s["name"], "op": s["op"], "kernel": s["kernel"], "shape": s["shape"], "dtype": s["dtype"], "macs": s["macs"],
             "bytes": size, "share": share, "why": s["why"], "origin": s["origin"], "chosen": chosen(s)}
        )  # fmt: skip
    return rows


def chosen(step: dict[str, Any]) -> str:
    """How the kernel was chosen: tuned or predicted, and at what multiple of its predicted cost another one comes."""
    how = str(step.get("chosen", "predicted"))
    costs = {c["kernel"]: c["cost"] for c in step.get("candidates", ())}
    mine = costs.pop(step["family"], 0.0)
    if not costs or not mine:
        return how if costs else ""
    other = min(costs, key=lambda k: costs[k])
    return f"{how}; {other} {costs[other] / mine:.2f}x"
