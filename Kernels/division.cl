// Division and square root, correctly rounded as in IEEE 754. OpenCL does not require that, so the probe checks a
// device's bits: if its own / or sqrt differ, everything is built with OWN_DIVISION or OWN_SQUARE_ROOT and uses these,
// which consist of fma and integer operations only. They have the same bits on every device whose fma is correct.
// Nothing else in the kernels divides floats or takes roots. NaN payloads are ignored.

#if defined(OWN_DIVISION) || defined(OWN_SQUARE_ROOT)
#define MAGNITUDE_BITS(x) (AS_UREAL(x) & 0x7fffffffu)
#define INFINITE_BITS 0x7f800000u
#define NAN_BITS 0x7fc00000u

// |x| = significand * 2^(exponent - 127), the significand in [1, 2), also for denormals. Undefined for 0 and infinity.
typedef struct {
  real significand;
  ireal exponent;
} number_parts;

static inline number_parts parts_of(real x) {
  ureal bits = MAGNITUDE_BITS(x);
  ureal shift = CHOOSE(bits < 0x00800000u, clz(bits) - 8u, UREAL(0u));
  number_parts parts;
  parts.significand = AS_REAL(((bits << shift) & 0x007fffffu) | 0x3f800000u);
  parts.exponent = AS_IREAL(CHOOSE(bits < 0x00800000u, 1u - shift, bits >> 23));
  return parts;
}
#endif

#ifdef OWN_DIVISION
static inline real divide_real(real a, real b) {
  number_parts x = parts_of(a), y = parts_of(b);
  real m = x.significand, d = y.significand, minus = -d;
  // The reciprocal of d: a Chebyshev parabola, within 1 %, then three Newton steps. It is then correctly rounded for
  // every d but the largest.
  real r = fma(fma(d, REAL(0x1.4afd6ap-2f), REAL(-0x1.745d18p+0f)), d, REAL(0x1.0f83e0p+1f));
  for (int i = 0; i < 3; ++i) r = fma(fma(minus, r, REAL(1.0f)), r, r);
  r = CHOOSE(d == 0x1.fffffep+0f, REAL(0x1.000002p-1f), r);
  // The quotient: within 1 ULP after one correction, and by Markstein's theorem correctly rounded after the next.
  real q = m * r;
  for (int i = 0; i < 2; ++i) q = fma(fma(minus, q, m), r, q);
  // The remainder is exact; if the quotient becomes a denormal, it decides apparent ties.
  real rest = fma(minus, q, m);
  ireal exponent = x.exponent - y.exponent + AS_IREAL(AS_UREAL(q) >> 23);
  ureal digits = (AS_UREAL(q) & 0x007fffffu) | 0x00800000u;
  ureal shift = AS_UREAL(CHOOSE(exponent < -24, IREAL(25), 1 - exponent)) & 31u;
  ureal kept = digits >> shift, halfway = (UREAL(1u) << shift) >> 1, cut = digits & (halfway + halfway - 1u);
  ureal on_tie = CHOOSE(rest > 0.0f, UREAL(1u), CHOOSE(rest < 0.0f, UREAL(0u), kept & 1u));
  ureal denormal = kept + CHOOSE(cut > halfway, UREAL(1u), CHOOSE(cut == halfway, on_tie, UREAL(0u)));
  ureal normal = (AS_UREAL(exponent) << 23) | (digits & 0x007fffffu);
  ureal bits = CHOOSE(exponent < 1, denormal, CHOOSE(exponent > 254, UREAL(INFINITE_BITS), normal));
  ureal size_a = MAGNITUDE_BITS(a), size_b = MAGNITUDE_BITS(b);
  bits = CHOOSE((size_a == 0u) | (size_b == INFINITE_BITS), UREAL(0u), bits);
  bits = CHOOSE((size_a == INFINITE_BITS) | (size_b == 0u), UREAL(INFINITE_BITS), bits);
  bits |= (AS_UREAL(a) ^ AS_UREAL(b)) & 0x80000000u;
  bits = CHOOSE((size_a == size_b) & ((size_a == 0u) | (size_a == INFINITE_BITS)), UREAL(NAN_BITS), bits);
  return AS_REAL(CHOOSE((size_a > INFINITE_BITS) | (size_b > INFINITE_BITS), UREAL(NAN_BITS), bits));
}

static inline float divide_float(float a, float b) { return FIRST_LANE(divide_real(REAL(a), REAL(b))); }
#else
static inline real divide_real(real a, real b) { return a / b; }
static inline float divide_float(float a, float b) { return a / b; }
#endif

#ifdef OWN_SQUARE_ROOT
static inline real root_real(real a) {
  number_parts x = parts_of(a);
  // a = m * 4^power, m in [1, 4): the exponent is even.
  ureal odd = AS_UREAL(x.exponent + 1) & 1u;
  ireal power = (x.exponent - 127) >> 1;
  real m = AS_REAL(AS_UREAL(x.significand) + (odd << 23));
  // 1 / sqrt(m) within 3.5 %, then Goldschmidt steps for g = sqrt(m) and h = 1 / (2 sqrt(m)), then one of Markstein's.
  real start = AS_REAL(0x5f3759dfu - (AS_UREAL(m) >> 1));
  real g = m * start, h = start * 0.5f;
  for (int i = 0; i < 3; ++i) {
    real r = fma(-g, h, REAL(0.5f));
    g = fma(g, r, g);
    h = fma(h, r, h);
  }
  g = fma(fma(-g, g, m), h, g);
  ureal bits = AS_UREAL(g) + (AS_UREAL(power) << 23);
  bits = CHOOSE((MAGNITUDE_BITS(a) == 0u) | (AS_UREAL(a) == INFINITE_BITS), AS_UREAL(a), bits);
  // NaN, and every number below -0.
  bits = CHOOSE((MAGNITUDE_BITS(a) > INFINITE_BITS) | (AS_UREAL(a) > 0x80000000u), UREAL(NAN_BITS), bits);
  return AS_REAL(bits);
}

static inline float root_float(float a) { return FIRST_LANE(root_real(REAL(a))); }
#else
static inline real root_real(real a) { return sqrt(a); }
static inline float root_float(float a) { return sqrt(a); }
#endif
