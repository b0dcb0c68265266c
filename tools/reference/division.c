// The kernels' own division and square root (Kernels/division.cl, in one lane) against the processor's, bit for bit.
//
//   clang -O2 -mfma -ffp-contract=off -o /tmp/division tools/reference/division.c -lm     (x86-64; arm64 without -mfma)
//   /tmp/division root [STRIDE]          square roots of every STRIDE-th of all 2^32 inputs (1: all of them)
//   /tmp/division reciprocals            1 / d and a / d for all significands with the hardest partners, and all edges
//   /tmp/division ties [COUNT]           quotients at and beside the middle between two denormals
//   /tmp/division pairs [COUNT] [SEED]   random pairs, half of them with quotients about the smallest normal number
//
// Exit: 0 all equal (a NaN equals any other), 1 a bit differs.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// OpenCL's types and functions for one lane.
typedef float real;
typedef int ireal;
typedef unsigned ureal;
#define REAL(x) ((float)(x))
#define IREAL(x) ((int)(x))
#define UREAL(x) ((unsigned)(x))
#define CHOOSE(condition, yes, no) ((condition) ? (yes) : (no))
#define FIRST_LANE(x) (x)
static inline float as_float(unsigned x) { float f; memcpy(&f, &x, 4); return f; }
static inline unsigned as_bits(float x) { unsigned u; memcpy(&u, &x, 4); return u; }
static inline unsigned same_bits(int x) { return (unsigned)x; }
#define AS_REAL(x) as_float(x)
#define AS_UREAL(x) _Generic((x), float: as_bits, int: same_bits, unsigned: same_bits)(x)
#define AS_IREAL(x) ((int)(x))
#define clz(x) ((x) ? __builtin_clz(x) : 32)
#define fma(a, b, c) __builtin_fmaf(a, b, c)
#define OWN_DIVISION
#define OWN_SQUARE_ROOT
#include "../../Kernels/division.cl"
#undef fma

static long wrong, tried;

static void compare(const char *what, float a, float b, float got, float expected) {
  tried++;
  if ((got != got && expected != expected) || as_bits(got) == as_bits(expected)) return;
  if (wrong++ < 10) printf("%s of %a, %a is %a, expected %a\n", what, a, b, got, expected);
}

static void quotient(float a, float b) { compare("quotient", a, b, divide_real(a, b), a / b); }

// xorshift64*
static uint64_t state = 0x9e3779b97f4a7c15u;
static uint64_t draw(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state * 0x2545f4914f6cdd1du;
}

static void roots(unsigned stride) {
  for (uint64_t i = 0; i < 1ull << 32; i += stride) {
    float a = as_float((unsigned)i);
    compare("square root", a, 0, root_real(a), __builtin_sqrtf(a));
  }
}

static void reciprocals(void) {
  for (unsigned m = 0; m < 1u << 23; m++) {
    float d = as_float(0x3f800000u + m), largest = 0x1.fffffep+0f;
    quotient(1, d);
    quotient(d, largest);
    quotient(largest, d);
  }
  // Every exponent, zeros and infinities among them, with significands at the ends and in the middle.
  const unsigned digits[] = {0, 1, 2, 0x3fffff, 0x400000, 0x400001, 0x7ffffe, 0x7fffff};
  for (unsigned i = 0; i < 512 * 8; i++)
    for (unsigned j = 0; j < 256 * 8; j++) quotient(as_float(i / 8 << 23 | digits[i % 8]), as_float(j / 8 << 23 | digits[j % 8]));
}

static void ties(long count) {
  for (long i = 0; i < count; i++) {
    // k * 2^-150 with an odd k lies in the middle; k * divisor is exact.
    unsigned k = (unsigned)(draw() >> 40) >> (1 + draw() % 23) | 1;
    unsigned room = 24 - (32 - (unsigned)__builtin_clz(k));
    unsigned divisor = ((unsigned)(draw() >> 33) & ((1u << room) - 1)) | 1;
    int down = (int)(draw() % 120);
    float a = ldexpf((float)((double)k * divisor), -down), b = ldexpf((float)divisor, 150 - down);
    if (!isfinite(b)) continue;
    quotient(a, b);
    quotient(as_float(as_bits(a) + 1), b);
    quotient(as_float(as_bits(a) - 1), b);
  }
}

static void pairs(long count) {
  for (long i = 0; i < count; i++) {
    uint64_t bits = draw();
    unsigned a = (unsigned)bits, b = (unsigned)(bits >> 32);
    if (i & 1) {
      unsigned low = (unsigned)(draw() % 100), high = low + 127 + (unsigned)(draw() % 24) - 1;
      a = (a & 0x807fffffu) | low << 23;
      b = (b & 0x807fffffu) | high << 23;
    }
    quotient(as_float(a), as_float(b));
  }
}

int main(int count, char **words) {
  const char *what = count > 1 ? words[1] : "";
  long number = count > 2 ? atol(words[2]) : 0;
  if (count > 3) state += strtoull(words[3], NULL, 0) * 0x9e3779b97f4a7c15u;
  if (!strcmp(what, "root")) roots(number > 0 ? (unsigned)number : 1);
  else if (!strcmp(what, "reciprocals")) reciprocals();
  else if (!strcmp(what, "ties")) ties(number > 0 ? number : 100000000);
  else if (!strcmp(what, "pairs")) pairs(number > 0 ? number : 1000000000);
  else return fprintf(stderr, "expected root, reciprocals, ties or pairs\n"), 64;
  printf("%s: %ld tried, %ld wrong\n", what, tried, wrong);
  return wrong || !tried;
}
