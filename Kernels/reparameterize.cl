// A sample of the approximate posterior, the gradients of mu and logvar, and the KL divergence.

__kernel void reparameterize_forward(
    __global const float *mean, __global const float *log_variance, __global const uint *table,
    __global const uint *indices, __global float *output, int count, int row_length, int first_image,
    int batch, uint stream, uint key_low, uint key_high, int span, uint step) {
  __global const real *mu = sampled_in(mean, count, batch);
  __global const real *logvar = sampled_in(log_variance, count, batch);
  __global real *z = images_out(output, count);
  ureal samples = sample_indices(indices, step, row_length, first_image, batch);
  uint epoch = step_row(table, step)[STEP_EPOCH];
  int first_quad = sample_number(batch) * ((count + 3) / 4);
  int end = run_end(span, (count + 3) / 4);
  for (int quad = run_first(span); quad < end; ++quad) {
    real noise[4];
    random_normals(noise, (uint2)(key_low, key_high), stream, epoch, samples, first_quad + quad);
    for (int i = 0; i < imin(4, count - 4 * quad); ++i) {
      int e = (4 * quad + i) * GROUPS;
      z[e] = formula_reparameterize(mu[e], logvar[e], noise[i]);
    }
  }
}

__kernel void reparameterize_backward(
    __global const float *mean, __global const float *log_variance, __global const float *output_gradient,
    __global const uint *table, __global const uint *indices, __global float *mean_gradient,
    __global float *log_variance_gradient, int count, int row_length, int first_image, int batch, uint stream,
    uint key_low, uint key_high, int span, uint step) {
  __global const real *mu = images_in(mean, count);
  __global const real *logvar = images_in(log_variance, count);
  __global const real *dz = images_in(output_gradient, count);
  __global real *dmu = images_out(mean_gradient, count);
  __global real *dlogvar = images_out(log_variance_gradient, count);
  ureal samples = sample_indices(indices, step, row_length, first_image, batch);
  __global const uint *row = step_row(table, step);
  ireal there = is_there(images_there(row, first_image, batch), batch);
  float scale = step_float(row, STEP_KL_GRADIENT_SCALE);
  int end = run_end(span, (count + 3) / 4);
  for (int quad = run_first(span); quad < end; ++quad) {
    real noise[4];
    random_normals(noise, (uint2)(key_low, key_high), stream, row[STEP_EPOCH], samples, quad);
    for (int i = 0; i < imin(4, count - 4 * quad); ++i) {
      int e = (4 * quad + i) * GROUPS;
      real g = dz[e];
      dmu[e] = CHOOSE(there, formula_mean_gradient(g, mu[e], scale), REAL(0.0f));
      real slope = formula_log_variance_gradient(g, logvar[e], noise[i], scale);
      dlogvar[e] = CHOOSE(there, slope, REAL(0.0f));
    }
  }
}

// Per image one chain over the latent dimensions, then closed; and the total loss.
__kernel void kl_divergence(
    __global const float *mean, __global const float *log_variance, __global const float *reconstruction,
    __global const uint *table, __global float *divergence, __global float *total, int count, int first_image,
    int batch, uint step) {
  __global const real *mu = images_in(mean, count);
  __global const real *logvar = images_in(log_variance, count);
  __global const uint *row = step_row(table, step);
  ireal there = is_there(images_there(row, first_image, batch), batch);
  real sum = REAL(0.0f);
  for (int i = 0; i < count; ++i) sum = formula_divergence(mu[i * GROUPS], logvar[i * GROUPS], sum);
  real kl = close_real(sum);
  real whole = formula_variational_loss(*images_in(reconstruction, 1), kl, step_float(row, STEP_KL_WEIGHT));
  *images_out(divergence, 1) = CHOOSE(there, kl, REAL(0.0f));
  *images_out(total, 1) = CHOOSE(there, whole, REAL(0.0f));
}
