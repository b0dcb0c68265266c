// Where a tile of the weight gradient is stored, and how its sums are written.

// Four of `channels` channels from `channel` on: offsets of the last three from the first; those beyond the last repeat
// it.
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

#if LANES == 1
// Joins the sums of a tile, taps by quads, and writes the first `count` of each of the first `taps` quads; a lane joins
// every eighth. Every work-item of the group must call this.
static inline void write_joined(
    __global float *out, const float *sums, int taps, int count, int closed JOIN_ARGUMENT) {
  int lane = (int)get_local_id(0);
  __local float *tile = join_scratch + get_local_id(1) * (8 * JOIN_TILE);
  barrier(CLK_LOCAL_MEM_FENCE);
  // Without an unroll pragma: with one, PoCL 3.1 generates code that crashes.
  for (int i = 0; i < JOIN_TILE; ++i) tile[8 * i + lane] = sums[i];
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int i = lane; i < JOIN_TILE; i += 8) {
    if (i / 4 >= taps || i % 4 >= count) continue;
    float sum = join_lanes(vload8(i, tile));
    out[i] = closed ? close_float(sum) : sum;
  }
}

// Writes the first `count` of four sums; the sums of up to three taps.
static inline void write_quad(
    __global float *out, lane_sum a, lane_sum b, lane_sum c, lane_sum d, int count,
    int closed JOIN_ARGUMENT) {
  float sums[JOIN_TILE] = {a, b, c, d};
  write_joined(out, sums, 1, count, closed JOIN_PASS);
}

static inline void write_taps(
    __global float *out, TapTile t, int taps, int count, int closed JOIN_ARGUMENT) {
  float sums[JOIN_TILE] = {t.a.a, t.b.a, t.c.a, t.d.a, t.a.b, t.b.b, t.c.b, t.d.b, t.a.c, t.b.c, t.c.c, t.d.c};
  write_joined(out, sums, taps, count, closed JOIN_PASS);
}
#else
// Joins and writes the first `count` of four sums.
static inline void write_quad(
    __global float *out, lane_sum a, lane_sum b, lane_sum c, lane_sum d, int count, int closed) {
  float4 sums = join_four(a, b, c, d);
  if (closed) sums = close_four(sums);
  if (count > 0) out[0] = sums.x;
  if (count > 1) out[1] = sums.y;
  if (count > 2) out[2] = sums.z;
  if (count > 3) out[3] = sums.w;
}

// Writes the sums of up to three taps, quad by quad.
static inline void write_taps(__global float *out, TapTile t, int taps, int count, int closed) {
  write_quad(out, t.a.a, t.b.a, t.c.a, t.d.a, taps > 0 ? count : 0, closed);
  write_quad(out + 4, t.a.b, t.b.b, t.c.b, t.d.b, taps > 1 ? count : 0, closed);
  write_quad(out + 8, t.a.c, t.b.c, t.c.c, t.d.c, taps > 2 ? count : 0, closed);
}

// Maximum number of tiles whose sums a work-item holds at once.
#define ITEM_TILES 16

// The sums of `quads` quads of small channels × `tiles` tiles of taps over a chunk of images.
//
// A few rows at a time for all of them, so that those rows are read from the L1 cache; the other tiles' sums stay in
// memory meanwhile, which costs little compared to the products of sixteen pixels.
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

// One item of the gradient of a convolution's weights, or after those, of its bias, over one chunk of two blocks:
// partials[chunk · partials_step + offset …], lanes joined.
//
// Items count (`item_quads` quads of small channels, `item_tiles` tiles of taps), then quads of the bias.
static inline void convolution_weight_item(
    __global const float *big_map, __global const float *small_map, __global float *partials, MapSizes g,
    int is_bias_of_big, int blocks, int weight_offset, int bias_offset, int partials_step, int item_quads,
    int item_tiles) {
  int item = tile_index();
  int first_block = 2 * place_index();
  int end_block = imin(first_block + 2, blocks);
  partials += (size_t)place_index() * partials_step;
  int row_taps = g.kernel_size * g.big_channels;
  int all_tiles = g.kernel_size * ((row_taps + 2) / 3);
  int all_quads = (g.small_channels + 3) / 4;
  int items_across = (all_tiles + item_tiles - 1) / item_tiles;
  int weight_items = (all_quads + item_quads - 1) / item_quads * items_across;
  if (item >= weight_items) {
    int channels = is_bias_of_big ? g.big_channels : g.small_channels;
    int pixels = is_bias_of_big ? g.big_height * g.big_width : g.small_height * g.small_width;
    int channel = (item - weight_items) * 4;
    Quad q = quad_of(channel, channels);
    Taps4 sums = taps4_zero();
    lane_pointer map = lanes_in(is_bias_of_big ? big_map : small_map) + channel * ELEMENT_STEP;
    for (int block = first_block; block < end_block; ++block) {
      sums = lane_sums(
          sums, map + (size_t)block * pixels * channels * ELEMENT_STEP, q.b, q.c, q.d, 2 * channels, pixels);
    }
    write_quad(partials + bias_offset + channel, sums.a, sums.b, sums.c, sums.d, q.count, 0);
    return;
  }
  int quad = item / items_across * item_quads;
  int tile = item % items_across * item_tiles;
  int quads = imin(item_quads, all_quads - quad);
  int tiles = imin(item_tiles, all_tiles - tile);
  TapTile sums[ITEM_TILES];
  weight_tiles(sums, big_map, small_map, g, first_block, end_block, quad * 4, quads, tile, tiles);
  for (int i = 0; i < quads * tiles; ++i) {
    int channel = (quad + i % quads) * 4;
    TapPlace at = tap_place(g, tile + i / quads);
    int place = (channel / 4 * g.kernel_size + at.ky) * row_taps + at.tap;
    write_taps(
        partials + weight_offset + place * 4, sums[i], row_taps - at.tap, imin(4, g.small_channels - channel), 0);
  }
}
#endif
