"""Philox 4x32-10 and the draws made of it, as the numerics contract (section 4) defines them.

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011); the known-answer
vectors in `self_test` are those of Random123. Here everything after the words is double precision.
"""

import numpy as np

MASK = np.uint64(0xFFFFFFFF)


def philox(counter, seed):
    """Counter words [..., 4] (uint32) and a 64-bit seed -> output words [..., 4] (uint32)."""
    c = [np.asarray(counter[..., i], np.uint64) for i in range(4)]
    key0, key1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        product0 = c[0] * np.uint64(0xD2511F53)
        product1 = c[2] * np.uint64(0xCD9E8D57)
        c = [
            (product1 >> np.uint64(32)) ^ c[1] ^ np.uint64(key0),
            product1 & MASK,
            (product0 >> np.uint64(32)) ^ c[3] ^ np.uint64(key1),
            product0 & MASK,
        ]
        key0, key1 = (key0 + 0x9E3779B9) & 0xFFFFFFFF, (key1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, axis=-1).astype(np.uint32)


def words(seed, stream, samples, elements, epoch=0):
    """Words [samples, elements]: counter = (stream, epoch, sample, element div 4), word = element mod 4."""
    samples = np.arange(samples) if np.isscalar(samples) else np.asarray(samples)
    groups = (elements + 3) // 4
    counter = np.zeros((len(samples), groups, 4), np.uint64)
    counter[..., 0], counter[..., 1] = stream, epoch
    counter[..., 2] = samples[:, None]
    counter[..., 3] = np.arange(groups)[None, :]
    return philox(counter, seed).reshape(len(samples), groups * 4)[:, :elements]


def uniform(seed, stream, samples, elements, epoch=0):
    """u = (w >> 8) * 2^-24, in [0, 1); exact in binary32."""
    return (words(seed, stream, samples, elements, epoch) >> np.uint32(8)) * 2.0**-24


def normal(seed, stream, samples, elements, epoch=0):
    """Box-Muller on pairs of words: elements 2j, 2j+1 are r cos(2 pi u2), r sin(2 pi u2)."""
    even = elements + elements % 2
    w = words(seed, stream, samples, even, epoch) >> np.uint32(8)
    u1, u2 = (w[:, 0::2].astype(np.float64) + 1) * 2.0**-24, w[:, 1::2] * 2.0**-24
    r = np.sqrt(-2 * np.log(u1))
    pairs = np.stack([r * np.cos(2 * np.pi * u2), r * np.sin(2 * np.pi * u2)], axis=-1)
    return pairs.reshape(len(pairs), even)[:, :elements]


def self_test():
    """The three known answers of Random123 for philox4x32-10."""
    known = [
        ([0] * 4, 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ([0xFFFFFFFF] * 4, 0xFFFFFFFFFFFFFFFF, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            0x299F31D0A4093822,
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ]
    for counter, seed, expected in known:
        found = " ".join(f"{w:08x}" for w in philox(np.array(counter, np.uint64), seed))
        assert found == expected, f"philox({counter}, {seed:#x}) is {found}, expected {expected}"


self_test()
