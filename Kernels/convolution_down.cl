// Down: from the big map to the small one, four small channels of one pixel at a time.
// The forward pass of conv2d and the input gradient of conv_transpose2d.
//
// Small pixel (y, x) sums over the big pixels (y·stride − padding + ky, x·stride − padding + kx). The taps of
// one row of the kernel lie side by side in the map and in the weights, so each row is one run.

static inline Tile down_pixel(
    Tile t, __global const real *big, __global const float *weight, int y, int x, int channels, int height,
    int width, int kernel_size, int stride, int padding) {
  int top = y * stride - padding;
  int left = x * stride - padding;
  if (top >= 0 && left >= 0 && top + kernel_size <= height && left + kernel_size <= width) {
    __global const real *row = big + (top * width + left) * channels * GROUPS;
    if (kernel_size == 3 && channels == 1) {
      // With counts known, the nine taps become straight code.
      t = tile_run(t, row, weight, 3);
      t = tile_run(t, row + width * GROUPS, weight + 12, 3);
      return tile_run(t, row + 2 * width * GROUPS, weight + 24, 3);
    }
    for (int ky = 0; ky < kernel_size; ++ky) {
      t = tile_run(t, row, weight, kernel_size * channels);
      row += width * channels * GROUPS;
      weight += kernel_size * channels * 4;
    }
    return t;
  }
  int ky_end = imin(kernel_size, height - top);
  int kx_first = imax(0, -left);
  int kx_end = imin(kernel_size, width - left);
  for (int ky = imax(0, -top); ky < ky_end; ++ky) {
    t = tile_run(
        t, big + ((top + ky) * width + left + kx_first) * channels * GROUPS,
        weight + (ky * kernel_size + kx_first) * channels * 4, (kx_end - kx_first) * channels);
  }
  return t;
}

// `span` pixels of one row of the small map: chains from `start`, then + 0.0f, then ReLU or the mask.
static inline void down_run(
    __global const float *from, __global const float *weight, __global const float *mask, __global float *to,
    Tile start, MapSizes g, int rectified, int is_masked, float scale, int span) {
  int channel = tile_index() * 4;
  int runs = (g.small_width + span - 1) / span;
  int y = place_index() / runs;
  int first = place_index() % runs * span;
  int end = imin(first + span, g.small_width);
  if (y >= g.small_height) return;
  int count = g.small_channels * g.small_height * g.small_width;
  __global const real *big = images_in(from, g.big_channels * g.big_height * g.big_width);
  __global const real *output = images_in(mask, is_masked ? count : 0);
  __global real *small = images_out(to, count);
  __global const float *w = weight + channel * g.kernel_size * g.kernel_size * g.big_channels;
  for (int x = first; x < end; ++x) {
    Tile t = down_pixel(
        start, big, w, y, x, g.big_channels, g.big_height, g.big_width, g.kernel_size, g.stride, g.padding);
    int place = ((y * g.small_width + x) * g.small_channels + channel) * GROUPS;
    tile_finish(
        t, small + place, output + place, 1, 0, imin(4, g.small_channels - channel), rectified, is_masked,
        scale);
  }
}
