// Random numbers: Philox 4x32 with 10 rounds, as Sources/Numerics/Philox4x32.swift and RandomVariates.swift.
//
// Key: the seed, low half first. Counter words: 0 stream (RandomStream.word), 1 epoch, 2 index of the sample
// in the data set, 3 element div 4; the output word is element mod 4.

typedef struct {
  ureal w0, w1, w2, w3;
} philox_block;

typedef struct {
  real even, odd;
} normal_pair;

static inline philox_block philox_words(uint2 key, ureal c0, ureal c1, ureal c2, ureal c3) {
  for (int round = 0; round < 10; round++) {
    ureal high0 = mul_hi(c0, UREAL(0xd2511f53u));
    ureal low0 = c0 * 0xd2511f53u;
    ureal high1 = mul_hi(c2, UREAL(0xcd9e8d57u));
    ureal low1 = c2 * 0xcd9e8d57u;
    c0 = high1 ^ c1 ^ key.x;
    c1 = low1;
    c2 = high0 ^ c3 ^ key.y;
    c3 = low0;
    key += (uint2)(0x9e3779b9u, 0xbb67ae85u);
  }
  philox_block block;
  block.w0 = c0;
  block.w1 = c1;
  block.w2 = c2;
  block.w3 = c3;
  return block;
}

// Uniform on [0, 1): (w >> 8) * 2^-24, exact.
static inline real random_uniform(ureal word) { return CONVERT_REAL(AS_IREAL(word >> 8)) * 0x1p-24f; }

// Two independent standard normal numbers (Box & Muller), elements 2j and 2j + 1.
static inline normal_pair random_normal_pair(ureal word_even, ureal word_odd) {
  real u1 = CONVERT_REAL(AS_IREAL((word_even >> 8) + 1u)) * 0x1p-24f;
  real r = root_real(elementary_log(u1) * -2.0f);
  elementary_sincos angle = elementary_sincos_two_pi(random_uniform(word_odd));
  normal_pair pair;
  pair.even = r * angle.cos;
  pair.odd = r * angle.sin;
  return pair;
}
