"""Writes a small data set of soft blobs as IDX files: a folder that `--data` accepts.

    python make_images.py FOLDER CHANNELSxHEIGHTxWIDTH [--train N] [--test N]

Labels are 0 to 9. The same arguments give the same bytes.
"""

import argparse
import pathlib

import numpy as np


def idx(values):
    """An IDX file of bytes; one channel is left out of the dimensions."""
    if values.ndim == 4 and values.shape[1] == 1:
        values = values[:, 0]
    header = bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
    return header + values.astype(np.uint8).tobytes()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("shape")
    parser.add_argument("--train", type=int, default=400)
    parser.add_argument("--test", type=int, default=60)
    arguments = parser.parse_args()
    channels, height, width = (int(n) for n in arguments.shape.split("x"))
    arguments.folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(1)
    for name, count in [("train", arguments.train), ("t10k", arguments.test)]:
        labels = np.arange(count) * 7 % 10
        y = (0.2 + 0.6 * (labels // 4) / 2 + generator.normal(0, 0.03, count)) * height
        x = (0.2 + 0.6 * (labels % 4) / 3 + generator.normal(0, 0.03, count)) * width
        rows, columns = np.mgrid[:height, :width]
        distance = ((rows - y[:, None, None]) / height) ** 2 + ((columns - x[:, None, None]) / width) ** 2
        blob = 255 * np.exp(-distance / 0.02)
        images = np.stack([blob / (1 + c) for c in range(channels)], 1)
        (arguments.folder / f"{name}-images-idx3-ubyte").write_bytes(idx(images))
        (arguments.folder / f"{name}-labels-idx1-ubyte").write_bytes(idx(labels))


if __name__ == "__main__":
    main()
