// Down: from the big map to the small one, four small channels of one pixel at a time.
// The forward pass of conv2d and the input gradient of conv_transpose2d.
//
// Small pixel (y, x) sums over the big pixels (y·stride − padding + ky, x·stride − padding + kx). The taps of
// one row of the kernel are contiguous in the map and in the weights, so each row is one run.

static inline Tile down_pixel(
    Tile t, __global const real *big, __global const float *weight, MapSizes g, int y, int x STAGE_ARGUMENT) {
  int top = y * g.stride - g.padding;
  int left = x * g.stride - g.padding;
  int big_row = g.big_width * g.big_channels;
  int weight_row = g.kernel_size * g.big_channels;
  if (top >= 0 && left >= 0 && top + g.kernel_size <= g.big_height && left + g.kernel_size <= g.big_width) {
    __global const real *row = big + (top * big_row + left * g.big_channels) * GROUPS;
    if (g.kernel_size == 3 && g.big_channels == 1) {
      // With constant counts, the nine taps become straight-line code.
      t = tile_run(t, row, weight, 3);
      t = tile_run(t, row + big_row * GROUPS, weight + 12, 3);
      return tile_run(t, row + 2 * big_row * GROUPS, weight + 24, 3);
    }
    for (int ky = 0; ky < g.kernel_size; ++ky) {
      t = shared_run(t, row, weight, weight_row STAGE_PASS);
      row += big_row * GROUPS;
      weight += weight_row * 4;
    }
    return t;
  }
  int ky_end = imin(g.kernel_size, g.big_height - top);
  int kx_first = imax(0, -left);
  int kx_end = imin(g.kernel_size, g.big_width - left);
  for (int ky = imax(0, -top); ky < ky_end; ++ky) {
    t = shared_run(
        t, big + ((top + ky) * big_row + (left + kx_first) * g.big_channels) * GROUPS,
        weight + (ky * weight_row + kx_first * g.big_channels) * 4,
        (kx_end - kx_first) * g.big_channels STAGE_PASS);
  }
  return t;
}

// `span` pixels of one row of the small map: chains from `start`, then closed, then the epilogue; stored
// as a map or, on a GPU, as its features (see `flatten.cl`).
static inline void down_run(
    __global const float *from, __global const float *weight, __global const float *mask, __global float *to,
    Tile start, MapSizes g, Epilogue e, int is_flattened, int is_mask_flattened, int span STAGE_ARGUMENT) {
  int channel = tile_channel(g.small_channels);
  int runs = (g.small_width + span - 1) / span;
  int y = place_index() / runs;
  int first = place_index() % runs * span;
  int end = imin(first + span, g.small_width);
  if (y >= g.small_height) return;
  __global const real *big = images_in(from, big_count(g));
  __global const real *output = images_in(mask, e.mask != MASK_NONE ? small_count(g) : 0);
  __global real *small = images_out(to, small_count(g));
  __global const float *w = weight + channel * g.kernel_size * g.kernel_size * g.big_channels;
  for (int x = first; x < end; ++x) {
    Tile t = down_pixel(start, big, w, g, y, x STAGE_PASS);
    if (is_idle_tile(g.small_channels)) continue;
    int pixel = y * g.small_width + x, count = imin(4, g.small_channels - channel);
    int place = pixel * g.small_channels + channel, mask_place = place, step = 1, mask_step = 1;
#if LANES == 1
    int pixels = g.small_height * g.small_width;
    if (is_flattened) place = channel * pixels + pixel, step = pixels;
    if (is_mask_flattened) mask_place = channel * pixels + pixel, mask_step = pixels;
#endif
    tile_finish(t, small + place * GROUPS, output + mask_place * GROUPS, step, mask_step, 0, count, e);
  }
}
