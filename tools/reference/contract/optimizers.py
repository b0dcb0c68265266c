"""Section 6: schedules in double on the host, and the update of a tensor."""

import math

import numpy as np

from .arithmetic import F, fma
from .order import sum_of_squares

STATE = {"sgd": [], "momentum": ["momentum"], "nesterov": ["momentum"], "rmsprop": ["v"],
         "adam": ["m", "v"], "adamw": ["m", "v"]}  # fmt: skip


def power(base, exponent):
    result, square = 1.0, base
    while exponent:
        if exponent & 1:
            result *= square
        square *= square
        exponent >>= 1
    return result


def cos_two_pi(u):
    """For u >= 0."""
    quarters = round(u * 4)
    x = (u - quarters * 0.25) * float.fromhex("0x1.921fb54442d18p+2")
    total, n = 1.0, 16 - quarters % 2
    while n > 1:
        total = 1 - x * x / (n * (n - 1)) * total
        n -= 2
    value = x * total if quarters % 2 else total
    return -value if quarters % 4 in (1, 2) else value


def rounded(x):
    """To the nearest integer, halves up; x >= 0."""
    return math.floor(x + 0.5)


def learning_rate(s, epoch, step, steps):
    base, rising, done = s["learning-rate"], rounded(s["warm-up"] * steps), (epoch - 1) * steps + step
    if done < rising:
        return base * (done + 1) / rising
    warm = math.ceil(s["warm-up"])
    since = max(epoch - 1 - warm, 0)
    if s["schedule"] == "step":
        return base * power(s["schedule-factor"], since // s["schedule-epochs"])
    if s["schedule"] == "cosine":
        length = max(s["epochs"] - warm, 1)
        least = min(s["minimum-learning-rate"], base)
        return least + 0.5 * (base - least) * (1 + cos_two_pi(0.5 * (min(since, length) / length)))
    return base


def kl_weight(s, epoch, step, steps):
    rising, done = rounded(s["kl-warm-up"] * steps), (epoch - 1) * steps + step
    return s["kl-weight"] * (done / rising) if done < rising else s["kl-weight"]


def clip_coefficient(gradients, limit):
    c = F(limit) / (np.sqrt(sum_of_squares(gradients)) + F(1e-6))
    return c if c < 1 else F(1)


def update(s, p, g, state, name, rate, step):
    """The new values of a tensor; its state[kind][name] is changed. step: of the run, from 1."""
    if s["optimizer"] == "adamw":
        p = p * F(1 - rate * s["weight-decay"])
    elif s["weight-decay"] != 0:
        g = fma(p, F(s["weight-decay"]), g)
    if s["optimizer"] == "sgd":
        return fma(g, -F(rate), p)
    if s["optimizer"] in ("momentum", "nesterov"):
        b = state["momentum"][name] = fma(state["momentum"][name], F(s["momentum"]), g)
        return fma(fma(b, F(s["momentum"]), g) if s["optimizer"] == "nesterov" else b, -F(rate), p)
    if s["optimizer"] == "rmsprop":
        v = state["v"][name] = fma(F(1 - s["alpha"]) * g, g, F(s["alpha"]) * state["v"][name])
        return fma(g / (np.sqrt(v) + F(s["epsilon"])), -F(rate), p)
    step_size = F(rate / (1 - power(s["beta1"], step)))
    correction = F(math.sqrt(1 - power(s["beta2"], step)))
    m = state["m"][name] = fma(g - state["m"][name], F(1 - s["beta1"]), state["m"][name])
    v = state["v"][name] = fma(F(1 - s["beta2"]) * g, g, F(s["beta2"]) * state["v"][name])
    return fma(m / (np.sqrt(v) / correction + F(s["epsilon"])), -step_size, p)
