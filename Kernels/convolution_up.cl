// Up: from the small map to the big one.
// The forward pass of conv_transpose2d and the input gradient of conv2d.
//
// Big pixel (Y, X) sums over the taps with (Y + padding − ky) mod stride = 0, so the rows and columns of the
// big map fall into `stride` phases each, and no useless tap is visited. The four weights of a quad of small channels
// are contiguous; quads are `quad_step` floats apart.

// Adds the products of one tap to four big channels; w_b points at channel b's weights of the first quad.
static inline Tile up_tap_channels(
    Tile t, __global const real *small, __global const float *wa, __global const float *wb,
    __global const float *wc, __global const float *wd, int quad_step, int small_channels) {
  int quads = small_channels / 4;
  for (int q = 0; q < quads; ++q) {
    float4 a = LOAD_QUAD(wa), b = LOAD_QUAD(wb), c = LOAD_QUAD(wc), d = LOAD_QUAD(wd);
    t = tile_fma(t, small[0], a.x, b.x, c.x, d.x);
    t = tile_fma(t, small[GROUPS], a.y, b.y, c.y, d.y);
    t = tile_fma(t, small[2 * GROUPS], a.z, b.z, c.z, d.z);
    t = tile_fma(t, small[3 * GROUPS], a.w, b.w, c.w, d.w);
    small += 4 * GROUPS;
    wa += quad_step;
    wb += quad_step;
    wc += quad_step;
    wd += quad_step;
  }
  for (int s = 0; s < small_channels % 4; ++s) {
    t = tile_fma(t, small[s * GROUPS], wa[s], wb[s], wc[s], wd[s]);
  }
  return t;
}

// Offsets of the weights of four big channels from the first: channels beyond the last repeat it.
typedef struct {
  int first, b, c, d;
} BigQuad;

static inline BigQuad big_quad(int first, int channels) {
  int last = channels - 1 - first;
  BigQuad q = {first * 4, imin(1, last) * 4, imin(2, last) * 4, imin(3, last) * 4};
  return q;
}

// `up_tap_channels`, shared if the group can. w points at the weights of channel 0 of `channels`, in the first quad.
static inline Tile up_channels(
    Tile t, __global const real *small, __global const float *w, int quad_step, int small_channels, BigQuad q,
    int channels STAGE_ARGUMENT) {
#if LANES == 1
  if (is_staged()) {
    int before = (int)get_group_id(TILE_DIMENSION) * (int)get_local_size(TILE_DIMENSION) * 4;
    return staged_channels(t, small, w + before * 4, quad_step, small_channels, channels - before, stage);
  }
#endif
  w += q.first;
  return up_tap_channels(t, small, w, w + q.b, w + q.c, w + q.d, quad_step, small_channels);
}

// Four big channels from `first` on of one pixel.
static inline Tile up_pixel(
    Tile t, __global const real *small, __global const float *weight, MapSizes g, int big_y, int big_x,
    int first STAGE_ARGUMENT) {
  int quad_step = g.kernel_size * g.kernel_size * g.big_channels * 4;
  BigQuad q = big_quad(first, g.big_channels);
  // When ky grows by the stride, the small map's row decreases by one; columns likewise.
  int y = (big_y + g.padding) / g.stride;
  for (int ky = big_y + g.padding - y * g.stride; ky < g.kernel_size && y >= 0; ky += g.stride, --y) {
    if (y >= g.small_height) continue;
    int x = (big_x + g.padding) / g.stride;
    for (int kx = big_x + g.padding - x * g.stride; kx < g.kernel_size && x >= 0; kx += g.stride, --x) {
      if (x >= g.small_width) continue;
      __global const real *s = small + (y * g.small_width + x) * g.small_channels * GROUPS;
      __global const float *w = weight + (ky * g.kernel_size + kx) * g.big_channels * 4;
      t = up_channels(t, s, w, quad_step, g.small_channels, q, g.big_channels STAGE_PASS);
    }
  }
  return t;
}

// One product in each chain: four values, one weight.
static inline Tile tile_fma_pixels(Tile t, __global const real *x, int step, float w) {
  t.a = fma(x[0], REAL(w), t.a);
  t.b = fma(x[step * GROUPS], REAL(w), t.b);
  t.c = fma(x[2 * step * GROUPS], REAL(w), t.c);
  t.d = fma(x[3 * step * GROUPS], REAL(w), t.d);
  return t;
}

// The same for pixels some of which lie outside: those are skipped.
static inline Tile tile_fma_some_pixels(Tile t, __global const real *x, int step, float w, int from, int to) {
  if (from <= 0 && to > 0) t.a = fma(x[0], REAL(w), t.a);
  if (from <= 1 && to > 1) t.b = fma(x[step * GROUPS], REAL(w), t.b);
  if (from <= 2 && to > 2) t.c = fma(x[2 * step * GROUPS], REAL(w), t.c);
  if (from <= 3 && to > 3) t.d = fma(x[3 * step * GROUPS], REAL(w), t.d);
  return t;
}

// Adds the products of one tap to four pixels, all of them inside.
static inline Tile up_tap_pixels(
    Tile t, __global const real *small, __global const float *w, int quad_step, int small_channels) {
  LOADS_AHEAD(2)
  for (int q = 0; q < small_channels / 4; ++q) {
    t = tile_fma_pixels(t, small, small_channels, w[0]);
    t = tile_fma_pixels(t, small + GROUPS, small_channels, w[1]);
    t = tile_fma_pixels(t, small + 2 * GROUPS, small_channels, w[2]);
    t = tile_fma_pixels(t, small + 3 * GROUPS, small_channels, w[3]);
    small += 4 * GROUPS;
    w += quad_step;
  }
  for (int s = 0; s < small_channels % 4; ++s) {
    t = tile_fma_pixels(t, small + s * GROUPS, small_channels, w[s]);
  }
  return t;
}

// The only big channel of up to four pixels of one phase: big_x, big_x + stride, …
static inline Tile up_pixels(
    Tile t, __global const real *small, __global const float *weight, MapSizes g, int big_y, int big_x,
    int pixels) {
  int quad_step = g.kernel_size * g.kernel_size * 4;
  int y = (big_y + g.padding) / g.stride;
  for (int ky = big_y + g.padding - y * g.stride; ky < g.kernel_size && y >= 0; ky += g.stride, --y) {
    if (y >= g.small_height) continue;
    int x = (big_x + g.padding) / g.stride;
    for (int kx = big_x + g.padding - x * g.stride; kx < g.kernel_size; kx += g.stride, --x) {
      int from = -x;
      int to = imin(pixels, g.small_width - x);
      __global const real *s = small + (y * g.small_width + x) * g.small_channels * GROUPS;
      __global const float *w = weight + (ky * g.kernel_size + kx) * 4;
      if (from <= 0 && to == 4) {
        t = up_tap_pixels(t, s, w, quad_step, g.small_channels);
      } else {
        for (int j = 0; j < g.small_channels; ++j) {
          t = tile_fma_some_pixels(
              t, s + j * GROUPS, g.small_channels, w[j / 4 * quad_step + j % 4], from, to);
        }
      }
    }
  }
  return t;
}

// One register tile of a row of the big map: where it starts, the distance and number of its results, and how many of
// the first belong to the previous tile.
typedef struct {
  int x, step, count, skip;
} UpTile;

// Number of tiles in a row: a pixel each, or, with one channel, four pixels of one phase each.
static inline int up_tiles(MapSizes g) {
  return g.big_channels > 1 ? g.big_width : g.stride * ((g.big_width + 4 * g.stride - 1) / (4 * g.stride));
}

// Tile number `tile` of a row; empty if its phase has fewer tiles than another. A phase's last tile starts early enough
// to be complete, if the phase has four pixels.
static inline UpTile up_tile(MapSizes g, int tile, int channel) {
  UpTile u = {tile, 1, imin(4, g.big_channels - channel), 0};
  if (g.big_channels == 1) {
    int phase = tile % g.stride;
    int pixels = (g.big_width - phase + g.stride - 1) / g.stride;
    int first = tile / g.stride * 4;
    int start = imin(first, imax(0, pixels - 4));
    u.x = phase + start * g.stride;
    u.step = g.stride;
    u.count = first < pixels ? imin(4, pixels - start) : 0;
    u.skip = first - start;
  }
  return u;
}

// `span` tiles of one row of the big map: chains from `start`, then closed, then the epilogue.
static inline void up_run(
    __global const float *from, __global const float *weight, __global const float *mask, __global float *to,
    Tile start, MapSizes g, Epilogue e, int span STAGE_ARGUMENT) {
  int channel = tile_channel(g.big_channels);
  int tiles = up_tiles(g);
  int runs = (tiles + span - 1) / span;
  int y = place_index() / runs;
  int first = place_index() % runs * span;
  int end = imin(first + span, tiles);
  if (y >= g.big_height) return;
  __global const real *small = images_in(from, small_count(g));
  __global const real *output = images_in(mask, e.mask != MASK_NONE ? big_count(g) : 0);
  __global real *big = images_out(to, big_count(g));
  for (int tile = first; tile < end; ++tile) {
    UpTile u = up_tile(g, tile, channel);
    if (u.count == 0) continue;
    Tile t = g.big_channels == 1 ? up_pixels(start, small, weight, g, y, u.x, u.count)
                                 : up_pixel(start, small, weight, g, y, u.x, channel STAGE_PASS);
    if (is_idle_tile(g.big_channels)) continue;
    int place = ((y * g.big_width + u.x) * g.big_channels + channel) * GROUPS;
    tile_finish(t, big + place, output + place, u.step, u.step, u.skip, u.count, e);
  }
}
