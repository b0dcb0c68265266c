// Convolution: `output = activation(input ∗ weight + bias)` and its input gradient.
//
// Per result one fma chain from the bias (gradient: from +0), taps ascending in (ky, kx, channel), channel
// fastest, then + 0.0f. Taps outside are skipped.

__kernel void conv2d_forward(
    __global const float *input, __global const float *weight, __global const float *bias,
    __global float *output, int big_channels, int big_height, int big_width, int small_channels,
    int small_height, int small_width, int kernel_size, int stride, int padding, int rectified, int span) {
  int channel = tile_index() * 4;
  int runs = (small_width + span - 1) / span;
  int y = place_index() / runs;
  int first = place_index() % runs * span;
  int end = imin(first + span, small_width);
  if (y >= small_height) return;
  __global const real *big = images_in(input, big_channels * big_height * big_width);
  __global real *small = images_out(output, small_channels * small_height * small_width);
  __global const float *w = weight + channel * kernel_size * kernel_size * big_channels;
  for (int x = first; x < end; ++x) {
    Tile t = tile_bias(bias, channel);
    t = down_pixel(t, big, w, y, x, big_channels, big_height, big_width, kernel_size, stride, padding);
    t = tile_close(t);
    if (rectified) t = tile_relu(t);
    tile_store(
        t, small + ((y * small_width + x) * small_channels + channel) * GROUPS, 1, 0,
        small_channels - channel);
  }
}

__kernel void conv2d_backward_input(
    __global const float *output_gradient, __global const float *weight, __global const float *mask,
    __global float *input_gradient, int big_channels, int big_height, int big_width, int small_channels,
    int small_height, int small_width, int kernel_size, int stride, int padding, int is_masked, float scale,
    int span) {
  int channel = tile_index() * 4;
  int tiles = up_tiles(big_channels, big_width, stride);
  int runs = (tiles + span - 1) / span;
  int y = place_index() / runs;
  int first = place_index() % runs * span;
  int end = imin(first + span, tiles);
  if (y >= big_height) return;
  int count = big_channels * big_height * big_width;
  __global const real *small = images_in(output_gradient, small_channels * small_height * small_width);
  __global const real *output = images_in(mask, is_masked ? count : 0);
  __global real *big = images_out(input_gradient, count);
  for (int tile = first; tile < end; ++tile) {
    UpTile u = up_tile(tile, channel, big_channels, big_width, stride);
    if (u.count == 0) continue;
    Tile t = up_sum(
        tile_repeat(0.0f), u, small, weight, y, channel, big_channels, small_channels, small_height,
        small_width, kernel_size, stride, padding);
    t = tile_close(t);
    int place = ((y * big_width + u.x) * big_channels + channel) * GROUPS;
    if (is_masked) t = tile_mask(t, tile_load(output + place, u.step, u.count), scale);
    tile_store(t, big + place, u.step, u.skip, u.count);
  }
}

// For each chunk of two blocks: partials[chunk · partials_step + offset …], lanes joined.
__kernel void conv2d_backward_weight(
    __global const float *input, __global const float *output_gradient, __global float *partials,
    int big_channels, int big_height, int big_width, int small_channels, int small_height, int small_width,
    int kernel_size, int stride, int padding, int blocks, int weight_offset, int bias_offset,
    int partials_step, int item_quads, int item_tiles) {
  JOIN_SCRATCH
  MapSizes g = {
      big_channels, big_height, big_width, small_channels, small_height, small_width, stride, padding};
  int chunk = place_index();
  __global float *partial = partials + (size_t)chunk * partials_step;
  convolution_weight_item(
      input, output_gradient, partial + weight_offset, partial + bias_offset, g, kernel_size, 2 * chunk,
      imin(2, blocks - 2 * chunk), 0, item_quads,
      item_tiles, tile_index() JOIN_PASS);
}
