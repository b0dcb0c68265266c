// Convolution: `output = activation(input ∗ weight + bias)` and its gradients.
//
// Per result one fma chain from the bias (gradient: from +0), taps ascending in (ky, kx, channel), channel
// fastest, then closed. Taps outside the map are skipped.

__kernel void conv2d_forward(
    __global const float *input, __global const float *weight, __global const float *bias,
    __global float *output, MapSizes g, int activation, float slope, int is_flattened, int span) {
  STAGE
  Tile start = tile_bias(bias, tile_channel(g.small_channels));
  down_run(
      input, weight, input, output, start, g, epilogue_forward(activation, slope), is_flattened, 0, span STAGE_PASS);
}

__kernel void conv2d_backward_input(
    __global const float *output_gradient, __global const float *weight, __global const float *mask,
    __global float *input_gradient, MapSizes g, int mask_kind, float scale, int span) {
  STAGE
  Tile start = tile_repeat(0.0f);
  up_run(output_gradient, weight, mask, input_gradient, start, g, epilogue_backward(mask_kind, scale), span STAGE_PASS);
}

__kernel void conv2d_backward_weight(
    __global const float *input, __global const float *output_gradient, __global float *partials,
    MapSizes g, int blocks, int weight_offset, int bias_offset, int partials_step, int item_quads,
    int item_tiles) {
  JOIN_SCRATCH
  convolution_weight_item(
      input, output_gradient, partials, g, 0, blocks, weight_offset, bias_offset, partials_step, item_quads,
      item_tiles JOIN_PASS);
}
