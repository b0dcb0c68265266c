"""Trains models for three steps by the second implementation of the numerics contract (contract/) and compares.

    python check_contract.py                       with the stored hashes (contract/cases.json)
    python check_contract.py --program FACSIMILE   with this program's runs too: every epoch's hash and losses
    python check_contract.py --write               stores the hashes

The cases are each model by its recipe and by the published study's settings, then small models for everything else.
The images are made here: byte b of image n is the first byte w >> 24 of Philox word b of sample n, purpose 255,
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
from contract.draws import Rows, words
from contract.models import BASE, RECIPES
from contract.train import Trainer

HERE = pathlib.Path(__file__).resolve().parent
CASES = HERE / "contract" / "cases.json"
TRAIN, TEST = 160, 20


def made_up(first, count):
    values = words(0, 255, Rows(np.arange(first, first + count)), 784) >> np.uint32(24)
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


def run_program(program, folder, name, case):
    """The manifest of a run, and the tensors of its last checkpoint."""
    run = folder / name.replace(" ", "-")
    command = [program, "train", case["model"], "--data", folder, "--unverified-data", "--device", "cpu", "--out", run]
    if case["settings"] == "published":
        command += ["--config", HERE.parent / "published" / f"{case['model']}.yaml"]
    texts = {k: ",".join(map(str, v)) if isinstance(v, list) else v for k, v in case["changes"].items()}
    command += ["--set", *(f"{k}={v}" for k, v in texts.items())]
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{name}: the program fails: {result.stderr.strip()}")
    data = (run / "checkpoint.safetensors").read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    places = {k: v["data_offsets"] for k, v in json.loads(data[8:end]).items() if v.get("dtype") == "F32"}
    tensors = {k: np.frombuffer(data[end + a : end + b], "<f4") for k, (a, b) in places.items()}
    return json.loads((run / "manifest.json").read_text()), tensors


def differences(trainer, history, manifest, tensors):
    """What differs in a run, one line each: states and metrics by epoch, the first tensor."""
    theirs = [(e["state_sha256"], e["train_metrics"]) for e in manifest["epochs"]]
    theirs.insert(0, (manifest["initial_sha256"], {}))
    for epoch, (ours, known) in enumerate(zip(history, theirs, strict=True)):
        if ours[0] != known[0]:
            yield f"epoch {epoch}: state {ours[0]}, the program has {known[0]}"
        for name, value in ours[1].items():
            if known[1][name] != value:
                yield f"epoch {epoch}: {name} {value!r}, the program has {known[1][name]!r}"
    for name, values in trainer.tensors():
        values = values.ravel()
        apart = np.flatnonzero(values.view(np.uint32) != tensors[name].view(np.uint32))
        if len(apart):
            ours, known = (float(t[apart[0]]).hex() for t in (values, tensors[name]))
            yield f"first differing tensor {name}: {len(apart)} of {values.size} values, the first is number {apart[0]}"
            yield f"  {ours}, the program has {known}"
            return


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", help="the facsimile to compare with")
    parser.add_argument("--write", action="store_true", help="store the hashes instead of comparing with them")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    arguments = parser.parse_args()
    cases = json.loads(CASES.read_text())
    chosen, failed = [name for name in cases if arguments.only in name], 0
    with tempfile.TemporaryDirectory() as folder:
        write_images(pathlib.Path(folder))
        for name in chosen:
            began, case = time.monotonic(), cases[name]
            defaults = published(case["model"]) if case["settings"] == "published" else RECIPES[case["model"]]
            if case["changes"].get("loss") == "iwae":
                # With a warm-up it would be no bound: the recipe's is dropped.
                defaults = {**defaults, "kl-warm-up": 0}
            trainer = Trainer(case["model"], {**BASE, **defaults, **case["changes"]}, *made_up(0, TRAIN))
            history = [(trainer.sha256(), {})]
            for epoch in range(1, case["changes"]["epochs"] + 1):
                metrics = trainer.epoch(epoch)
                history.append((trainer.sha256(), metrics))
            states, found = [state for state, _ in history], []
            if arguments.program:
                run = run_program(arguments.program, pathlib.Path(folder), name, case)
                found += differences(trainer, history, *run)
            if arguments.write:
                case["states"] = states
            elif case["states"] != states:
                found.append(f"stored are {case['states']}, found {states}")
            failed += bool(found)
            seconds = time.monotonic() - began
            verdict = f"{name}: {'differs' if found else 'equal'}, {states[-1][:16]}, {seconds:.1f} s"
            print(verdict, *found, sep="\n  ", flush=True)
    if arguments.write and not failed:
        CASES.write_text(json.dumps(cases, indent=1) + "\n")
    print(f"{len(chosen) - failed} of {len(chosen)} cases equal")
    sys.exit(1 if failed or not chosen else 0)


if __name__ == "__main__":
    main()
