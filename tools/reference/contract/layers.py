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


def start(images, channels, size, bias):
    begin = np.zeros(channels, F) if bias is None else bias
    return np.broadcast_to(begin[:, None, None], (images, channels, *size)).copy()


def slide_down(big, weight, bias, size, padding):
    """From the big map to the small one: a convolution, or the gradient of a transposed one."""
    out = start(len(big), weight.shape[0], size, bias)
    for ky, kx, on_small, on_big in taps(big.shape[2:], size, padding):
        for c in range(weight.shape[1]):
            w = weight[None, :, c, ky, kx, None, None]
            out[on_small] = fma(big[:, c, None][on_big], w, out[on_small])
    return close(out)


def slide_up(small, weight, bias, size, padding):
    """From the small map to the big one: a transposed convolution, or the gradient of a convolution."""
    out = start(len(small), weight.shape[1], size, bias)
    for ky, kx, on_small, on_big in taps(size, small.shape[2:], padding):
        for c in range(weight.shape[0]):
            w = weight[None, c, :, ky, kx, None, None]
            out[on_big] = fma(small[:, c, None][on_small], w, out[on_big])
    return close(out)


def convolution_gradients(below, gradient, places, padding, is_up):
    """Of weights and biases, from a layer's input and the gradient of its output."""
    height, width = gradient.shape[2:]
    # The taps of every output pixel as a window of the padded input; of a transposed convolution as a reversed
    # window of the input with zeros between its pixels, since pixel y and tap k meet at (y + padding - k) / STRIDE.
    edge, step = (KERNEL, STRIDE) if is_up else (padding, 1)
    h, w = (max(n, STRIDE * m) + 2 * KERNEL for n, m in zip((height, width), below.shape[2:]))
    around = np.zeros((*below.shape[:2], h, w), F)
    h, w = (step * n for n in below.shape[2:])
    around[:, :, edge : edge + h : step, edge : edge + w : step] = below
    around, gradient = in_lanes(around, places, CHUNK), in_lanes(gradient, places, CHUNK)

    def window(y, x):
        if not is_up:
            return around[..., y * STRIDE : y * STRIDE + KERNEL, x * STRIDE : x * STRIDE + KERNEL]
        y, x = (n + padding + KERNEL for n in (y, x))
        return around[..., y - KERNEL + 1 : y + 1, x - KERNEL + 1 : x + 1][..., ::-1, ::-1]

    chunks, (inputs, outputs) = len(gradient), (around.shape[4], gradient.shape[4])
    channels = (inputs, outputs) if is_up else (outputs, inputs)
    weight, bias = np.zeros((chunks, LANES, *channels, KERNEL, KERNEL), F), np.zeros((chunks, LANES, outputs), F)
    for block in range(CHUNK // BLOCK):
        for y in range(height):
            for x in range(width):
                for half in range(BLOCK // LANES):
                    values = window(y, x)[:, block, half]
                    g = gradient[:, block, half, ..., y, x]
                    a = values[:, :, :, None] if is_up else values[:, :, None]
                    b = g[:, :, None, :, None, None] if is_up else g[:, :, :, None, None, None]
                    weight = fma(a, b, weight)
                    bias = bias + g
    return close(tree(join_lanes(weight, 1))), close(tree(join_lanes(bias, 1)))


def linear(features, weight, bias):
    out = np.broadcast_to(bias, (len(features), len(bias))).copy()
    for i in range(weight.shape[1]):
        out = fma(features[:, i, None], weight[None, :, i], out)
    return close(out)


def linear_below(gradient, weight, begin=None):
    """The gradient of the input; begin: that of an earlier layer with the same input."""
    out = np.zeros((len(gradient), weight.shape[1]), F) if begin is None else begin
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
