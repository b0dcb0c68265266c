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
