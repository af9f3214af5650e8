/* main.c - runs $NAME on every sample in the host's file $NAME.in (inputs one after another) and writes the outputs to $NAME.out,
   both through the debugger or emulator. Without that file it runs once, on zeros. A program of its own calls $NAME_run as here. */
#include "$HEADER"

#include "start.h"

$ARENA$ARRAYS
static const char in_name[] = "$NAME.in", out_name[] = "$NAME.out";

static int32_t open_file(const char *name, uint32_t length, uint32_t mode) {
  const uint32_t block[3] = {(uint32_t)(uintptr_t)name, mode, length};
  return pith_host(1, block);
}

/* bytes that were not moved: read (6) or write (5) */
static int32_t move(int32_t what, int32_t file, const void *data, uint32_t bytes) {
  const uint32_t block[3] = {(uint32_t)file, (uint32_t)(uintptr_t)data, bytes};
  return pith_host(what, block);
}

static void number(const char *before, uint32_t v) {
  char text[12];
  int i = 11;
  text[i] = 0;
  do {
    text[--i] = (char)('0' + v % 10u);
    v /= 10u;
  } while (v);
  pith_say(before);
  pith_say(text + i);
  pith_say("\n");
}

/* counting emulators look for calls of this function */
__attribute__((noinline)) void pith_mark(void) { __asm__ volatile("" ::: "memory"); }

#ifdef $UP_PROFILE
static int64_t spent[$UP_STEPS];
static int tick(int clock, int64_t *t) {
  (void)clock;
  t[0] = t[1] = 0;
  pith_mark();
  return 0;
}
#endif

int main(void) {
  const int32_t in_file = open_file(in_name, sizeof in_name - 1, 1), out_file = open_file(out_name, sizeof out_name - 1, 5);
  const $NAME_inputs in = {$IN};
  const $NAME_outputs out = {$OUT};
  uint32_t samples = 0;
  int status = 0;
  do {
$READ
#ifdef $UP_PROFILE
    status = $NAME_profile(arena, &in, &out, tick, spent);
#else
    pith_mark();
    status = $RUN&in, &out);
    pith_mark();
#endif
    samples++;
$WRITE
  } while (in_file != -1 && status == 0);
  number("samples ", samples);
  number("stack ", pith_stack_used());
  return status;
}
