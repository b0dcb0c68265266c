"""Images per second of PyTorch's variants, of JAX and tinygrad, and of Facsimile, measured alternately in one run.

Called by tools/compare-pytorch, once for every thread count, and by tools/gpu-day (with --pytorch-device cuda). In every
round each variant runs for --seconds, then Facsimile's own `bench` on each device; the table shows medians over the rounds
and ours over the best PyTorch variant; ± is half the difference between the slowest and the fastest round. The batches are
in memory as floats before any clock starts, and the loss is never read back; every slice begins with warm-up steps.
Facsimile, for its part, gathers its batches from bytes in the step.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from functools import partial

import torch

from models import MODELS, Configuration, Twin
from peers import installed, peer

WARM_UP = 3
VARIANTS = {
    "eager": {"fused": False},
    "eager, fused Adam": {"fused": True},
    "channels_last, fused Adam": {"fused": True, "channels_last": True},
    "compiled, fused Adam": {"fused": True, "compiled": True},
    "compiled, channels_last, fused Adam": {"fused": True, "compiled": True, "channels_last": True},
}
# On a GPU, also whole steps recorded once and replayed, by the compiler and by hand.
CUDA_VARIANTS = VARIANTS | {
    "compiled to CUDA graphs, fused Adam": {"fused": True, "compiled": "reduce-overhead"},
    "CUDA graph of a step, fused Adam": {"fused": True, "graph": True},
    "CUDA graph of a step, channels_last, fused Adam": {"fused": True, "graph": True, "channels_last": True},
}


class Runner:
    """One variant of one model at one batch size."""

    def __init__(self, model, configuration, batch, device, fused=False, channels_last=False, compiled=False, graph=False):
        torch.manual_seed(1)
        image, classes = configuration.image, configuration.classes
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self.device = device
        self.twin = Twin(model, configuration).to(device, memory_format=layout)
        self.batches = [torch.rand(batch, *image).to(device, memory_format=layout) for _ in range(8)]
        self.labels = (torch.arange(batch) % classes).to(device)
        self.optimizer = torch.optim.Adam(self.twin.parameters(), lr=1e-3, fused=fused, capturable=graph)
        self.loss, self.output = self.loss_of, self.output_of
        self.graphs = {} if graph else None
        if compiled:
            mode = compiled if isinstance(compiled, str) else None
            self.loss = torch.compile(self.loss_of, dynamic=False, mode=mode)
            self.output = torch.compile(self.output_of, dynamic=False, mode=mode)

    def loss_of(self, x):
        return self.twin.loss(self.twin(x), self.labels)

    def output_of(self, x):
        return self.twin(x).output

    def train(self, i):
        self.optimizer.zero_grad()
        self.loss(self.batches[i % 8]).backward()
        self.optimizer.step()

    def forward(self, i):
        with torch.no_grad():
            self.output(self.batches[i % 8])

    def recorded(self, phase):
        """A step that replays what `phase` launches, on a batch that is copied to where the recording reads it."""
        place, step = self.batches[0].clone(), getattr(self, phase)
        batches, self.batches = self.batches, [place] * 8
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for i in range(WARM_UP):
                step(i)
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        self.optimizer.zero_grad()
        with torch.cuda.graph(graph):
            step(0)
        self.batches = batches

        def play(i):
            place.copy_(batches[i % 8])
            graph.replay()

        return play

    def wait(self):
        if self.device == "cuda":
            torch.cuda.synchronize()

    def step_of(self, phase):
        """The function that takes one step."""
        self.twin.train(phase == "train")
        if self.graphs is None:
            return getattr(self, phase)
        if phase not in self.graphs:
            self.graphs[phase] = self.recorded(phase)
        return self.graphs[phase]


def rate(runner, batch, phase, seconds):
    """Images per second over at least `seconds`."""
    step = runner.step_of(phase)
    for i in range(WARM_UP):
        step(i)
    runner.wait()
    steps, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        step(steps)
        steps += 1
    runner.wait()
    return steps * batch / (time.perf_counter() - began)


def make_runners(a, model, configuration, batch):
    """PyTorch's variants and the peers that work here; the others with the first line of their reason."""
    # Forget code compiled for other shapes: PyTorch stops compiling after a number of versions.
    torch.compiler.reset()
    makers = {}
    for name, settings in (CUDA_VARIANTS if a.pytorch_device == "cuda" else VARIANTS).items():
        if a.variant in name and not (model == "vae" and "channels_last" in settings):
            makers[f"PyTorch {name}"] = partial(Runner, model, configuration, batch, a.pytorch_device, **settings)
    if a.peers:
        makers |= {name: partial(peer, name, model, batch, configuration) for name in installed()}
    runners = {}
    for name, make in makers.items():
        try:
            runner = make()
            for phase in a.phase:
                rate(runner, batch, phase, 0)
            runners[name] = runner
        except Exception as problem:  # A compiler that is not there shows up as many kinds of exception.
            reason = next((line for line in str(problem).splitlines() if line.strip()), repr(problem))
            print(f"left out: '{name}' ({type(problem).__name__}: {reason})", file=sys.stderr)
    return runners


def ours(program, model, device, batch, threads, settings):
    """Facsimile's own figures: (phase, images per second), or the reason why there are none."""
    command = [program, "bench", "--model", model, "--device", device, "--batch-size", str(batch), "--json"]
    command += ["--set", *settings] if settings else []
    done = subprocess.run([*command, "--threads", str(threads)], capture_output=True, text=True)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no message"]
        return [], f"{' '.join(command)} ended with {done.returncode}: {lines[0]}"
    rows = json.loads(done.stdout)
    mine = [r for r in rows if r["batch"] == batch and r["model"] == model]
    return [(r["phase"], r["images_per_second"]) for r in mine], ""


def measure(a, model, batch, samples):
    """All rounds of one model and batch size, into samples[name, phase]."""
    runners = make_runners(a, model, Configuration.from_pairs(model, a.set), batch)
    devices = list(a.device) if a.facsimile else []
    for number in range(a.rounds):
        for phase in a.phase:
            for name, runner in runners.items():
                samples.setdefault((name, phase), []).append(rate(runner, batch, phase, a.seconds))
        for device in list(devices):
            rows, reason = ours(a.facsimile, model, device, batch, a.threads, a.set)
            if reason:
                print(f"left out: {reason}", file=sys.stderr)
                devices.remove(device)
            for phase, images in rows:
                if phase in a.phase:
                    samples.setdefault((f"Facsimile {device}", phase), []).append(images)
        print(f"{model}, batch {batch}: round {number + 1} of {a.rounds}", file=sys.stderr)


def table(model, batch, threads, samples):
    """Rows for people and for --json; the ratio is ours over the best median of PyTorch."""
    medians = {key: statistics.median(rates) for key, rates in samples.items()}
    rows = []
    for (name, phase), median in medians.items():
        peers = [m for (n, p), m in medians.items() if p == phase and n.startswith("PyTorch")]
        row = {"model": model, "batch": batch, "threads": threads, "phase": phase, "name": name}
        row |= {"images_per_second": median, "rounds": len(samples[name, phase])}
        row["spread"] = max(samples[name, phase]) / min(samples[name, phase])
        if name.startswith("Facsimile") and peers:
            row["ratio"] = median / max(peers)
        rows.append(row)
    rows.sort(key=lambda r: (r["phase"] != "train", r["images_per_second"]))
    print(f"\n{model} · batch {batch} · {threads} thread{'s' if threads > 1 else ''}")
    for r in rows:
        ratio = f"{r['ratio']:6.2f} ×" if "ratio" in r else ""
        rate = f"{r['images_per_second']:12,.0f} images/s  ±{50 * (r['spread'] - 1):3.0f} %"
        print(f"  {r['phase']:8}{r['name']:56}{rate} {ratio}".rstrip(), flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", nargs="+", default=["conv-autoencoder"], help="models, or all")
    parser.add_argument("--batch-size", nargs="+", type=int, default=[16, 64, 256])
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--device", nargs="+", default=["cpu", "opencl"], help="devices of Facsimile")
    parser.add_argument("--phase", nargs="+", choices=["train", "forward"], default=["train", "forward"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a slice of PyTorch")
    parser.add_argument("--pytorch-device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--variant", default="", help="only variants whose name holds this")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="settings, as image=3x32x32")
    parser.add_argument("--peers", action="store_true", help="measure JAX and tinygrad, too, where they are installed")
    parser.add_argument("--facsimile", help="the program; without it only PyTorch is measured")
    parser.add_argument("--json", help="append the rows to this file, one JSON object a line")
    a = parser.parse_args()
    models = MODELS if a.model == ["all"] else a.model
    unknown = [m for m in models if m not in MODELS]
    if unknown:
        parser.error(f"unknown model '{unknown[0]}', expected all or some of {', '.join(MODELS)}")
    if a.peers and a.threads != len(os.sched_getaffinity(0)):
        parser.error("--peers: JAX and tinygrad use every processor, so --threads must be their number")
    torch.set_num_threads(a.threads)
    # Full single precision on GPUs, too.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    for model in models:
        for batch in a.batch_size:
            samples = {}
            measure(a, model, batch, samples)
            rows = table(model, batch, a.threads, samples)
            if a.json:
                with open(a.json, "a") as file:
                    file.writelines(json.dumps(row) + "\n" for row in rows)


if __name__ == "__main__":
    main()
