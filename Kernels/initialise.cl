// Uniform initial values from number i of the stream, i the index in PyTorch's order.
// Padding becomes +0.
__kernel void initialise(
    __global float *parameter, int packed_count, int taps, int big, int small, uint stream, uint key_low,
    uint key_high, float bound) {
  int place = tile_index();
  if (place >= packed_count) return;
  int b = place / 4 % big;
  int tap = place / 4 / big % taps;
  int s = place / 4 / big / taps * 4 + place % 4;
  int index = (s * big + b) * taps + tap;
  philox_block words =
      random_words((uint2)(key_low, key_high), stream, 0, UREAL(0u), index / 4);
  ureal word = index % 4 < 2 ? (index % 2 ? words.w1 : words.w0) : (index % 2 ? words.w3 : words.w2);
  real value = formula_initial_weight(random_uniform(word), bound);
  parameter[place] = s < small ? FIRST_LANE(value) : 0.0f;
}
