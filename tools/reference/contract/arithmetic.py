"""Section 1: binary32 arithmetic in NumPy, whose + - * / and sqrt are IEEE's, and the fma that NumPy lacks."""

import numpy as np

F = np.float32
TIE = np.int64(1 << 28)
BELOW_TIE = np.int64((1 << 29) - 1)
SMALLEST_NORMAL = np.float64(2.0**-126)


def fma(a, b, c):
    """a * b + c of binary32 numbers, rounded once.

    The product is exact in binary64. The sum is rounded there and once more here, and the two roundings may differ
    from one only where the first result lies in the middle between two binary32 numbers. There, and where the
    result is denormal, the sum is rounded to odd first, by the sign of its exact error.
    """
    product = np.multiply(a, b, dtype=np.float64)
    total = product + np.asarray(c, np.float64)
    result = total.astype(F)
    doubtful = (total.view(np.int64) & BELOW_TIE) == TIE
    doubtful |= np.abs(total) < SMALLEST_NORMAL
    doubtful &= total != 0
    if doubtful.any():
        p, t = product[doubtful], total[doubtful]
        c = np.broadcast_to(np.asarray(c, np.float64), total.shape)[doubtful]
        shadow = t - p
        error = (p - (t - shadow)) + (c - shadow)
        is_even = (t.view(np.int64) & 1) == 0
        odd = np.where(is_even & (error != 0), np.nextafter(t, np.copysign(np.inf, error)), t)
        result[doubtful] = odd.astype(F)
    return result


def close(total):
    """Ends a sum: a total of -0 becomes +0."""
    return total + F(0)


def integers(x):
    """The bits of binary32 numbers as signed integers."""
    return np.asarray(x, F).view(np.int32)


def floats(bits):
    """Binary32 numbers from their bits."""
    return np.asarray(bits, np.int32).view(F)


def constant(text):
    """A binary32 number from C's hexadecimal notation."""
    return F(float.fromhex(text))


def polynomial(x, first, *coefficients):
    """Horner's rule in fma, highest power first."""
    p = constant(first)
    for coefficient in coefficients:
        p = fma(p, x, constant(coefficient))
    return p


def self_test():
    """Sums next to a tie, which two roundings get wrong: normal, and denormal."""
    a, tiny, odd = 1 + 2.0**-12, 2.0**-75, 2.0**-127 + 2.0**-149
    for case, expected in [
        ((a, a, 2.0**-80), 1 + 2.0**-11 + 2.0**-23),
        ((a, a, -(2.0**-80)), 1 + 2.0**-11),
        ((tiny * (1 + 2.0**-23), tiny * (1 - 2.0**-23), odd), odd),
    ]:
        assert fma(*(np.full(1, x, F) for x in case))[0] == F(expected), case


self_test()
