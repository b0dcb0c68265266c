// The eight lanes of sums over images: lane l takes the images with n mod 8 = l.
//
// On a CPU one work-item holds all eight lanes of its sums in vectors; on a GPU each lane is a work-item, and the lanes
// are joined through local memory.

#if LANES == 1
typedef float lane_sum;
#define LANE_STEP 8
#else
typedef lanes8 lane_sum;
#define LANE_STEP 1
#endif

// Offset from one element to the next; its second half is at LANE_STEP.
#define ELEMENT_STEP (2 * LANE_STEP)

typedef __global const lane_sum *lane_pointer;

// This lane's first value of a buffer of images.
static inline lane_pointer lanes_in(__global const float *values) {
#if LANES == 1
  return values + get_local_id(0) % 8;
#else
  return (lane_pointer)values;
#endif
}

// Whether this work-item writes the joined sums.
static inline bool is_first_lane(void) {
#if LANES == 1
  return get_local_id(0) == 0;
#else
  return true;
#endif
}

// With lanes as work-items, sums are joined through local memory, so every work-item of a group must reach every join;
// the result is valid in the first lane. A kernel that joins starts with JOIN_SCRATCH and passes JOIN_PASS to functions
// that take JOIN_ARGUMENT.
#if LANES == 1
// Maximum number of sums that a work-group joins at once.
#define JOIN_LIMIT 16
// Sums of a tile, joined at once.
#define JOIN_TILE 12
#define JOIN_SCRATCH __local float join_scratch[8 * JOIN_TILE * JOIN_LIMIT];
#define JOIN_ARGUMENT , __local float *join_scratch
#define JOIN_PASS , join_scratch

static inline float join_sum(lane_sum value JOIN_ARGUMENT) {
  __local float *sums = join_scratch + get_local_id(1) * 8;
  barrier(CLK_LOCAL_MEM_FENCE);
  sums[get_local_id(0)] = value;
  barrier(CLK_LOCAL_MEM_FENCE);
  return join_lanes(vload8(0, sums));
}
#else
#define JOIN_SCRATCH
#define JOIN_ARGUMENT
#define JOIN_PASS

static inline float join_sum(lane_sum value) { return join_lanes(value); }

// Four joins at once, each in the contract's order.
static inline float4 join_four(lane_sum a, lane_sum b, lane_sum c, lane_sum d) {
  lane_sum ab = (lane_sum)(a.s01, b.s01, a.s45, b.s45) + (lane_sum)(a.s23, b.s23, a.s67, b.s67);
  lane_sum cd = (lane_sum)(c.s01, d.s01, c.s45, d.s45) + (lane_sum)(c.s23, d.s23, c.s67, d.s67);
  lane_sum halves =
      (lane_sum)(ab.s02, cd.s02, ab.s46, cd.s46) + (lane_sum)(ab.s13, cd.s13, ab.s57, cd.s57);
  return halves.lo + halves.hi;
}
#endif
