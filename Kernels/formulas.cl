// The table of formulas: Sources/Numerics/Formulas*.swift, operation by operation. Documented there.

static inline real formula_relu(real x) { return CHOOSE(x > 0.0f, x, REAL(0.0f)); }

// Through ReLU and the dropout behind it.
static inline real formula_relu_mask(real g, real y, float scale) {
  return CHOOSE(y > 0.0f, g * scale, REAL(0.0f));
}

static inline real formula_leaky_relu(real x, float slope) { return CHOOSE(x > 0.0f, x, x * slope); }

// y is the result of leaky ReLU.
static inline real formula_leaky_relu_gradient(real g, real y, float slope) {
  return CHOOSE(y > 0.0f, g, g * slope);
}

// ACTIVATION_… are the numbers of the cases of Programs' Activation, from the prelude.
static inline real formula_activation(real x, int activation) {
  switch (activation) {
    case ACTIVATION_RELU: return formula_relu(x);
    case ACTIVATION_SIGMOID: return elementary_sigmoid(x);
    case ACTIVATION_TANH: return elementary_tanh(x);
    case ACTIVATION_SOFTPLUS: return elementary_softplus(x);
    default: return x;
  }
}

static inline real formula_sigmoid_gradient(real g, real y) { return g * (y * (1.0f - y)); }

// The gradient through an activation; y is its result.
static inline real formula_activation_gradient(real g, real y, int activation) {
  switch (activation) {
    case ACTIVATION_RELU: return CHOOSE(y > 0.0f, g, REAL(0.0f));
    case ACTIVATION_SIGMOID: return formula_sigmoid_gradient(g, y);
    case ACTIVATION_TANH: return g * fma(-y, y, REAL(1.0f));
    case ACTIVATION_SOFTPLUS: return g * (1.0f - elementary_exp(-y));
    default: return g;
  }
}

static inline real formula_dropout(real x, real u, float keep, float scale) {
  return CHOOSE(u < keep, x * scale, REAL(0.0f));
}

static inline real formula_squared_error(real p, real t, real sum) {
  real d = p - t;
  return fma(d, d, sum);
}

static inline real formula_binary_cross_entropy(real x, real t) {
  return fma(-x, t, formula_relu(x)) + elementary_softplus_tail(x);
}

static inline real formula_divergence(real mean, real log_variance, real sum) {
  return fma(
      REAL(-0.5f), fma(-mean, mean, 1.0f + log_variance) - elementary_exp(log_variance), sum);
}

static inline real formula_reparameterise(real mean, real log_variance, real noise) {
  return fma(noise, elementary_exp(0.5f * log_variance), mean);
}

static inline real formula_log_variance_gradient(real g, real log_variance, real noise, float scale) {
  real deviation = elementary_exp(0.5f * log_variance);
  return fma(
      elementary_exp(log_variance) - 1.0f, REAL(0.5f * scale), g * (noise * (0.5f * deviation)));
}

static inline float formula_clip_coefficient(float squares, float limit) {
  float c = limit / (sqrt(squares) + 1e-6f);
  return c < 1.0f ? c : 1.0f;
}
