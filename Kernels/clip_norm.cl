// The factor that clips the gradients' norm.

// One chunk of 1,024 elements of one tensor in PyTorch's order: eight lanes, lane i mod 8, joined.
__kernel void clip_norm_partial(
    __global const float *gradient, __global float *partials, int count, int taps, int big,
    int first_partial) {
  int chunk = tile_index();
  if (chunk * CLIP_CHUNK >= count) return;
  float lanes[8] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
  int end = imin((chunk + 1) * CLIP_CHUNK, count);
  for (int i = chunk * CLIP_CHUNK; i < end; ++i) {
    float g = gradient[packed_place(i, taps, big)];
    lanes[i % 8] = fma(g, g, lanes[i % 8]);
  }
  partials[first_partial + chunk] = join_lanes(vload8(0, lanes));
}

// Trees over the chunks of each tensor, then over the tensors; factor[0] is the factor, factor[1] the norm.
__kernel void clip_norm_total(
    __global float *partials, __global const uint *chunks_of_tensor, __global float *factor, int tensors,
    float maximum) {
  if (tile_index() != 0) return;
  int first = 0;
  for (int tensor = 0; tensor < tensors; ++tensor) {
    int chunks = (int)chunks_of_tensor[tensor];
    // Tensor by tensor, so this place is before all that are still to be joined.
    partials[tensor] = chunk_tree(partials + first, chunks, 1);
    first += chunks;
  }
  float squares = close_float(chunk_tree(partials, tensors, 1));
  factor[0] = formula_clip_coefficient(squares, maximum);
  factor[1] = root_float(squares);
}
