/* gateway.c - the only entry into the secure world: the network on memory that the caller itself may read and write */
#include "gateway.h"

#include <arm_cmse.h>
#include <stddef.h>

static unsigned char arena[$UP_ARENA_SIZE] __attribute__((aligned(64)));

/* whether the caller may reach all `bytes` at p: both ends lie in one region of its world (regions have no holes) */
static int reaches(const void *p, uint32_t bytes, int write) {
  const uintptr_t at = (uintptr_t)p, end = at + bytes - 1u;
  if (bytes == 0u || end < at) return 0;
  const cmse_address_info_t a = cmse_TTA((void *)at), b = cmse_TTA((void *)end);
  if (a.flags.secure || b.flags.secure || !a.flags.sau_region_valid || !b.flags.sau_region_valid) return 0;
  if (a.flags.sau_region != b.flags.sau_region) return 0;
  return write ? a.flags.nonsecure_readwrite_ok && b.flags.nonsecure_readwrite_ok : a.flags.nonsecure_read_ok && b.flags.nonsecure_read_ok;
}

__attribute__((cmse_nonsecure_entry, used)) int $NAME_gateway(const $NAME_inputs *in, const $NAME_outputs *out) {
  if (!reaches(in, sizeof *in, 0) || !reaches(out, sizeof *out, 0)) return $UP_FORBIDDEN;
  const $NAME_inputs from = *(const volatile $NAME_inputs *)in; /* copies: the caller cannot change them after they were checked */
  const $NAME_outputs to = *(const volatile $NAME_outputs *)out;
$CHECKS
  return $NAME_run(arena, &from, &to);
}
