/* A TCG plugin for QEMU (plugin API version 1; declared by hand, because Debian does not package its header): counts executed
   instructions, by function of the program and between marks.

   Arguments: out=FILE, where the counts are written at the end; mark=NAME, a function of the program. Lines of the file:
   "mark N" for each call of the mark, N instructions having been executed so far, those of the mark itself left out;
   "function NAME N"; "total N". */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_id;
struct qemu_tb;
struct qemu_insn;
#define API __attribute__((visibility("default")))
API int qemu_plugin_version = 1;
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_id, void (*)(qemu_id, struct qemu_tb *));
extern size_t qemu_plugin_tb_n_insns(const struct qemu_tb *);
extern struct qemu_insn *qemu_plugin_tb_get_insn(const struct qemu_tb *, size_t);
extern const char *qemu_plugin_insn_symbol(const struct qemu_insn *);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_insn *);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_insn *, int, void *, uint64_t);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_insn *, void (*)(unsigned, void *), int, void *);
extern void qemu_plugin_register_atexit_cb(qemu_id, void (*)(qemu_id, void *), void *);
API int qemu_plugin_install(qemu_id id, const void *info, int argc, char **argv);

typedef struct entry {
  struct entry *next;
  uint64_t n;
  char name[1];
} entry;
#define BUCKETS 4096
static entry *table[BUCKETS];
static uint64_t total, *marks, mark_at;
static size_t n_marks, room;
static const char *out, *mark = "pith_mark";

static entry *find(const char *name) {
  uint32_t h = 5381;
  for (const char *c = name; *c; c++) h = h * 33u + (unsigned char)*c;
  for (entry *e = table[h % BUCKETS]; e; e = e->next)
    if (!strcmp(e->name, name)) return e;
  entry *e = calloc(1, sizeof *e + strlen(name));
  if (!e) abort();
  strcpy(e->name, name);
  e->next = table[h % BUCKETS];
  return table[h % BUCKETS] = e;
}

static void marked(unsigned cpu, void *user) {
  (void)cpu;
  (void)user;
  if (n_marks == room) {
    room = room ? 2 * room : 1024;
    marks = realloc(marks, room * sizeof *marks);
    if (!marks) abort();
  }
  marks[n_marks++] = total;
}

/* Every instruction of a translated block is executed when its first one is (but for faults): one addition a function and block. */
static void translated(qemu_id id, struct qemu_tb *tb) {
  (void)id;
  const size_t n = qemu_plugin_tb_n_insns(tb);
  for (size_t i = 0; i < n;) {
    struct qemu_insn *first = qemu_plugin_tb_get_insn(tb, i);
    const char *s = qemu_plugin_insn_symbol(first);
    entry *e = find(s && *s ? s : "?");
    const size_t from = i;
    while (i < n) {
      const char *other = qemu_plugin_insn_symbol(qemu_plugin_tb_get_insn(tb, i));
      if (strcmp(other && *other ? other : "?", e->name)) break;
      i++;
    }
    if (!strcmp(e->name, mark)) {
      if (!mark_at) mark_at = qemu_plugin_insn_vaddr(first);
      if (qemu_plugin_insn_vaddr(first) == mark_at) qemu_plugin_register_vcpu_insn_exec_cb(first, marked, 0, NULL);
      continue;
    }
    qemu_plugin_register_vcpu_insn_exec_inline(first, 0, &e->n, i - from);
    qemu_plugin_register_vcpu_insn_exec_inline(first, 0, &total, i - from);
  }
}

static void finish(qemu_id id, void *user) {
  (void)id;
  (void)user;
  FILE *f = fopen(out, "w");
  if (!f) return;
  for (size_t i = 0; i < n_marks; i++) fprintf(f, "mark %llu\n", (unsigned long long)marks[i]);
  for (size_t b = 0; b < BUCKETS; b++)
    for (entry *e = table[b]; e; e = e->next) fprintf(f, "function %s %llu\n", e->name, (unsigned long long)e->n);
  fprintf(f, "total %llu\n", (unsigned long long)total);
  fclose(f);
}

int qemu_plugin_install(qemu_id id, const void *info, int argc, char **argv) {
  (void)info;
  for (int i = 0; i < argc; i++) {
    if (!strncmp(argv[i], "out=", 4)) out = strdup(argv[i] + 4);
    if (!strncmp(argv[i], "mark=", 5)) mark = strdup(argv[i] + 5);
  }
  if (!out) return 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, finish, NULL);
  return 0;
}
