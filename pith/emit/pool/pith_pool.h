/* pith_pool.h - threads that run a network together */
#ifndef PITH_POOL_H
#define PITH_POOL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A pool made by pith_pool_new, or one of your own: fill in the four fields. */
typedef struct pith_pool {
  int32_t threads; /* how many run a network together, the one that calls included */
  void *state;     /* the pool's own */
  /* Calls task(context, thread) for thread = 0 ... threads - 1, all at the same time (they wait for each other, so none may
     be queued behind another), and returns when all have returned. */
  void (*run)(const struct pith_pool *pool, void (*task)(void *context, int32_t thread), void *context);
  /* Called by every thread of the running task; returns when all have called it, and what each wrote before is seen by all. */
  void (*wait)(const struct pith_pool *pool, int32_t thread);
} pith_pool;

/* The built-in pool (pith_pool.c, POSIX threads): threads - 1 threads that spin a short while for work, then sleep.
   Null where threads is below 1, or the system gives no more threads or memory. */
pith_pool *pith_pool_new(int32_t threads);
void pith_pool_free(pith_pool *pool);

#ifdef __cplusplus
}
#endif

#endif
