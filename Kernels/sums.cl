// Joins of partial sums. Columns of `stride` floats are joined by the binary tree over their rows.

// LANES columns from `column` on of `rows` rows; the tree overwrites all but the result with partial sums.
static inline real column_tree(__global float *values, int rows, int stride, int column) {
  __global float *top = values + column;
  for (int step = 1; step < rows; step *= 2) {
    for (int row = 0; row + step < rows; row += 2 * step) {
      __global float *left = top + (size_t)row * stride;
      __global float *right = top + (size_t)(row + step) * stride;
      STORE_REAL(LOAD_REAL(0, left) + LOAD_REAL(0, right), 0, left);
    }
  }
  return LOAD_REAL(0, top);
}

// gradients[i] = tree over rows of partials[row][i], closed, for the segments listed; gradients may be row 0.
__kernel void sum_partials(
    __global float *partials, __global const uint *segments, __global float *gradients, int rows,
    int stride, int count, int span) {
  int end = imin((tile_index() + 1) * span, count / LANES);
  for (int i = tile_index() * span; i < end; ++i) {
    int at = i * LANES;
    int column = (int)segments[at / SEGMENT] * SEGMENT + at % SEGMENT;
    STORE_REAL(close_real(column_tree(partials, rows, stride, column)), 0, gradients + column);
  }
}

// Stores the sum over the images of one part in sums[place].
__kernel void sum_per_image(__global const float *per_image, __global float *sums, int blocks, int place) {
  JOIN_SCRATCH
  lane_pointer values = lanes_in(per_image);
  lane_sum sum = (lane_sum)(0.0f);
  LOADS_AHEAD(16)
  for (int i = 0; i < 2 * blocks; ++i) sum += values[i * LANE_STEP];
  float joined = close_float(join_sum(sum JOIN_PASS));
  if (is_first_lane()) sums[place] = joined;
}

// losses[step · slots + slot] = tree over parts of sums[part · slots + slot], scaled if bit `slot` of `scaled` is set.
__kernel void join_losses(
    __global float *sums, __global const uint *table, __global float *losses, int parts, int slots, uint scaled,
    uint step) {
  if (tile_index() != 0) return;
  float scale = step_float(step_row(table, step), STEP_LOSS_SCALE);
  for (int slot = 0; slot < slots; ++slot) {
    float total = chunk_tree(sums + slot, parts, slots);
    losses[(size_t)step * slots + slot] = scaled >> slot & 1u ? total * scale : total;
  }
}
