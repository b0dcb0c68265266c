// Four consecutive elements of a sample's random stream (numerics contract, section 4).

static inline philox_block random_words(uint2 key, uint stream, uint epoch, ureal samples, int quad) {
  return philox_words(key, UREAL(stream), UREAL(epoch), samples, UREAL((uint)quad));
}

static inline void random_normals(
    real *normals, uint2 key, uint stream, uint epoch, ureal samples, int quad) {
  philox_block words = random_words(key, stream, epoch, samples, quad);
  normal_pair first = random_normal_pair(words.w0, words.w1);
  normal_pair second = random_normal_pair(words.w2, words.w3);
  normals[0] = first.even;
  normals[1] = first.odd;
  normals[2] = second.even;
  normals[3] = second.odd;
}

static inline void random_uniforms(
    real *uniforms, uint2 key, uint stream, uint epoch, ureal samples, int quad) {
  philox_block words = random_words(key, stream, epoch, samples, quad);
  uniforms[0] = random_uniform(words.w0);
  uniforms[1] = random_uniform(words.w1);
  uniforms[2] = random_uniform(words.w2);
  uniforms[3] = random_uniform(words.w3);
}
