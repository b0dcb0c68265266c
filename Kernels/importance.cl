// The importance-weighted loss over several samples of each image; see batch.cl for their layout.

// log q(z | x) - log p(z) of each sample, from the noise that made z: one chain over the latent dimensions, then
// closed; and the sample's total loss.
__kernel void sampled_divergence(
    __global const float *code, __global const float *log_variance, __global const float *reconstruction,
    __global const uint *table, __global const uint *indices, __global float *divergence, __global float *total,
    int count, int row_length, int first_image, int batch, uint stream, uint key_low, uint key_high, uint step) {
  __global const real *z = images_in(code, count);
  __global const real *logvar = sampled_in(log_variance, count, batch);
  ureal samples = sample_indices(indices, step, row_length, first_image, batch);
  __global const uint *row = step_row(table, step);
  ireal there = is_there(images_there(row, first_image, batch), batch);
  int quads = (count + 3) / 4, first_quad = sample_number(batch) * quads;
  real sum = REAL(0.0f);
  for (int quad = 0; quad < quads; ++quad) {
    real noise[4];
    random_normals(noise, (uint2)(key_low, key_high), stream, row[STEP_EPOCH], samples, first_quad + quad);
    for (int i = 0; i < imin(4, count - 4 * quad); ++i) {
      int e = (4 * quad + i) * GROUPS;
      sum = formula_sampled_divergence(z[e], logvar[e], noise[i], sum);
    }
  }
  sum = close_real(sum);
  real whole = formula_variational_loss(*images_in(reconstruction, 1), sum, step_float(row, STEP_KL_WEIGHT));
  *images_out(divergence, 1) = CHOOSE(there, sum, REAL(0.0f));
  *images_out(total, 1) = CHOOSE(there, whole, REAL(0.0f));
}

// Softmax of the negative losses over an image's samples in order, the image's loss, and means over the samples. A
// work-item handles all samples of its images.
__kernel void importance_weights(
    __global const float *total, __global const float *reconstruction, __global const float *divergence,
    __global const uint *table, __global float *weights, __global float *loss,
    __global float *mean_reconstruction, __global float *mean_divergence, int count, float log_samples,
    int first_image, int batch, uint step) {
  __global const real *losses = images_in(total, 1);
  __global const real *errors = images_in(reconstruction, 1);
  __global const real *divergences = images_in(divergence, 1);
  __global real *shares = images_out(weights, 1);
  ireal there = is_there(images_there(step_row(table, step), first_image, batch), batch);
  int stride = image_groups(batch);
  real maximum = -losses[0];
  for (int k = 1; k < count; ++k) {
    real x = -losses[k * stride];
    maximum = CHOOSE(x > maximum, x, maximum);
  }
  real sum = REAL(0.0f), error = REAL(0.0f), kl = REAL(0.0f);
  for (int k = 0; k < count; ++k) {
    sum = formula_softmax_sum(-losses[k * stride], maximum, sum);
    error += errors[k * stride];
    kl += divergences[k * stride];
  }
  sum = close_real(sum);
  for (int k = 0; k < count; ++k) {
    shares[k * stride] = CHOOSE(there, formula_softmax(-losses[k * stride], maximum, sum), REAL(0.0f));
  }
  real bound = formula_importance_loss(maximum, sum, log_samples);
  *images_out(loss, 1) = CHOOSE(there, bound, REAL(0.0f));
  real mean_error = formula_sample_mean(close_real(error), (float)count);
  *images_out(mean_reconstruction, 1) = CHOOSE(there, mean_error, REAL(0.0f));
  real mean_kl = formula_sample_mean(close_real(kl), (float)count);
  *images_out(mean_divergence, 1) = CHOOSE(there, mean_kl, REAL(0.0f));
}

// output = input * weight of the sample.
__kernel void weigh_samples(
    __global const float *input, __global const float *weights, __global float *output, int count, int span) {
  __global const real *in = images_in(input, count);
  __global real *out = images_out(output, count);
  real weight = *images_in(weights, 1);
  int end = run_end(span, count);
  for (int e = run_first(span); e < end; ++e) {
    out[e * GROUPS] = formula_weighted_gradient(in[e * GROUPS], weight);
  }
}

// The gradients of mu and logvar, over an image's samples in order. A work-item handles all samples of its images.
__kernel void importance_backward(
    __global const float *code, __global const float *log_variance, __global const float *weights,
    __global const float *output_gradient, __global const uint *table, __global const uint *indices,
    __global float *mean_gradient, __global float *log_variance_gradient, int count, int sample_count,
    int row_length, int first_image, int batch, uint stream, uint key_low, uint key_high, int span, uint step) {
  __global const real *z = images_in(code, count);
  __global const real *logvar = images_in(log_variance, count);
  __global const real *shares = images_in(weights, 1);
  __global const real *dz = images_in(output_gradient, count);
  __global real *dmu = images_out(mean_gradient, count);
  __global real *dlogvar = images_out(log_variance_gradient, count);
  ureal samples = sample_indices(indices, step, row_length, first_image, batch);
  __global const uint *row = step_row(table, step);
  ireal there = is_there(images_there(row, first_image, batch), batch);
  float scale = step_float(row, STEP_KL_GRADIENT_SCALE);
  int quads = (count + 3) / 4, groups = image_groups(batch);
  int end = run_end(span, quads);
  for (int quad = run_first(span); quad < end; ++quad) {
    int values = imin(4, count - 4 * quad);
    real to_mean[4], to_variance[4];
    for (int i = 0; i < values; ++i) {
      to_mean[i] = REAL(0.0f);
      to_variance[i] = REAL(-0.5f * scale);
    }
    for (int k = 0; k < sample_count; ++k) {
      real noise[4];
      random_normals(noise, (uint2)(key_low, key_high), stream, row[STEP_EPOCH], samples, k * quads + quad);
      for (int i = 0; i < values; ++i) {
        int e = (4 * quad + i) * GROUPS;
        size_t own = (size_t)k * groups * count + e;
        real g = formula_importance_code_gradient(dz[own], z[own], shares[k * groups], scale);
        to_mean[i] += g;
        to_variance[i] = formula_importance_log_variance_gradient(g, logvar[e], noise[i], to_variance[i]);
      }
    }
    for (int i = 0; i < values; ++i) {
      int e = (4 * quad + i) * GROUPS;
      dmu[e] = CHOOSE(there, close_real(to_mean[i]), REAL(0.0f));
      dlogvar[e] = CHOOSE(there, close_real(to_variance[i]), REAL(0.0f));
    }
  }
}
