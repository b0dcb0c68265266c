// How work-items find their images, and how values are stored.
//
// Activations are stored [block of 16 images][y][x][channel][16]. A work-item computes LANES images at once: 16 or 8 on
// processors with vectors, 1 on a GPU, where neighbouring work-items are neighbouring images.
// GROUPS work-items share a block, so consecutive elements of one are GROUPS vectors apart.

#define GROUPS (16 / LANES)

// On a CPU neighbouring tiles run one after another and share their inputs in the cache; on a GPU
// neighbouring work-items must be neighbouring images.
#if LANES == 1
#define IMAGES_DIMENSION 0
#define TILE_DIMENSION 1
#define PLACE_DIMENSION 2
#else
#define IMAGES_DIMENSION 2
#define TILE_DIMENSION 0
#define PLACE_DIMENSION 1
#endif

static inline int image_group(void) { return (int)get_global_id(IMAGES_DIMENSION); }
static inline int tile_index(void) { return (int)get_global_id(TILE_DIMENSION); }
static inline int place_index(void) { return (int)get_global_id(PLACE_DIMENSION); }

// The first value of images `group`, in a buffer with `count` values per image.
static inline __global const real *image_in(__global const float *values, int count, int group) {
  return (__global const real *)values + (size_t)(group / GROUPS) * count * GROUPS + group % GROUPS;
}

static inline __global real *image_out(__global float *values, int count, int group) {
  return (__global real *)values + (size_t)(group / GROUPS) * count * GROUPS + group % GROUPS;
}

// The first value of this work-item's images.
static inline __global const real *images_in(__global const float *values, int count) {
  return image_in(values, count, image_group());
}

static inline __global real *images_out(__global float *values, int count) {
  return image_out(values, count, image_group());
}

// Division of a coordinate that may be negative, rounded down and up; `divisor` must be positive.
static inline int floor_divide(int a, int divisor) {
  return a >= 0 ? a / divisor : -((divisor - 1 - a) / divisor);
}
static inline int ceil_divide(int a, int divisor) { return floor_divide(a + divisor - 1, divisor); }
