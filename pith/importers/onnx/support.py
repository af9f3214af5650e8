"""Which ONNX operators can be imported, and how: the data behind `pith ops`."""

from __future__ import annotations

import onnx.defs

from pith.importers.onnx.registry import find, known_ops


def supported() -> list[dict[str, str]]:
    """One {operator, domain, how} for each operator of the newest opset (and the other domains that have mappings).

    how: mapped; function (expanded through the body ONNX defines); refused.
    """
    rows: dict[tuple[str, str], str] = {}
    for domain, name in known_ops():
        entry = find(domain, name, 1 << 20)
        assert entry is not None
        rows[domain, name] = "refused" if entry.refuses else "mapped"
    for s in onnx.defs.get_all_schemas():
        if s.domain == "" and not s.deprecated and (s.domain, s.name) not in rows:
            expands = any(getattr(s, has, False) for has in ("has_function", "has_context_dependent_function"))
            rows[s.domain, s.name] = "function" if expands else "refused"
    return [
        {"operator": n, "domain": d, "how": how}
        for (d, n), how in sorted(rows.items(), key=lambda r: (r[0][0], r[0][1]))
    ]
