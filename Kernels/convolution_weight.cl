// The weight gradient of convolutions and linear layers: four small channels × three taps at a time, twelve
// chains. In each lane one fma chain in ascending (block, y, x, half of the block).

typedef struct {
  lane_sum a, b, c;
} Taps;

typedef struct {
  Taps a, b, c, d;
} TapTile;

typedef struct {
  lane_sum a, b, c, d;
} Taps4;

static inline Taps taps_fma(Taps t, lane_sum s, lane_sum x, lane_sum y, lane_sum z) {
  t.a = fma(s, x, t.a);
  t.b = fma(s, y, t.b);
  t.c = fma(s, z, t.c);
  return t;
}

// One pixel of both halves: small channels at s, s + sb, …; taps at x, x + xb, x + xc.
//
// On a CPU one half at a time: with both unrolled, compilers hoist the loads and spill the sums.
static inline TapTile tap_tile_fma(
    TapTile t, lane_pointer s, int sb, int sc, int sd, lane_pointer x, int xb, int xc) {
#if LANES > 1
#pragma unroll 1
#endif
  for (int side = 0; side < 2; ++side) {
    lane_sum xa_value = x[0], xb_value = x[xb], xc_value = x[xc];
    t.a = taps_fma(t.a, s[0], xa_value, xb_value, xc_value);
    t.b = taps_fma(t.b, s[sb], xa_value, xb_value, xc_value);
    t.c = taps_fma(t.c, s[sc], xa_value, xb_value, xc_value);
    t.d = taps_fma(t.d, s[sd], xa_value, xb_value, xc_value);
    s += LANE_STEP;
    x += LANE_STEP;
  }
  return t;
}

// Three neighbouring taps of row ky of the kernel: the position of the first in the row's run, the offsets of the
// others, their columns, and the small pixels for which all are inside.
typedef struct {
  int ky, tap, xb, xc, kxa, kxb, kxc, y_first, y_end, x_first, x_end;
} TapPlace;

// The small pixels, along one axis, for which tap k of the kernel lies inside the big map.
static inline int first_pixel(MapSizes g, int k) { return imax(0, ceil_divide(g.padding - k, g.stride)); }
static inline int end_pixel(MapSizes g, int k, int big_size, int small_size) {
  return imin(small_size, floor_divide(big_size - 1 + g.padding - k, g.stride) + 1);
}

// The taps of tile `tile`, counted by (row of the kernel, three taps of the row). All divisions are here, not in loops.
static inline TapPlace tap_place(MapSizes g, int tile) {
  int row_taps = g.kernel_size * g.big_channels;
  int tiles_of_row = (row_taps + 2) / 3;
  TapPlace p;
  p.ky = tile / tiles_of_row;
  p.tap = tile % tiles_of_row * 3;
  p.xb = imin(1, row_taps - 1 - p.tap);
  p.xc = imin(2, row_taps - 1 - p.tap);
  p.kxa = p.tap / g.big_channels;
  p.kxb = (p.tap + p.xb) / g.big_channels;
  p.kxc = (p.tap + p.xc) / g.big_channels;
  p.y_first = first_pixel(g, p.ky);
  p.y_end = end_pixel(g, p.ky, g.big_height, g.small_height);
  p.x_first = first_pixel(g, p.kxa);
  p.x_end = end_pixel(g, p.kxc, g.big_width, g.small_width);
  return p;
}

// Whether column x of the big map exists.
static inline bool is_column(MapSizes g, int x) { return x >= 0 && x < g.big_width; }

#if LANES == 1
// Pixels that a GPU loads before it uses the first.
#define PIXEL_STRIP 4

// One tap of one pixel.
static inline void tap_value_fma(float *a, float *b, float *c, float *d, const float *small, float big) {
  *a = fma(small[0], big, *a);
  *b = fma(small[1], big, *b);
  *c = fma(small[2], big, *c);
  *d = fma(small[3], big, *d);
}

// The pixels of one row: s and x point at what pixel 0 would take. Taps outside are skipped.
static inline TapTile tap_tile_row(
    TapTile t, MapSizes g, TapPlace p, lane_pointer s, int sb, int sc, int sd, lane_pointer x, int xb, int xc) {
  int s_step = g.small_channels * ELEMENT_STEP, x_step = g.stride * g.big_channels * ELEMENT_STEP;
  for (int first = 0; first < g.small_width; first += PIXEL_STRIP) {
    float small[2 * PIXEL_STRIP][4];
    Taps big[2 * PIXEL_STRIP];
    PRAGMA(unroll)
    for (int i = 0; i < 2 * PIXEL_STRIP; ++i) {
      int column = first + i / 2, left = column * g.stride - g.padding, side = i % 2 * LANE_STEP;
      bool is_there = column < g.small_width;
      lane_pointer here = s + imin(column, g.small_width - 1) * s_step + side, taps = x + column * x_step + side;
      small[i][0] = here[0];
      small[i][1] = here[sb];
      small[i][2] = here[sc];
      small[i][3] = here[sd];
      big[i].a = is_there && is_column(g, left + p.kxa) ? taps[0] : 0.0f;
      big[i].b = is_there && is_column(g, left + p.kxb) ? taps[xb] : 0.0f;
      big[i].c = is_there && is_column(g, left + p.kxc) ? taps[xc] : 0.0f;
    }
    PRAGMA(unroll)
    for (int i = 0; i < 2 * PIXEL_STRIP; ++i) {
      int column = first + i / 2, left = column * g.stride - g.padding;
      if (column >= g.small_width) continue;
      if (is_column(g, left + p.kxa)) tap_value_fma(&t.a.a, &t.b.a, &t.c.a, &t.d.a, small[i], big[i].a);
      if (is_column(g, left + p.kxb)) tap_value_fma(&t.a.b, &t.b.b, &t.c.b, &t.d.b, small[i], big[i].b);
      if (is_column(g, left + p.kxc)) tap_value_fma(&t.a.c, &t.b.c, &t.c.c, &t.d.c, small[i], big[i].c);
    }
  }
  return t;
}
#else
// One tap of both halves of a pixel whose other taps may lie outside.
static inline void tap_fma(
    lane_sum *a, lane_sum *b, lane_sum *c, lane_sum *d, lane_pointer s, int sb, int sc, int sd,
    lane_pointer x) {
#pragma unroll 1
  for (int side = 0; side < 2; ++side) {
    *a = fma(s[0], x[0], *a);
    *b = fma(s[sb], x[0], *b);
    *c = fma(s[sc], x[0], *c);
    *d = fma(s[sd], x[0], *d);
    s += LANE_STEP;
    x += LANE_STEP;
  }
}

// The pixels of one row: s and x point at what pixel 0 would take. Taps outside are skipped.
static inline TapTile tap_tile_row(
    TapTile t, MapSizes g, TapPlace p, lane_pointer s, int sb, int sc, int sd, lane_pointer x, int xb, int xc) {
  for (int column = 0; column < g.small_width; ++column) {
    if (column >= p.x_first && column < p.x_end) {
      t = tap_tile_fma(t, s, sb, sc, sd, x, xb, xc);
    } else {
      int left = column * g.stride - g.padding;
      if (is_column(g, left + p.kxa)) tap_fma(&t.a.a, &t.b.a, &t.c.a, &t.d.a, s, sb, sc, sd, x);
      if (is_column(g, left + p.kxb)) tap_fma(&t.a.b, &t.b.b, &t.c.b, &t.d.b, s, sb, sc, sd, x + xb);
      if (is_column(g, left + p.kxc)) tap_fma(&t.a.c, &t.b.c, &t.c.c, &t.d.c, s, sb, sc, sd, x + xc);
    }
    s += g.small_channels * ELEMENT_STEP;
    x += g.stride * g.big_channels * ELEMENT_STEP;
  }
  return t;
}
#endif

// The pixels of rows `first_row` ..< `end_row` of one block: small points at the first of four channels of its first
// pixel; big points where the first tap of the kernel would be for pixel (0, 0) without padding above.
static inline TapTile tap_tile_rows(
    TapTile t, MapSizes g, TapPlace p, lane_pointer small, int sb, int sc, int sd, lane_pointer big,
    int first_row, int end_row) {
  int xb = p.xb * ELEMENT_STEP, xc = p.xc * ELEMENT_STEP;
  big += p.tap * ELEMENT_STEP;
  for (int y = imax(first_row, p.y_first); y < imin(end_row, p.y_end); ++y) {
    lane_pointer s = small + y * g.small_width * g.small_channels * ELEMENT_STEP;
    lane_pointer x = big + (y * g.stride - g.padding + p.ky) * g.big_width * g.big_channels * ELEMENT_STEP;
    t = tap_tile_row(t, g, p, s, sb, sc, sd, x, xb, xc);
  }
  return t;
}

// Four channels' sums over all pixels of one block, for biases.
static inline Taps4 lane_sums(Taps4 t, lane_pointer x, int xb, int xc, int xd, int step, int pixels) {
  LOADS_AHEAD(8)
  for (int i = 0; i < 2 * pixels; ++i) {
    int at = (i / 2 * step + i % 2) * LANE_STEP;
    t.a += x[at];
    t.b += x[at + xb];
    t.c += x[at + xc];
    t.d += x[at + xd];
  }
  return t;
}
