// Where a tile of the weight gradient lies, and how its sums are written.

// Four channels from `channel` on of `channels`: distances of the last three from the first; those beyond the
// last repeat it.
typedef struct {
  int b, c, d, count;
} Quad;

static inline Quad quad_of(int channel, int channels) {
  int last = channels - 1 - channel;
  Quad q = {
      imin(1, last) * ELEMENT_STEP, imin(2, last) * ELEMENT_STEP, imin(3, last) * ELEMENT_STEP,
      imin(4, last + 1)};
  return q;
}

static inline TapTile tap_tile_zero(void) {
  lane_sum zero = (lane_sum)(0.0f);
  TapTile t = {{zero, zero, zero}, {zero, zero, zero}, {zero, zero, zero}, {zero, zero, zero}};
  return t;
}

static inline Taps4 taps4_zero(void) {
  lane_sum zero = (lane_sum)(0.0f);
  Taps4 t = {zero, zero, zero, zero};
  return t;
}

// Joins and writes the first `count` of four sums; every work-item of the group comes here.
static inline void write_quad(
    __global float *out, lane_sum a, lane_sum b, lane_sum c, lane_sum d, int count,
    int closed JOIN_ARGUMENT) {
  float4 sums = join_four(a, b, c, d JOIN_PASS);
  if (closed) sums = close_four(sums);
  if (!is_first_lane()) return;
  if (count > 0) out[0] = sums.x;
  if (count > 1) out[1] = sums.y;
  if (count > 2) out[2] = sums.z;
  if (count > 3) out[3] = sums.w;
}

// Writes the sums of up to three taps, quad by quad.
static inline void write_taps(
    __global float *out, TapTile t, int taps, int count, int closed JOIN_ARGUMENT) {
  write_quad(out, t.a.a, t.b.a, t.c.a, t.d.a, taps > 0 ? count : 0, closed JOIN_PASS);
  write_quad(out + 4, t.a.b, t.b.b, t.c.b, t.d.b, taps > 1 ? count : 0, closed JOIN_PASS);
  write_quad(out + 8, t.a.c, t.b.c, t.c.c, t.d.c, taps > 2 ? count : 0, closed JOIN_PASS);
}

// Tiles of which a work-item keeps the sums at once, at most.
#if LANES == 1
#define ITEM_TILES 1
#else
#define ITEM_TILES 16
#endif

// The sums of `quads` quads of small channels × `tiles` tiles of taps over a chunk of images.
//
// A few rows at a time for all of them, so that those rows are read from the first-level cache; a tile's sums
// wait in memory meanwhile, which is little against the products of sixteen pixels.
static inline void weight_tiles(
    TapTile *sums, __global const float *big_map, __global const float *small_map, MapSizes g,
    int first_block, int end_block, int channel, int quads, int first_tile, int tiles) {
  int rows = quads * tiles == 1 ? g.small_height : imax(1, 16 / g.small_width);
  TapPlace places[ITEM_TILES];
  for (int i = 0; i < quads * tiles; ++i) sums[i] = tap_tile_zero();
  for (int i = 0; i < tiles; ++i) places[i] = tap_place(g, first_tile + i);
  for (int block = first_block; block < end_block; ++block) {
    lane_pointer small = lanes_in(small_map) + ((size_t)block * small_count(g) + channel) * ELEMENT_STEP;
    lane_pointer big =
        lanes_in(big_map) + ((size_t)block * big_count(g) - g.padding * g.big_channels) * ELEMENT_STEP;
    for (int y = 0; y < g.small_height; y += rows) {
      int end = imin(y + rows, g.small_height);
      for (int i = 0; i < tiles; ++i) {
        for (int j = 0; j < quads; ++j) {
          Quad q = quad_of(channel + 4 * j, g.small_channels);
          sums[i * quads + j] = tap_tile_rows(
              sums[i * quads + j], g, places[i], small + 4 * j * ELEMENT_STEP, q.b, q.c, q.d, big, y, end);
        }
      }
    }
  }
}

// One item of the gradient of a convolution's weights, or past those of its bias, over one chunk of two blocks:
// partials[chunk · partials_step + offset …], lanes joined.
//
// Items count (`item_quads` quads of small channels, `item_tiles` tiles of taps), then quads of the bias.
static inline void convolution_weight_item(
    __global const float *big_map, __global const float *small_map, __global float *partials, MapSizes g,
    int is_bias_of_big, int blocks, int weight_offset, int bias_offset, int partials_step, int item_quads,
    int item_tiles JOIN_ARGUMENT) {
  int item = tile_index();
  int first_block = 2 * place_index();
  int end_block = imin(first_block + 2, blocks);
  partials += (size_t)place_index() * partials_step;
  int row_taps = g.kernel_size * g.big_channels;
  int all_tiles = g.kernel_size * ((row_taps + 2) / 3);
  int all_quads = (g.small_channels + 3) / 4;
  int items_across = (all_tiles + item_tiles - 1) / item_tiles;
  int weight_items = (all_quads + item_quads - 1) / item_quads * items_across;
  int bias_channels = is_bias_of_big ? g.big_channels : g.small_channels;
  // Idle work-items of the last group repeat the last item without writing, as all must reach the barriers.
  bool is_idle = item >= weight_items + (bias_channels + 3) / 4;
  if (is_idle) item = weight_items + (bias_channels + 3) / 4 - 1;
  bool is_bias = item >= weight_items;
  int quad = is_bias ? item - weight_items : item / items_across * item_quads;
  int tile = is_bias ? 0 : item % items_across * item_tiles;
  int quads = LANES == 1 ? 1 : imin(item_quads, all_quads - quad);
  int tiles = LANES == 1 ? 1 : imin(item_tiles, all_tiles - tile);
  TapTile sums[ITEM_TILES];
  sums[0] = tap_tile_zero();
  Taps4 bias_sums = taps4_zero();
  if (is_bias) {
    Quad q = quad_of(quad * 4, bias_channels);
    int pixels = is_bias_of_big ? g.big_height * g.big_width : g.small_height * g.small_width;
    lane_pointer map = lanes_in(is_bias_of_big ? big_map : small_map) + quad * 4 * ELEMENT_STEP;
    for (int block = first_block; block < end_block; ++block) {
      bias_sums = lane_sums(
          bias_sums, map + (size_t)block * pixels * bias_channels * ELEMENT_STEP, q.b, q.c, q.d,
          2 * bias_channels, pixels);
    }
  } else {
    weight_tiles(
        sums, big_map, small_map, g, first_block, end_block, quad * 4, quads, tile, tiles);
  }
  // Where lanes are work-items all of a group take both ways, with nothing to write on one of them.
  if (LANES == 1 || !is_bias) {
    for (int i = 0; i < quads * tiles; ++i) {
      int channel = (quad + i % quads) * 4;
      int count = is_idle || is_bias ? 0 : imin(4, g.small_channels - channel);
      TapPlace at = tap_place(g, tile + i / quads);
      int place = (channel / 4 * g.kernel_size + at.ky) * row_taps + at.tap;
      write_taps(partials + weight_offset + place * 4, sums[i], row_taps - at.tap, count, 0 JOIN_PASS);
    }
  }
  if (LANES == 1 || is_bias) {
    int count = is_idle || !is_bias ? 0 : imin(4, bias_channels - quad * 4);
    write_quad(
        partials + bias_offset + quad * 4, bias_sums.a, bias_sums.b, bias_sums.c, bias_sums.d, count,
        0 JOIN_PASS);
  }
}
