#include "arithmetic.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
// The lowest six bits are flags.
#define FLAGS 0x3fu
uint64_t facsimile_arithmetic_mode(void) { return _mm_getcsr() & ~FLAGS; }
uint64_t facsimile_standard_arithmetic_mode(void) { return 0x1f80; }
void facsimile_set_arithmetic_mode(uint64_t mode) { _mm_setcsr((_mm_getcsr() & FLAGS) | (unsigned)mode); }
#elif defined(__aarch64__)
uint64_t facsimile_arithmetic_mode(void) {
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
}
uint64_t facsimile_standard_arithmetic_mode(void) { return 0; }
void facsimile_set_arithmetic_mode(uint64_t mode) { __asm__ volatile("msr fpcr, %0" : : "r"(mode) : "memory"); }
#else
#error "how is the floating-point unit of this processor controlled?"
#endif

float facsimile_product(float a, float b) {
  volatile float x = a, y = b;
  volatile float product = x * y;
  return product;
}
