// Up: from the small map to the big one.
// The forward pass of conv_transpose2d and the input gradient of conv2d.
//
// Big pixel (Y, X) sums over the taps with (Y + padding − ky) mod stride = 0, so the rows and columns of the
// big map fall into `stride` phases each, and no tap is visited in vain. The four weights of a quad of small
// channels lie side by side; quads are `quad_step` floats apart.

// Adds the products of one tap to four big channels; w_b points at channel b's weights of the first quad.
static inline Tile up_tap_channels(
    Tile t, __global const real *small, __global const float *wa, __global const float *wb,
    __global const float *wc, __global const float *wd, int quad_step, int channels) {
  int quads = channels / 4;
  for (int q = 0; q < quads; ++q) {
    t = tile_fma(t, small[0], wa[0], wb[0], wc[0], wd[0]);
    t = tile_fma(t, small[GROUPS], wa[1], wb[1], wc[1], wd[1]);
    t = tile_fma(t, small[2 * GROUPS], wa[2], wb[2], wc[2], wd[2]);
    t = tile_fma(t, small[3 * GROUPS], wa[3], wb[3], wc[3], wd[3]);
    small += 4 * GROUPS;
    wa += quad_step;
    wb += quad_step;
    wc += quad_step;
    wd += quad_step;
  }
  for (int s = 0; s < channels % 4; ++s) {
    t = tile_fma(t, small[s * GROUPS], wa[s], wb[s], wc[s], wd[s]);
  }
  return t;
}

// Four big channels from `first` on of one pixel; channels beyond the last repeat it.
static inline Tile up_pixel(
    Tile t, __global const real *small, __global const float *weight, int big_y, int big_x, int first,
    int big_channels, int channels, int height, int width, int kernel_size, int stride, int padding) {
  int quad_step = kernel_size * kernel_size * big_channels * 4;
  int last = big_channels - 1 - first;
  int b = imin(1, last) * 4, c = imin(2, last) * 4, d = imin(3, last) * 4;
  // As ky grows by the stride, the small map's row goes back by one; columns likewise.
  int y = (big_y + padding) / stride;
  for (int ky = big_y + padding - y * stride; ky < kernel_size && y >= 0; ky += stride, --y) {
    if (y >= height) continue;
    int x = (big_x + padding) / stride;
    for (int kx = big_x + padding - x * stride; kx < kernel_size && x >= 0; kx += stride, --x) {
      if (x >= width) continue;
      __global const float *w = weight + ((ky * kernel_size + kx) * big_channels + first) * 4;
      t = up_tap_channels(
          t, small + (y * width + x) * channels * GROUPS, w, w + b, w + c, w + d, quad_step, channels);
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

// The same for pixels of which some lie outside: those are skipped.
static inline Tile tile_fma_some_pixels(Tile t, __global const real *x, int step, float w, int from, int to) {
  if (from <= 0 && to > 0) t.a = fma(x[0], REAL(w), t.a);
  if (from <= 1 && to > 1) t.b = fma(x[step * GROUPS], REAL(w), t.b);
  if (from <= 2 && to > 2) t.c = fma(x[2 * step * GROUPS], REAL(w), t.c);
  if (from <= 3 && to > 3) t.d = fma(x[3 * step * GROUPS], REAL(w), t.d);
  return t;
}

// Adds the products of one tap to four pixels, all of them inside.
static inline Tile up_tap_pixels(
    Tile t, __global const real *small, __global const float *w, int quad_step, int channels) {
  for (int q = 0; q < channels / 4; ++q) {
    t = tile_fma_pixels(t, small, channels, w[0]);
    t = tile_fma_pixels(t, small + GROUPS, channels, w[1]);
    t = tile_fma_pixels(t, small + 2 * GROUPS, channels, w[2]);
    t = tile_fma_pixels(t, small + 3 * GROUPS, channels, w[3]);
    small += 4 * GROUPS;
    w += quad_step;
  }
  for (int s = 0; s < channels % 4; ++s) t = tile_fma_pixels(t, small + s * GROUPS, channels, w[s]);
  return t;
}

// One big channel of up to four pixels of one phase: big_x, big_x + stride, …
static inline Tile up_pixels(
    Tile t, __global const real *small, __global const float *weight, int big_y, int big_x, int pixels,
    int big_channels, int channels, int height, int width, int kernel_size, int stride, int padding) {
  int quad_step = kernel_size * kernel_size * big_channels * 4;
  int y = (big_y + padding) / stride;
  for (int ky = big_y + padding - y * stride; ky < kernel_size && y >= 0; ky += stride, --y) {
    if (y >= height) continue;
    int x = (big_x + padding) / stride;
    for (int kx = big_x + padding - x * stride; kx < kernel_size; kx += stride, --x) {
      int from = -x;
      int to = imin(pixels, width - x);
      __global const real *s = small + (y * width + x) * channels * GROUPS;
      __global const float *w = weight + (ky * kernel_size + kx) * big_channels * 4;
      if (from <= 0 && to == 4) {
        t = up_tap_pixels(t, s, w, quad_step, channels);
      } else {
        for (int j = 0; j < channels; ++j) {
          t = tile_fma_some_pixels(t, s + j * GROUPS, channels, w[j / 4 * quad_step + j % 4], from, to);
        }
      }
    }
  }
  return t;
}

// One register tile of a row of the big map: where it starts, how far apart and how many its results are, and
// how many of the first belong to the tile before.
typedef struct {
  int x, step, count, skip;
} UpTile;

// Tiles of one row: a pixel each, or, with one channel, four pixels of one phase each.
static inline int up_tiles(int big_channels, int big_width, int stride) {
  return big_channels > 1 ? big_width : stride * ((big_width + 4 * stride - 1) / (4 * stride));
}

// Tile number `tile` of a row; empty where a phase has fewer tiles than another. A phase's last tile begins
// early enough to be whole, if the phase has four pixels.
static inline UpTile up_tile(int tile, int channel, int big_channels, int big_width, int stride) {
  UpTile u = {tile, 1, imin(4, big_channels - channel), 0};
  if (big_channels == 1) {
    int phase = tile % stride;
    int pixels = (big_width - phase + stride - 1) / stride;
    int first = tile / stride * 4;
    int start = imin(first, imax(0, pixels - 4));
    u.x = phase + start * stride;
    u.step = stride;
    u.count = first < pixels ? imin(4, pixels - start) : 0;
    u.skip = first - start;
  }
  return u;
}

static inline Tile up_sum(
    Tile t, UpTile u, __global const real *small, __global const float *weight, int big_y, int channel,
    int big_channels, int channels, int height, int width, int kernel_size, int stride, int padding) {
  if (big_channels == 1) {
    return up_pixels(
        t, small, weight, big_y, u.x, u.count, big_channels, channels, height, width, kernel_size, stride,
        padding);
  }
  return up_pixel(
      t, small, weight, big_y, u.x, channel, big_channels, channels, height, width, kernel_size, stride,
      padding);
}

// `span` tiles of one row of the big map: chains from `start`, then + 0.0f, then ReLU or the mask.
static inline void up_run(
    __global const float *from, __global const float *weight, __global const float *mask, __global float *to,
    Tile start, MapSizes g, int rectified, int is_masked, float scale, int span) {
  int channel = tile_index() * 4;
  int tiles = up_tiles(g.big_channels, g.big_width, g.stride);
  int runs = (tiles + span - 1) / span;
  int y = place_index() / runs;
  int first = place_index() % runs * span;
  int end = imin(first + span, tiles);
  if (y >= g.big_height) return;
  int count = g.big_channels * g.big_height * g.big_width;
  __global const real *small = images_in(from, g.small_channels * g.small_height * g.small_width);
  __global const real *output = images_in(mask, is_masked ? count : 0);
  __global real *big = images_out(to, count);
  for (int tile = first; tile < end; ++tile) {
    UpTile u = up_tile(tile, channel, g.big_channels, g.big_width, g.stride);
    if (u.count == 0) continue;
    Tile t = up_sum(
        start, u, small, weight, y, channel, g.big_channels, g.small_channels, g.small_height, g.small_width,
        g.kernel_size, g.stride, g.padding);
    int place = ((y * g.big_width + u.x) * g.big_channels + channel) * GROUPS;
    tile_finish(t, big + place, output + place, u.step, u.skip, u.count, rectified, is_masked, scale);
  }
}
