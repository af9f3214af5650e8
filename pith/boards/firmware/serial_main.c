/* serial_main.c - $NAME for a host at the serial line. */
#include "$NAME.h"

#include "serial.h"
#include "start.h"

static unsigned char arena[$UP_ARENA_SIZE] __attribute__((aligned(64)));
$ARRAYS
static const pith_part parts_in[] = {$PARTS_IN{0, 0}}, parts_out[] = {$PARTS_OUT{0, 0}};

static int run(void) {
  static const $NAME_inputs in = {$IN};
  static const $NAME_outputs out = {$OUT};
  return $NAME_run(arena, &in, &out);
}

int main(void) {
  static const pith_served net = {$NAME_build, "$TARGET", parts_in, parts_out, $N_IN, $N_OUT, $HERTZ, run, pith_stack_used};
  pith_serve(&net);
}
