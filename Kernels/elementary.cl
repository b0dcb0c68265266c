// The elementary functions: Sources/Numerics/Elementary*.swift line by line, with the same constants and the
// same order of operations. Formulas, sources, ranges and errors are documented there.

typedef struct {
  real high, low;
} elementary_sum;

typedef struct {
  real high, low;
  ireal exponent;
} elementary_exponential;

typedef struct {
  real sin, cos;
} elementary_sincos;

static inline elementary_exponential elementary_exponential_parts(real x) {
  x = CHOOSE(x > 89.0f, REAL(89.0f), x);
  x = CHOOSE(x < -105.0f, REAL(-105.0f), x);
  real shifted = fma(x, REAL(0x1.715476p0f), REAL(0x1.8p23f));
  real n = shifted - 0x1.8p23f;
  elementary_exponential parts;
  parts.exponent = AS_IREAL(shifted) - 0x4b400000;
  real coarse = fma(n, REAL(-0x1.62e430p-1f), x);
  real remainder = n * 0x1.05c610p-29f;
  real r = coarse + remainder;
  real q = fma(r, REAL(0x1.6a492ep-10f), REAL(0x1.12399ep-7f));
  q = fma(q, r, REAL(0x1.5558b4p-5f));
  q = fma(q, r, REAL(0x1.555492p-3f));
  q = fma(q, r, REAL(0x1.fffffcp-2f));
  real w = coarse + fma(r * r, q, remainder);
  parts.high = w + 1.0f;
  parts.low = w - (parts.high - 1.0f);
  return parts;
}

static inline real elementary_scaled(real x, ireal n) {
  ireal lower = n >> 1;
  real first = AS_REAL((lower + 127) << 23);
  real second = AS_REAL((n - lower + 127) << 23);
  return x * first * second;
}

static inline real elementary_logarithm_tail(real f) {
  real p = fma(f, REAL(-0x1.71e324p-5f), REAL(0x1.acf4a6p-4f));
  p = fma(p, f, REAL(-0x1.0d98f0p-3f));
  p = fma(p, f, REAL(0x1.28807ap-3f));
  p = fma(p, f, REAL(-0x1.54ed96p-3f));
  p = fma(p, f, REAL(0x1.99699ep-3f));
  p = fma(p, f, REAL(-0x1.00004ap-2f));
  p = fma(p, f, REAL(0x1.5555a4p-2f));
  return fma(p, f, REAL(-0.5f));
}

static inline real elementary_exp(real x) {
  elementary_exponential parts = elementary_exponential_parts(x);
  return elementary_scaled(parts.high, parts.exponent);
}

static inline real elementary_log(real x) {
  real normal = CHOOSE(x < 0x1p-126f, x * 0x1p23f, x);
  ireal exponent = (AS_IREAL(normal) - 0x3f400000) >> 23;
  real f = AS_REAL(AS_IREAL(normal) - (exponent << 23)) - 1.0f;
  real e = CONVERT_REAL(exponent) - CHOOSE(x < 0x1p-126f, REAL(23.0f), REAL(0.0f));
  real product = e * 0x1.62e4p-1f;
  real high = product + f;
  real low = f - (high - product);
  real tail = fma(e, REAL(0x1.7f7d1cp-20f), f * f * elementary_logarithm_tail(f));
  real result = high + (low + tail);
  result = CHOOSE(x == 0.0f, REAL(-INFINITY), result);
  result = CHOOSE(x < 0.0f, REAL(NAN), result);
  return CHOOSE(x < INFINITY, result, x);
}

static inline elementary_sincos elementary_sincos_two_pi(real u) {
  real shifted = fma(u, REAL(4.0f), REAL(0x1.8p23f));
  ureal quadrant = AS_UREAL(shifted);
  real r = fma(shifted - 0x1.8p23f, REAL(-0.25f), u);
  real z = r * r;
  real s = fma(z, REAL(-0x1.2d793ap+6f), REAL(0x1.465e16p+6f));
  s = fma(s, z, REAL(-0x1.4abbb8p+5f));
  s = fma(s, z, REAL(-0x1.a33060p-23f));
  real sine = fma(r, REAL(0x1.921fb6p+2f), r * s);
  real c = fma(z, REAL(0x1.d4f446p+5f), REAL(-0x1.55b2b2p+6f));
  c = fma(c, z, REAL(0x1.03c1b0p+6f));
  c = fma(c, z, REAL(-0x1.3bd3ccp+4f));
  real cosine = fma(c, z, REAL(1.0f));
  ureal sine_sign = (quadrant & 2u) << 30;
  ureal cosine_sign = ((quadrant + 1u) & 2u) << 30;
  elementary_sincos both;
  both.sin = AS_REAL(AS_UREAL(CHOOSE((quadrant & 1u) != 0u, cosine, sine)) ^ sine_sign);
  both.cos = AS_REAL(AS_UREAL(CHOOSE((quadrant & 1u) != 0u, sine, cosine)) ^ cosine_sign);
  return both;
}

// e^-|x| and its rounding error.
static inline elementary_sum elementary_decay(real x) {
  elementary_exponential parts = elementary_exponential_parts(AS_REAL(AS_UREAL(x) | 0x80000000u));
  elementary_sum t;
  t.high = elementary_scaled(parts.high, parts.exponent);
  t.low = elementary_scaled(parts.low, parts.exponent);
  return t;
}

static inline real elementary_sigmoid(real x) {
  elementary_sum t = elementary_decay(x);
  real divisor = t.high + 1.0f;
  real divisor_low = (t.high - (divisor - 1.0f)) + t.low;
  real dividend = CHOOSE(x < 0.0f, t.high, REAL(1.0f));
  real dividend_low = CHOOSE(x < 0.0f, t.low, REAL(0.0f));
  real reciprocal = divide_real(REAL(1.0f), divisor);
  real quotient = dividend * reciprocal;
  real negative = -quotient;
  real residual = fma(negative, divisor_low, fma(negative, divisor, dividend)) + dividend_low;
  return fma(residual, reciprocal, quotient);
}

static inline real elementary_tanh(real x) {
  real size = AS_REAL(AS_UREAL(x) & 0x7fffffffu);
  real z = size * size;
  real p = fma(z, REAL(-0x1.750ce2p-8f), REAL(0x1.51f8cep-6f));
  p = fma(p, z, REAL(-0x1.b835a4p-5f));
  p = fma(p, z, REAL(0x1.1106f6p-3f));
  p = fma(p, z, REAL(-0x1.555532p-2f));
  real near = fma(size * z, p, size);

  real limited = CHOOSE(size > 10.0f, REAL(10.0f), size);
  elementary_exponential parts = elementary_exponential_parts(limited + limited);
  real scale = AS_REAL((parts.exponent + 127) << 23);
  real growth = parts.high * scale;
  real divisor = growth + 1.0f;
  real divisor_low = fma(parts.low, scale, 1.0f - (divisor - growth));
  real reciprocal = divide_real(REAL(1.0f), divisor);
  real negative = -reciprocal;
  real residual = fma(negative, divisor_low, fma(negative, divisor, REAL(1.0f)));
  real twice = reciprocal + reciprocal;
  real high = 1.0f - twice;
  real far = high + fma(-twice, residual, (1.0f - high) - twice);
  return AS_REAL(AS_UREAL(CHOOSE(size < 0.625f, near, far)) | (AS_UREAL(x) & 0x80000000u));
}

// ln(1 + e^-|x|), not yet rounded to one number.
static inline elementary_sum elementary_logarithm_of_one_plus_decay(real x) {
  elementary_sum t = elementary_decay(x);
  real f = CHOOSE(t.high > 0.5f, (t.high - 1.0f) * 0.5f, t.high);
  real base = CHOOSE(t.high > 0.5f, REAL(0x1.62e4p-1f), REAL(0.0f));
  real base_low = CHOOSE(t.high > 0.5f, REAL(0x1.7f7d1cp-20f), REAL(0.0f));
  elementary_sum sum;
  sum.high = base + f;
  real low = f - (sum.high - base);
  real repair = fma(t.high * -0.5f, t.low, t.low);
  sum.low = low + fma(f * f, elementary_logarithm_tail(f), base_low + repair);
  return sum;
}

static inline real elementary_softplus(real x) {
  elementary_sum tail = elementary_logarithm_of_one_plus_decay(x);
  real positive = CHOOSE(x > 0.0f, x, REAL(0.0f));
  real sum = positive + tail.high;
  real shadow = sum - positive;
  real error = (positive - (sum - shadow)) + (tail.high - shadow);
  return CHOOSE(x > 32.0f, x, sum + (error + tail.low));
}

static inline real elementary_softplus_tail(real x) {
  elementary_sum tail = elementary_logarithm_of_one_plus_decay(x);
  return tail.high + tail.low;
}

#ifdef ELEMENTARY_APPLY
// Applies a function to LANES consecutive bit patterns for each work-item, counted from `first`; `function` is
// ElementaryFunction.code in Sources/Numerics. For the sweep over all 2^32 inputs and for the device probe.
__kernel void elementary_apply(__global uint *results, uint first, int function) {
  size_t item = get_global_id(0);
  real x = AS_REAL(UREAL(first + (uint)item * LANES) + LANE_NUMBERS);
  real y = x;
  switch (function) {
    case 0: y = elementary_exp(x); break;
    case 1: y = elementary_log(x); break;
    case 2: y = elementary_sigmoid(x); break;
    case 3: y = elementary_tanh(x); break;
    case 4: y = elementary_softplus(x); break;
    case 5: y = elementary_softplus_tail(x); break;
    case 6: y = elementary_sincos_two_pi(x).sin; break;
    case 7: y = elementary_sincos_two_pi(x).cos; break;
    case 8: y = root_real(x); break;
    case 9: y = divide_real(REAL(1.0f), x); break;
  }
  STORE_REAL(AS_UREAL(y), item, results);
}
#endif
