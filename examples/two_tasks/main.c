/* main.c - two tasks that take the processor from each other at every tick, each running a network of its own in an arena of its
   own, on a bare Cortex-M with the smallest scheduler there can be (SysTick asks for PendSV, which changes stacks).

   Each network first runs alone, then both run against each other on the same inputs; the outputs must be the same bytes. */
#include "start.h"
#include "tasks.h"

#define ROUNDS 3u
#define TICK 20000u /* cycles of the timer between two switches */
#define REG(address) (*(volatile uint32_t *)(address))

static unsigned char arenas_first[FIRST_ARENA_SIZE] __attribute__((aligned(64)));
static unsigned char arenas_second[SECOND_ARENA_SIZE] __attribute__((aligned(64)));
static uint32_t in_first[(FIRST_IN + 3) / 4], out_first[(FIRST_OUT + 3) / 4];
static uint32_t in_second[(SECOND_IN + 3) / 4], out_second[(SECOND_OUT + 3) / 4];
static uint32_t stacks[3][1024] __attribute__((aligned(8)));

/* what a task is about; index 2 is the one that waits for the two and reports */
static struct {
  uint32_t *sp;
  volatile uint32_t inside, done;
  uint32_t sum[ROUNDS];
} tasks[3];
static volatile uint32_t current, running, switches, both;
static uint32_t alone[2][ROUNDS];

/* inputs a host can make too: bytes, or floats from -2 to 2, of a linear congruential generator */
static void fill(uint32_t *to, uint32_t bytes, int floats, uint32_t seed) {
  uint32_t s = seed * 2654435761u + 1u;
  if (floats) {
    for (uint32_t i = 0; i < bytes / 4u; i++) {
      s = s * 1664525u + 1013904223u;
      ((float *)(void *)to)[i] = (float)(int32_t)(int8_t)(s >> 24) / 64.0f;
    }
  } else {
    for (uint32_t i = 0; i < bytes; i++) {
      s = s * 1664525u + 1013904223u;
      ((uint8_t *)to)[i] = (uint8_t)(s >> 24);
    }
  }
}

/* FNV-1a over bytes */
static uint32_t sum_of(const uint32_t *from, uint32_t bytes) {
  uint32_t h = 2166136261u;
  for (uint32_t i = 0; i < bytes; i++) h = (h ^ ((const uint8_t *)from)[i]) * 16777619u;
  return h;
}

static void run(uint32_t which, uint32_t round) {
  int status;
  if (which == 0) {
    const first_inputs in = {(void *)in_first};
    const first_outputs out = {(void *)out_first};
    fill(in_first, FIRST_IN, FIRST_FLOATS, round);
    tasks[0].inside = 1;
    status = first_run(arenas_first, &in, &out);
    tasks[0].inside = 0;
    tasks[0].sum[round] = sum_of(out_first, FIRST_OUT);
  } else {
    const second_inputs in = {(void *)in_second};
    const second_outputs out = {(void *)out_second};
    fill(in_second, SECOND_IN, SECOND_FLOATS, round);
    tasks[1].inside = 1;
    status = second_run(arenas_second, &in, &out);
    tasks[1].inside = 0;
    tasks[1].sum[round] = sum_of(out_second, SECOND_OUT);
  }
  if (status) pith_exit(3);
}

static void worker(uint32_t which) {
  for (uint32_t r = 0; r < ROUNDS; r++) run(which, r);
  tasks[which].done = 1;
  for (;;) {
  }
}

static void say_hex(const char *before, uint32_t v) {
  char text[9];
  for (int i = 0; i < 8; i++) text[i] = "0123456789abcdef"[v >> (28 - 4 * i) & 15u];
  text[8] = 0;
  pith_say(before);
  pith_say(text);
}

static void report(uint32_t unused) {
  int status = 0;
  (void)unused;
  for (uint32_t t = 0; t < 2; t++) {
    pith_say(t ? "\nsecond" : "first");
    for (uint32_t r = 0; r < ROUNDS; r++) {
      say_hex(" ", tasks[t].sum[r]);
      if (tasks[t].sum[r] != alone[t][r]) status = 1;
    }
  }
  say_hex("\nswitches ", switches);
  say_hex("\nboth ", both);
  pith_say(status ? "\ndifferent\n" : "\nsame\n");
  pith_exit(status);
}

/* keeps the stack pointer of the task that stops, gives that of the one that goes on */
__attribute__((used)) uint32_t *pith_next(uint32_t *sp) {
  const uint32_t old = current;
  uint32_t next;
  if (running) tasks[old].sp = sp;
  next = !running ? 0u : old == 0u ? 1u : 0u;
  if (tasks[next].done) next = tasks[1u - next].done ? 2u : 1u - next;
  if (running && next != old) {
    switches++;
    both += tasks[0].inside & tasks[1].inside;
  }
  running = 1;
  current = next;
  return tasks[next].sp;
}

void pith_systick(void) { REG(0xE000ED04u) = 1u << 28; /* PendSV */ }

__attribute__((naked)) void pith_pendsv(void) {
  __asm__ volatile(
      "mrs r0, psp\n"
#if defined(__ARM_FP)
      "tst lr, #16\n it eq\n vstmdbeq r0!, {s16-s31}\n"
#endif
      "stmdb r0!, {r4-r11, lr}\n"
      "bl pith_next\n"
      "ldmia r0!, {r4-r11, lr}\n"
#if defined(__ARM_FP)
      "tst lr, #16\n it eq\n vldmiaeq r0!, {s16-s31}\n"
#endif
      "msr psp, r0\n"
      "bx lr");
}

/* a stack that looks as if its task had been stopped before its first instruction */
static void begin(uint32_t which, void (*body)(uint32_t)) {
  uint32_t *sp = stacks[which] + 1024 - 17;
  for (int i = 0; i < 17; i++) sp[i] = 0;
  sp[8] = 0xFFFFFFFDu;                             /* to thread mode, on the process stack, no floats stacked */
  sp[9] = which;                                   /* r0 */
  sp[15] = (uint32_t)(uintptr_t)body & ~1u;        /* pc */
  sp[16] = 1u << 24;                               /* Thumb */
  tasks[which].sp = sp;
}

int main(void) {
  static uint32_t dropped[32] __attribute__((aligned(8))); /* this context, which never goes on */
  for (uint32_t t = 0; t < 2; t++) {
    for (uint32_t r = 0; r < ROUNDS; r++) {
      run(t, r);
      alone[t][r] = tasks[t].sum[r];
      tasks[t].sum[r] = 0;
    }
  }
  begin(0, worker);
  begin(1, worker);
  begin(2, report);
  __asm__ volatile("msr psp, %0" : : "r"(dropped + 32));
  REG(0xE000ED20u) |= 0xFFFF0000u; /* both exceptions have the lowest priority */
  REG(0xE000E014u) = TICK - 1u;
  REG(0xE000E018u) = 0;
  REG(0xE000E010u) = 7;
  REG(0xE000ED04u) = 1u << 28;
  for (;;) {
  }
}
