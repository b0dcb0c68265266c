"""Convolutions and linear layers, forward and backward: the chains of section 3.

A convolution of either kind joins a big and a small map: small pixel y touches the big pixels
y * STRIDE - padding + k. Its weights are [small channels, big channels, KERNEL, KERNEL].
"""

import numpy as np

from .arithmetic import F, close, fma
from .order import BLOCK, CHUNK, LANES, in_lanes, join_lanes, tree

KERNEL, STRIDE = 3, 2


def reach(big, small, tap, padding):
    """The pixels of one axis that a tap joins, as slices of the small and of the big map."""
    first = max(0, -((tap - padding) // STRIDE))
    last = min(small - 1, (big - 1 + padding - tap) // STRIDE)
    start = first * STRIDE - padding + tap
    return slice(first, last + 1), slice(start, start + (last - first) * STRIDE + 1, STRIDE)


def taps(big, small, padding):
    """(ky, kx, pixels of the small map, pixels of the big map), ascending."""
    for ky in range(KERNEL):
        for kx in range(KERNEL):
            ys, yb = reach(big[0], small[0], ky, padding)
            xs, xb = reach(big[1], small[1], kx, padding)
            yield ky, kx, (..., ys, xs), (..., yb, xb)


def slide(x, weight, bias, size, padding, is_up):
    """From the big map to the small one, or up from the small to the big one: a layer, or the gradient of its input.

    bias: where the chains begin; size: height and width of the result.
    """
    weight = weight if is_up else weight.swapaxes(0, 1)
    out = np.broadcast_to(bias[:, None, None], (len(x), weight.shape[1], *size)).copy()
    big, small = (size, x.shape[2:]) if is_up else (x.shape[2:], size)
    for ky, kx, on_small, on_big in taps(big, small, padding):
        source, target = (on_small, on_big) if is_up else (on_big, on_small)
        for c, w in enumerate(weight[..., ky, kx]):
            out[target] = fma(x[:, c, None][source], w[:, None, None], out[target])
    return close(out)


def windows(below, size, padding, is_up):
    """[images, channels, y, x, KERNEL, KERNEL]: the values at the taps of each output pixel, +0 outside."""
    # For a convolution, a window of the padded input; for a transposed one, whose pixel y and tap k meet at
    # (y + padding - k) / STRIDE, a reversed window of the input with zeros between its pixels.
    edge, step = (KERNEL, STRIDE) if is_up else (padding, 1)
    around = np.zeros((*below.shape[:2], *(max(n, STRIDE * m) + 2 * KERNEL for n, m in zip(size, below.shape[2:]))), F)
    h, w = (step * n for n in below.shape[2:])
    around[:, :, edge : edge + h : step, edge : edge + w : step] = below
    view = np.lib.stride_tricks.sliding_window_view(around, (KERNEL, KERNEL), (2, 3))
    if is_up:
        first = padding + 1
        return view[:, :, first : first + size[0], first : first + size[1], ::-1, ::-1]
    return view[:, :, : STRIDE * size[0] : STRIDE, : STRIDE * size[1] : STRIDE]


def convolution_gradients(below, gradient, places, padding, is_up):
    """Of weights and biases, from a layer's input and the gradient of its output."""
    size = gradient.shape[2:]
    taken = in_lanes(windows(below, size, padding, is_up), places, CHUNK)
    gradient = in_lanes(gradient, places, CHUNK)
    shape = (len(gradient), LANES, gradient.shape[4])
    weight, bias = np.zeros((*shape, taken.shape[4], KERNEL, KERNEL), F), np.zeros(shape, F)
    for block in range(CHUNK // BLOCK):
        for y, x in np.ndindex(*size):
            for half in range(BLOCK // LANES):
                g = gradient[:, block, half, ..., y, x]
                weight = fma(taken[:, block, half, :, None, :, y, x], g[..., None, None, None], weight)
                bias = bias + g
    weight, bias = (close(tree(join_lanes(t, 1))) for t in (weight, bias))
    return weight.swapaxes(0, 1) if is_up else weight, bias


def linear(features, weight, bias):
    out = np.broadcast_to(bias, (len(features), len(bias))).copy()
    for i in range(weight.shape[1]):
        out = fma(features[:, i, None], weight[None, :, i], out)
    return close(out)


def linear_below(gradient, weight, out):
    """The gradient of the input; out: +0, or that of an earlier layer with the same input."""
    for o in range(weight.shape[0]):
        out = fma(gradient[:, o, None], weight[None, o], out)
    return close(out)


def linear_gradients(below, gradient, places):
    below, gradient = in_lanes(below, places)[0], in_lanes(gradient, places)[0]
    weight = np.zeros((LANES, gradient.shape[-1], below.shape[-1]), F)
    bias = np.zeros((LANES, gradient.shape[-1]), F)
    for block in range(len(below)):
        for half in range(BLOCK // LANES):
            g = gradient[block, half]
            weight = fma(below[block, half, :, None], g[:, :, None], weight)
            bias = bias + g
    return close(join_lanes(weight)), close(join_lanes(bias))
