// The table of formulas: Sources/Numerics/Formulas*.swift, formula by formula under the same names, operation
// by operation. Documented there.

// Inputs.

static inline real formula_byte_to_float(ireal x) { return divide_real(CONVERT_REAL(x), REAL(255.0f)); }

static inline real formula_add_noise(real x, real n, float level) { return fma(n, REAL(level), x); }

static inline real formula_binarise(real x, real u) { return CHOOSE(u < x, REAL(1.0f), REAL(0.0f)); }

static inline real formula_initial_weight(real u, float bound) {
  return fma(u, REAL(bound + bound), REAL(-bound));
}

// Activations.

static inline real formula_relu(real x) { return CHOOSE(x > 0.0f, x, REAL(0.0f)); }

static inline real formula_relu_gradient(real g, real y) { return CHOOSE(y > 0.0f, g, REAL(0.0f)); }

static inline real formula_relu_mask(real g, real y, float scale) {
  return CHOOSE(y > 0.0f, g * scale, REAL(0.0f));
}

static inline real formula_leaky_relu(real x, float slope) { return CHOOSE(x > 0.0f, x, x * slope); }

// y is the result of leaky ReLU.
static inline real formula_leaky_relu_gradient(real g, real y, float slope) {
  return CHOOSE(y > 0.0f, g, g * slope);
}

static inline real formula_sigmoid_gradient(real g, real y) { return g * (y * (1.0f - y)); }

static inline real formula_tanh_gradient(real g, real y) { return g * fma(-y, y, REAL(1.0f)); }

static inline real formula_softplus_gradient(real g, real y) { return g * (1.0f - elementary_exp(-y)); }

static inline real formula_dropout(real x, real u, float keep, float scale) {
  return CHOOSE(u < keep, x * scale, REAL(0.0f));
}

// Losses.

static inline real formula_squared_error(real p, real t, real sum) {
  real d = p - t;
  return fma(d, d, sum);
}

static inline real formula_squared_error_gradient(real p, real t, float scale) { return (p - t) * scale; }

static inline real formula_binary_cross_entropy(real x, real t) {
  return fma(-x, t, formula_relu(x)) + elementary_softplus_tail(x);
}

static inline real formula_binary_cross_entropy_gradient(real x, real t, float scale) {
  return (elementary_sigmoid(x) - t) * scale;
}

static inline real formula_softmax_sum(real x, real maximum, real sum) {
  return sum + elementary_exp(x - maximum);
}

static inline real formula_softmax(real x, real maximum, real sum) {
  return divide_real(elementary_exp(x - maximum), sum);
}

static inline real formula_cross_entropy(real x, real maximum, real sum) {
  return elementary_log(sum) - (x - maximum);
}

static inline real formula_cross_entropy_gradient(real softmax, real target, float scale) {
  return (softmax - target) * scale;
}

// Variational latent.

static inline real formula_divergence(real mean, real log_variance, real sum) {
  return fma(
      fma(-mean, mean, 1.0f + log_variance) - elementary_exp(log_variance), REAL(-0.5f), sum);
}

static inline real formula_variational_loss(real reconstruction, real divergence, float weight) {
  return fma(divergence, REAL(weight), reconstruction);
}

static inline real formula_reparameterize(real mean, real log_variance, real noise) {
  return fma(noise, elementary_exp(0.5f * log_variance), mean);
}

static inline real formula_mean_gradient(real g, real mean, float scale) {
  return fma(mean, REAL(scale), g);
}

static inline real formula_log_variance_gradient(real g, real log_variance, real noise, float scale) {
  real deviation = elementary_exp(0.5f * log_variance);
  return fma(
      elementary_exp(log_variance) - 1.0f, REAL(0.5f * scale), g * (noise * (0.5f * deviation)));
}

// Importance-weighted samples.

static inline real formula_sampled_divergence(real z, real log_variance, real noise, real sum) {
  return fma(fma(z, z, -(noise * noise)) - log_variance, REAL(0.5f), sum);
}

static inline real formula_importance_loss(real maximum, real sum, float log_samples) {
  return (log_samples - elementary_log(sum)) - maximum;
}

static inline real formula_sample_mean(real sum, float samples) { return divide_real(sum, REAL(samples)); }

static inline real formula_weighted_gradient(real g, real weight) { return g * weight; }

static inline real formula_importance_code_gradient(real g, real z, real weight, float scale) {
  return fma(z, weight * scale, g);
}

static inline real formula_importance_log_variance_gradient(
    real g, real log_variance, real noise, real sum) {
  return fma(g, noise * (0.5f * elementary_exp(0.5f * log_variance)), sum);
}

// Optimizers.

static inline real formula_l2(real g, real p, float decay) { return fma(p, REAL(decay), g); }

static inline real formula_decoupled_decay(real p, float factor) { return p * factor; }

static inline real formula_clip(real g, float coefficient) { return g * coefficient; }

static inline float formula_clip_coefficient(float squares, float limit) {
  float c = divide_float(limit, root_float(squares) + 1e-6f);
  return c < 1.0f ? c : 1.0f;
}

static inline void formula_sgd(real *p, real g, float learning_rate) {
  *p = fma(g, REAL(-learning_rate), *p);
}

static inline void formula_momentum(
    real *p, real *b, real g, int is_nesterov, float learning_rate, float momentum) {
  *b = fma(*b, REAL(momentum), g);
  *p = fma(is_nesterov ? fma(*b, REAL(momentum), g) : *b, REAL(-learning_rate), *p);
}

static inline void formula_rmsprop(
    real *p, real *v, real g, float learning_rate, float decay, float decay_complement, float epsilon) {
  *v = fma(decay_complement * g, g, decay * *v);
  *p = fma(divide_real(g, root_real(*v) + epsilon), REAL(-learning_rate), *p);
}

static inline void formula_adam(
    real *p, real *m, real *v, real g, float step_size, float root_correction, float beta1_complement,
    float beta2, float beta2_complement, float epsilon) {
  *m = fma(g - *m, REAL(beta1_complement), *m);
  *v = fma(beta2_complement * g, g, beta2 * *v);
  real root = divide_real(root_real(*v), REAL(root_correction));
  *p = fma(divide_real(*m, root + epsilon), REAL(-step_size), *p);
}
