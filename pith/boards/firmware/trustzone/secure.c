/* secure.c - the secure world after reset: says which memory is whose, then starts the application in the other world */
#include <stdint.h>

#include "start.h"

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))
typedef void __attribute__((cmse_nonsecure_call)) application(void);

/* a memory protection controller: from which byte to which its memory belongs to the other world */
static const struct {
  uint32_t controller, first, end;
} protection[] = {$PROTECTION};
static const struct {
  uint32_t address, bits;
} set_bits[] = {$SET_BITS};
static const struct {
  uint32_t first, last, callable;
} regions[] = {{$FLASH, $FLASH_LAST, 0}, {$RAM, $RAM_LAST, 0}, {$VENEERS, $VENEERS_LAST, 1}};

static void share(uint32_t controller, uint32_t first, uint32_t end) {
  const uint32_t block = 32u << (REG(controller + 0x14u) & 15u); /* bytes */
  REG(controller) &= ~(1u << 8); /* the index does not move by itself */
  for (uint32_t at = first; at < end; at += block) {
    const uint32_t n = at / block;
    REG(controller + 0x18u) = n / 32u;
    REG(controller + 0x1Cu) |= 1u << (n % 32u);
  }
  REG(controller) |= 1u << 4; /* what is forbidden is a fault, not zeros */
}

static void say_hex(const char *before, uint32_t v) {
  char text[9];
  for (int i = 0; i < 8; i++) text[i] = "0123456789abcdef"[v >> (28 - 4 * i) & 15u];
  text[8] = 0;
  pith_say(before);
  pith_say(text);
}

/* the application touched what is not its own: SFSR says how (8: data, 1: no entry, 64: SFAR says where) */
void pith_secure_fault(void) {
  say_hex("SecureFault status ", REG(0xE000EDE4));
  if (REG(0xE000EDE4) & 64u) say_hex(" address ", REG(0xE000EDE8));
  pith_say("\n");
  pith_exit(77);
}

void pith_bus_fault(void) {
  say_hex("BusFault status ", REG(0xE000ED28) >> 8 & 255u);
  say_hex(" address ", REG(0xE000ED38));
  pith_say("\n");
  pith_exit(78);
}

int main(void) {
  for (uint32_t i = 0; i < sizeof protection / sizeof protection[0]; i++)
    share(protection[i].controller, protection[i].first, protection[i].end);
  for (uint32_t i = 0; i < sizeof set_bits / sizeof set_bits[0]; i++) REG(set_bits[i].address) |= set_bits[i].bits;
  for (uint32_t i = 0; i < sizeof regions / sizeof regions[0]; i++) {
    REG(0xE000EDD8) = i;
    REG(0xE000EDDC) = regions[i].first;
    REG(0xE000EDE0) = (regions[i].last & ~31u) | (regions[i].callable << 1) | 1u;
  }
  REG(0xE000EDD0) = 1;                  /* all other memory is secure */
  REG(0xE000ED8C) |= 3u << 10;          /* the application may use the floating-point unit */
  REG(0xE000ED24) |= 1u << 19 | 1u << 17; /* SecureFault and BusFault have handlers of their own */
  __asm__ volatile("dsb\n isb");
  REG(0xE002ED08) = $FLASH; /* its vector table */
  __asm__ volatile("msr msp_ns, %0" : : "r"(REG($FLASH)));
  ((application *)(uintptr_t)(REG($FLASH + 4) & ~1u))();
  return 0;
}
