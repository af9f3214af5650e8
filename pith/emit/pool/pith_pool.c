/* pith_pool.c - the built-in pool of pith_pool.h: POSIX threads that spin a short while for work, then sleep */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200112L /* posix_memalign, with -std=c99 too */
#endif
#include "pith_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/* How long a waiting thread looks before it sleeps: longer than a program takes from one call to the next, where it calls again at once. */
#ifndef PITH_POOL_SPIN_US
#define PITH_POOL_SPIN_US 400
#endif
#define LOOKS 2000 /* timed to know how many looks that is */

typedef struct worker worker;

typedef struct {
  pith_pool pool;
  pthread_mutex_t caller; /* one task at a time */
  pthread_mutex_t lock;
  pthread_cond_t changed;
  void (*task)(void *context, int32_t thread);
  void *context;
  worker *workers;
  int32_t started; /* workers that have a thread */
  int32_t leave;
  int32_t looks; /* before a thread sleeps */
  /* each on a cache line of its own: words that threads spin on, and their counters */
  __attribute__((aligned(64))) uint32_t epoch;  /* grows with every task */
  __attribute__((aligned(64))) uint32_t round;  /* grows with every meeting */
  __attribute__((aligned(64))) int32_t arrived; /* threads that reached the present meeting */
  int32_t sleepers;             /* threads that wait for `changed` */
} state;

struct worker {
  state *s;
  int32_t thread;
  pthread_t id;
};

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ volatile("yield");
#endif
}

/* Whether *word is another than `old` at one of so many looks. */
static int look(const uint32_t *word, uint32_t old, int32_t times) {
  for (int32_t i = 0; i < times; i++) {
    if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != old) return 1;
    relax();
  }
  return 0;
}

/* How many looks take PITH_POOL_SPIN_US: a pause lasts 4 ns on one processor and 60 on another. Measured three times, for a thread
   that is interrupted meanwhile. */
static int32_t looks(void) {
  int64_t least = INT64_MAX;
  for (int i = 0; i < 3; i++) {
    struct timespec from, to;
    uint32_t word = 0;
    if (clock_gettime(CLOCK_MONOTONIC, &from)) return LOOKS;
    (void)look(&word, 0, LOOKS);
    if (clock_gettime(CLOCK_MONOTONIC, &to)) return LOOKS;
    const int64_t ns = (int64_t)(to.tv_sec - from.tv_sec) * 1000000000 + (to.tv_nsec - from.tv_nsec);
    least = ns < least ? ns : least;
  }
  const int64_t wanted = least > 0 ? (int64_t)PITH_POOL_SPIN_US * 1000 * LOOKS / least : LOOKS;
  return (int32_t)(wanted > 100000000 ? 100000000 : wanted);
}

/* Returns once *word is no longer `old`. */
static void await(state *s, uint32_t *word, uint32_t old) {
  if (look(word, old, s->looks)) return;
  (void)pthread_mutex_lock(&s->lock);
  (void)__atomic_add_fetch(&s->sleepers, 1, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == old) (void)pthread_cond_wait(&s->changed, &s->lock);
  (void)__atomic_sub_fetch(&s->sleepers, 1, __ATOMIC_SEQ_CST);
  (void)pthread_mutex_unlock(&s->lock);
}

/* Changes *word and wakes who sleeps. A thread that is about to sleep either sees the change or is counted by now. */
static void announce(state *s, uint32_t *word) {
  (void)__atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&s->sleepers, __ATOMIC_SEQ_CST) > 0) {
    (void)pthread_mutex_lock(&s->lock);
    (void)pthread_cond_broadcast(&s->changed);
    (void)pthread_mutex_unlock(&s->lock);
  }
}

static void meet(const pith_pool *pool, int32_t thread) {
  state *const s = (state *)pool->state;
  const uint32_t round = __atomic_load_n(&s->round, __ATOMIC_ACQUIRE);
  (void)thread;
  if (__atomic_add_fetch(&s->arrived, 1, __ATOMIC_ACQ_REL) == pool->threads) {
    __atomic_store_n(&s->arrived, 0, __ATOMIC_RELAXED);
    announce(s, &s->round);
  } else {
    await(s, &s->round, round);
  }
}

static void *work(void *argument) {
  const worker *const w = (const worker *)argument;
  state *const s = w->s;
  for (uint32_t epoch = 0;; epoch++) {
    await(s, &s->epoch, epoch);
    if (__atomic_load_n(&s->leave, __ATOMIC_ACQUIRE)) return NULL;
    s->task(s->context, w->thread);
    meet(&s->pool, w->thread);
  }
}

static void run(const pith_pool *pool, void (*task)(void *context, int32_t thread), void *context) {
  state *const s = (state *)pool->state;
  (void)pthread_mutex_lock(&s->caller);
  s->task = task;
  s->context = context;
  announce(s, &s->epoch);
  task(context, 0);
  meet(pool, 0);
  (void)pthread_mutex_unlock(&s->caller);
}

pith_pool *pith_pool_new(int32_t threads) {
  void *memory = NULL;
  if (threads < 1 || posix_memalign(&memory, 64, sizeof(state))) return NULL;
  state *const s = (state *)memory;
  *s = (state){.pool = {.threads = threads, .state = s, .run = run, .wait = meet}, .looks = threads > 1 ? looks() : 0};
  s->workers = (worker *)calloc((size_t)threads, sizeof(worker));
  if (!s->workers) {
    free(s);
    return NULL;
  }
  (void)pthread_mutex_init(&s->caller, NULL);
  (void)pthread_mutex_init(&s->lock, NULL);
  (void)pthread_cond_init(&s->changed, NULL);
  for (int32_t i = 1; i < threads; i++) {
    worker *const w = s->workers + i;
    w->s = s;
    w->thread = i;
    if (pthread_create(&w->id, NULL, work, w)) {
      pith_pool_free(&s->pool);
      return NULL;
    }
    s->started++;
  }
  return &s->pool;
}

void pith_pool_free(pith_pool *pool) {
  if (!pool) return;
  state *const s = (state *)pool->state;
  __atomic_store_n(&s->leave, 1, __ATOMIC_RELEASE);
  announce(s, &s->epoch);
  for (int32_t i = 1; i <= s->started; i++) (void)pthread_join(s->workers[i].id, NULL);
  (void)pthread_cond_destroy(&s->changed);
  (void)pthread_mutex_destroy(&s->lock);
  (void)pthread_mutex_destroy(&s->caller);
  free(s->workers);
  free(s);
}
