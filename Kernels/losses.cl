// Losses that compare an image with its target: per image one chain over the values in the order
// (channel, y, x), then + 0.0f; and their gradients. Images that are not there have loss and gradient +0.

// Of logits: binary cross-entropy; else squared errors, whose gradient passes back through `activation`.
static inline void reconstruction_loss(
    __global const float *prediction, __global const float *target, __global const uint *table,
    __global float *per_image, __global float *gradient, int channels, int pixels, int first_image, int batch,
    bool are_logits, int activation, int has_gradient, uint step) {
  int count = channels * pixels;
  __global const real *p = images_in(prediction, count);
  __global const real *t = images_in(target, count);
  __global real *g = images_out(gradient, has_gradient ? count : 0);
  __global const uint *row = step_row(table, step);
  ireal there = is_there(images_there(row, first_image, batch));
  float scale = step_float(row, STEP_GRADIENT_SCALE);
  real sum = REAL(0.0f);
  for (int c = 0; c < channels; ++c) {
    for (int pixel = 0; pixel < pixels; ++pixel) {
      int e = (pixel * channels + c) * GROUPS;
      real value = p[e], wanted = t[e];
      if (are_logits) sum += formula_binary_cross_entropy(value, wanted);
      else sum = formula_squared_error(value, wanted, sum);
      if (!has_gradient) continue;
      real slope = are_logits ? formula_binary_cross_entropy_gradient(value, wanted, scale)
                              : formula_squared_error_gradient(value, wanted, scale);
      if (activation == ACTIVATION_SIGMOID) slope = formula_sigmoid_gradient(slope, value);
      g[e] = CHOOSE(there, slope, REAL(0.0f));
    }
  }
  *images_out(per_image, 1) = CHOOSE(there, sum + 0.0f, REAL(0.0f));
}

__kernel void mean_squared_error(
    __global const float *prediction, __global const float *target, __global const uint *table,
    __global float *per_image, __global float *gradient, int channels, int pixels, int first_image, int batch,
    int activation, int has_gradient, uint step) {
  reconstruction_loss(
      prediction, target, table, per_image, gradient, channels, pixels, first_image, batch, false, activation,
      has_gradient, step);
}

__kernel void binary_cross_entropy(
    __global const float *prediction, __global const float *target, __global const uint *table,
    __global float *per_image, __global float *gradient, int channels, int pixels, int first_image, int batch,
    int has_gradient, uint step) {
  reconstruction_loss(
      prediction, target, table, per_image, gradient, channels, pixels, first_image, batch, true,
      ACTIVATION_IDENTITY, has_gradient, step);
}
