// The first source of every program: the contract's arithmetic and the vector types of this device.
//
// LANES is the number of values a work-item computes at once: 16 (or 8) on CPUs, whose vector units it fills,
// and 1 on GPUs, where the work-items are the lanes. No bit depends on it. The rules: no contraction, an fma only where
// one is written; + - * / sqrt fma, comparisons, selections, integers, and nothing else.
#pragma OPENCL FP_CONTRACT OFF

#ifndef LANES
#define LANES 1
#endif

#define CONCATENATE_(a, b) a##b
#define CONCATENATE(a, b) CONCATENATE_(a, b)

// VECTOR(x) is x for one lane, otherwise x with the number of lanes appended: VECTOR(float) is float16.
#if LANES == 1
#define VECTOR(name) name
#else
#define VECTOR(name) CONCATENATE(name, LANES)
#endif

// For functions with arrays that must become registers: a compiler that inlines them only after it has unrolled their
// loops keeps the arrays in memory.
#define INLINED __attribute__((always_inline)) static inline

// On a GPU a chain waits for each of its loads unless several are in flight: there, the next loop is unrolled `rounds`
// times. On a CPU this is left to the compiler.
#define PRAGMA(text) _Pragma(#text)
#if LANES == 1
#define LOADS_AHEAD(rounds) PRAGMA(unroll rounds)
#else
#define LOADS_AHEAD(rounds)
#endif

typedef VECTOR(float) real;
typedef VECTOR(int) ireal;
typedef VECTOR(uint) ureal;

// The same value in every lane.
#define REAL(x) ((real)(x))
#define IREAL(x) ((ireal)(x))
#define UREAL(x) ((ureal)(x))

// The same bits under another type.
#define AS_REAL(x) VECTOR(as_float)(x)
#define AS_IREAL(x) VECTOR(as_int)(x)
#define AS_UREAL(x) VECTOR(as_uint)(x)

// An integer as a float, rounded to nearest even.
#define CONVERT_REAL(x) CONCATENATE(VECTOR(convert_float), _rte)(x)

// A float as an integer, rounded to nearest even; the caller must limit it to the integers' range first.
#define CONVERT_IREAL(x) CONCATENATE(VECTOR(convert_int), _rte)(x)

// The condition is a comparison: true is -1 for vectors and 1 for scalars; the ternary accepts both.
#define CHOOSE(condition, yes, no) ((condition) ? (yes) : (no))

// `index` counts in units of LANES values from `pointer`, at any alignment.
#if LANES == 1
#define LOAD_REAL(index, pointer) ((pointer)[index])
#define STORE_REAL(value, index, pointer) ((pointer)[index] = (value))
#define LANE_NUMBERS 0u
#define FIRST_LANE(x) (x)
#else
#define LOAD_REAL(index, pointer) VECTOR(vload)(index, pointer)
#define STORE_REAL(value, index, pointer) VECTOR(vstore)(value, index, pointer)
#define FIRST_LANE(x) ((x).s0)
#endif
#if LANES == 16
#define LANE_NUMBERS ((uint16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#elif LANES == 8
#define LANE_NUMBERS ((uint8)(0, 1, 2, 3, 4, 5, 6, 7))
#elif LANES == 4
#define LANE_NUMBERS ((uint4)(0, 1, 2, 3))
#endif

// The eight lanes of a sum over images; with LANES 1 they are gathered in memory before they are joined.
typedef float8 lanes8;

// Ends a sum: a total of -0 becomes +0. On the bits, since some compilers fold `sum + 0.0f` away.
#define CLOSED_BITS(bits, zero) ((bits) == 0x80000000u ? (zero) : (bits))
static inline float close_float(float sum) { return as_float(CLOSED_BITS(as_uint(sum), 0u)); }
static inline real close_real(real sum) { return AS_REAL(CLOSED_BITS(AS_UREAL(sum), UREAL(0u))); }
static inline float4 close_four(float4 sums) { return as_float4(CLOSED_BITS(as_uint4(sums), (uint4)(0u))); }

static inline int imin(int a, int b) { return a < b ? a : b; }
static inline int imax(int a, int b) { return a > b ? a : b; }

// Joins the eight lanes of a sum in the contract's order. The caller closes the sum, once.
static inline float join_lanes(lanes8 l) {
  return ((l.s0 + l.s2) + (l.s1 + l.s3)) + ((l.s4 + l.s6) + (l.s5 + l.s7));
}

// Joins `count` values, `stride` apart, by the binary tree over neighbours; an odd last one passes up
// unchanged. Overwrites them with partial sums. The caller closes the sum, once.
static inline float chunk_tree(__global float *values, int count, int stride) {
  for (int step = 1; step < count; step *= 2)
    for (int index = 0; index + step < count; index += 2 * step)
      values[index * stride] += values[(index + step) * stride];
  return values[0];
}
