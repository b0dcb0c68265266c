// Linear layers of large batches on a GPU: a work-item computes two tiles of two images, so that each value and each quad
// of weights that it reads from local memory serves two tiles.
//
// A group of I images × J tiles computes 2 · I images × 2 · J tiles: a work-item's images are I apart, its tiles J.

#if LANES == 1
// Values that a work-item loads of each image per strip: features J apart.
#define SQUARE_VALUES 4

// A tile of each image for the work-item's first tile, then for its second.
typedef struct {
  Tile a, b, c, d;
} Square;

// Tile `n` of the four.
static inline Tile square_tile(Square s, int n) { return n == 0 ? s.a : n == 1 ? s.b : n == 2 ? s.c : s.d; }

static inline Square square_with(Square s, int n, Tile t) {
  if (n == 0) s.a = t;
  if (n == 1) s.b = t;
  if (n == 2) s.c = t;
  if (n == 3) s.d = t;
  return s;
}

// Where a work-item's square is: its images, and the first channel of each of its tiles; `is_there` for tiles that exist.
typedef struct {
  int image, other_image, channel, other_channel;
  bool is_there, is_other_there;
} SquarePlace;

static inline SquarePlace square_place(int channels) {
  int i = (int)get_local_id(IMAGES_DIMENSION), images = (int)get_local_size(IMAGES_DIMENSION);
  int j = (int)get_local_id(TILE_DIMENSION), tiles = (int)get_local_size(TILE_DIMENSION);
  int image = (int)get_group_id(IMAGES_DIMENSION) * 2 * images + i;
  int tile = (int)get_group_id(TILE_DIMENSION) * 2 * tiles + j;
  int last = (channels - 1) / 4;
  SquarePlace p = {
      image,        image + images,        imin(tile, last) * 4, imin(tile + tiles, last) * 4,
      tile <= last, tile + tiles <= last};
  return p;
}

// Whether this group shares; the host may have had to make it too small for that.
static inline bool is_square_staged(void) {
  return is_staged() && (int)get_local_size(IMAGES_DIMENSION) == STAGED_IMAGES;
}

static inline Square square_fma(Square s, float x, float y, float4 v, float4 w) {
  s.a = tile_fma_quad(s.a, x, v);
  s.b = tile_fma_quad(s.b, y, v);
  s.c = tile_fma_quad(s.c, x, w);
  s.d = tile_fma_quad(s.d, y, w);
  return s;
}

// Loads the features of a strip that this work-item brings for both images.
static inline void square_load(
    float *values, __global const real *x, __global const real *y, int first, int end) {
  int j = (int)get_local_id(TILE_DIMENSION), tiles = (int)get_local_size(TILE_DIMENSION);
  PRAGMA(unroll)
  for (int m = 0; m < SQUARE_VALUES; ++m) {
    int k = j + m * tiles;
    if (k >= end) continue;
    values[m] = x[(first + k) * GROUPS];
    values[SQUARE_VALUES + m] = y[(first + k) * GROUPS];
  }
}

static inline void square_share(const float *values, Stage stage) {
  int i = (int)get_local_id(IMAGES_DIMENSION), images = (int)get_local_size(IMAGES_DIMENSION);
  int j = (int)get_local_id(TILE_DIMENSION), tiles = (int)get_local_size(TILE_DIMENSION);
  PRAGMA(unroll)
  for (int m = 0; m < SQUARE_VALUES; ++m) {
    int k = j + m * tiles;
    stage.values[2 * k * images + i] = values[m];
    stage.values[(2 * k + 1) * images + i] = values[SQUARE_VALUES + m];
  }
}

// `shared_run` of a square: v and w are the weights of its first and its second tile.
static inline Square square_run(
    Square s, __global const real *x, __global const real *y, __global const float *v, __global const float *w,
    int count, Stage stage) {
  int i = (int)get_local_id(IMAGES_DIMENSION), images = (int)get_local_size(IMAGES_DIMENSION);
  int j = (int)get_local_id(TILE_DIMENSION), tiles = (int)get_local_size(TILE_DIMENSION);
  int strip = SQUARE_VALUES * tiles;
  __local float4 *row = stage.quads + j * strip, *other_row = row + tiles * strip;
  float values[2 * SQUARE_VALUES];
  float4 quad, other_quad;
  for (int first = -strip; first < count; first += strip) {
    // Stores what the previous iteration loaded.
    if (first >= 0) {
      barrier(CLK_LOCAL_MEM_FENCE);
      square_share(values, stage);
      if (i < strip) row[i] = quad, other_row[i] = other_quad;
      barrier(CLK_LOCAL_MEM_FENCE);
    }
    int next = first + strip, end = imin(strip, count - next);
    square_load(values, x, y, next, end);
    if (i < end) quad = LOAD_QUAD(v + 4 * (next + i)), other_quad = LOAD_QUAD(w + 4 * (next + i));
    if (first < 0) continue;
    int here = imin(strip, count - first);
    LOADS_AHEAD(4)
    for (int k = 0; k < here; ++k) {
      __local const float *both = stage.values + 2 * k * images + i;
      s = square_fma(s, both[0], both[images], row[k], other_row[k]);
    }
  }
  return s;
}

// `staged_channels` of a square: w points at the group's first channel; `channels` of its 8 · J exist.
static inline Square square_channels(
    Square s, __global const real *x, __global const real *y, __global const float *w, int quad_step,
    int small_channels, int channels, Stage stage) {
  int i = (int)get_local_id(IMAGES_DIMENSION), images = (int)get_local_size(IMAGES_DIMENSION);
  int j = (int)get_local_id(TILE_DIMENSION), tiles = (int)get_local_size(TILE_DIMENSION);
  int strip = SQUARE_VALUES * tiles, item = j * images + i, items = images * tiles, width = 8 * tiles;
  float values[2 * SQUARE_VALUES];
  float4 quads[STAGED_QUADS];
  for (int first = -strip; first < small_channels; first += strip) {
    if (first >= 0) {
      barrier(CLK_LOCAL_MEM_FENCE);
      square_share(values, stage);
      PRAGMA(unroll)
      for (int m = 0; m < STAGED_QUADS; ++m) {
        if (item + m * items < strip / 4 * width) stage.quads[item + m * items] = quads[m];
      }
      barrier(CLK_LOCAL_MEM_FENCE);
    }
    int next = first + strip, end = imin(strip, small_channels - next);
    square_load(values, x, y, next, end);
    PRAGMA(unroll)
    for (int m = 0; m < STAGED_QUADS; ++m) {
      int quad = (item + m * items) / width, channel = imin((item + m * items) % width, channels - 1);
      if (4 * quad < end) quads[m] = LOAD_QUAD(w + (next / 4 + quad) * quad_step + 4 * channel);
    }
    if (first < 0) continue;
    int here = imin(strip, small_channels - first);
    for (int k = 0; k + 4 <= here; k += 4) {
      __local const float *both = stage.values + 2 * k * images + i;
      __local const float4 *q = stage.quads + k / 4 * width + 4 * j, *p = q + 4 * tiles;
      float4 a = q[0], b = q[1], c = q[2], d = q[3], e = p[0], f = p[1], g = p[2], h = p[3];
      s = square_fma(s, both[0], both[images], (float4)(a.x, b.x, c.x, d.x), (float4)(e.x, f.x, g.x, h.x));
      both += 2 * images;
      s = square_fma(s, both[0], both[images], (float4)(a.y, b.y, c.y, d.y), (float4)(e.y, f.y, g.y, h.y));
      both += 2 * images;
      s = square_fma(s, both[0], both[images], (float4)(a.z, b.z, c.z, d.z), (float4)(e.z, f.z, g.z, h.z));
      both += 2 * images;
      s = square_fma(s, both[0], both[images], (float4)(a.w, b.w, c.w, d.w), (float4)(e.w, f.w, g.w, h.w));
    }
    for (int k = here / 4 * 4; k < here; ++k) {
      __local const float *both = stage.values + 2 * k * images + i;
      __local const float *q = (__local const float *)(stage.quads + k / 4 * width + 4 * j) + k % 4;
      __local const float *p = q + 16 * tiles;
      s = square_fma(
          s, both[0], both[images], (float4)(q[0], q[4], q[8], q[12]), (float4)(p[0], p[4], p[8], p[12]));
    }
  }
  return s;
}

// The weights of both tiles contiguous: shared if the group can.
static inline Square shared_square(
    Square s, __global const real *x, __global const real *y, __global const float *weight, SquarePlace p, int count,
    Stage stage) {
  __global const float *v = weight + p.channel * count, *w = weight + p.other_channel * count;
  if (is_square_staged()) return square_run(s, x, y, v, w, count, stage);
  PRAGMA(unroll 1)
  for (int n = 0; n < 4; ++n) {
    Tile t = tile_run(square_tile(s, n), n % 2 == 0 ? x : y, n < 2 ? v : w, count);
    s = square_with(s, n, t);
  }
  return s;
}

// The weights of `channels` channels of both tiles by quads of small channels: shared if the group can.
static inline Square shared_square_channels(
    Square s, __global const real *x, __global const real *y, __global const float *weight, SquarePlace p,
    int channels, int small_channels, Stage stage) {
  if (is_square_staged()) {
    int before = (int)get_group_id(TILE_DIMENSION) * (int)get_local_size(TILE_DIMENSION) * 8;
    return square_channels(
        s, x, y, weight + before * 4, channels * 4, small_channels, channels - before, stage);
  }
  PRAGMA(unroll 1)
  for (int n = 0; n < 4; ++n) {
    BigQuad q = big_quad(n < 2 ? p.channel : p.other_channel, channels);
    __global const float *w = weight + q.first;
    Tile t = up_tap_channels(
        square_tile(s, n), n % 2 == 0 ? x : y, w, w + q.b, w + q.c, w + q.d, channels * 4, small_channels);
    s = square_with(s, n, t);
  }
  return s;
}

// Reads the tiles that exist.
static inline Square square_read(Square s, __global const float *values, SquarePlace p, int channels) {
  __global const real *x = image_in(values, channels, p.image), *y = image_in(values, channels, p.other_image);
  if (p.is_there) {
    s.a = tile_load(x + p.channel * GROUPS, 1, channels - p.channel);
    s.b = tile_load(y + p.channel * GROUPS, 1, channels - p.channel);
  }
  if (p.is_other_there) {
    s.c = tile_load(x + p.other_channel * GROUPS, 1, channels - p.other_channel);
    s.d = tile_load(y + p.other_channel * GROUPS, 1, channels - p.other_channel);
  }
  return s;
}
#endif
