// The gradient of a convolution's weights and bias on a GPU, where each lane of a sum is a work-item: over one chunk of
// two blocks, lanes joined, into partials[chunk · partials_step + offset …].
//
// An item is a tile of four channels × three taps, or, if those would be too few to fill the device, one weight. The
// last group of weights is filled with idle items, which reach the barriers and write nothing. After the groups of
// weights comes one group for each sum of the bias.

#if LANES == 1
// Values of a strip of the bias that each work-item fetches: together they fit into a group's memory for joining tiles.
#define BIAS_VALUES JOIN_TILE
// Maximum number of pixels of a small map's row that are loaded while those before them are added.
#define WEIGHT_STRIP 16

// Values of some pixels of one weight's chain.
typedef struct {
  float small[2 * WEIGHT_STRIP], big[2 * WEIGHT_STRIP];
} WeightStrip;

// Progress of a weight's chain: the next strip begins at column x of row y of a block.
typedef struct {
  int block, y, x;
} WeightPlace;

// The maps for one weight, at its channel and its tap, and the pixels for which its tap is inside.
typedef struct {
  lane_pointer small, big;
  int y_first, y_end, x_first, x_end, end_block;
} WeightMaps;

// Fetches up to `strip` pixels at `place`, advances it, and returns their number.
//
// On an H100, a weight gradient of eight channels × nine taps took 17 µs this way, at batch 256, and 26 to 31 µs with
// one strip length for all maps and a count of zero instead of the first line: the compiler decides, not the chain.
static inline int fetch_weight_strip(
    WeightStrip *values, WeightPlace *place, WeightMaps m, MapSizes g, const int strip) {
  if (place->block >= m.end_block) return 0;
  int s_step = g.small_channels * ELEMENT_STEP, x_step = g.stride * g.big_channels * ELEMENT_STEP;
  lane_pointer s = m.small + ((size_t)(place->block * g.small_height + place->y) * g.small_width + place->x) * s_step;
  lane_pointer x = m.big
      + ((size_t)(place->block * g.big_height + place->y * g.stride) * g.big_width + place->x * g.stride)
          * (g.big_channels * ELEMENT_STEP);
  int count = imin(strip, m.x_end - place->x);
  PRAGMA(unroll)
  for (int i = 0; i < strip; ++i) {
    if (i >= count) continue;
    values->small[2 * i] = s[i * s_step];
    values->small[2 * i + 1] = s[i * s_step + LANE_STEP];
    values->big[2 * i] = x[i * x_step];
    values->big[2 * i + 1] = x[i * x_step + LANE_STEP];
  }
  place->x += strip;
  if (place->x >= m.x_end) {
    place->x = m.x_first;
    if (++place->y >= m.y_end) {
      place->y = m.y_first;
      ++place->block;
    }
  }
  return count;
}

static inline float add_weight_strip(float sum, const WeightStrip *values, int count, const int strip) {
  PRAGMA(unroll)
  for (int i = 0; i < strip; ++i) {
    if (i >= count) continue;
    sum = fma(values->small[2 * i], values->big[2 * i], sum);
    sum = fma(values->small[2 * i + 1], values->big[2 * i + 1], sum);
  }
  return sum;
}

// The chain over all pixels for which the tap is inside; one strip is fetched while the other is added.
static inline float add_weight_strips(WeightMaps m, MapSizes g, int first_block, const int strip) {
  WeightPlace place = {first_block, m.y_first, m.x_first};
  WeightStrip even, odd;
  float sum = 0.0f;
  if (m.y_first >= m.y_end || m.x_first >= m.x_end) return sum;
  int count = fetch_weight_strip(&even, &place, m, g, strip);
  while (count > 0) {
    int next = fetch_weight_strip(&odd, &place, m, g, strip);
    sum = add_weight_strip(sum, &even, count, strip);
    count = fetch_weight_strip(&even, &place, m, g, strip);
    sum = add_weight_strip(sum, &odd, next, strip);
  }
  return sum;
}

// One weight.
static inline float weight_sum(
    __global const float *big_map, __global const float *small_map, MapSizes g, int first_block, int end_block,
    int ky, int tap, int channel) {
  int kx = tap / g.big_channels;
  WeightMaps m;
  m.y_first = first_pixel(g, ky);
  m.y_end = end_pixel(g, ky, g.big_height, g.small_height);
  m.x_first = first_pixel(g, kx);
  m.x_end = end_pixel(g, kx, g.big_width, g.small_width);
  m.end_block = end_block;
  m.small = lanes_in(small_map) + channel * ELEMENT_STEP;
  // Where the tap would be for pixel (0, 0): often outside, but nothing outside is read.
  m.big = lanes_in(big_map)
      + (((ky - g.padding) * g.big_width - g.padding) * g.big_channels + tap) * ELEMENT_STEP;
  return g.small_width > WEIGHT_STRIP / 2 ? add_weight_strips(m, g, first_block, WEIGHT_STRIP)
                                          : add_weight_strips(m, g, first_block, WEIGHT_STRIP / 2);
}

// A tile of four channels from `channel` on × three taps.
static inline TapTile weight_tile(
    __global const float *big_map, __global const float *small_map, MapSizes g, int first_block, int end_block,
    TapPlace place, int channel) {
  Quad q = quad_of(channel, g.small_channels);
  TapTile sums = tap_tile_zero();
  for (int block = first_block; block < end_block; ++block) {
    lane_pointer small = lanes_in(small_map) + ((size_t)block * small_count(g) + channel) * ELEMENT_STEP;
    lane_pointer big =
        lanes_in(big_map) + ((size_t)block * big_count(g) - g.padding * g.big_channels) * ELEMENT_STEP;
    sums = tap_tile_rows(sums, g, place, small, q.b, q.c, q.d, big, 0, g.small_height);
  }
  return sums;
}

// One value of the bias: `values` values of each lane, `step` floats from one pixel to the next, both halves. All
// work-items of the group fetch the next strip while the lanes of the first item add this one.
static inline float bias_sum(lane_pointer map, int step, int values JOIN_ARGUMENT) {
  int lane = (int)get_local_id(0), item = (int)get_local_id(1), items = (int)get_local_size(1);
  int strip = items * BIAS_VALUES;
  float sum = 0.0f;
  float fetched[BIAS_VALUES];
  for (int first = -strip; first < values; first += strip) {
    if (first >= 0) {
      barrier(CLK_LOCAL_MEM_FENCE);
      PRAGMA(unroll)
      for (int i = 0; i < BIAS_VALUES; ++i) join_scratch[(item + i * items) * 8 + lane] = fetched[i];
      barrier(CLK_LOCAL_MEM_FENCE);
    }
    PRAGMA(unroll)
    for (int i = 0; i < BIAS_VALUES; ++i) {
      int at = first + strip + item + i * items;
      if (at < values) fetched[i] = map[at / 2 * step + at % 2 * LANE_STEP];
    }
    if (first < 0 || item > 0) continue;
    int here = imin(strip, values - first);
    LOADS_AHEAD(16)
    for (int i = 0; i < here; ++i) sum += join_scratch[i * 8 + lane];
  }
  return sum;
}

// What group number `group` of chunk `chunk` computes.
static inline void convolution_weight_group(
    __global const float *big_map, __global const float *small_map, __global float *partials, MapSizes g,
    int is_bias_of_big, int blocks, int weight_offset, int bias_offset, int partials_step, bool is_one, int group,
    int chunk JOIN_ARGUMENT) {
  int first_block = 2 * chunk;
  int end_block = imin(first_block + 2, blocks);
  partials += (size_t)chunk * partials_step;
  int row_taps = g.kernel_size * g.big_channels;
  int across = is_one ? g.small_channels : (g.small_channels + 3) / 4;
  int items = across * g.kernel_size * (is_one ? row_taps : (row_taps + 2) / 3);
  int together = (int)get_local_size(1), number = group * together + (int)get_local_id(1);
  int bias_channel = group - (items + together - 1) / together;
  int bias_channels = is_bias_of_big ? g.big_channels : g.small_channels;
  // If groups had to be made smaller, there are more of them than sums.
  if (bias_channel >= bias_channels) return;
  if (bias_channel >= 0) {
    int pixels = is_bias_of_big ? g.big_height * g.big_width : g.small_height * g.small_width;
    lane_pointer map = lanes_in(is_bias_of_big ? big_map : small_map)
        + ((size_t)first_block * pixels * bias_channels + bias_channel) * ELEMENT_STEP;
    float sum = bias_sum(map, bias_channels * ELEMENT_STEP, 2 * pixels * (end_block - first_block) JOIN_PASS);
    sum = join_sum(sum JOIN_PASS);
    if (is_first_lane() && get_local_id(1) == 0) partials[bias_offset + bias_channel] = sum;
  } else {
    int item = imin(number, items - 1);
    bool is_idle = number >= items;
    // Channels fastest, so that a group shares what it reads of the big map.
    int tile = item / across, channel = item % across;
    if (is_one) {
      float sum = weight_sum(
          big_map, small_map, g, first_block, end_block, tile / row_taps, tile % row_taps, channel);
      sum = join_sum(sum JOIN_PASS);
      int place = channel / 4 * g.kernel_size * row_taps + tile;
      if (is_first_lane() && !is_idle) partials[weight_offset + place * 4 + channel % 4] = sum;
    } else {
      TapPlace at = tap_place(g, tile);
      TapTile sums = weight_tile(big_map, small_map, g, first_block, end_block, at, channel * 4);
      int place = (channel * g.kernel_size + at.ky) * row_taps + at.tap;
      int count = is_idle ? 0 : imin(4, g.small_channels - channel * 4);
      write_taps(partials + weight_offset + place * 4, sums, row_taps - at.tap, count, 0 JOIN_PASS);
    }
  }
}

static inline void convolution_weight_item(
    __global const float *big_map, __global const float *small_map, __global float *partials, MapSizes g,
    int is_bias_of_big, int blocks, int weight_offset, int bias_offset, int partials_step, int item_quads,
    int item_tiles JOIN_ARGUMENT) {
  convolution_weight_group(
      big_map, small_map, partials, g, is_bias_of_big, blocks, weight_offset, bias_offset, partials_step,
      item_quads * item_tiles == 0, (int)get_group_id(1), place_index() JOIN_PASS);
}
#endif
