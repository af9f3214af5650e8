/* start.h - what start.c gives a program */
#ifndef PITH_START_H
#define PITH_START_H

#include <stdint.h>

int main(void);
/* a request to the debugger or emulator (Arm's semihosting), which answers with a number */
int32_t pith_host(int32_t what, const void *block);
void pith_say(const char *text);
void pith_exit(int32_t code) __attribute__((noreturn));
uint32_t pith_stack_used(void);

/* exceptions that stop with "fault" unless the program has functions of these names */
void pith_bus_fault(void);
void pith_secure_fault(void);
void pith_svcall(void);
void pith_pendsv(void);
void pith_systick(void);

#endif
