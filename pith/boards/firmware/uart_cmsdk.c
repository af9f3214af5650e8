/* uart.c - Arm's CMSDK UART, and the cycle counter of the processor */
#include "serial.h"

#define AT(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define UART $UARTu
enum { DATA = 0x0, STATE = 0x4, CTRL = 0x8, BAUDDIV = 0x10 };

void pith_uart_begin(void) {
  AT(UART + BAUDDIV) = $DIVIDERu;
  AT(UART + CTRL) = 3; /* transmit, receive */
#if defined(__ARM_ARCH) && __ARM_ARCH >= 7
  AT(0xE000EDFCu) |= 1u << 24; /* DEMCR.TRCENA */
  AT(0xE0001000u) |= 1u;       /* DWT_CTRL.CYCCNTENA */
#endif
}

int pith_uart_get(void) {
  while (!(AT(UART + STATE) & 2u)) {
  }
  return (int)(AT(UART + DATA) & 255u);
}

void pith_uart_put(unsigned char b) {
  while (AT(UART + STATE) & 1u) {
  }
  AT(UART + DATA) = b;
}

uint32_t pith_cycles(void) {
#if defined(__ARM_ARCH) && __ARM_ARCH >= 7
  return AT(0xE0001004u); /* DWT_CYCCNT */
#else
  return 0;
#endif
}
