/* Entry and system calls of a Linux program without a C library. */
#include <stddef.h>
#include <stdint.h>

void pith_main(void);
void pith_read(void *to, size_t size);
void pith_write(const void *from, size_t size);
void pith_exit(int code);
void pith_clock(int64_t t[2]);

#if defined(__aarch64__)
static long call(long n, long a, long b, long c) {
  register long x8 __asm__("x8") = n, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
}
#define READ 63
#define WRITE 64
#define EXIT 94
#define CLOCK 113
__asm__(".globl _start\n.type _start,%function\n_start:\n mov x29, #0\n bl pith_main\n brk #0");
#elif defined(__riscv)
static long call(long n, long a, long b, long c) {
  register long a7 __asm__("a7") = n, a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
  return a0;
}
#define READ 63
#define WRITE 64
#define EXIT 94
#define CLOCK (__riscv_xlen == 64 ? 113 : 403)
__asm__(".globl _start\n.type _start,%function\n_start:\n.option push\n.option norelax\n lla gp, __global_pointer$\n.option pop\n"
        " andi sp, sp, -16\n call pith_main\n unimp");
#elif defined(__arm__)
static long call(long n, long a, long b, long c) {
  register long r7 __asm__("r7") = n, r0 __asm__("r0") = a, r1 __asm__("r1") = b, r2 __asm__("r2") = c;
  __asm__ volatile("svc 0" : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2) : "memory");
  return r0;
}
#define READ 3
#define WRITE 4
#define EXIT 248
#define CLOCK 403 /* clock_gettime64: Linux 5.1 */
__asm__(".globl _start\n.type _start,%function\n_start:\n bl pith_main\n udf #0");
#elif defined(__x86_64__)
static long call(long n, long a, long b, long c) {
  long r;
  __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return r;
}
#define READ 0
#define WRITE 1
#define EXIT 231
#define CLOCK 228
/* the kernel is asked for the tile registers of AMX (arch_prctl, ARCH_REQ_XCOMP_PERM), which it grants where there are any */
__asm__(".globl _start\n.type _start,@function\n_start:\n xor %ebp, %ebp\n and $-16, %rsp\n"
        " mov $158, %eax\n mov $0x1023, %edi\n mov $18, %esi\n syscall\n call pith_main\n hlt");
#endif

/* what compilers call without being asked */
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
void *memcpy(void *to, const void *from, size_t n) {
  for (size_t i = 0; i < n; i++) ((unsigned char *)to)[i] = ((const unsigned char *)from)[i];
  return to;
}
void *memset(void *to, int byte, size_t n) {
  for (size_t i = 0; i < n; i++) ((unsigned char *)to)[i] = (unsigned char)byte;
  return to;
}

void pith_exit(int code) {
  for (;;) (void)call(EXIT, code, 0, 0);
}
void pith_read(void *to, size_t size) {
  for (size_t at = 0; at < size;) {
    const long n = call(READ, 0, (long)((unsigned char *)to + at), (long)(size - at));
    if (n <= 0) pith_exit(4);
    at += (size_t)n;
  }
}
void pith_write(const void *from, size_t size) {
  for (size_t at = 0; at < size;) {
    const long n = call(WRITE, 1, (long)((const unsigned char *)from + at), (long)(size - at));
    if (n <= 0) pith_exit(5);
    at += (size_t)n;
  }
}
/* seconds and nanoseconds of the monotonic clock */
void pith_clock(int64_t t[2]) {
  t[0] = t[1] = 0;
  (void)call(CLOCK, 1, (long)t, 0);
}
