"""Weights both ways between Facsimile and PyTorch.

Ours into PyTorch: `facsimile export` wrote W, and Facsimile computed OUT from the images:
    python check_weights.py --model M --weights W.safetensors --images raw.idx --outputs OUT.safetensors

PyTorch's into Facsimile: writes random weights W and what PyTorch computes with them to OUT; import W and
compare there, or hand Facsimile's own outputs back to the first form:
    python check_weights.py --create --model M --weights W.safetensors --images raw.idx \\
        --outputs OUT.safetensors [--set latent=4 ...]

IMAGES is an IDX file [N, 28, 28] of bytes, plain or gzip (the first --count of it). OUT holds any of
    output   autoencoders: the image after the sigmoid; VAEs: logits of pixels with z = mu; classifier:
             logits of the classes
    code     encoder.fc2's output, or mu
    logvar   VAEs only
with N rows of any shape. Nothing is drawn: no noise, no dropout. Equal means ||a - b|| / ||b|| <= 1e-5.
Exit: 0 equal (or written), 1 they differ, 2 a file is not what it should be, 64 bad usage.
"""

import argparse
import sys

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

import data
from models import MODELS, Configuration, Twin, configuration_of


def read(path):
    """Tensors by name, and the metadata."""
    with safe_open(path, "pt") as file:
        return {n: file.get_tensor(n) for n in file.keys()}, file.metadata() or {}


def twin_with(model, path):
    """The twin with the weights of a file, in double; tensors other than parameters are not allowed."""
    weights, metadata = read(path)
    try:
        twin = Twin(model, configuration_of(model, weights, metadata))
        twin.load_state_dict(weights)
    except (KeyError, IndexError) as missing:
        raise ValueError(f"{path} is not the weights of {model}: no {missing}")
    except RuntimeError as problem:
        raise ValueError(f"{path}: {problem}")
    return twin.double().eval()


def compute(twin, images):
    """Outputs by name, in the precision of the twin's parameters."""
    dtype = next(twin.parameters()).dtype
    with torch.no_grad():
        state = twin((torch.tensor(images).float() / 255).to(dtype)[:, None])
    found = {"output": state.output, "code": state.code, "logvar": state.logvar}
    return {n: t for n, t in found.items() if t is not None}


def compare(ours, theirs):
    """Prints one line for each tensor; True if all agree."""
    names = [n for n in theirs if n in ours]
    if not names:
        raise ValueError(f"the outputs hold {sorted(ours)}, expected some of {sorted(theirs)}")
    equal = True
    for name in names:
        a, b = ours[name].double().flatten(1), theirs[name].flatten(1)
        if a.shape != b.shape:
            raise ValueError(f"{name}: {tuple(ours[name].shape)}, expected {tuple(theirs[name].shape)}")
        apart, largest = ((a - b).norm() / b.norm()).item(), (a - b).abs().max().item()
        good = apart <= 1e-5
        equal &= good
        print(f"{name}: {'equal' if good else 'DIFFERENT'}, relative {apart:.3g}, largest {largest:.3g}")
    return equal


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.error = lambda text: (print(f"error: {text}", file=sys.stderr), sys.exit(64))
    parser.add_argument("--model", choices=MODELS, required=True)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--images", required=True)
    parser.add_argument("--outputs", required=True)
    parser.add_argument("--count", type=int, help="only the first N images")
    parser.add_argument("--create", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    try:
        images = data.read_idx(arguments.images)[: arguments.count]
        if images.shape[1:] != (28, 28):
            raise ValueError(f"{arguments.images}: {images.shape}, expected [N, 28, 28]")
        if arguments.create:
            torch.manual_seed(arguments.seed)
            twin = Twin(arguments.model, Configuration.from_pairs(arguments.model, arguments.set)).eval()
            weights = {n: p.detach().clone() for n, p in twin.named_parameters()}
            about = {"model": arguments.model, **twin.configuration.metadata()}
            save_file(weights, arguments.weights, about)
            outputs = compute(twin.double(), images)
            save_file({n: t.float().contiguous() for n, t in outputs.items()}, arguments.outputs)
            print(f"wrote {len(weights)} parameters and {', '.join(outputs)} of {len(images)} images")
            return 0
        twin = twin_with(arguments.model, arguments.weights)
        return 0 if compare(read(arguments.outputs)[0], compute(twin, images)) else 1
    except (ValueError, OSError, SafetensorError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
