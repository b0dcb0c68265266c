// Feature (c·H + y)·W + x takes value (c, y, x); unflatten is the inverse.
__kernel void flatten(
    __global const float *input, __global float *output, int channels, int pixels, int is_inverse, int span) {
  int count = channels * pixels;
  __global const real *in = images_in(input, count);
  __global real *out = images_out(output, count);
  int end = run_end(span, count);
  for (int e = run_first(span); e < end; ++e) {
    int place = stored_place(e, channels, pixels);
    out[(is_inverse ? place : e) * GROUPS] = in[(is_inverse ? e : place) * GROUPS];
  }
}
