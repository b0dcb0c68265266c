"""Seconds of a whole process that reads MNIST, trains `conv-autoencoder` for an epoch in batches of 128, tests and writes
the weights: PyTorch and Facsimile in turn, several rounds.

Called by tools/compare-pytorch --whole. Importing PyTorch counts, as does starting Facsimile. Compiling would take PyTorch
longer than the epoch, so it is not among its variants.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

VARIANTS = ("contiguous", "channels_last")
BATCH = 128


def train(variant, threads, out):
    """What PyTorch does in a process of its own."""
    import torch
    from safetensors.torch import save_file

    import data
    from models import Twin

    torch.manual_seed(1)
    torch.set_num_threads(threads)
    layout = getattr(torch, "contiguous_format" if variant == "contiguous" else variant)
    (train, _), (test, _) = (data.load("mnist", split) for split in ("train", "test"))
    train, test = torch.from_numpy(train.copy()), torch.from_numpy(test.copy())
    twin = Twin("conv-autoencoder").to(memory_format=layout)
    optimizer = torch.optim.Adam(twin.parameters(), lr=1e-3, fused=True)

    def loss(images):
        x = images[:, None].float().div(255).contiguous(memory_format=layout)
        return twin.loss(twin(x), None)

    for index in torch.randperm(len(train)).split(BATCH):
        optimizer.zero_grad()
        loss(train[index]).backward()
        optimizer.step()
    with torch.no_grad():
        total = sum(loss(images).item() * len(images) for images in test.split(500))
    save_file({name: p.detach().contiguous() for name, p in twin.named_parameters()}, out)
    print(f"test loss {total / len(test):.5f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--facsimile")
    parser.add_argument("--train", nargs=2, metavar=("VARIANT", "FILE"), help="be the process that is timed")
    a = parser.parse_args()
    if a.train:
        return train(a.train[0], a.threads, a.train[1])
    seconds = {}
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        for number in range(a.rounds):
            commands = {
                f"PyTorch {variant}, fused Adam": [
                    sys.executable, __file__, "--threads", str(a.threads), "--train", variant, place / "weights"]
                for variant in VARIANTS
            }
            commands["Facsimile cpu"] = [
                a.facsimile, "train", "conv-autoencoder", "--data", "mnist", "--device", "cpu", "--threads", str(a.threads),
                "--epochs", "1", "--out", place / f"run-{number}", "--set", f"batch-size={BATCH}", "validation=0"]
            for name, command in commands.items():
                began = time.perf_counter()
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ)
                seconds.setdefault(name, []).append(time.perf_counter() - began)
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    best = min(value for name, value in medians.items() if name.startswith("PyTorch"))
    for name, value in medians.items():
        ratio = f"{best / value:6.1f} ×" if name.startswith("Facsimile") else ""
        print(f"  {name:36}{value:7.2f} s  ({min(seconds[name]):.2f} to {max(seconds[name]):.2f}) {ratio}".rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
