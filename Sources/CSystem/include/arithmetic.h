#ifndef FACSIMILE_ARITHMETIC_H
#define FACSIMILE_ARITHMETIC_H

#include <stdbool.h>
#include <stdint.h>

// The control register of a thread's floating-point unit (MXCSR on x86-64, FPCR on arm64), without the flags of what
// has happened. C, since Swift cannot reach it.
uint64_t facsimile_arithmetic_mode(void);

// What the register must say: round to nearest even, gradual underflow, no traps.
uint64_t facsimile_standard_arithmetic_mode(void);

// Sets the register of the calling thread.
void facsimile_set_arithmetic_mode(uint64_t mode);

// A product of these two that the compiler cannot compute beforehand: in the caller's mode.
float facsimile_product(float a, float b);

#endif
