// One step of the optimizer, element by element over the parameter arena, and the check for values that are not finite.
// LANES elements at a time; an item is a run of `span` of them.

// The part that all rules share; a segment without trainable parameters is skipped.
#define UPDATE_ARGUMENTS                                                                                  \
  __global float *parameters, __global const float *gradients, __global const uint *segments,             \
      __global const uint *table, __global const float *losses, __global const float *clip,               \
      __global uint *status, int count, int tensors, int loss_slots, int is_clipped, int is_decoupled,    \
      float weight_decay, int span

#define UPDATE_EACH                                                                                       \
  __global const uint *row = step_row(table, step);                                                       \
  if (tile_index() == 0) watch_loss(losses, status, step, tensors, loss_slots);                           \
  int end = imin((tile_index() + 1) * span, count / LANES);                                               \
  for (int i = tile_index() * span; i < end; ++i) {                                                       \
    uint tensor = segments[i * LANES / SEGMENT];                                                          \
    if (tensor == FROZEN_SEGMENT) continue;                                                               \
    real p = LOAD_REAL(i, parameters);                                                                    \
    real raw = LOAD_REAL(i, gradients);                                                                   \
    real g = is_clipped ? formula_clip(raw, clip[0]) : raw;                                               \
    if (is_decoupled) p = formula_decoupled_decay(p, step_float(row, STEP_DECAY));                        \
    else if (weight_decay != 0.0f) g = formula_l2(g, p, weight_decay);

#define UPDATE_DONE                                                                                       \
    STORE_REAL(p, i, parameters);                                                                         \
    if (ANY(is_not_finite(raw) | is_not_finite(p))) {                                                     \
      atomic_min(status, step * (uint)(tensors + 1) + 1u + tensor);                                       \
    }                                                                                                     \
  }

static inline void watch_loss(
    __global const float *losses, __global uint *status, uint step, int tensors, int loss_slots) {
  uint bits = as_uint(losses[(size_t)step * loss_slots]);
  if ((bits & 0x7f800000u) == 0x7f800000u) atomic_min(status, step * (uint)(tensors + 1));
}

__kernel void update_sgd(UPDATE_ARGUMENTS, uint step) {
  UPDATE_EACH
  formula_sgd(&p, g, step_float(row, STEP_STEP_SIZE));
  UPDATE_DONE
}

__kernel void update_momentum(
    UPDATE_ARGUMENTS, __global float *momenta, float momentum, int is_nesterov, uint step) {
  UPDATE_EACH
  real b = LOAD_REAL(i, momenta);
  formula_momentum(&p, &b, g, is_nesterov, step_float(row, STEP_STEP_SIZE), momentum);
  STORE_REAL(b, i, momenta);
  UPDATE_DONE
}

__kernel void update_rmsprop(
    UPDATE_ARGUMENTS, __global float *squares, float decay, float decay_complement, float epsilon,
    uint step) {
  UPDATE_EACH
  real v = LOAD_REAL(i, squares);
  formula_rmsprop(&p, &v, g, step_float(row, STEP_STEP_SIZE), decay, decay_complement, epsilon);
  STORE_REAL(v, i, squares);
  UPDATE_DONE
}

__kernel void update_adam(
    UPDATE_ARGUMENTS, __global float *means, __global float *squares, float beta1_complement, float beta2,
    float beta2_complement, float epsilon, uint step) {
  UPDATE_EACH
  real m = LOAD_REAL(i, means);
  real v = LOAD_REAL(i, squares);
  formula_adam(
      &p, &m, &v, g, step_float(row, STEP_STEP_SIZE), step_float(row, STEP_SECOND_MOMENT_SCALE),
      beta1_complement, beta2, beta2_complement, epsilon);
  STORE_REAL(m, i, means);
  STORE_REAL(v, i, squares);
  UPDATE_DONE
}
