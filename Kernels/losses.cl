// Losses that compare an image with its target: per image one chain over the values in the order (channel, y, x), then
// closed; and their gradients. Absent images have loss and gradient +0.

// For logits, binary cross-entropy; otherwise squared errors, whose gradient passes back through `activation`.
//
// The term of one value for the chain: its cross-entropy, or the difference to be squared there; and the gradient.
static inline real loss_term(
    real value, real wanted, __global real *gradient, ireal there, float scale, bool are_logits, int activation,
    int has_gradient) {
  if (has_gradient) {
    real slope = are_logits ? formula_binary_cross_entropy_gradient(value, wanted, scale)
                            : formula_squared_error_gradient(value, wanted, scale);
    if (activation == ACTIVATION_SIGMOID) slope = formula_sigmoid_gradient(slope, value);
    *gradient = CHOOSE(there, slope, REAL(0.0f));
  }
  return are_logits ? formula_binary_cross_entropy(value, wanted) : value - wanted;
}

static inline real add_loss_term(real sum, real term, bool are_logits) {
  return are_logits ? sum + term : formula_squared_error(term, REAL(0.0f), sum);
}

// On a GPU several work-items share an image: most of them fill a strip of terms in local memory, while the first
// continues the chain over the previous strip.
#if LANES == 1
#define LOSS_STRIP 256
#define LOSS_IMAGES 4
// Values that a work-item fetches at once.
#define LOSS_FETCH 4
#define LOSS_SCRATCH __local float loss_terms[3 * LOSS_STRIP * LOSS_IMAGES];
#define LOSS_ARGUMENT , __local float *loss_terms
#define LOSS_PASS , loss_terms

// Where value i in the order (channel, y, x) is stored; most images have one channel and need no division.
static inline int loss_place(int i, int channels, int pixels) {
  return (channels == 1 ? i : stored_place(i, channels, pixels)) * GROUPS;
}
#else
#define LOSS_SCRATCH
#define LOSS_ARGUMENT
#define LOSS_PASS
#endif

static inline void reconstruction_loss(
    __global const float *prediction, __global const float *target, __global const uint *table,
    __global float *per_image, __global float *gradient, int channels, int pixels, int first_image, int batch,
    bool are_logits, int activation, int has_gradient, uint step LOSS_ARGUMENT) {
  int count = channels * pixels;
  __global const real *p = images_in(prediction, count);
  __global const real *t = sampled_in(target, count, batch);
  __global real *g = images_out(gradient, has_gradient ? count : 0);
  __global const uint *row = step_row(table, step);
  ireal there = is_there(images_there(row, first_image, batch), batch);
  float scale = step_float(row, STEP_GRADIENT_SCALE);
  real sum = REAL(0.0f);
#if LANES == 1
  // If a device's groups cannot hold all work-items that share an image, the first group does everything.
  if (get_group_id(TILE_DIMENSION) > 0) return;
  int worker = (int)get_local_id(TILE_DIMENSION), workers = (int)get_local_size(TILE_DIMENSION);
  // The other work-items in the first one's warp would wait for its chain, so they fill nothing either.
  int idle = workers > 32 ? 8 : 0, fillers = workers - idle, filler = worker < idle ? LOSS_STRIP : worker - idle;
  int strip = imin(LOSS_STRIP, LOSS_FETCH * fillers);
  __local float *even = loss_terms + get_local_id(IMAGES_DIMENSION);
  __local float *odd = even + LOSS_STRIP * LOSS_IMAGES, *targets = odd + LOSS_STRIP * LOSS_IMAGES;
  for (int first = -strip; first < count; first += strip) {
    int next = first + strip, end = imin(strip, count - next);
    // All values first, so that their loads are in flight together; then term by term, in one place in the code.
    PRAGMA(unroll)
    for (int m = 0; m < LOSS_FETCH; ++m) {
      int i = filler + m * fillers;
      if (i >= end) continue;
      int e = loss_place(next + i, channels, pixels);
      odd[i * LOSS_IMAGES] = p[e];
      targets[i * LOSS_IMAGES] = t[e];
    }
    PRAGMA(unroll 1)
    for (int i = filler; i < end; i += fillers) {
      int e = loss_place(next + i, channels, pixels);
      odd[i * LOSS_IMAGES] = loss_term(
          odd[i * LOSS_IMAGES], targets[i * LOSS_IMAGES], g + e, there, scale, are_logits, activation,
          has_gradient);
    }
    if (worker == 0 && first >= 0) {
      int here = imin(strip, count - first);
      LOADS_AHEAD(16)
      for (int i = 0; i < here; ++i) sum = add_loss_term(sum, even[i * LOSS_IMAGES], are_logits);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    __local float *filled = odd;
    odd = even;
    even = filled;
  }
  if (worker > 0) return;
#else
  for (int c = 0; c < channels; ++c) {
    for (int pixel = 0; pixel < pixels; ++pixel) {
      int e = (pixel * channels + c) * GROUPS;
      real term = loss_term(p[e], t[e], g + e, there, scale, are_logits, activation, has_gradient);
      sum = add_loss_term(sum, term, are_logits);
    }
  }
#endif
  *images_out(per_image, 1) = CHOOSE(there, close_real(sum), REAL(0.0f));
}

__kernel void mean_squared_error(
    __global const float *prediction, __global const float *target, __global const uint *table,
    __global float *per_image, __global float *gradient, int channels, int pixels, int first_image, int batch,
    int activation, int has_gradient, uint step) {
  LOSS_SCRATCH
  reconstruction_loss(
      prediction, target, table, per_image, gradient, channels, pixels, first_image, batch, false, activation,
      has_gradient, step LOSS_PASS);
}

__kernel void binary_cross_entropy(
    __global const float *prediction, __global const float *target, __global const uint *table,
    __global float *per_image, __global float *gradient, int channels, int pixels, int first_image, int batch,
    int has_gradient, uint step) {
  LOSS_SCRATCH
  reconstruction_loss(
      prediction, target, table, per_image, gradient, channels, pixels, first_image, batch, true,
      ACTIVATION_IDENTITY, has_gradient, step LOSS_PASS);
}
