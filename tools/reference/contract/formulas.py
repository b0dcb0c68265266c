"""Appendix B: activations, losses and the posterior's samples."""

import numpy as np

from .arithmetic import F, close, fma
from .functions import exp, log, sigmoid, softplus, softplus_tail, tanh

LEAKY_SLOPE = F(0.01)

ACTIVATIONS = {
    "identity": lambda x: x,
    "relu": lambda x: np.where(x > 0, x, F(0)),
    "leaky-relu": lambda x: np.where(x > 0, x, x * LEAKY_SLOPE),
    "sigmoid": sigmoid,
    "tanh": tanh,
    "softplus": softplus,
}

# (g, y) -> the gradient before the activation; y is its output.
DERIVATIVES = {
    "identity": lambda g, y: g,
    "leaky-relu": lambda g, y: np.where(y > 0, g, g * LEAKY_SLOPE),
    "sigmoid": lambda g, y: g * (y * (F(1) - y)),
    "tanh": lambda g, y: g * fma(-y, y, F(1)),
    "softplus": lambda g, y: g * (F(1) - exp(-y)),
}


def dropout(x, u, probability):
    return np.where(u < F(1 - probability), x * F(1 / (1 - probability)), F(0))


def through(layer, g, y, u, result):
    """The gradient before a layer's activation y and the dropout after it, whose results are stored."""
    if layer.activation == "relu":
        return np.where(result > 0, g * F(1 / (1 - layer.dropout)), F(0))
    g = g if u is None else dropout(g, u, layer.dropout)
    return DERIVATIVES[layer.activation](g, y)


def chain(rows, add):
    """One sum per row over its values in order."""
    total = np.zeros(len(rows[0]), F)
    for values in zip(*(np.moveaxis(r, 1, 0) for r in rows)):
        total = add(total, *values)
    return close(total)


def squared_error(p, t, scale):
    """Loss of each image and gradient before the sigmoid that made p."""
    loss = chain((p, t), lambda total, p, t: fma(p - t, p - t, total))
    return loss, DERIVATIVES["sigmoid"]((p - t) * scale, p)


def binary_cross_entropy(x, t, scale):
    terms = fma(-x, t, ACTIVATIONS["relu"](x)) + softplus_tail(x)
    return chain((terms,), np.add), (sigmoid(x) - t) * scale


def softmax(x):
    """Maximum and sum of exponentials of each row, and its softmax."""
    maximum = x.max(axis=1, keepdims=True)
    powers = exp(x - maximum)
    total = chain((powers,), np.add)
    return maximum[:, 0], total, powers / total[:, None]


def cross_entropy(x, labels, scale):
    maximum, total, shares = softmax(x)
    rows = np.arange(len(x))
    target = np.zeros(x.shape, F)
    target[rows, labels] = 1
    return log(total) - (x[rows, labels] - maximum), (shares - target) * scale, x.argmax(axis=1) == labels


def sample(mean, log_variance, noise):
    return fma(noise, exp(F(0.5) * log_variance), mean)


def divergence(mean, log_variance):
    def add(total, m, v):
        return fma(fma(-m, m, F(1) + v) - exp(v), F(-0.5), total)

    return chain((mean, log_variance), add)


def posterior_gradients(g, q, scale):
    """Of mean and log-variance; q: the posterior with noise and samples z."""
    through = g * (q.noise * (F(0.5) * exp(F(0.5) * q.log_variance)))
    return fma(q.mean, scale, g), fma(exp(q.log_variance) - F(1), F(0.5) * scale, through)


def sampled_divergence(q):
    def add(total, z, v, e):
        return fma(fma(z, z, -(e * e)) - v, F(0.5), total)

    return chain((q.z, q.log_variance, q.noise), add)


def importance(totals):
    """Of each image's samples' losses [images, samples]: the loss and the weights of the samples."""
    maximum, total, weights = softmax(-totals)
    return (log(np.full(1, totals.shape[1], F)) - log(total)) - maximum, weights


def importance_gradients(g, q, scale):
    """Of mean and log-variance of each image, through its samples in order."""
    g, z, v, noise = (t.reshape(q.count, -1, t.shape[1]) for t in (g, q.z, q.log_variance, q.noise))
    mean, variance = np.zeros(v[0].shape, F), np.full(v[0].shape, F(-0.5) * scale)
    for k in range(q.count):
        reached = fma(z[k], q.weights[:, k, None] * scale, g[k])
        mean = mean + reached
        variance = fma(reached, noise[k] * (F(0.5) * exp(F(0.5) * v[k])), variance)
    return close(mean), close(variance)
