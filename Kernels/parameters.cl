// Trainable tensors in packed order: Programs' ParameterShape.

// Where the value at `index` in PyTorch's order [small][big][taps] is stored: [small / 4][taps][big][4].
static inline int packed_place(int index, int taps, int big) {
  int tap = index % taps;
  int b = index / taps % big;
  int s = index / taps / big;
  return ((s / 4 * taps + tap) * big + b) * 4 + s % 4;
}

// Infinities and NaN have all exponent bits set.
static inline ireal is_not_finite(real x) {
  return (AS_IREAL(x) & 0x7f800000) == 0x7f800000;
}

#if LANES == 1
#define ANY(condition) (condition)
#else
#define ANY(condition) any(condition)
#endif
