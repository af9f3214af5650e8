"""Block functions of 8-bit products on Cortex-M's DSP extension, in assembly: four pixels by two channels, or one by eight.

`smlad` adds two products of 16 bits. Inputs are widened once for all channels. Weights stay bytes: a 16-bit half holds
256 * a + b of two channels a and b, so that the word as it is sums 256 * A + B, one `sxtb16` beside it gives B, and their
difference is 256 * A, exact for sums below 2^23. The end of a channel is `pith.kernels.proven_scale`; else sums are stored.

Words of weights hold k and k + 2, then k + 1 and k + 3, as `sxtb16` finds them in four neighbouring inputs.
"""

from __future__ import annotations

import functools

import numpy as np

from pith.kernels.proven_scale import Scale
from pith.vector.cfunction import CFunction

Key = tuple[int, int, int, int, bool]  # shift, lo, hi, lift of a scaling; whether its results are signed
STEPS = 8  # words of weights of a pair of channels, or of eight channels, between two tests for the end


@functools.cache
def ending(shift: int, lo: int, hi: int, lift: int, signed: bool) -> str:
    """Part of function names for a scaling by `shift` within [lo, hi]."""
    return f"s{shift}{f'l{lift}' if lift else ''}{'' if signed else 'u'}{'' if hi - lo == 255 else f'_{lo}_{hi}'.replace('-', 'm')}"


def _scaled(a: str, b: str, scale: Scale, m_a: str, b_a: str, m_b: str, b_b: str, signed: bool) -> list[str]:
    """256 * A + B in `a` and B in `b` become two neighbouring bytes in `b`."""
    lines = [f"sub {a}, {a}, {b}", *([f"lsl {a}, {a}, #{scale.lift}"] if scale.lift else []), f"lsl {b}, {b}, #{8 + scale.lift}"]
    return [*lines, *scaled(a, scale, m_a, b_a, signed), *scaled(b, scale, m_b, b_b, signed), f"bfi {b}, {a}, #8, #8"]


def key_of(scale: Scale, signed: bool) -> Key:
    """What the code of a scaling depends on."""
    return scale.shift, scale.lo, scale.hi, scale.lift, signed


def scaled(r: str, scale: Scale, m: str, b: str, signed: bool) -> list[str]:
    """2^(8 + lift) times a sum in register `r` becomes the result; m and b: registers."""
    lines = [f"smmla {r}, {r}, {m}, {b}", f"{'s' if signed else 'u'}sat {r}, #8, {r}, asr #{scale.shift}"]
    if scale.hi - scale.lo != 255:
        lines += [f"cmp {r}, #{scale.lo}", "it lt", f"movlt {r}, #{scale.lo}", f"cmp {r}, #{scale.hi}", "it gt", f"movgt {r}, #{scale.hi}"]
    return lines


def assembly(name: str, about: str, params: str, lines: list[str]) -> CFunction:
    """A C function whose body is assembly and nothing else."""
    body = "\n".join(f'      "{line}\\n"' for line in lines)
    unused = ", ".join(f"{p} __attribute__((unused))" for p in params.split(", "))
    text = f"/* {about} */\n__attribute__((naked, noinline)) static void {name}({unused}) {{\n  __asm__ volatile(\n{body});\n}}\n"
    return CFunction(name, text, (), ("stdint.h",))


def _jump(words: str, size: int, label: str) -> list[str]:
    """r12: where to enter a loop of STEPS steps of `size` bytes for the first, perhaps shorter, round of `words` words."""
    # rounds = ceil(words / STEPS); the first one leaves out the first (-words mod STEPS) steps
    return [f"rsb r12, {words}, #0", f"and r12, r12, #{STEPS - 1}", f"mov lr, #{size}", "mul r12, r12, lr", f"adr lr, {label}", "add r12, r12, lr",
            "orr r12, r12, #1"]  # fmt: skip


@functools.cache
def pixels_4(scale_key: Key | None) -> CFunction:
    """C function: for `pairs` pairs of channels, four pixels. a: widened inputs [words][4 pixels][2];  w: panel;  y: the first
    pixel's bytes, `pitch` apart, or int32 sums [pairs][2][4] (the second channel first)."""
    scale, signed = ending_of(scale_key)
    name = "dsp_4x2_" + (ending(*scale_key) if scale_key else "sums")
    # frame: 0 a, 4 entry, 8 end of a, 12 y, 16 pitch, 20 pairs; then nine registers, then the arguments pairs (60), words (64)
    lines = ["push {r4-r11, lr}", "sub sp, sp, #24", "ldr r4, [sp, #60]", "ldr r5, [sp, #64]", "str r0, [sp]", "add r6, r0, r5, lsl #4",
             "str r6, [sp, #8]", "strd r2, r3, [sp, #12]", "str r4, [sp, #20]", *_jump("r5", 48, "2f"), "str r12, [sp, #4]", "b 1f", ".p2align 2",
             "1:", "ldr r0, [sp]", *(f"mov.w r{i}, #0" for i in range(2, 10)),
             "ldr pc, [sp, #4]", ".p2align 2", "2:"]  # fmt: skip
    for _ in range(STEPS):
        lines += ["ldr.w r10, [r1], #4", "ldrd r12, lr, [r0], #8", "sxtb16 r11, r10", "smlad r2, r10, r12, r2", "smlad r3, r10, lr, r3",
                  "smlad r6, r11, r12, r6", "smlad r7, r11, lr, r7", "ldrd r12, lr, [r0], #8", "smlad r4, r10, r12, r4", "smlad r5, r10, lr, r5",
                  "smlad r8, r11, r12, r8", "smlad r9, r11, lr, r9"]  # fmt: skip
    lines += ["ldr r12, [sp, #8]", "cmp r0, r12", "bne.w 2b"]
    if scale is None:
        lines += ["ldr r12, [sp, #12]"]
        for a, b in (("r2", "r6"), ("r3", "r7"), ("r4", "r8"), ("r5", "r9")):
            lines += [f"sub {a}, {a}, {b}", f"asr {a}, {a}, #8"]
        lines += ["stmia r12!, {r2-r9}", "str r12, [sp, #12]"]
    else:
        lines += ["ldrd r10, r11, [r1], #8", "ldrd r12, lr, [r1], #8"]
        for a, b in (("r2", "r6"), ("r3", "r7"), ("r4", "r8"), ("r5", "r9")):
            lines += _scaled(a, b, scale, "r10", "r11", "r12", "lr", signed)
        lines += ["ldrd r12, lr, [sp, #12]", "add r10, r12, #2", "str r10, [sp, #12]", "strh r6, [r12]", "strh r7, [r12, lr]",
                  "add r12, r12, lr, lsl #1", "strh r8, [r12]", "strh r9, [r12, lr]"]  # fmt: skip
    lines += ["ldr r12, [sp, #20]", "subs r12, r12, #1", "str r12, [sp, #20]", "bne.w 1b", "add sp, sp, #24", "pop {r4-r11, pc}"]
    params = "const int32_t *a, const void *w, void *y, int32_t pitch, int32_t pairs, int32_t words"
    return assembly(name, "four pixels by `pairs` pairs of channels", params, lines)


@functools.cache
def pixels_1(scale_key: Key | None) -> CFunction:
    """C function: `groups` groups of eight channels of one pixel. a: widened inputs [words][2];  w: panel;  y: bytes, or int32
    sums [groups][4][2] (of each pair the second channel first)."""
    scale, signed = ending_of(scale_key)
    name = "dsp_1x8_" + (ending(*scale_key) if scale_key else "sums")
    # frame: 0 a, 4 entry, 8 end of a, 12 y, 16 groups; nine registers; the argument words (60)
    lines = ["push {r4-r11, lr}", "sub sp, sp, #24", "ldr r5, [sp, #60]", "str r0, [sp]", "add r6, r0, r5, lsl #2", "str r6, [sp, #8]",
             "strd r2, r3, [sp, #12]", *_jump("r5", 60, "2f"), "str r12, [sp, #4]", "b 1f", ".p2align 2",
             "1:", "ldr r0, [sp]", *(f"mov.w r{i}, #0" for i in range(2, 10)), "ldr pc, [sp, #4]", ".p2align 2", "2:"]  # fmt: skip
    for _ in range(STEPS):
        lines += ["ldr.w r10, [r0], #4"]
        for a, b, c, d in (("r2", "r3", "r4", "r5"), ("r6", "r7", "r8", "r9")):
            lines += ["ldrd r11, r12, [r1], #8", "sxtb16 lr, r11", f"smlad {a}, r11, r10, {a}", f"smlad {b}, lr, r10, {b}",
                      "sxtb16 lr, r12", f"smlad {c}, r12, r10, {c}", f"smlad {d}, lr, r10, {d}"]  # fmt: skip
    lines += ["ldr r12, [sp, #8]", "cmp r0, r12", "bne.w 2b", "ldr r0, [sp, #12]"]
    pairs = (("r2", "r3"), ("r4", "r5"), ("r6", "r7"), ("r8", "r9"))
    if scale is None:
        for a, b in pairs:
            lines += [f"sub {a}, {a}, {b}", f"asr {a}, {a}, #8"]
        lines += ["stmia r0!, {r2-r9}"]
    else:
        for a, b in pairs:
            lines += ["ldrd r10, r11, [r1], #8", "ldrd r12, lr, [r1], #8", *_scaled(a, b, scale, "r10", "r11", "r12", "lr", signed), f"strh {b}, [r0], #2"]
    lines += ["ldr r12, [sp, #16]", "subs r12, r12, #1", "strd r0, r12, [sp, #12]", "bne.w 1b", "add sp, sp, #24", "pop {r4-r11, pc}"]
    params = "const int32_t *a, const void *w, void *y, int32_t groups, int32_t words"
    return assembly(name, "one pixel by `groups` groups of eight channels", params, lines)


def ending_of(key: Key | None) -> tuple[Scale | None, bool]:
    """Shift and bounds of a scaling as a Scale without channels, and whether its results are signed."""
    if key is None:
        return None, True
    none = np.zeros(0, np.int32)
    return Scale(none, none, *key[:4]), key[4]


def mixed(weights: np.ndarray) -> np.ndarray | None:
    """Weights [K, channels] (int8; K a multiple of 4, channels of 2) as words [channels / 2, K / 2] (int32); None where a pair
    does not fit: -128 above a negative number."""
    k, n = weights.shape
    low, high = weights[:, 0::2].astype(np.int32), weights[:, 1::2].astype(np.int32)
    both = 256 * high + low
    if both.min(initial=0) < -(2**15):
        return None
    order = both.reshape(k // 4, 4, n // 2)[:, [0, 2, 1, 3]].reshape(k, n // 2).astype(np.int16)
    return np.ascontiguousarray(order.T).view(np.int32)


def panel(words: np.ndarray, scale: Scale | None, pairs: int) -> np.ndarray:
    """Weights of `mixed` and their scaling in the order the block functions read them, `pairs` pairs at a time (1 or 4)."""
    groups = len(words) // pairs
    parts = [words.reshape(groups, pairs, -1).transpose(0, 2, 1).reshape(groups, -1)]
    if scale is not None:
        m, b = (v.reshape(-1, 2)[:, ::-1] for v in (scale.m, scale.b))
        parts.append(np.stack([m, b], 2).reshape(groups, -1))
    return np.concatenate(parts, 1).reshape(-1)
