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
// One half at a time: with both unrolled, the compilers load ahead and spill the sums.
static inline TapTile tap_tile_fma(
    TapTile t, lane_pointer s, int sb, int sc, int sd, lane_pointer x, int xb, int xc) {
#pragma unroll 1
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

// Three neighbouring taps of row ky of the kernel: the first's place in the row's run, the distances of the
// others, their columns, and the small pixels for which all of them are inside.
typedef struct {
  int ky, tap, xb, xc, kxa, kxb, kxc, y_first, y_end, x_first, x_end;
} TapPlace;

// The taps of tile `tile`, counted by (row of the kernel, three taps of the row). All divisions are here, out
// of the loops.
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
  p.y_first = imax(0, ceil_divide(g.padding - p.ky, g.stride));
  p.y_end = imin(g.small_height, floor_divide(g.big_height - 1 + g.padding - p.ky, g.stride) + 1);
  p.x_first = imax(0, ceil_divide(g.padding - p.kxa, g.stride));
  p.x_end = imin(g.small_width, floor_divide(g.big_width - 1 + g.padding - p.kxc, g.stride) + 1);
  return p;
}

// The pixels of rows `first_row` ..< `end_row` of one block: small at the first of four channels of its first
// pixel; big at where the first tap of the kernel would be for pixel (0, 0) without padding above.
static inline TapTile tap_tile_rows(
    TapTile t, MapSizes g, TapPlace p, lane_pointer small, int sb, int sc, int sd, lane_pointer big,
    int first_row, int end_row) {
  int xb = p.xb * ELEMENT_STEP, xc = p.xc * ELEMENT_STEP;
  big += p.tap * ELEMENT_STEP;
  for (int y = imax(first_row, p.y_first); y < imin(end_row, p.y_end); ++y) {
    lane_pointer s = small + y * g.small_width * g.small_channels * ELEMENT_STEP;
    lane_pointer x = big + (y * g.stride - g.padding + p.ky) * g.big_width * g.big_channels * ELEMENT_STEP;
    for (int column = 0; column < g.small_width; ++column) {
      if (column >= p.x_first && column < p.x_end) {
        t = tap_tile_fma(t, s, sb, sc, sd, x, xb, xc);
      } else {
        int left = column * g.stride - g.padding;
        if (left + p.kxa >= 0 && left + p.kxa < g.big_width) {
          tap_fma(&t.a.a, &t.b.a, &t.c.a, &t.d.a, s, sb, sc, sd, x);
        }
        if (left + p.kxb >= 0 && left + p.kxb < g.big_width) {
          tap_fma(&t.a.b, &t.b.b, &t.c.b, &t.d.b, s, sb, sc, sd, x + xb);
        }
        if (left + p.kxc >= 0 && left + p.kxc < g.big_width) {
          tap_fma(&t.a.c, &t.b.c, &t.c.c, &t.d.c, s, sb, sc, sd, x + xc);
        }
      }
      s += g.small_channels * ELEMENT_STEP;
      x += g.stride * g.big_channels * ELEMENT_STEP;
    }
  }
  return t;
}

// Four channels' sums over all pixels of one block, for biases.
static inline Taps4 lane_sums(Taps4 t, lane_pointer x, int xb, int xc, int xd, int step, int pixels) {
  for (int i = 0; i < 2 * pixels; ++i) {
    int at = (i / 2 * step + i % 2) * LANE_STEP;
    t.a += x[at];
    t.b += x[at + xb];
    t.c += x[at + xc];
    t.d += x[at + xd];
  }
  return t;
}
