"""The sums of a float32 tile in A64 assembly, where products by one lane of a vector exist.

Four or eight successive k of each row come by one load, a whole row of the panel by another, and every product takes its factor
from a lane: a tile of 5 rows by 16 columns does 160 multiply-adds in 177 instructions. Compilers have no way to it: four vectors
that one instruction loads must be neighbours in the register file, and kept as such they cost moves and spills.
"""

from __future__ import annotations

_CALLER = ("x9", "x10", "x11", "x12", "x13", "x14", "x15")  # whatever the caller has there is its own loss


def lane_sums(rows: int, vectors: int, *, panel: int = 0, listed: bool = True, w: str = "w", kc: str = "kc") -> list[str]:
    """C statements that define vectors s{r}_{v}, the sums of `rows` rows (at most 5) by `vectors` vectors of columns (at most 4),
    bias included; a single row has partial sums p1_{v}, p2_{v} and p3_{v} besides, for every fourth k, to be added to it.

    They read C variables, two of them by the names given: w (float32: the bias, then a row of the panel for each k, each `panel`
    vectors, 0: `vectors`) and kc (int32_t: how many k). listed: a (pointers to the rows, tap by tap), ao (ptrdiff_t: what is added
    to each) and taps (int32_t); else a is the first row itself, lda (int32_t) the elements from one row to the next, and there is
    one tap. w ends past the panel where that has no gaps, a past the list or unchanged.
    """
    panel = panel or vectors
    split = 4 if rows == 1 else 1
    count = rows * vectors * split
    first = 32 - count  # sums are the last registers, what is loaded the first ones
    spare = first - vectors - rows
    pairs = min(rows, spare)  # rows whose eight k are in two registers
    names = [f"s{r}_{v}" for r in range(rows) for v in range(vectors)] + [f"p{i}_{v}" for i in range(1, split) for v in range(vectors)]
    one = [vectors + r for r in range(rows)]
    two = [vectors + rows + r for r in range(pairs)]
    row = [_CALLER[r] for r in range(rows)]
    left, step = _CALLER[5], _CALLER[6]

    def group(at: int) -> str:
        return "{" + ", ".join(f"v{at + v}.4s" for v in range(vectors)) + "}"

    def load() -> str:
        return f"ld1 {group(0)}, [%[w]], {step if panel > vectors else f'#{16 * vectors}'}"

    def multiply(lane: int, registers: list[int], k: int) -> list[str]:
        at = first + (k % split) * vectors
        return [f"fmla v{at + r * vectors + v}.4s, v{v}.4s, v{registers[r]}.s[{lane}]" for r in range(rows) for v in range(vectors)]

    bias = [f"ld1 {group(first + r * vectors)}, [%[w]]" for r in range(rows)]
    o = [*bias, f"add %[w], %[w], #{16 * panel}", *(f"movi v{first + vectors + i}.4s, #0" for i in range(count - rows * vectors))]
    o += [f"mov {step}, #{16 * panel}"] if panel > vectors else []
    if listed:
        o += ["cbz %w[taps], 9f", "1:"]
        o += [f"ldp {row[r]}, {row[r + 1]}, [%[a]], #16" for r in range(0, rows - 1, 2)] + ([f"ldr {row[-1]}, [%[a]], #8"] if rows % 2 else [])
        o += [f"add {r}, {r}, %[ao], lsl #2" for r in row]
    else:
        o += [f"add {row[r]}, {row[r - 1] if r else '%[a]'}, {'%[lda], lsl #2' if r else '#0'}" for r in range(rows)]
    o += [f"lsr {left.replace('x', 'w')}, %w[kc], #3", f"cbz {left}, 3f", "2:"]
    for half in range(2):
        for r in range(rows):
            if r < pairs:
                o += [] if half else [f"ldp q{one[r]}, q{two[r]}, [{row[r]}], #32"]
            else:
                o.append(f"ldr q{one[r]}, [{row[r]}], #16")
        now = [*two, *one[pairs:]] if half else one
        for lane in range(4):
            o += [load(), *multiply(lane, now, lane)]
    o += [f"subs {left}, {left}, #1", "b.ne 2b", "3:", "tbz %w[kc], #2, 4f"]
    o += [f"ldr q{one[r]}, [{row[r]}], #16" for r in range(rows)]
    for lane in range(4):
        o += [load(), *multiply(lane, one, lane)]
    o += ["4:", f"ands {left}, %[kc], #3", "b.eq 6f", "5:", load()]
    o += [f"ldr s{one[r]}, [{row[r]}], #4" for r in range(rows)]
    o += [*multiply(0, one, 0), f"subs {left}, {left}, #1", "b.ne 5b", "6:"]
    o += ["subs %w[taps], %w[taps], #1", "b.ne 1b", "9:"] if listed else []
    results = ", ".join(f'"=w"({n})' for n in names)
    inputs = '[ao] "r"(ao), ' if listed else '[a] "r"(a), [lda] "r"((ptrdiff_t)lda), '
    changed = f'[w] "+&r"({w})' + (', [a] "+&r"(a), [taps] "+&r"(taps)' if listed else "")
    lost = [f"v{v}" for v in range(vectors + rows + pairs)] + [*row, left, *([step] if panel > vectors else []), "cc", "memory"]
    return [
        *(f'register vf {n} __asm__("v{first + i}");' for i, n in enumerate(names)),
        "__asm__ volatile(",
        *(f'    "{line}\\n"' for line in o),
        f"    : {results}, {changed}",
        f'    : {inputs}[kc] "r"((ptrdiff_t){kc})',
        "    : " + ", ".join(f'"{x}"' for x in lost) + ");",
    ]
