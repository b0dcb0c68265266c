// A batch of images from the resident data set, or from a window of `rows` batches: bytes / 255. Absent images become
// zeros.
__kernel void gather_images(
    __global const uchar *dataset, __global const uint *indices, __global float *output, int channels,
    int pixels, int row_length, int first_image, int batch, int rows, int span, uint step) {
  int count = channels * pixels;
  __global real *out = images_out(output, count);
  uint samples[LANES];
  for (int lane = 0; lane < LANES; ++lane) {
    samples[lane] = sample_index(indices, step, row_length, first_image, batch, lane);
    if (rows > 0 && samples[lane] != ABSENT_IMAGE) {
      samples[lane] = step % rows * row_length + first_image + sampled_group(batch) * LANES + lane;
    }
  }
  int end = run_end(span, count);
  LOADS_AHEAD(4)
  for (int e = run_first(span); e < end; ++e) {
    int values[LANES];
    for (int lane = 0; lane < LANES; ++lane) {
      uint sample = samples[lane];
      values[lane] = sample == ABSENT_IMAGE ? 0 : dataset[(size_t)sample * count + e];
    }
    out[stored_place(e, channels, pixels) * GROUPS] = formula_byte_to_float(LOAD_REAL(0, values));
  }
}

// Noise on every element, four elements of the random stream at a time.
__kernel void add_noise(
    __global const float *input, __global const uint *table, __global const uint *indices,
    __global float *output, int channels, int pixels, int row_length, int first_image, int batch, uint stream,
    uint key_low, uint key_high, float level, int span, uint step) {
  int count = channels * pixels;
  __global const real *in = images_in(input, count);
  __global real *out = images_out(output, count);
  ureal samples = sample_indices(indices, step, row_length, first_image, batch);
  uint epoch = step_row(table, step)[STEP_EPOCH];
  int end = run_end(span, (count + 3) / 4);
  for (int quad = run_first(span); quad < end; ++quad) {
    real normals[4];
    random_normals(normals, (uint2)(key_low, key_high), stream, epoch, samples, quad);
    for (int i = 0; i < imin(4, count - 4 * quad); ++i) {
      int place = stored_place(4 * quad + i, channels, pixels) * GROUPS;
      out[place] = formula_add_noise(in[place], normals[i], level);
    }
  }
}

// Every value becomes a bit: 1 with the value as its probability.
__kernel void binarise(
    __global const float *input, __global const uint *table, __global const uint *indices,
    __global float *output, int channels, int pixels, int row_length, int first_image, int batch, uint stream,
    uint key_low, uint key_high, int is_fresh, int span, uint step) {
  int count = channels * pixels;
  __global const real *in = images_in(input, count);
  __global real *out = images_out(output, count);
  ureal samples = sample_indices(indices, step, row_length, first_image, batch);
  uint epoch = is_fresh ? step_row(table, step)[STEP_EPOCH] : 0u;
  int end = run_end(span, (count + 3) / 4);
  for (int quad = run_first(span); quad < end; ++quad) {
    real uniforms[4];
    random_uniforms(uniforms, (uint2)(key_low, key_high), stream, epoch, samples, quad);
    for (int i = 0; i < imin(4, count - 4 * quad); ++i) {
      int place = stored_place(4 * quad + i, channels, pixels) * GROUPS;
      out[place] = formula_binarise(in[place], uniforms[i]);
    }
  }
}
