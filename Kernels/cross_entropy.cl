// Softmax and cross-entropy of each image, whether its class was predicted, and the gradient. Maximum and sum in class
// order; the lowest index wins a tie. Absent images give +0 everywhere.
__kernel void cross_entropy(
    __global const float *logits, __global const uchar *labels, __global const uint *table,
    __global const uint *indices, __global float *per_image, __global float *correct,
    __global float *gradient, int classes, int row_length, int first_image, int batch, int has_gradient,
    uint step) {
  __global const real *x = images_in(logits, classes);
  __global real *g = images_out(gradient, has_gradient ? classes : 0);
  __global const uint *row = step_row(table, step);
  ireal there = is_there(images_there(row, first_image, batch), batch);
  float scale = step_float(row, STEP_GRADIENT_SCALE);
  int label_of_lane[LANES];
  for (int lane = 0; lane < LANES; ++lane) {
    uint sample = sample_index(indices, step, row_length, first_image, batch, lane);
    label_of_lane[lane] = sample == ABSENT_IMAGE ? 0 : labels[sample];
  }
  ireal label = LOAD_REAL(0, label_of_lane);
  real maximum = x[0], wanted = x[0];
  ireal found = IREAL(0);
  for (int i = 1; i < classes; ++i) {
    real value = x[i * GROUPS];
    found = CHOOSE(value > maximum, IREAL(i), found);
    maximum = CHOOSE(value > maximum, value, maximum);
    wanted = CHOOSE(label == i, value, wanted);
  }
  real sum = REAL(0.0f);
  for (int i = 0; i < classes; ++i) sum = formula_softmax_sum(x[i * GROUPS], maximum, sum);
  sum = close_real(sum);
  real loss = formula_cross_entropy(wanted, maximum, sum);
  *images_out(per_image, 1) = CHOOSE(there, loss, REAL(0.0f));
  real is_correct = CHOOSE(found == label, REAL(1.0f), REAL(0.0f));
  *images_out(correct, 1) = CHOOSE(there, is_correct, REAL(0.0f));
  if (!has_gradient) return;
  for (int i = 0; i < classes; ++i) {
    real softmax = formula_softmax(x[i * GROUPS], maximum, sum);
    real target = CHOOSE(label == i, REAL(1.0f), REAL(0.0f));
    real slope = formula_cross_entropy_gradient(softmax, target, scale);
    g[i * GROUPS] = CHOOSE(there, slope, REAL(0.0f));
  }
}
