// Linear layers: `output = activation(input · weightᵀ + bias)` and the input gradient.
//
// Forward: per result one fma chain from the bias over ascending features, then closed. Input gradient: over ascending
// outputs, from +0 or from the existing value.

// The order in which features are stored: as they are, or, if `pixels` is not 0, as the map that `flatten.cl` makes them
// from; those of the mask too, if `is_mask_in_map`.
typedef struct {
  int channels, pixels, is_mask_in_map;
} FeatureOrder;

// `tile_finish` for features from `feature` on of `features`; out and output point at the image's first.
static inline void features_finish(
    Tile t, __global real *out, __global const real *output, int feature, int features, Epilogue e, FeatureOrder o) {
#if LANES == 1
  if (o.pixels > 0) {
    int last = features - 1;
    int a = stored_place(feature, o.channels, o.pixels);
    int b = stored_place(imin(feature + 1, last), o.channels, o.pixels);
    int c = stored_place(imin(feature + 2, last), o.channels, o.pixels);
    int d = stored_place(imin(feature + 3, last), o.channels, o.pixels);
    t = tile_activated(t, e);
    if (e.mask != MASK_NONE) {
      Tile mask = tile_load(output + feature * GROUPS, 1, features - feature);
      if (o.is_mask_in_map) {
        mask.a = output[a * GROUPS];
        mask.b = output[b * GROUPS];
        mask.c = output[c * GROUPS];
        mask.d = output[d * GROUPS];
      }
      t = tile_masked(t, mask, e);
    }
    out[a * GROUPS] = t.a;
    if (feature + 1 <= last) out[b * GROUPS] = t.b;
    if (feature + 2 <= last) out[c * GROUPS] = t.c;
    if (feature + 3 <= last) out[d * GROUPS] = t.d;
    return;
  }
#endif
  out += feature * GROUPS;
  output += feature * GROUPS;
  tile_finish(t, out, output, 1, 1, 0, imin(4, features - feature), e);
}

#if LANES == 1
// `features_finish` of the tiles of a square that exist.
static inline void square_finish(
    Square s, __global float *out, __global const float *mask, SquarePlace p, int features, Epilogue e,
    FeatureOrder o) {
  PRAGMA(unroll)
  for (int n = 0; n < 4; ++n) {
    int channel = n < 2 ? p.channel : p.other_channel, image = n % 2 == 0 ? p.image : p.other_image;
    if (!(n < 2 ? p.is_there : p.is_other_there)) continue;
    features_finish(
        square_tile(s, n), image_out(out, features, image),
        image_in(mask, e.mask != MASK_NONE ? features : 0, image), channel, features, e, o);
  }
}
#endif

__kernel void linear_forward(
    __global const float *input, __global const float *weight, __global const float *bias,
    __global float *output, int inputs, int outputs, int activation, float slope, int map_channels,
    int map_pixels, int is_square) {
  STAGE
  Epilogue e = epilogue_forward(activation, slope);
  FeatureOrder order = {map_channels, map_pixels, 0};
#if LANES == 1
  if (is_square) {
    SquarePlace p = square_place(outputs);
    Tile first = tile_bias(bias, p.channel), second = tile_bias(bias, p.other_channel);
    Square s = {first, first, second, second};
    s = shared_square(
        s, image_in(input, inputs, p.image), image_in(input, inputs, p.other_image), weight, p, inputs STAGE_PASS);
    square_finish(s, output, output, p, outputs, e, order);
    return;
  }
#endif
  int channel = tile_channel(outputs);
  Tile t = shared_run(
      tile_bias(bias, channel), images_in(input, inputs), weight + channel * inputs, inputs STAGE_PASS);
  if (is_idle_tile(outputs)) return;
  __global real *results = images_out(output, outputs);
  features_finish(t, results, results, channel, outputs, e, order);
}

__kernel void linear_backward_input(
    __global const float *output_gradient, __global const float *weight, __global const float *mask,
    __global float *input_gradient, int inputs, int outputs, int mask_kind, float scale, int is_accumulating,
    int map_channels, int map_pixels, int is_mask_in_map, int is_square) {
  STAGE
  Epilogue e = epilogue_backward(mask_kind, scale);
  FeatureOrder order = {map_channels, map_pixels, is_mask_in_map};
#if LANES == 1
  if (is_square) {
    SquarePlace p = square_place(inputs);
    Tile zero = tile_repeat(0.0f);
    Square s = {zero, zero, zero, zero};
    if (is_accumulating) s = square_read(s, input_gradient, p, inputs);
    s = shared_square_channels(
        s, image_in(output_gradient, outputs, p.image), image_in(output_gradient, outputs, p.other_image), weight, p,
        inputs, outputs STAGE_PASS);
    square_finish(s, input_gradient, mask, p, inputs, e, order);
    return;
  }
#endif
  int channel = tile_channel(inputs);
  __global real *results = images_out(input_gradient, inputs);
  Tile t = tile_repeat(0.0f);
  if (is_accumulating && !is_idle_tile(inputs)) {
    t = tile_load(results + channel * GROUPS, 1, imin(4, inputs - channel));
  }
  t = up_channels(
      t, images_in(output_gradient, outputs), weight, inputs * 4, outputs, big_quad(channel, inputs),
      inputs STAGE_PASS);
  if (is_idle_tile(inputs)) return;
  features_finish(
      t, results, images_in(mask, mask_kind != MASK_NONE ? inputs : 0), channel, inputs, e, order);
}

#if LANES == 1
// An item of QUADS × TILES tiles of four outputs × three inputs over the whole part, all at once: sum number (tile ·
// QUADS + quad) · 12 + input · 4 + output. STRIP blocks of images are loaded together. Outputs and inputs that do not
// exist repeat the last. A macro, since compilers unroll only loops with literal bounds.
#define LINEAR_WEIGHT_ITEM(NAME, QUADS, TILES, STRIP)                                                         \
INLINED void NAME(                                                                                            \
    __global const float *input, __global const float *output_gradient, __global float *weight_gradient,      \
    int inputs, int outputs, int blocks, int channel, int feature, bool is_idle JOIN_ARGUMENT) {              \
  lane_pointer small = lanes_in(output_gradient), big = lanes_in(input);                                      \
  float sums[QUADS * TILES * JOIN_TILE];                                                                      \
  PRAGMA(unroll)                                                                                              \
  for (int i = 0; i < QUADS * TILES * JOIN_TILE; ++i) sums[i] = 0.0f;                                         \
  for (int first = 0; first < blocks; first += STRIP) {                                                       \
    float small_values[2 * STRIP * 4 * QUADS], big_values[2 * STRIP * 3 * TILES];                             \
    PRAGMA(unroll)                                                                                            \
    for (int i = 0; i < 2 * STRIP * 4 * QUADS; ++i) {                                                         \
      int side = i / (4 * QUADS), at = imin(channel + i % (4 * QUADS), outputs - 1);                          \
      if (first + side / 2 >= blocks) continue;                                                               \
      small_values[i] = small[((size_t)(first + side / 2) * outputs + at) * ELEMENT_STEP + side % 2 * LANE_STEP];\
    }                                                                                                         \
    PRAGMA(unroll)                                                                                            \
    for (int i = 0; i < 2 * STRIP * 3 * TILES; ++i) {                                                         \
      int side = i / (3 * TILES), at = imin(feature + i % (3 * TILES), inputs - 1);                           \
      if (first + side / 2 >= blocks) continue;                                                               \
      big_values[i] = big[((size_t)(first + side / 2) * inputs + at) * ELEMENT_STEP + side % 2 * LANE_STEP];  \
    }                                                                                                         \
    PRAGMA(unroll)                                                                                            \
    for (int i = 0; i < 2 * STRIP * QUADS * TILES * JOIN_TILE; ++i) {                                         \
      int side = i / (QUADS * TILES * JOIN_TILE), number = i % (QUADS * TILES * JOIN_TILE);                   \
      int tile = number / JOIN_TILE / QUADS, quad = number / JOIN_TILE % QUADS;                               \
      if (first + side / 2 >= blocks) continue;                                                               \
      sums[number] = fma(                                                                                     \
          small_values[side * 4 * QUADS + 4 * quad + i % 4],                                                  \
          big_values[side * 3 * TILES + 3 * tile + number % JOIN_TILE / 4], sums[number]);                    \
    }                                                                                                         \
  }                                                                                                           \
  PRAGMA(unroll)                                                                                              \
  for (int i = 0; i < QUADS * TILES; ++i) {                                                                   \
    int at = channel + i % QUADS * 4, from = feature + i / QUADS * 3;                                         \
    write_joined(                                                                                             \
        weight_gradient + (at / 4 * inputs + from) * 4, sums + JOIN_TILE * i, inputs - from,                  \
        is_idle ? 0 : imin(4, outputs - at), 1 JOIN_PASS);                                                    \
  }                                                                                                           \
}

LINEAR_WEIGHT_ITEM(linear_weight_tile, 1, 1, 4)
LINEAR_WEIGHT_ITEM(linear_weight_square, 2, 2, 2)

// What group number `group` computes: groups of weights, then groups of the bias. Idle work-items at the end of either
// repeat the last item without writing, as all must reach the barriers.
INLINED void linear_weight_group(
    __global const float *input, __global const float *output_gradient, __global float *weight_gradient,
    __global float *bias_gradient, int inputs, int outputs, int blocks, int item_quads, int item_tiles,
    int group JOIN_ARGUMENT) {
  int all_quads = (outputs + 3) / 4;
  int items_across = ((inputs + 2) / 3 + item_tiles - 1) / item_tiles;
  int weight_items = (all_quads + item_quads - 1) / item_quads * items_across;
  int together = (int)get_local_size(1);
  int weight_groups = (weight_items + together - 1) / together;
  bool is_bias = group >= weight_groups;
  int number = (is_bias ? group - weight_groups : group) * together + (int)get_local_id(1);
  int last = (is_bias ? all_quads : weight_items) - 1, item = imin(number, last);
  bool is_idle = number > last;
  if (is_bias) {
    Quad q = quad_of(item * 4, outputs);
    lane_pointer small = lanes_in(output_gradient) + item * 4 * ELEMENT_STEP;
    Taps4 sums = lane_sums(taps4_zero(), small, q.b, q.c, q.d, 2 * outputs, blocks);
    write_quad(
        bias_gradient + item * 4, sums.a, sums.b, sums.c, sums.d, is_idle ? 0 : q.count, 1 JOIN_PASS);
    return;
  }
  int channel = item / items_across * item_quads * 4, feature = item % items_across * item_tiles * 3;
  if (item_quads == 2) {
    linear_weight_square(
        input, output_gradient, weight_gradient, inputs, outputs, blocks, channel, feature, is_idle JOIN_PASS);
  } else {
    linear_weight_tile(
        input, output_gradient, weight_gradient, inputs, outputs, blocks, channel, feature, is_idle JOIN_PASS);
  }
}
#else
// Blocks of images that a tile of the weight gradient processes at a time.
#define LINEAR_BLOCKS 8

// The sums of `quads` × `tiles` tiles of four outputs × three inputs over the whole part.
//
// A few blocks at a time for all tiles, so that their values are read from the L1 cache.
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
#endif

// Maximum number of tiles whose sums a work-item holds at once.
#define LINEAR_ITEM_TILES 32

// Over the whole part: an item is `item_quads` × `item_tiles` tiles, or after those, four values of the bias.
__kernel void linear_backward_weight(
    __global const float *input, __global const float *output_gradient, __global float *weight_gradient,
    __global float *bias_gradient, int inputs, int outputs, int blocks, int item_quads, int item_tiles) {
  JOIN_SCRATCH
#if LANES == 1
  linear_weight_group(
      input, output_gradient, weight_gradient, bias_gradient, inputs, outputs, blocks, item_quads, item_tiles,
      (int)get_group_id(1) JOIN_PASS);
#else
  int item = tile_index();
  int all_quads = (outputs + 3) / 4;
  int all_tiles = (inputs + 2) / 3;
  int items_across = (all_tiles + item_tiles - 1) / item_tiles;
  int weight_items = (all_quads + item_quads - 1) / item_quads * items_across;
  if (item >= weight_items) {
    item -= weight_items;
    Quad q = quad_of(item * 4, outputs);
    lane_pointer small = lanes_in(output_gradient) + item * 4 * ELEMENT_STEP;
    Taps4 sums = lane_sums(taps4_zero(), small, q.b, q.c, q.d, 2 * outputs, blocks);
    write_quad(bias_gradient + item * 4, sums.a, sums.b, sums.c, sums.d, q.count, 1);
    return;
  }
  int quad = item / items_across * item_quads;
  int tile = item % items_across * item_tiles;
  int quads = imin(item_quads, all_quads - quad);
  int tiles = imin(item_tiles, all_tiles - tile);
  TapTile sums[LINEAR_ITEM_TILES];
  linear_weight_tiles(sums, input, output_gradient, inputs, outputs, blocks, quad * 4, quads, tile * 3, tiles);
  for (int i = 0; i < quads * tiles; ++i) {
    int channel = (quad + i % quads) * 4, feature = (tile + i / quads) * 3;
    write_taps(
        weight_gradient + (channel / 4 * inputs + feature) * 4, sums[i], inputs - feature,
        imin(4, outputs - channel), 1);
  }
#endif
}
