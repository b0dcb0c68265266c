"""Files for viewers, read by the viewers' own code and compared value by value.

    facsimile train MODEL --tensorboard --out RUN …
    facsimile export RUN --format tensorboard --out EVENTS
    facsimile export RUN --format projector --out PROJECTOR
    facsimile export RUN --format parquet --out POINTS.parquet
    facsimile evaluate RUN --data FOLDER --outputs OUT.safetensors
    python check_views.py --run RUN --events EVENTS --projector PROJECTOR --points POINTS.parquet \\
        --data FOLDER --outputs OUT.safetensors

Exit: 0 all as it should be; an assertion says what is not.
"""

import argparse
import csv
import io
import json
import pathlib
import sys

import numpy as np
import pyarrow.parquet
from google.protobuf import text_format
from PIL import Image
from safetensors.numpy import load_file
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.plugins.projector import projector_config_pb2, projector_plugin

import data

EVENTS = "events.out.tfevents.facsimile"


def pixels(image):
    """A PNG as [channels, height, width]."""
    values = np.asarray(image)
    return values[None] if values.ndim == 2 else values.transpose(2, 0, 1)


def check_events(run, folder):
    """Every figure of the manifest, exactly, and every picture, byte for byte."""
    accumulator = event_accumulator.EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0})
    accumulator.Reload()
    epochs = json.loads((run / "manifest.json").read_text())["epochs"]
    expected = {"learning-rate": [e["learning_rate"] for e in epochs]}
    for split in ("train", "validation"):
        for name in epochs[0][f"{split}_metrics"]:
            expected[f"{name}/{split}"] = [e[f"{split}_metrics"][name] for e in epochs]
    tags = accumulator.Tags()
    assert sorted(tags["scalars"]) == sorted(expected), (tags["scalars"], sorted(expected))
    for tag, values in expected.items():
        found = accumulator.Scalars(tag)
        assert [f.step for f in found] == [e["epoch"] for e in epochs]
        assert [f.value for f in found] == [float(np.float32(v)) for v in values], tag
    pictures = sorted((run / "images").glob("*.png"))
    if pictures:
        found = accumulator.Images("reconstructions")
        assert [f.encoded_image_string for f in found] == [p.read_bytes() for p in pictures]
        size = Image.open(pictures[0]).size
        assert (found[0].width, found[0].height) == size
    assert (run / EVENTS).read_bytes() == (folder / EVENTS).read_bytes(), "train and export write two files"
    print(f"events: {len(expected)} figures of {len(epochs)} epochs, {len(pictures)} pictures")


def check_projector(folder, images, labels, codes):
    """Read by the plugin's own functions, the sprite cut up as the projector does."""
    config = projector_config_pb2.ProjectorConfig()
    text_format.Parse((folder / "projector_config.pbtxt").read_text(), config)
    (embedding,) = config.embeddings
    tensor = projector_plugin._read_tensor_tsv_file(str(folder / embedding.tensor_path))
    assert np.array_equal(np.float32(tensor)[: len(codes)], codes)
    rows = list(csv.reader((folder / embedding.metadata_path).open(), delimiter="\t"))
    assert rows[0] == ["index", "label"]
    assert [int(r[1]) for r in rows[1:]] == labels.tolist()
    width, height = embedding.sprite.single_image_dim
    sprite = pixels(Image.open(folder / embedding.sprite.image_path))
    columns = sprite.shape[2] // width
    for n, image in enumerate(images):
        y, x = n // columns * height, n % columns * width
        assert np.array_equal(sprite[:, y : y + height, x : x + width], image), n
    (same,) = json.loads((folder / "projector_config.json").read_text())["embeddings"]
    assert same["tensorShape"] == [len(images), codes.shape[1]]
    assert same["tensorPath"] == embedding.tensor_path and same["metadataPath"] == embedding.metadata_path
    assert same["sprite"]["singleImageDim"] == [width, height]
    print(f"projector: {len(images)} codes and images")


def check_points(path, images, labels):
    """Columns, their types, and every image."""
    table = pyarrow.parquet.read_table(path)
    assert table.column_names == ["index", "x", "y", "label", "image"], table.column_names
    assert [str(t) for t in table.schema.types[:4]] == ["int64", "double", "double", "string"]
    rows = table.to_pylist()
    assert [r["index"] for r in rows] == list(range(len(images)))
    assert [int(r["label"]) for r in rows] == labels.tolist()
    assert all(np.isfinite([r["x"], r["y"]]).all() for r in rows)
    for row, image in zip(rows, images):
        assert np.array_equal(pixels(Image.open(io.BytesIO(row["image"]["bytes"]))), image)
    print(f"points: {len(rows)} rows")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("run", "events", "projector", "points", "data", "outputs"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    a = parser.parse_args()
    images = data.read_idx(next(a.data.glob("t10k-images-*")))
    images = images[:, None] if images.ndim == 3 else images
    labels = data.read_idx(a.data / "t10k-labels-idx1-ubyte")
    check_events(a.run, a.events)
    check_projector(a.projector, images, labels, load_file(a.outputs)["code"])
    check_points(a.points, images, labels)
    return 0


if __name__ == "__main__":
    sys.exit(main())
