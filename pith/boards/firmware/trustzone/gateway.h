/* gateway.h - what the application may ask of $NAME, whose code, weights and arena it cannot reach */
#ifndef $UP_GATEWAY_H
#define $UP_GATEWAY_H

#include "$NAME.h"

#define $UP_FORBIDDEN 16 /* a pointer to memory that the caller may not reach */

/* As $NAME_run, in the secure world and with an arena of its own there. All pointers must be to the caller's memory. */
int $NAME_gateway(const $NAME_inputs *in, const $NAME_outputs *out);

#endif
