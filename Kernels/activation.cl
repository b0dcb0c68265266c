// Element-wise functions after a layer, and their gradients from the stored output. In place where input and
// output are one buffer.

// ACTIVATION_… are the numbers of the cases of Programs' Activation, from the prelude.
static inline real activated(real x, int activation) {
  switch (activation) {
    case ACTIVATION_RELU: return formula_relu(x);
    case ACTIVATION_SIGMOID: return elementary_sigmoid(x);
    case ACTIVATION_TANH: return elementary_tanh(x);
    case ACTIVATION_SOFTPLUS: return elementary_softplus(x);
    default: return x;
  }
}

// The gradient through an activation; y is its result.
static inline real activation_gradient(real g, real y, int activation) {
  switch (activation) {
    case ACTIVATION_RELU: return formula_relu_gradient(g, y);
    case ACTIVATION_SIGMOID: return formula_sigmoid_gradient(g, y);
    case ACTIVATION_TANH: return formula_tanh_gradient(g, y);
    case ACTIVATION_SOFTPLUS: return formula_softplus_gradient(g, y);
    default: return g;
  }
}

__kernel void activation_forward(
    __global const float *input, __global float *output, int count, int activation, int span) {
  __global const real *in = images_in(input, count);
  __global real *out = images_out(output, count);
  int end = run_end(span, count);
  for (int e = run_first(span); e < end; ++e) {
    out[e * GROUPS] = activated(in[e * GROUPS], activation);
  }
}

__kernel void activation_backward(
    __global const float *output, __global const float *output_gradient, __global float *input_gradient,
    int count, int activation, int span) {
  __global const real *y = images_in(output, count);
  __global const real *g = images_in(output_gradient, count);
  __global real *out = images_out(input_gradient, count);
  int end = run_end(span, count);
  for (int e = run_first(span); e < end; ++e) {
    out[e * GROUPS] = activation_gradient(g[e * GROUPS], y[e * GROUPS], activation);
  }
}
