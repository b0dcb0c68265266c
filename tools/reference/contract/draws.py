"""Section 4: random numbers, from the words of ../philox.py."""

import numpy as np
from philox import philox

from .arithmetic import F
from .functions import log, sin_cos_two_pi

INITIALISATION, SHUFFLE, SPLIT, NOISE, DROPOUT, REPARAMETERIZATION = 1, 2, 3, 4, 5, 6
BINARISATION, FIXED_BINARISATION = 10, 11


def words(seed, stream, samples, elements, epoch=0, layer=0, draws=0):
    """[samples, elements]; draws: for each sample (or all), which draw of a pass it is."""
    samples = np.asarray(samples)
    groups = (elements + 3) // 4
    counter = np.zeros((len(samples), groups, 4), np.uint64)
    counter[..., 0], counter[..., 1] = stream << 8 | layer, epoch
    counter[..., 2] = samples[:, None]
    counter[..., 3] = np.arange(groups)[None, :] + np.broadcast_to(draws, samples.shape)[:, None] * groups
    return philox(counter, seed).reshape(len(samples), groups * 4)[:, :elements]


def uniform(*arguments, **options):
    return (words(*arguments, **options) >> np.uint32(8)).astype(F) * F(2.0**-24)


def normal(seed, stream, samples, elements, **options):
    w = words(seed, stream, samples, elements + elements % 2, **options) >> np.uint32(8)
    u1 = (w[:, 0::2] + np.uint32(1)).astype(F) * F(2.0**-24)
    u2 = w[:, 1::2].astype(F) * F(2.0**-24)
    r = np.sqrt(log(u1) * F(-2))
    sine, cosine = sin_cos_two_pi(u2)
    return np.stack([r * cosine, r * sine], -1).reshape(len(w), -1)[:, :elements]


def order(seed, stream, samples, epoch=0):
    """Samples sorted by (word of element 0, sample)."""
    samples = np.sort(np.asarray(samples))
    return samples[np.argsort(words(seed, stream, samples, 1, epoch=epoch)[:, 0], kind="stable")]
