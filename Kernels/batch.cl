// A work-item's images: whether they are present, and their indices in the data set.
//
// STEP_…, STEP_WIDTH and ABSENT_IMAGE come from Programs' StepTable, through the prelude.

// Row `step` of the table of steps.
static inline __global const uint *step_row(__global const uint *table, uint step) {
  return table + (size_t)step * STEP_WIDTH;
}

static inline float step_float(__global const uint *row, int field) { return as_float(row[field]); }

// Number of images present in a part of a batch: `batch` places from `first_image` on.
static inline int images_there(__global const uint *row, int first_image, int batch) {
  return imin(batch, (int)row[STEP_IMAGES] - first_image);
}

// A buffer may hold several samples of each of `batch` images, one after another, each starting a new block: the number
// of groups of images per sample, this work-item's sample, and its group of images.
static inline int image_groups(int batch) { return (batch + 15) / 16 * GROUPS; }
static inline int sample_number(int batch) { return image_group() / image_groups(batch); }
static inline int sampled_group(int batch) { return image_group() % image_groups(batch); }

// The first value of the images of which this work-item computes samples.
static inline __global const real *sampled_in(__global const float *values, int count, int batch) {
  int group = sampled_group(batch);
  return (__global const real *)values + (size_t)(group / GROUPS) * count * GROUPS + group % GROUPS;
}

// Which of this work-item's images are present; a condition for CHOOSE.
static inline ireal is_there(int images, int batch) {
  return IREAL(sampled_group(batch) * LANES) + AS_IREAL((ureal)(LANE_NUMBERS)) < images;
}

// The place in the data set of the image in this lane, or ABSENT_IMAGE.
static inline uint sample_index(
    __global const uint *indices, uint step, int row_length, int first_image, int batch, int lane) {
  int n = sampled_group(batch) * LANES + lane;
  if (n >= batch || first_image + n >= row_length) return ABSENT_IMAGE;
  return indices[(size_t)step * row_length + first_image + n];
}

// The places in the data set of this work-item's images.
static inline ureal sample_indices(
    __global const uint *indices, uint step, int row_length, int first_image, int batch) {
  uint samples[LANES];
  for (int lane = 0; lane < LANES; ++lane) {
    samples[lane] = sample_index(indices, step, row_length, first_image, batch, lane);
  }
  return LOAD_REAL(0, samples);
}

// The runs of element-wise kernels: `span` consecutive elements, or groups of elements, per item.
static inline int run_first(int span) { return place_index() * span; }
static inline int run_end(int span, int count) { return imin(run_first(span) + span, count); }

// Where element e in the order (channel, y, x) is stored, in the order (y, x, channel).
static inline int stored_place(int e, int channels, int pixels) {
  return e % pixels * channels + e / pixels;
}
