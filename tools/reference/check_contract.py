"""Trains every model for three steps by the second implementation of the numerics contract (contract/) and compares.

    python check_contract.py                       with the stored hashes (contract/hashes.json)
    python check_contract.py --program FACSIMILE   with this program's runs too: every epoch's hash and losses
    python check_contract.py --write               stores the hashes

The images are made here: byte b of image n is the first byte w >> 24 of Philox word b of sample n, stream 0xDA7A,
seed 0, or 0 where it is below 128; the label is n mod 10; test images are numbered on. 160 of them with a tenth held
out make steps of 67, 67 and 10 images: three chunks, and a last batch that is not full. Exit: 0 equal, 1 not.
"""

import argparse
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

import numpy as np
from contract.models import BASE, RECIPES
from contract.train import Trainer
from philox import words

HERE = pathlib.Path(__file__).resolve().parent
STORED = HERE / "contract" / "hashes.json"
TRAIN, TEST = 160, 20
SMALL = {"filters": [3, 5], "hidden": [7]}

# What is checked: (name, model, settings besides an epoch of batches of 67). Each model by its recipe and by the
# published study's settings, then small models for everything else.
CASES = [
    *((f"{model} recipe", model, {}) for model in RECIPES),
    *((f"{model} published", model, {"published": True}) for model in RECIPES),
    ("adamw, clipping, parts", "conv-autoencoder",
     {**SMALL, "optimizer": "adamw", "weight-decay": 0.01, "clip-norm": 0.01, "shards": 3, "activation": "leaky-relu",
      "dropout": 0.2, "schedule": "constant"}),
    ("nesterov, tanh, entropy", "denoising-autoencoder",
     {**SMALL, "optimizer": "nesterov", "learning-rate": 0.01, "activation": "tanh", "loss": "binary-cross-entropy",
      "schedule": "step", "schedule-epochs": 1, "warm-up": 0.5, "epochs": 3, "validation": 40}),
    ("rmsprop, softplus", "classifier", {**SMALL, "optimizer": "rmsprop", "activation": "softplus", "epochs": 3}),
    ("momentum, sigmoid", "classifier",
     {"filters": [4], "hidden": [6, 5], "optimizer": "momentum", "activation": "sigmoid", "clip-norm": 1000,
      "warm-up": 0, "epochs": 2, "seed": 2**64 - 1}),
    ("samples, bits in every epoch", "vae",
     {"hidden": [9], "latent": 3, "loss": "iwae", "importance-samples": 3, "binarise": "dynamic", "dropout": 0.1,
      "epochs": 2, "shards": 2}),
    ("KL warm-up, sgd", "conv-vae",
     {**SMALL, "optimizer": "sgd", "learning-rate": 0.01, "kl-weight": 0.7, "kl-warm-up": 1.5, "epochs": 2,
      "binarise": "fixed"}),
    ("samples of maps", "conv-vae", {**SMALL, "loss": "iwae", "importance-samples": 2}),
]  # fmt: skip


def made_up(first, count):
    values = words(0, 0xDA7A, range(first, first + count), 784) >> np.uint32(24)
    values = np.where(values < 128, 0, values).astype(np.uint8)
    return values.reshape(count, 1, 28, 28), np.arange(first, first + count) % 10


def write_images(folder):
    for name, first, count in (("train", 0, TRAIN), ("t10k", TRAIN, TEST)):
        images, labels = made_up(first, count)
        header = struct.pack(">4i", 0x803, count, 28, 28)
        (folder / f"{name}-images-idx3-ubyte").write_bytes(header + images.tobytes())
        header = struct.pack(">2i", 0x801, count)
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(header + labels.astype(np.uint8).tobytes())


def published(model):
    """The settings of a flat YAML file: numbers, lists and words."""
    found = {}
    for line in (HERE.parent / "published" / f"{model}.yaml").read_text().splitlines():
        key, _, value = line.partition(": ")
        if key in BASE:
            found[key] = json.loads(value) if value[0] in "[0123456789" else value
    return {**found, "hidden": found["hidden"] if model == "vae" else [found["hidden"]]}


def run_program(program, folder, name, model, changes):
    """The manifest and the last checkpoint of a run."""
    run = folder / name.replace(" ", "-")
    command = [program, "train", model, "--data", folder, "--unverified-data", "--device", "cpu", "--out", run]
    if "published" in changes:
        command += ["--config", HERE.parent / "published" / f"{model}.yaml"]
    texts = {k: ",".join(map(str, v)) if isinstance(v, list) else v for k, v in changes.items() if k != "published"}
    result = subprocess.run(
        [*map(str, command), "--set", *(f"{k}={v}" for k, v in texts.items())], capture_output=True, text=True
    )
    if result.returncode:
        sys.exit(f"{name}: the program fails: {result.stderr.strip()}")
    return json.loads((run / "manifest.json").read_text()), read_tensors(run / "checkpoint.safetensors")


def read_tensors(path):
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    header = {k: v for k, v in json.loads(data[8:end]).items() if k != "__metadata__" and v["dtype"] == "F32"}
    return {k: np.frombuffer(data[end + a : end + b], "<f4") for k, (a, b) in ((k, v["data_offsets"]) for k, v in header.items())}


def differences(trainer, history, manifest, tensors):
    """The first differing things of a run, one line each."""
    if manifest["initial_sha256"] != history[0]:
        yield f"initial parameters: {history[0]}, the program has {manifest['initial_sha256']}"
    for number, (ours, theirs) in enumerate(zip(history[1:], manifest["epochs"]), 1):
        for name, value in ours["metrics"].items():
            if theirs["train_metrics"][name] != value:
                yield f"epoch {number}: {name} {value!r}, the program has {theirs['train_metrics'][name]!r}"
        if theirs["state_sha256"] != ours["state_sha256"]:
            yield f"epoch {number}: state {ours['state_sha256']}, the program has {theirs['state_sha256']}"
    for name, values in trainer.tensors():
        apart = np.flatnonzero(values.ravel().view(np.uint32) != tensors[name].view(np.uint32))
        if len(apart):
            at = apart[0]
            yield (
                f"first differing tensor {name}: {len(apart)} of {values.size} values, the first is number {at}, "
                f"{float(values.ravel()[at]).hex()}, the program has {float(tensors[name][at]).hex()}"
            )
            return


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", help="the facsimile to compare with")
    parser.add_argument("--write", action="store_true", help="store the hashes instead of comparing with them")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    arguments = parser.parse_args()
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    failed, computed = 0, {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_images(folder)
        for name, model, changes in (case for case in CASES if arguments.only in case[0]):
            began = time.monotonic()
            changes = {"batch-size": 67, "epochs": 1, **changes}
            recipe = published(model) if "published" in changes else RECIPES[model]
            trainer = Trainer(model, {**BASE, **recipe, **changes}, *made_up(0, TRAIN))
            history = [trainer.sha256()]
            for epoch in range(1, changes["epochs"] + 1):
                metrics = trainer.epoch(epoch)
                history.append({"state_sha256": trainer.sha256(), "metrics": metrics})
            computed[name] = [history[0], *(epoch["state_sha256"] for epoch in history[1:])]
            found = []
            if arguments.program:
                found += differences(trainer, history, *run_program(arguments.program, folder, name, model, changes))
            if not arguments.write and stored.get(name) != computed[name]:
                found.append(f"stored are {stored.get(name)}, found {computed[name]}")
            failed += bool(found)
            seconds = time.monotonic() - began
            print(f"{name}: {'differs' if found else 'equal'}, {computed[name][-1][:16]}, {seconds:.1f} s", flush=True)
            print(*found, sep="\n", end="\n" if found else "")
    if arguments.write and not failed:
        STORED.write_text(json.dumps({**stored, **computed}, indent=1) + "\n")
    print(f"{len(computed) - failed} of {len(computed)} cases equal")
    sys.exit(1 if failed or not computed else 0)


if __name__ == "__main__":
    main()
