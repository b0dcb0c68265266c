// Leaky ReLU and its gradient from the stored output.

__kernel void leaky_relu_forward(
    __global const float *input, __global float *output, int count, float slope, int span) {
  __global const real *in = images_in(input, count);
  __global real *out = images_out(output, count);
  int end = run_end(span, count);
  for (int e = run_first(span); e < end; ++e) out[e * GROUPS] = formula_leaky_relu(in[e * GROUPS], slope);
}

__kernel void leaky_relu_backward(
    __global const float *output, __global const float *output_gradient, __global float *input_gradient,
    int count, float slope, int span) {
  __global const real *y = images_in(output, count);
  __global const real *g = images_in(output_gradient, count);
  __global real *out = images_out(input_gradient, count);
  int end = run_end(span, count);
  for (int e = run_first(span); e < end; ++e) {
    out[e * GROUPS] = formula_leaky_relu_gradient(g[e * GROUPS], y[e * GROUPS], slope);
  }
}
