"""Section 4: random numbers, from the words of ../philox.py."""

import dataclasses

import numpy as np
from philox import philox

from .arithmetic import F
from .functions import log, sin_cos_two_pi

INITIALISATION, SHUFFLE, SPLIT, NOISE, DROPOUT, REPARAMETERIZATION = 1, 2, 3, 4, 5, 6
BINARISATION, FIXED_BINARISATION = 10, 11


@dataclasses.dataclass
class Rows:
    """The rows of an array of images: index in the data set, epoch, number of the draw, place in the part."""

    samples: np.ndarray
    epoch: int = 0
    draws: np.ndarray = 0
    places: np.ndarray = None


def words(seed, stream, rows, elements, layer=0):
    groups = (elements + 3) // 4
    counter = np.zeros((len(rows.samples), groups, 4), np.uint64)
    counter[..., 0], counter[..., 1] = stream << 8 | layer, rows.epoch
    counter[..., 2] = rows.samples[:, None]
    counter[..., 3] = np.arange(groups) + np.reshape(rows.draws, (-1, 1)) * groups
    return philox(counter, seed).reshape(len(counter), -1)[:, :elements]


def uniform(seed, stream, rows, shape, layer=0):
    """[rows, *shape]"""
    w = words(seed, stream, rows, int(np.prod(shape)), layer)
    return ((w >> np.uint32(8)).astype(F) * F(2.0**-24)).reshape(-1, *shape)


def normal(seed, stream, rows, shape):
    elements = int(np.prod(shape))
    w = words(seed, stream, rows, elements + elements % 2) >> np.uint32(8)
    u1 = (w[:, 0::2] + np.uint32(1)).astype(F) * F(2.0**-24)
    u2 = w[:, 1::2].astype(F) * F(2.0**-24)
    r = np.sqrt(log(u1) * F(-2))
    sine, cosine = sin_cos_two_pi(u2)
    return np.stack([r * cosine, r * sine], -1).reshape(len(w), -1)[:, :elements].reshape(-1, *shape)


def order(seed, stream, samples, epoch=0):
    """Samples sorted by (word of element 0, sample)."""
    samples = np.sort(samples)
    return samples[np.argsort(words(seed, stream, Rows(samples, epoch), 1)[:, 0], kind="stable")]
