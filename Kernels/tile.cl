// The register tile of convolutions and linear layers: four results of LANES images.
//
// Four channels of one pixel, or, if there is one channel, four pixels. 4 × 16 images are eight AVX registers: enough
// independent chains to keep two FMA units busy.

typedef struct {
  real a, b, c, d;
} Tile;

static inline Tile tile_repeat(float value) {
  Tile tile = {REAL(value), REAL(value), REAL(value), REAL(value)};
  return tile;
}

// Four channels from `channel` on of a bias stored in whole tiles.
static inline Tile tile_bias(__global const float *bias, int channel) {
  __global const float *b = bias + channel;
  Tile tile = {REAL(b[0]), REAL(b[1]), REAL(b[2]), REAL(b[3])};
  return tile;
}

// One more product in each chain: one value, four weights.
static inline Tile tile_fma(Tile t, real x, float wa, float wb, float wc, float wd) {
  t.a = fma(x, REAL(wa), t.a);
  t.b = fma(x, REAL(wb), t.b);
  t.c = fma(x, REAL(wc), t.c);
  t.d = fma(x, REAL(wd), t.d);
  return t;
}

// Four contiguous weights, as they are stored: one load on a GPU, while a CPU needs each broadcast to a whole register.
#if LANES == 1
#define LOAD_QUAD(w) (*(__global const float4 *)(w))
#else
#define LOAD_QUAD(w) ((float4)((w)[0], (w)[1], (w)[2], (w)[3]))
#endif

// One more product in each chain: a quad of weights.
static inline Tile tile_fma_quad(Tile t, real x, float4 w) { return tile_fma(t, x, w.x, w.y, w.z, w.w); }

// Products whose operands a GPU loads before it uses the first.
#define RUN_STRIP 8

// `count` products in each chain: values one element apart, contiguous quads of weights.
static inline Tile tile_run(Tile t, __global const real *x, __global const float *w, int count) {
  int i = 0;
#if LANES == 1
  for (; i + RUN_STRIP <= count; i += RUN_STRIP) {
    float values[RUN_STRIP];
    float4 quads[RUN_STRIP];
    PRAGMA(unroll)
    for (int j = 0; j < RUN_STRIP; ++j) {
      values[j] = x[(i + j) * GROUPS];
      quads[j] = LOAD_QUAD(w + 4 * (i + j));
    }
    PRAGMA(unroll)
    for (int j = 0; j < RUN_STRIP; ++j) t = tile_fma_quad(t, values[j], quads[j]);
  }
#endif
  for (; i < count; ++i) t = tile_fma_quad(t, x[i * GROUPS], LOAD_QUAD(w + 4 * i));
  return t;
}

// Ends the sums, so that a total of −0 becomes +0.
static inline Tile tile_close(Tile t) {
  t.a = close_real(t.a);
  t.b = close_real(t.b);
  t.c = close_real(t.c);
  t.d = close_real(t.d);
  return t;
}

// The first `count` of four values, `step` elements apart.
static inline Tile tile_load(__global const real *x, int step, int count) {
  Tile t;
  t.a = x[0];
  t.b = count > 1 ? x[step * GROUPS] : x[0];
  t.c = count > 2 ? x[2 * step * GROUPS] : x[0];
  t.d = count > 3 ? x[3 * step * GROUPS] : x[0];
  return t;
}

// Stores results `first` ..< `end` of the four.
static inline void tile_store(Tile t, __global real *out, int step, int first, int end) {
  if (first < 1) out[0] = t.a;
  if (first < 2 && end > 1) out[step * GROUPS] = t.b;
  if (first < 3 && end > 2) out[2 * step * GROUPS] = t.c;
  if (end > 3) out[3 * step * GROUPS] = t.d;
}

// What follows the sums of a tile before it is stored. On a CPU, only ReLU and its mask: having every function in every
// layer's kernel would multiply compile time, and launching is cheap there.
typedef struct {
  int activation;  // ACTIVATION_…
  float slope;     // of leaky ReLU
  int mask;        // MASK_…: the gradient through what follows the layer below, from its stored output
  float scale;     // of the mask: dropout's scale, or the slope
} Epilogue;

// MASK_… are numbers from the prelude.
static inline Epilogue epilogue_forward(int activation, float slope) {
  Epilogue e = {activation, slope, MASK_NONE, 1.0f};
  return e;
}
static inline Epilogue epilogue_backward(int mask, float scale) {
  Epilogue e = {ACTIVATION_IDENTITY, 0.0f, mask, scale};
  return e;
}

static inline real epilogue_activated(real x, Epilogue e) {
#if LANES == 1
  return e.activation == ACTIVATION_LEAKY_RELU ? formula_leaky_relu(x, e.slope) : activated(x, e.activation);
#else
  return formula_relu(x);
#endif
}

// g · scale where the stored output y is positive, otherwise 0; or the gradient through leaky ReLU.
static inline real epilogue_masked(real g, real y, Epilogue e) {
#if LANES == 1
  if (e.mask == MASK_LEAKY_RELU) return formula_leaky_relu_gradient(g, y, e.scale);
#endif
  return formula_relu_mask(g, y, e.scale);
}

// The end of the sums of a tile, and the activation.
static inline Tile tile_activated(Tile t, Epilogue e) {
  t = tile_close(t);
  if (LANES == 1 ? e.activation != ACTIVATION_IDENTITY : e.activation == ACTIVATION_RELU) {
    t.a = epilogue_activated(t.a, e);
    t.b = epilogue_activated(t.b, e);
    t.c = epilogue_activated(t.c, e);
    t.d = epilogue_activated(t.d, e);
  }
  return t;
}

// The gradient through what follows the layer below, from its stored output.
static inline Tile tile_masked(Tile t, Tile output, Epilogue e) {
  t.a = epilogue_masked(t.a, output.a, e);
  t.b = epilogue_masked(t.b, output.b, e);
  t.c = epilogue_masked(t.c, output.c, e);
  t.d = epilogue_masked(t.d, output.d, e);
  return t;
}

// Ends the sums and stores results `first` ..< `end`, `step` elements apart; those of the mask are `mask_step` apart.
static inline void tile_finish(
    Tile t, __global real *out, __global const real *output, int step, int mask_step, int first, int end,
    Epilogue e) {
  t = tile_activated(t, e);
  if (e.mask != MASK_NONE) t = tile_masked(t, tile_load(output, mask_step, end), e);
  tile_store(t, out, step, first, end);
}

// The sizes of one convolution, passed as one struct by the host, whose MapSizes has the same layout, and between
// functions.
typedef struct {
  int big_channels, big_height, big_width, small_channels, small_height, small_width, kernel_size, stride,
      padding;
} MapSizes;

// Values of one image in the big map and in the small one.
static inline int big_count(MapSizes g) { return g.big_channels * g.big_height * g.big_width; }
static inline int small_count(MapSizes g) { return g.small_channels * g.small_height * g.small_width; }
