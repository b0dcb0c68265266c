"""Appendix A: the elementary functions, arrays of binary32 in and out."""

import numpy as np

from .arithmetic import F, constant, floats, fma, integers, polynomial

LN2_HIGH, LN2_LOW = constant("0x1.62e4p-1"), constant("0x1.7f7d1cp-20")
SHIFT = constant("0x1.8p23")


def exponential(x):
    """high, low and n with exp x = 2^n (high + low)."""
    x = np.where(x > 89, F(89), x)
    x = np.where(x < -105, F(-105), x)
    shifted = fma(x, constant("0x1.715476p0"), SHIFT)
    n = shifted - SHIFT
    coarse = fma(n, constant("-0x1.62e430p-1"), x)
    remainder = n * constant("0x1.05c610p-29")
    r = coarse + remainder
    q = polynomial(r, "0x1.6a492ep-10", "0x1.12399ep-7", "0x1.5558b4p-5", "0x1.555492p-3", "0x1.fffffcp-2")
    w = coarse + fma(r * r, q, remainder)
    high = w + F(1)
    return high, w - (high - F(1)), integers(shifted) - 0x4B400000


def power(n):
    return floats((n + 127) << 23)


def scaled(x, n):
    half = n >> 1
    return x * power(half) * power(n - half)


def exp(x):
    high, _, n = exponential(x)
    return scaled(high, n)


def logarithm_tail(f):
    coefficients = "-0x1.71e324p-5 0x1.acf4a6p-4 -0x1.0d98f0p-3 0x1.28807ap-3 -0x1.54ed96p-3 0x1.99699ep-3"
    return polynomial(f, *coefficients.split(), "-0x1.00004ap-2", "0x1.5555a4p-2", "-0x1p-1")


def log(x):
    """Of positive numbers."""
    x = np.asarray(x, F)
    is_tiny = x < F(2.0**-126)
    normal = np.where(is_tiny, x * F(2**23), x)
    exponent = (integers(normal) - 0x3F400000) >> 23
    f = floats(integers(normal) - (exponent << 23)) - F(1)
    e = exponent.astype(F) - np.where(is_tiny, F(23), F(0))
    product = e * LN2_HIGH
    high = product + f
    low = f - (high - product)
    return high + (low + fma(e, LN2_LOW, f * f * logarithm_tail(f)))


def sin_cos_two_pi(u):
    shifted = fma(u, F(4), SHIFT)
    quadrant = integers(shifted)
    r = fma(shifted - SHIFT, F(-0.25), u)
    z = r * r
    s = polynomial(z, "-0x1.2d793ap+6", "0x1.465e16p+6", "-0x1.4abbb8p+5", "-0x1.a33060p-23")
    sine = fma(r, constant("0x1.921fb6p+2"), r * s)
    c = polynomial(z, "0x1.d4f446p+5", "-0x1.55b2b2p+6", "0x1.03c1b0p+6", "-0x1.3bd3ccp+4")
    cosine = fma(c, z, F(1))
    is_odd = (quadrant & 1) != 0
    sine, cosine = np.where(is_odd, cosine, sine), np.where(is_odd, sine, cosine)
    return (
        floats(integers(sine) ^ (quadrant & 2) << 30),
        floats(integers(cosine) ^ (quadrant + 1 & 2) << 30),
    )


def decay(x):
    """exp -|x| and its rounding error."""
    high, low, n = exponential(-np.abs(x))
    return scaled(high, n), scaled(low, n)


def sigmoid(x):
    t, t_low = decay(x)
    divisor = t + F(1)
    divisor_low = (t - (divisor - F(1))) + t_low
    dividend, dividend_low = np.where(x < 0, t, F(1)), np.where(x < 0, t_low, F(0))
    reciprocal = F(1) / divisor
    quotient = dividend * reciprocal
    residual = fma(-quotient, divisor_low, fma(-quotient, divisor, dividend)) + dividend_low
    return fma(residual, reciprocal, quotient)


def tanh(x):
    size = np.abs(x)
    z = size * size
    p = polynomial(z, "-0x1.750ce2p-8", "0x1.51f8cep-6", "-0x1.b835a4p-5", "0x1.1106f6p-3", "-0x1.555532p-2")
    near = fma(size * z, p, size)
    limited = np.where(size > 10, F(10), size)
    high, low, n = exponential(limited + limited)
    growth = high * power(n)
    divisor = growth + F(1)
    divisor_low = fma(low, power(n), F(1) - (divisor - growth))
    reciprocal = F(1) / divisor
    residual = fma(-reciprocal, divisor_low, fma(-reciprocal, divisor, F(1)))
    twice = reciprocal + reciprocal
    top = F(1) - twice
    far = top + fma(-twice, residual, (F(1) - top) - twice)
    return np.copysign(np.where(size < F(0.625), near, far), x)


def log_one_plus_decay(x):
    """ln(1 + exp -|x|) as a sum of two."""
    t, t_low = decay(x)
    is_large = t > F(0.5)
    f = np.where(is_large, (t - F(1)) * F(0.5), t)
    base, base_low = np.where(is_large, LN2_HIGH, F(0)), np.where(is_large, LN2_LOW, F(0))
    high = base + f
    low = f - (high - base)
    repair = fma(t * F(-0.5), t_low, t_low)
    return high, low + fma(f * f, logarithm_tail(f), base_low + repair)


def softplus(x):
    high, low = log_one_plus_decay(x)
    positive = np.where(x > 0, x, F(0))
    total = positive + high
    shadow = total - positive
    error = (positive - (total - shadow)) + (high - shadow)
    return np.where(x > 32, x, total + (error + low))


def softplus_tail(x):
    high, low = log_one_plus_decay(x)
    return high + low
