"""Section 3: the fixed orders of summation."""

import numpy as np

from .arithmetic import F, close, fma

# The contract's constants: images in a block, lanes of a sum over images, images in a chunk of a convolution,
# elements in a chunk of a norm.
BLOCK = 16
LANES = 8
CHUNK = 32
NORM_CHUNK = 1024


def join_lanes(l, axis=0):
    l = np.moveaxis(l, axis, 0)
    return ((l[0] + l[2]) + (l[1] + l[3])) + ((l[4] + l[6]) + (l[5] + l[7]))


def tree(rows):
    """Binary tree over the first axis: neighbours pair, an odd last one passes up unchanged."""
    while len(rows) > 1:
        odd = rows[-1:] if len(rows) % 2 else rows[:0]
        rows = np.concatenate([rows[0 : len(rows) - 1 : 2] + rows[1::2], odd])
    return rows[0]


def whole(count, size):
    """count rounded up to a multiple of size."""
    return (count + size - 1) // size * size


def in_lanes(values, places, chunk=None):
    """[images, ...] -> [chunks, blocks of a chunk, halves of a block, lanes, ...], +0 where there is no image.

    places: number of each image in its part. Without a chunk size there is one chunk, the whole part.
    """
    count = whole(int(places.max()) + 1, chunk or BLOCK)
    chunk = chunk or count
    full = np.zeros((count, *values.shape[1:]), F)
    full[places] = values
    return full.reshape(count // chunk, chunk // BLOCK, BLOCK // LANES, LANES, *values.shape[1:])


def sum_images(values, places):
    """The sum over a part's images: additions in eight lanes."""
    lanes = in_lanes(values, places)[0]
    total = np.zeros(lanes.shape[2:], F)
    for block in lanes:
        for half in block:
            total = total + half
    return close(join_lanes(total))


def sum_of_squares(tensors):
    """Of all tensors, for the norm: chains in lanes of chunks, trees over chunks and over tensors."""
    sums = []
    for tensor in tensors:
        flat = np.zeros(whole(tensor.size, NORM_CHUNK), F)
        flat[: tensor.size] = tensor.ravel()
        lanes = np.zeros((flat.size // NORM_CHUNK, LANES), F)
        for step in np.moveaxis(flat.reshape(-1, NORM_CHUNK // LANES, LANES), 1, 0):
            lanes = fma(step, step, lanes)
        sums.append(tree(join_lanes(lanes, 1)))
    return close(tree(np.array(sums, F)))
