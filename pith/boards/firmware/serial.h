/* serial.h - a network that a host uses over a serial line: docs/devices.md has the protocol. No C library, no allocation, no interrupts. */
#ifndef PITH_SERIAL_H
#define PITH_SERIAL_H

#include <stdint.h>

#define PITH_BLOCK 256 /* most bytes of a tensor in a frame */

/* An input or output: where it is and its bytes. */
typedef struct {
  unsigned char *at;
  uint32_t bytes;
} pith_part;

typedef struct {
  const char *build;            /* NAME_build: 16 characters */
  const char *target;           /* what it was compiled for, at most 24 characters */
  const pith_part *in, *out;    /* arrays of the network, in its order */
  uint32_t ins, outs;           /* how many */
  uint32_t hertz;               /* of the counter of pith_cycles, 0 where it is not known */
  int (*run)(void);             /* runs the network; 0: done */
  uint32_t (*stack)(void);      /* bytes of stack used so far */
} pith_served;

/* Answers requests; does not return. */
void pith_serve(const pith_served *net) __attribute__((noreturn));

/* What a board has to bring along: uart.c. */
void pith_uart_begin(void);
int pith_uart_get(void);             /* waits for a byte */
void pith_uart_put(unsigned char b); /* waits until it can be sent */
uint32_t pith_cycles(void);          /* a counter that goes up, or 0 always */

#endif
