"""AMX: eight tile registers of 16 rows of 64 bytes, and sums of products of 16 x 16 x 64 bytes in one instruction.

Linux hands the registers out on request only (arch_prctl, ARCH_REQ_XCOMP_PERM; Documentation/arch/x86/xstate.rst), once for a
process: every run of a network that uses them asks, which costs about as much as reading the clock.
"""

from __future__ import annotations

from pith.vector.cfunction import CFunction

PERMIT = CFunction(
    "pith_amx_permit",
    """/* asks Linux for the tile registers: arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) */
static inline void pith_amx_permit(void) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(158L), "D"(0x1023L), "S"(18L) : "rcx", "r11", "memory");
  (void)result;
}
""",
    setup="pith_amx_permit();",
)

CONFIGURE = CFunction(
    "pith_amx_configure",
    """/* tiles 0 to 3: sums, 4 and 5: the first 16 and the other rows of the left side in chunks of K, 6 and 7: weights */
static inline void pith_amx_configure(int32_t rows, int32_t chunk) {
  const uint8_t first = (uint8_t)(rows < 16 ? rows : 16), second = (uint8_t)(rows > 16 ? rows - 16 : 1);
  struct {
    uint8_t palette, start, reserved[14];
    uint16_t columns[16];
    uint8_t rows[16];
  } t;
  for (int32_t i = 0; i < 64; i++) ((uint8_t *)&t)[i] = 0; /* an initialiser would call memset at -O0 */
  t.palette = 1;
  for (int32_t i = 0; i < 8; i++) t.columns[i] = (uint16_t)(i == 4 || i == 5 ? chunk : 64);
  t.rows[0] = t.rows[1] = t.rows[4] = first;
  t.rows[2] = t.rows[3] = t.rows[5] = second;
  t.rows[6] = t.rows[7] = (uint8_t)(chunk / 4);
  __asm__ volatile("" : : "r"(&t) : "memory"); /* gcc 12 takes the instruction to read eight bytes only */
  _tile_loadconfig(&t);
}
""",
    (PERMIT,),
    ("stdint.h", "immintrin.h"),
)

CONFIGURE_COLUMN = CFunction(
    "pith_amx_configure_column",
    """/* tiles 0 to 3: sums, one below the other, 4 to 6: left sides, 7: weights */
static inline void pith_amx_configure_column(int32_t rows, int32_t chunk) {
  struct {
    uint8_t palette, start, reserved[14];
    uint16_t columns[16];
    uint8_t rows[16];
  } t;
  for (int32_t i = 0; i < 64; i++) ((uint8_t *)&t)[i] = 0; /* an initialiser would call memset at -O0 */
  t.palette = 1;
  for (int32_t i = 0; i < 7; i++) t.rows[i] = (uint8_t)rows;
  for (int32_t i = 0; i < 8; i++) t.columns[i] = (uint16_t)(i < 4 || i == 7 ? 64 : chunk);
  t.rows[7] = (uint8_t)(chunk / 4);
  __asm__ volatile("" : : "r"(&t) : "memory"); /* gcc 12 takes the instruction to read eight bytes only */
  _tile_loadconfig(&t);
}
""",
    (PERMIT,),
    ("stdint.h", "immintrin.h"),
)
