// Bit traps: what a device must get right to the last bit before it may train (numerics contract, section 5).
//
// PROBE_BREAK has a bit for every operation to get wrong on purpose, to test that a failing device is refused; 0 breaks
// none. Inputs come from memory, so that the compiler cannot compute anything.

#ifndef PROBE_BREAK
#define PROBE_BREAK 0
#endif

#define PROBE_CONTRACTION 1
#define PROBE_FMA 2
#define PROBE_DENORMALS 3
#define PROBE_DIVISION 4
#define PROBE_SQUARE_ROOT 5
#define PROBE_ZEROS 6
#define PROBE_SELECTION 7
#define PROBE_FUNCTIONS 8
#define PROBE_CONVERSIONS 9
#define PROBE_RANDOM 10
#define PROBE_SUMS 11

#define PROBE_ADDITION 12
#define PROBE_ZERO_FACTORS 13

#define IS_BROKEN(trap) ((PROBE_BREAK >> (trap)) & 1)

// Breaks only the device's own arithmetic, not its replacement.
#ifdef OWN_DIVISION
#define IS_DIVISION_BROKEN 0
#else
#define IS_DIVISION_BROKEN IS_BROKEN(PROBE_DIVISION)
#endif
#ifdef OWN_SQUARE_ROOT
#define IS_SQUARE_ROOT_BROKEN 0
#else
#define IS_SQUARE_ROOT_BROKEN IS_BROKEN(PROBE_SQUARE_ROOT)
#endif

#define PROBE_OPERATION(TYPE, a, b, c, operation, result)                                                     \
  switch (operation) {                                                                                        \
    case PROBE_CONTRACTION: result = IS_BROKEN(PROBE_CONTRACTION) ? fma(a, b, c) : a * b + c; break;          \
    case PROBE_FMA: result = IS_BROKEN(PROBE_FMA) ? a * b + c : fma(a, b, c); break;                          \
    case PROBE_DENORMALS: result = IS_BROKEN(PROBE_DENORMALS) ? (TYPE)(0.0f) : a * b; break;                  \
    case PROBE_ADDITION: result = IS_BROKEN(PROBE_ADDITION) ? (TYPE)(0.0f) : a + b; break;                    \
    case PROBE_DIVISION: result = IS_DIVISION_BROKEN ? a * (1.0f / b) : divide_##TYPE(a, b); break;           \
    case PROBE_SQUARE_ROOT: result = IS_SQUARE_ROOT_BROKEN ? a * 0.5f : root_##TYPE(a); break;                \
    case PROBE_ZEROS: result = IS_BROKEN(PROBE_ZEROS) ? a * b : close_##TYPE(a * b); break;                   \
    case PROBE_ZERO_FACTORS:                                                                                  \
      result = (IS_BROKEN(PROBE_ZERO_FACTORS) ? a * b : close_##TYPE(a * b)) * c;                             \
      break;                                                                                                  \
    case PROBE_SELECTION:                                                                                     \
      result = CHOOSE(a > b, IS_BROKEN(PROBE_SELECTION) ? a : c, b);                                          \
      break;                                                                                                  \
  }

__kernel void probe_arithmetic(
    __global const float *x, __global const float *y, __global const float *z, __global float *results,
    int operation) {
  size_t i = get_global_id(0);
  real a = LOAD_REAL(i, x), b = LOAD_REAL(i, y), c = LOAD_REAL(i, z), result = a;
  PROBE_OPERATION(real, a, b, c, operation, result)
  STORE_REAL(result, i, results);
}

__kernel void probe_arithmetic_scalar(
    __global const float *x, __global const float *y, __global const float *z, __global float *results,
    int operation) {
  size_t i = get_global_id(0);
  float a = x[i], b = y[i], c = z[i], result = a;
  PROBE_OPERATION(float, a, b, c, operation, result)
  results[i] = result;
}

// Numbers of the functions: ElementaryFunction.code in Sources/Numerics.
__kernel void probe_function(__global const float *x, __global float *results, int function) {
  size_t i = get_global_id(0);
  real a = LOAD_REAL(i, x), result = a;
  switch (function) {
    case 0: result = elementary_exp(a); break;
    case 1: result = elementary_log(a); break;
    case 2: result = elementary_sigmoid(a); break;
    case 3: result = elementary_tanh(a); break;
    case 4: result = elementary_softplus(a); break;
    case 5: result = elementary_softplus_tail(a); break;
    case 6: result = elementary_sincos_two_pi(a).sin; break;
    case 7: result = elementary_sincos_two_pi(a).cos; break;
    case 8: result = root_real(a); break;
    case 9: result = divide_real(REAL(1.0f), a); break;
  }
  if (IS_BROKEN(PROBE_FUNCTIONS)) result = result * 1.0000001f;
  STORE_REAL(result, i, results);
}

// Integers to floats, floats to integers, shifts that keep the sign.
__kernel void probe_integers(
    __global const int *x, __global const float *y, __global int *results, int count) {
  size_t i = get_global_id(0);
  ireal a = LOAD_REAL(i, x);
  real converted = CONVERT_REAL(a);
  if (IS_BROKEN(PROBE_CONVERSIONS)) converted = converted + 1.0f;
  STORE_REAL(AS_IREAL(converted), i, results);
  STORE_REAL(CONVERT_IREAL(LOAD_REAL(i, y)), i, results + count);
  STORE_REAL(a >> 3, i, results + 2 * count);
}

// Words, a uniform and two normal numbers for counters (stream, epoch, sample, quad).
__kernel void probe_random(
    __global const uint *samples, __global uint *results, uint key_low, uint key_high, uint stream,
    uint epoch, int quad, int count) {
  size_t i = get_global_id(0);
  ureal sample = LOAD_REAL(i, samples);
  if (IS_BROKEN(PROBE_RANDOM)) sample = sample + 1u;
  philox_block words = random_words((uint2)(key_low, key_high), stream, epoch, sample, quad);
  normal_pair normals = random_normal_pair(words.w0, words.w1);
  STORE_REAL(words.w0, i, results);
  STORE_REAL(words.w1, i, results + count);
  STORE_REAL(words.w2, i, results + 2 * count);
  STORE_REAL(words.w3, i, results + 3 * count);
  STORE_REAL(AS_UREAL(random_uniform(words.w2)), i, results + 4 * count);
  STORE_REAL(AS_UREAL(normals.even), i, results + 5 * count);
  STORE_REAL(AS_UREAL(normals.odd), i, results + 6 * count);
}

// One lane join of the first eight values, and one tree over all; the tree overwrites its input.
__kernel void probe_sums(__global float *x, __global float *results, int count) {
  JOIN_SCRATCH
  lane_pointer values = lanes_in(x);
  float joined = join_sum(values[0] JOIN_PASS);
#if LANES == 1
  barrier(CLK_GLOBAL_MEM_FENCE);
#endif
  if (!is_first_lane()) return;
  if (IS_BROKEN(PROBE_SUMS)) joined = ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]));
  results[0] = joined;
  results[1] = chunk_tree(x, count, 1);
}
