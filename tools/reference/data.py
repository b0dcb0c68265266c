"""Reading IDX data sets where Facsimile looks for them."""

import gzip
import os
import pathlib

import numpy as np


def read_idx(path):
    """An IDX file of bytes, plain or gzip -> uint8 array [count, ...]; ValueError where it is none."""
    data = pathlib.Path(path).read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if len(data) < 4 or data[:3] != b"\0\0\x08" or len(data) < 4 + 4 * data[3]:
        raise ValueError(f"{path} is no IDX file of bytes")
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(data[3])]
    values = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])
    if values.size != int(np.prod(shape)):
        raise ValueError(f"{path}: {values.size} values, expected {shape}")
    return values.reshape(shape)


def places():
    """Folders that hold data sets: $FACSIMILE_DATA (a list), the user's cache, Debian's packages."""
    root = pathlib.Path(__file__).resolve().parents[2]
    listed = [pathlib.Path(p) for p in os.environ.get("FACSIMILE_DATA", "").split(":") if p]
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    beside = [root.parent / "shared" / "data"]
    return [*listed, cache / "facsimile", pathlib.Path("/usr/share/datasets"), *beside]


def load(name, split):
    """Name or folder, "train" or "test" -> images [N, 28, 28], labels [N], both uint8."""
    prefix = {"train": "train", "test": "t10k"}[split]
    folders = [pathlib.Path(name), *(p / name for p in places())]
    for folder in folders:
        found = {}
        for kind in ("images-idx3-ubyte", "labels-idx1-ubyte"):
            for suffix in (".gz", ""):
                path = folder / f"{prefix}-{kind}{suffix}"
                if path.is_file():
                    found[kind[:6]] = read_idx(path)
        if len(found) == 2:
            return found["images"], found["labels"]
    raise FileNotFoundError(f"no data set '{name}' in {', '.join(map(str, folders))}")
