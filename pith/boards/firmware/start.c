/* start.c - from reset to main on a Cortex-M, without a C library; semihosting for what main says */
#include <stddef.h>
#include <stdint.h>

#include "start.h"

extern uint32_t _sidata[], _sdata[], _edata[], _sbss[], _ebss[], _estack[], _stack_low[];
extern const uint32_t _copies[], _copies_end[]; /* from, to, bytes of what is kept in flash and used elsewhere */

#define PAINT 0xA5C35A3Cu

int32_t pith_host(int32_t what, const void *block) {
  register int32_t r0 __asm__("r0") = what;
  register const void *r1 __asm__("r1") = block;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

void pith_say(const char *text) { (void)pith_host(4, text); }

void pith_exit(int32_t code) {
  const uint32_t block[2] = {0x20026u, (uint32_t)code};
  (void)pith_host(0x20, block);
  for (;;) {
  }
}

/* memory functions the compiler may call */
void *memcpy(void *restrict to, const void *restrict from, size_t n) {
  unsigned char *t = to;
  const unsigned char *f = from;
  typedef uint32_t __attribute__((may_alias)) word;
  if ((((uintptr_t)t | (uintptr_t)f) & 3u) == 0u) {
    for (; n >= 16; n -= 16, t += 16, f += 16) {
      const word *const a = (const word *)(const void *)f;
      word *const b = (word *)(void *)t;
      const uint32_t v0 = a[0], v1 = a[1], v2 = a[2], v3 = a[3];
      b[0] = v0, b[1] = v1, b[2] = v2, b[3] = v3;
    }
  }
  while (n--) *t++ = *f++;
  return to;
}
void *memmove(void *to, const void *from, size_t n) {
  unsigned char *t = to;
  const unsigned char *f = from;
  if (t <= f) {
    while (n--) *t++ = *f++;
  } else {
    while (n--) t[n] = f[n];
  }
  return to;
}
void *memset(void *to, int value, size_t n) {
  unsigned char *t = to;
  while (n--) *t++ = (unsigned char)value;
  return to;
}
void __aeabi_memcpy(void *to, const void *from, size_t n) { (void)memcpy(to, from, n); }
void __aeabi_memcpy4(void *to, const void *from, size_t n) { (void)memcpy(to, from, n); }
void __aeabi_memcpy8(void *to, const void *from, size_t n) { (void)memcpy(to, from, n); }
void __aeabi_memmove(void *to, const void *from, size_t n) { (void)memmove(to, from, n); }
void __aeabi_memmove4(void *to, const void *from, size_t n) { (void)memmove(to, from, n); }
void __aeabi_memset(void *to, size_t n, int value) { (void)memset(to, value, n); }
void __aeabi_memset4(void *to, size_t n, int value) { (void)memset(to, value, n); }
void __aeabi_memclr(void *to, size_t n) { (void)memset(to, 0, n); }
void __aeabi_memclr4(void *to, size_t n) { (void)memset(to, 0, n); }
void __aeabi_memclr8(void *to, size_t n) { (void)memset(to, 0, n); }

/* the most bytes of stack that were ever used */
uint32_t pith_stack_used(void) {
  const uint32_t *p = _stack_low;
  while (p < _estack && *p == PAINT) p++;
  return (uint32_t)((const char *)_estack - (const char *)p);
}

__attribute__((used)) void pith_begin(void) {
  uint32_t *to, *top;
  const uint32_t *from = _sidata;
  for (to = _sdata; to < _edata; to++) *to = *from++;
  for (const uint32_t *c = _copies; c < _copies_end; c += 3)
    (void)memcpy((void *)(uintptr_t)c[1], (const void *)(uintptr_t)c[0], c[2]);
  for (to = _sbss; to < _ebss; to++) *to = 0;
  __asm__ volatile("mov %0, sp" : "=r"(top));
  for (to = _stack_low; to < top; to++) *to = PAINT;
  pith_exit(main());
}

__attribute__((used)) void pith_fault(void) {
  pith_say("fault\n");
  pith_exit(99);
}

/* a program may have functions of these names for the exceptions it uses */
__attribute__((weak, alias("pith_fault"))) void pith_bus_fault(void);
__attribute__((weak, alias("pith_fault"))) void pith_secure_fault(void);
__attribute__((weak, alias("pith_fault"))) void pith_svcall(void);
__attribute__((weak, alias("pith_fault"))) void pith_pendsv(void);
__attribute__((weak, alias("pith_fault"))) void pith_systick(void);

/* before any other instruction: the floating-point unit, whose registers the compiler uses even to copy memory */
__attribute__((naked, used)) void pith_reset(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  __asm__ volatile(
      "ldr r0, =0xE000ED88\n ldr r1, [r0]\n orr r1, r1, #0xF00000\n str r1, [r0]\n dsb\n isb\n bl pith_begin\n b .\n .ltorg");
#else
  __asm__ volatile("bl pith_begin\n b .");
#endif
}

__attribute__((section(".vectors"), used)) const void *const pith_vectors[16] = {
    _estack, pith_reset, pith_fault, pith_fault,  pith_fault, pith_bus_fault, pith_fault,  pith_secure_fault,
    NULL,    NULL,       NULL,       pith_svcall, pith_fault, NULL,           pith_pendsv, pith_systick,
};
