// Linear layers: `output = activation(input · weightᵀ + bias)` and the input gradient.
//
// Forward: per result one fma chain from the bias over ascending features, then closed. Input gradient: over
// ascending outputs, from +0 or from the value that stands there.

__kernel void linear_forward(
    __global const float *input, __global const float *weight, __global const float *bias,
    __global float *output, int inputs, int outputs, int is_rectified) {
  int channel = tile_index() * 4;
  Tile t = tile_bias(bias, channel);
  t = tile_run(t, images_in(input, inputs), weight + channel * inputs, inputs);
  __global real *result = images_out(output, outputs) + channel * GROUPS;
  tile_finish(t, result, result, 1, 0, imin(4, outputs - channel), is_rectified, 0, 1.0f);
}

__kernel void linear_backward_input(
    __global const float *output_gradient, __global const float *weight, __global const float *mask,
    __global float *input_gradient, int inputs, int outputs, int is_masked, float scale,
    int is_accumulating) {
  int channel = tile_index() * 4;
  int results = imin(4, inputs - channel);
  __global real *result = images_out(input_gradient, inputs) + channel * GROUPS;
  int b = imin(1, results - 1) * 4, c = imin(2, results - 1) * 4, d = imin(3, results - 1) * 4;
  __global const float *w = weight + channel * 4;
  Tile t = tile_repeat(0.0f);
  if (is_accumulating) t = tile_load(result, 1, results);
  t = up_tap_channels(
      t, images_in(output_gradient, outputs), w, w + b, w + c, w + d, inputs * 4, outputs);
  __global const real *output = images_in(mask, is_masked ? inputs : 0) + channel * GROUPS;
  tile_finish(t, result, output, 1, 0, results, 0, is_masked, scale);
}

// Blocks of images that a tile of the weight gradient takes in one go.
#define LINEAR_BLOCKS 8
#if LANES == 1
#define LINEAR_QUADS 1
#define LINEAR_TILES 1
#else
#define LINEAR_QUADS 4
#define LINEAR_TILES 8
#endif

// The sums of `quads` × `tiles` tiles of four outputs × three inputs over the whole part.
//
// A few blocks at a time for all tiles, so that their values are read from the first-level cache.
static inline void linear_weight_tiles(
    TapTile *sums, __global const float *input, __global const float *output_gradient, int inputs,
    int outputs, int blocks, int channel, int quads, int feature, int tiles) {
  for (int i = 0; i < quads * tiles; ++i) sums[i] = tap_tile_zero();
  for (int first = 0; first < blocks; first += LINEAR_BLOCKS) {
    int end = imin(first + LINEAR_BLOCKS, blocks);
    for (int i = 0; i < tiles; ++i) {
      int second = imin(1, inputs - 1 - feature - 3 * i) * ELEMENT_STEP;
      int third = imin(2, inputs - 1 - feature - 3 * i) * ELEMENT_STEP;
      lane_pointer big_start = lanes_in(input) + ((size_t)first * inputs + feature + 3 * i) * ELEMENT_STEP;
      lane_pointer small_start =
          lanes_in(output_gradient) + ((size_t)first * outputs + channel) * ELEMENT_STEP;
      for (int j = 0; j < quads; ++j) {
        Quad q = quad_of(channel + 4 * j, outputs);
        lane_pointer small = small_start + 4 * j * ELEMENT_STEP;
        lane_pointer big = big_start;
        TapTile t = sums[i * quads + j];
        LOADS_AHEAD(4)
        for (int block = first; block < end; ++block) {
          t = tap_tile_fma(t, small, q.b, q.c, q.d, big, second, third);
          small += outputs * ELEMENT_STEP;
          big += inputs * ELEMENT_STEP;
        }
        sums[i * quads + j] = t;
      }
    }
  }
}

// Over the whole part: LINEAR_QUADS × LINEAR_TILES tiles, or past those four values of the bias.
__kernel void linear_backward_weight(
    __global const float *input, __global const float *output_gradient, __global float *weight_gradient,
    __global float *bias_gradient, int inputs, int outputs, int blocks) {
  JOIN_SCRATCH
  int item = tile_index();
  int quads = (outputs + 3) / 4;
  int tiles = (inputs + 2) / 3;
  int items_across = (tiles + LINEAR_TILES - 1) / LINEAR_TILES;
  int weight_items = (quads + LINEAR_QUADS - 1) / LINEAR_QUADS * items_across;
  // Idle work-items of the last group repeat the last item without writing, as all must reach the barriers.
  bool is_idle = item >= weight_items + quads;
  if (is_idle) item = weight_items + quads - 1;
  bool is_bias = item >= weight_items;
  int quad = is_bias ? item - weight_items : item / items_across * LINEAR_QUADS;
  int tile = is_bias ? 0 : item % items_across * LINEAR_TILES;
  int item_quads = imin(LINEAR_QUADS, quads - quad);
  int item_tiles = imin(LINEAR_TILES, tiles - tile);
  TapTile sums[LINEAR_QUADS * LINEAR_TILES];
  sums[0] = tap_tile_zero();
  Taps4 bias_sums = taps4_zero();
  if (is_bias) {
    Quad q = quad_of(quad * 4, outputs);
    lane_pointer small = lanes_in(output_gradient) + quad * 4 * ELEMENT_STEP;
    bias_sums = lane_sums(bias_sums, small, q.b, q.c, q.d, 2 * outputs, blocks);
  } else {
    linear_weight_tiles(
        sums, input, output_gradient, inputs, outputs, blocks, quad * 4, item_quads, tile * 3, item_tiles);
  }
  // Where lanes are work-items all of a group take both ways, with nothing to write on one of them.
  if (LANES == 1 || !is_bias) {
    for (int i = 0; i < item_quads * item_tiles; ++i) {
      int channel = (quad + i % item_quads) * 4, feature = (tile + i / item_quads) * 3;
      int count = is_idle || is_bias ? 0 : imin(4, outputs - channel);
      write_taps(
          weight_gradient + (channel / 4 * inputs + feature) * 4, sums[i], inputs - feature, count,
          1 JOIN_PASS);
    }
  }
  if (LANES == 1 || is_bias) {
    int count = is_idle || !is_bias ? 0 : imin(4, outputs - quad * 4);
    write_quad(
        bias_gradient + quad * 4, bias_sums.a, bias_sums.b, bias_sums.c, bias_sums.d, count, 1 JOIN_PASS);
  }
}
