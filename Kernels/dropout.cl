// output = u < keep ? input · scale : 0; backward is the same selection on the gradient.
__kernel void dropout_apply(
    __global const float *input, __global const uint *table, __global const uint *indices,
    __global float *output, int channels, int pixels, int row_length, int first_image, int batch, uint stream,
    uint key_low, uint key_high, float keep, float scale, int span, uint step) {
  int count = channels * pixels;
  __global const real *in = images_in(input, count);
  __global real *out = images_out(output, count);
  ureal samples = sample_indices(indices, step, row_length, first_image, batch);
  uint epoch = step_row(table, step)[STEP_EPOCH];
  int first_quad = sample_number(batch) * ((count + 3) / 4);
  int end = run_end(span, (count + 3) / 4);
  for (int quad = run_first(span); quad < end; ++quad) {
    real uniforms[4];
    random_uniforms(uniforms, (uint2)(key_low, key_high), stream, epoch, samples, first_quad + quad);
    for (int i = 0; i < imin(4, count - 4 * quad); ++i) {
      int place = stored_place(4 * quad + i, channels, pixels) * GROUPS;
      out[place] = formula_dropout(in[place], uniforms[i], keep, scale);
    }
  }
}
