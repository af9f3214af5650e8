/* serial.c - frames and requests of docs/devices.md, on the board's side. Every request may come twice: it has the same effect. */
#include "serial.h"

enum { HELLO = 1, WRITE = 2, SUM = 3, RUN = 4, READ = 5, REPLY = 0x80, REFUSED = 0xFF };
enum { DAMAGED = 0, UNKNOWN = 1, OUTSIDE = 2 };
enum { HEAD = 5, FRAME = HEAD + 4 + PITH_BLOCK + 4, CODED = FRAME + FRAME / 254 + 1 };

static unsigned char got[CODED], sent[FRAME];
static uint32_t ran; /* 0x10000 + the number of the last request to run, whose answer is kept; 0: none */
static uint32_t answer[4];

static uint32_t crc32(uint32_t crc, const unsigned char *p, uint32_t n) {
  static const uint32_t half[16] = {
      0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
      0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
  };
  crc = ~crc;
  while (n--) {
    crc ^= *p++;
    crc = (crc >> 4) ^ half[crc & 15u];
    crc = (crc >> 4) ^ half[crc & 15u];
  }
  return ~crc;
}

static uint32_t get32(const unsigned char *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static void put32(unsigned char *p, uint32_t v) {
  for (int i = 0; i < 4; i++) p[i] = (unsigned char)(v >> (8 * i));
}

static uint32_t bytes_of(const pith_part *parts, uint32_t n) {
  uint32_t all = 0;
  for (uint32_t i = 0; i < n; i++) all += parts[i].bytes;
  return all;
}
static uint32_t sum_of(const pith_part *parts, uint32_t n) {
  uint32_t crc = 0;
  for (uint32_t i = 0; i < n; i++) crc = crc32(crc, parts[i].at, parts[i].bytes);
  return crc;
}
/* `n` bytes from `offset` of all parts one after another: out of `from` into them, or out of them into `to` */
static void move(const pith_part *parts, uint32_t offset, uint32_t n, const unsigned char *from, unsigned char *to) {
  while (n) {
    if (offset >= parts->bytes) {
      offset -= parts++->bytes;
      continue;
    }
    if (from) parts->at[offset] = *from++;
    if (to) *to++ = parts->at[offset];
    offset++, n--;
  }
}

/* the frame whose payload of `n` bytes is in `sent`, with its zeros coded away (COBS), and a zero */
static void send(uint32_t type, uint32_t number, uint32_t n) {
  sent[0] = (unsigned char)type;
  sent[1] = (unsigned char)number, sent[2] = (unsigned char)(number >> 8);
  sent[3] = (unsigned char)n, sent[4] = (unsigned char)(n >> 8);
  put32(sent + HEAD + n, crc32(0, sent, HEAD + n));
  const uint32_t end = HEAD + n + 4;
  for (uint32_t at = 0; at <= end;) {
    uint32_t run = 0;
    while (at + run < end && run < 254 && sent[at + run]) run++;
    pith_uart_put((unsigned char)(run + 1));
    for (uint32_t i = 0; i < run; i++) pith_uart_put(sent[at + i]);
    at += run;
    if (run < 254) at++; /* the zero, or the end */
    else if (at == end) break;
  }
  pith_uart_put(0);
}

/* bytes of the next frame without damage, uncoded in `got` */
static uint32_t receive(void) {
  for (;;) {
    uint32_t n = 0, to = 0;
    int b;
    while ((b = pith_uart_get()) != 0) {
      if (n < CODED) got[n] = (unsigned char)b;
      n++;
    }
    if (n == 0) continue;
    for (uint32_t at = 0; n <= CODED && at < n;) {
      const uint32_t run = got[at++];
      for (uint32_t i = 1; i < run && at < n; i++) got[to++] = got[at++];
      if (run < 255 && at < n) got[to++] = 0;
    }
    if (n <= CODED && to >= HEAD + 4 && to == HEAD + 4 + (uint32_t)(got[3] | got[4] << 8) && crc32(0, got, to - 4) == get32(got + to - 4)) return to;
    sent[HEAD] = DAMAGED;
    send(REFUSED, 0, 1);
  }
}

static void hello(const pith_served *net, unsigned char *p) {
  p[0] = 1;
  p[1] = (unsigned char)(PITH_BLOCK & 255), p[2] = (unsigned char)(PITH_BLOCK >> 8);
  put32(p + 3, bytes_of(net->in, net->ins));
  put32(p + 7, bytes_of(net->out, net->outs));
  put32(p + 11, net->hertz);
  for (int i = 0; i < 16; i++) p[15 + i] = (unsigned char)net->build[i];
  int end = 0;
  for (int i = 0; i < 24; i++) {
    end |= net->target[end ? 0 : i] == 0;
    p[31 + i] = end ? 0 : (unsigned char)net->target[i];
  }
}

void pith_serve(const pith_served *net) {
  const uint32_t in = bytes_of(net->in, net->ins), out = bytes_of(net->out, net->outs);
  pith_uart_begin();
  for (;;) {
    const uint32_t n = receive() - HEAD - 4, type = got[0], number = (uint32_t)(got[1] | got[2] << 8);
    const unsigned char *p = got + HEAD;
    unsigned char *q = sent + HEAD;
    uint32_t m = 0, refused = 0;
    if (type == HELLO && n == 0) {
      ran = 0;
      hello(net, q);
      m = 55;
    } else if (type == WRITE && n >= 4) {
      const uint32_t offset = get32(p);
      if (n - 4 > in || offset > in - (n - 4)) refused = OUTSIDE;
      else move(net->in, offset, n - 4, p + 4, 0);
    } else if (type == SUM && n == 0) {
      put32(q, sum_of(net->in, net->ins));
      put32(q + 4, sum_of(net->out, net->outs));
      m = 8;
    } else if (type == RUN && n == 4) {
      if (ran != 0x10000u + number) {
        answer[0] = 0xFFFFFFFFu, answer[1] = answer[2] = answer[3] = 0;
        if (sum_of(net->in, net->ins) == get32(p)) {
          const uint32_t before = pith_cycles();
          answer[0] = (uint32_t)net->run();
          answer[2] = pith_cycles() - before;
          answer[1] = sum_of(net->out, net->outs);
          answer[3] = net->stack();
        }
        ran = 0x10000u + number;
      }
      for (int i = 0; i < 4; i++) put32(q + 4 * i, answer[i]);
      m = 16;
    } else if (type == READ && n == 6) {
      const uint32_t offset = get32(p), count = (uint32_t)(p[4] | p[5] << 8);
      if (count > PITH_BLOCK || count > out || offset > out - count) refused = OUTSIDE;
      else move(net->out, offset, m = count, 0, q);
    } else {
      refused = UNKNOWN;
    }
    if (refused) q[0] = (unsigned char)refused;
    send(refused ? REFUSED : type | REPLY, number, refused ? 1 : m);
  }
}
