/* pith_pool.c - the built-in pool of pith_pool.h: POSIX threads that spin a short while for work, then sleep */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200112L /* posix_memalign, with -std=c99 too */
#endif
#include "pith_pool.h"

#include <pthread.h>
#include <stdlib.h>

/* How often a waiting thread looks before it sleeps: some hundred microseconds. */
#ifndef PITH_POOL_SPINS
#define PITH_POOL_SPINS 4000
#endif

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

/* Returns once *word is no longer `old`. */
static void await(state *s, uint32_t *word, uint32_t old) {
  for (int i = 0; i < PITH_POOL_SPINS; i++) {
    if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != old) return;
    relax();
  }
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
  *s = (state){.pool = {.threads = threads, .state = s, .run = run, .wait = meet}};
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
