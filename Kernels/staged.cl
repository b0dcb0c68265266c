// Runs of a register tile with values and weights shared by a work-group, on a GPU: its work-items load a strip of both
// into local memory, the next strip while they compute this one. Neighbours along the images share weights, neighbours
// along the tiles share values, so everything is read once per group and latency is paid once per strip.
//
// A group of I images × J tiles, all of the same pixel. Every work-item of the group must reach every run with the same
// count; one whose tile does not exist helps to load the values.

#if LANES == 1
#define STAGED_IMAGES 32
#define STAGED_TILES 8
// Maximum number of values and quads that a work-item loads per strip.
#define STAGED_VALUES 8
#define STAGED_QUADS 2
#define STAGED_STRIP (STAGED_VALUES * STAGED_TILES)
#define STAGED_ROW (STAGED_STRIP + 1)

typedef struct {
  __local float *values;
  __local float4 *quads;
} Stage;

#define STAGE                                                       \
  __local float stage_values[STAGED_STRIP * STAGED_IMAGES];         \
  __local float4 stage_quads[STAGED_ROW * STAGED_TILES];            \
  Stage stage = {stage_values, stage_quads};
#define STAGE_ARGUMENT , Stage stage
#define STAGE_PASS , stage

// Whether this group shares; the host may have had to make it too small for that.
static inline bool is_staged(void) {
  int images = (int)get_local_size(IMAGES_DIMENSION), tiles = (int)get_local_size(TILE_DIMENSION);
  return (images == STAGED_IMAGES || images == STAGED_IMAGES / 2) && tiles > 1 && tiles <= STAGED_TILES;
}

// Length of a strip: as much as the work-items can hold in registers on its way to local memory.
static inline int staged_strip(void) {
  return imin(
      STAGED_VALUES * (int)get_local_size(TILE_DIMENSION), STAGED_QUADS * (int)get_local_size(IMAGES_DIMENSION));
}

// The result of `tile_run`: values one element apart, contiguous quads of weights.
static inline Tile staged_run(Tile t, __global const real *x, __global const float *w, int count, Stage stage) {
  int i = (int)get_local_id(IMAGES_DIMENSION), images = (int)get_local_size(IMAGES_DIMENSION);
  int j = (int)get_local_id(TILE_DIMENSION), tiles = (int)get_local_size(TILE_DIMENSION);
  int strip = staged_strip();
  __local float4 *row = stage.quads + j * STAGED_ROW;
  float values[STAGED_VALUES];
  float4 quads[STAGED_QUADS];
  for (int first = -strip; first < count; first += strip) {
    // Stores what the previous iteration loaded.
    if (first >= 0) {
      barrier(CLK_LOCAL_MEM_FENCE);
      PRAGMA(unroll)
      for (int m = 0; m < STAGED_VALUES; ++m) {
        if (j + m * tiles < strip) stage.values[(j + m * tiles) * images + i] = values[m];
      }
      PRAGMA(unroll)
      for (int m = 0; m < STAGED_QUADS; ++m) {
        if (i + m * images < strip) row[i + m * images] = quads[m];
      }
      barrier(CLK_LOCAL_MEM_FENCE);
    }
    int next = first + strip, end = imin(strip, count - next);
    PRAGMA(unroll)
    for (int m = 0; m < STAGED_VALUES; ++m) {
      if (j + m * tiles < end) values[m] = x[(next + j + m * tiles) * GROUPS];
    }
    PRAGMA(unroll)
    for (int m = 0; m < STAGED_QUADS; ++m) {
      if (i + m * images < end) quads[m] = LOAD_QUAD(w + 4 * (next + i + m * images));
    }
    if (first < 0) continue;
    int here = imin(strip, count - first);
    LOADS_AHEAD(8)
    for (int k = 0; k < here; ++k) t = tile_fma_quad(t, stage.values[k * images + i], row[k]);
  }
  return t;
}

// The result of `up_tap_channels`: quads of weights `quad_step` floats apart, those of the group's channels contiguous.
//
// w points at the group's first channel; `channels` of its 4 · J exist.
static inline Tile staged_channels(
    Tile t, __global const real *small, __global const float *w, int quad_step, int small_channels, int channels,
    Stage stage) {
  int i = (int)get_local_id(IMAGES_DIMENSION), images = (int)get_local_size(IMAGES_DIMENSION);
  int j = (int)get_local_id(TILE_DIMENSION), tiles = (int)get_local_size(TILE_DIMENSION);
  int strip = staged_strip(), item = j * images + i, items = images * tiles, width = 4 * tiles;
  float values[STAGED_VALUES];
  float4 quads[STAGED_QUADS];
  for (int first = -strip; first < small_channels; first += strip) {
    if (first >= 0) {
      barrier(CLK_LOCAL_MEM_FENCE);
      PRAGMA(unroll)
      for (int m = 0; m < STAGED_VALUES; ++m) {
        if (j + m * tiles < strip) stage.values[(j + m * tiles) * images + i] = values[m];
      }
      PRAGMA(unroll)
      for (int m = 0; m < STAGED_QUADS; ++m) {
        if (item + m * items < strip * tiles) stage.quads[item + m * items] = quads[m];
      }
      barrier(CLK_LOCAL_MEM_FENCE);
    }
    int next = first + strip, end = imin(strip, small_channels - next);
    PRAGMA(unroll)
    for (int m = 0; m < STAGED_VALUES; ++m) {
      if (j + m * tiles < end) values[m] = small[(next + j + m * tiles) * GROUPS];
    }
    PRAGMA(unroll)
    for (int m = 0; m < STAGED_QUADS; ++m) {
      int quad = (item + m * items) / width, channel = imin((item + m * items) % width, channels - 1);
      if (4 * quad < end) quads[m] = LOAD_QUAD(w + (next / 4 + quad) * quad_step + 4 * channel);
    }
    if (first < 0) continue;
    int here = imin(strip, small_channels - first);
    LOADS_AHEAD(2)
    for (int k = 0; k + 4 <= here; k += 4) {
      __local const float *x = stage.values + k * images + i;
      __local const float4 *q = stage.quads + k * tiles + 4 * j;
      float4 a = q[0], b = q[1], c = q[2], d = q[3];
      t = tile_fma(t, x[0], a.x, b.x, c.x, d.x);
      t = tile_fma(t, x[images], a.y, b.y, c.y, d.y);
      t = tile_fma(t, x[2 * images], a.z, b.z, c.z, d.z);
      t = tile_fma(t, x[3 * images], a.w, b.w, c.w, d.w);
    }
    for (int k = here / 4 * 4; k < here; ++k) {
      __local const float *q = (__local const float *)(stage.quads + here / 4 * 4 * tiles + 4 * j) + k % 4;
      t = tile_fma(t, stage.values[k * images + i], q[0], q[4], q[8], q[12]);
    }
  }
  return t;
}
#endif

// A kernel with runs starts with STAGE and passes STAGE_PASS to functions that take STAGE_ARGUMENT.
#if LANES > 1
#define STAGE
#define STAGE_ARGUMENT
#define STAGE_PASS
#endif

// The first of this work-item's four channels. On a GPU, a work-item at the end of a group whose tile does not exist
// gets the last tile's, and writes nothing.
static inline int tile_channel(int channels) {
  return LANES == 1 ? imin(tile_index(), (channels - 1) / 4) * 4 : tile_index() * 4;
}
static inline bool is_idle_tile(int channels) { return LANES == 1 && tile_index() * 4 >= channels; }

// `tile_run`, shared if the group can.
static inline Tile shared_run(
    Tile t, __global const real *x, __global const float *w, int count STAGE_ARGUMENT) {
#if LANES == 1
  if (is_staged()) return staged_run(t, x, w, count, stage);
#endif
  return tile_run(t, x, w, count);
}
