"""Writes the oracle files in Tests/Goldens: what PyTorch computes in double precision.

    python make_goldens.py [--out DIR] [--only PART-OF-A-NAME]

The names and meanings of the tensors are in README.md. Inputs are made with Philox, so a second run gives
the same files byte for byte (on one version of PyTorch and one kind of processor). Everything here is ours
or synthetic: no data set is read.
"""

import argparse
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save as serialise

import philox
from models import MODELS, Configuration, Draws, Twin

SEED = 20261122
BATCH, STEPS, MARGIN = 8, 10, 1.5e-4
STREAMS = {"images": 901, "initial": 902, "noise": 903, "epsilon": 904, "dropout": 905, "values": 906}
FULL = {"losses", "gradients", "steps"}

# name -> (model, configuration, parts). Every file stays below 500 KB.
SMALL = {"filters": (4, 8, 8), "hidden": (16,), "latent": 4}
MODEL_CASES = {
    "conv-autoencoder": ("conv-autoencoder", SMALL, FULL),
    "conv-autoencoder-dropout": ("conv-autoencoder", {**SMALL, "dropout": 0.25}, FULL),
    "conv-autoencoder-wide": (
        "conv-autoencoder",
        {"filters": (3, 5, 7), "hidden": (20, 12), "latent": 3},
        FULL,
    ),
    "conv-autoencoder-default": ("conv-autoencoder", {}, {"losses", "gradients"}),
    "conv-autoencoder-default-steps": ("conv-autoencoder", {}, {"losses", "steps"}),
    "denoising-autoencoder": ("denoising-autoencoder", {**SMALL, "noise": 0.5}, FULL),
    "classifier": ("classifier", SMALL, FULL),
    "vae": ("vae", {"hidden": (12, 8), "latent": 2}, FULL),
    "conv-vae": ("conv-vae", {**SMALL, "latent": 3, "kl_weight": 0.5}, FULL),
    "conv-autoencoder-leaky": ("conv-autoencoder", {**SMALL, "activation": "leaky-relu"}, FULL),
}
# Other sizes of images, in colour and not; three images each.
SHAPES = {(3, 32, 32): (3, 4), (1, 17, 45): (3, 4), (3, 64, 64): (3, 4, 4)}
for shape, filters in SHAPES.items():
    tiny = {"image": shape, "filters": filters, "hidden": (5,), "latent": 3}
    for model, changes in {
        "conv-autoencoder": {},
        "classifier": {"classes": 7},
        "conv-vae": {"kl_weight": 0.5},
    }.items():
        name = f"{model}-{'x'.join(map(str, shape))}"
        MODEL_CASES[name] = (model, {**tiny, **changes}, {"losses", "gradients"}, 3, 500)
# Several samples of each image, with few pixels and narrow posteriors: wide ones would give one sample all the weight.
for model, image, changes in [("vae", (1, 8, 9), {"hidden": (12, 8)}), ("conv-vae", (1, 9, 8), {"filters": (4, 5), "hidden": (7,)})]:
    sampled = {"image": image, "latent": 3, "importance_samples": 5, **changes}
    MODEL_CASES[f"{model}-iwae"] = (model, sampled, {"losses", "gradients"}, BATCH, 700)
OPTIMIZERS = {
    "adam": {"kind": "adam", "learning-rate": 1e-3, "weight-decay": 1e-5},
    "sgd": {"kind": "sgd", "learning-rate": 1e-2, "weight-decay": 1e-5, "momentum": 0.9},
}


def images_of(shape, count):
    """Synthetic byte images: [count, 28, 28] of MNIST's shape, else [count, C, H, W], the same picture larger or
    smaller, other strokes in every channel."""
    if shape == (1, 28, 28):
        return stroke_images(count)
    channels, height, width = shape
    y, x = np.arange(height) * 28 // height, np.arange(width) * 28 // width
    strokes = stroke_images(count * channels)[:, y][:, :, x]
    return np.ascontiguousarray(strokes.reshape(count, *shape))


def stroke_images(count):
    """Synthetic byte images [count, 28, 28]: three soft strokes each on a black ground."""
    u = philox.uniform(SEED, STREAMS["images"], count, 3 * 6)
    y, x = np.mgrid[0:28, 0:28].astype(np.float64)
    images = np.zeros((count, 28, 28))
    for n in range(count):
        for ax, ay, bx, by, width, ink in u[n].reshape(3, 6):
            ax, ay, bx, by = (5 + 18 * v for v in (ax, ay, bx, by))
            length = (bx - ax) ** 2 + (by - ay) ** 2 + 1e-9
            t = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length, 0, 1)
            distance = np.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay))
            level = np.clip(2.2 + 1.2 * width - distance, 0, 1) * (0.5 + 0.5 * ink)
            images[n] = np.maximum(images[n], level)
    return np.round(images * 255).astype(np.uint8)


def values(stream, shape):
    """Normal values of a shape, binary32 numbers held in double."""
    count = int(np.prod(shape))
    drawn = philox.normal(SEED, STREAMS["values"], [stream], count)[0]
    return torch.tensor(drawn.astype(np.float32).astype(np.float64)).reshape(shape)


def unit(images):
    """Bytes -> [N, C, H, W] in double: the binary32 quotient x / 255."""
    quotient = images.astype(np.float32) / np.float32(255)
    images = torch.tensor(quotient.astype(np.float64))
    return images if images.ndim == 4 else images[:, None]


class Initialiser:
    """He's initialisation, U(-sqrt(6/fan), sqrt(6/fan)), a quarter of it for biases, drawn with Philox.

    With PyTorch's default, smaller by 2.4 for every layer, gradients of the first layers all but vanish.
    """

    def __init__(self, sample):
        self.sample = sample

    def draw(self, shape, bound):
        count = int(np.prod(shape))
        u = philox.uniform(SEED, STREAMS["initial"], [self.sample], count)[0]
        self.sample += 1
        drawn = ((2 * u - 1) * bound).astype(np.float32).astype(np.float64)
        return torch.tensor(drawn).reshape(shape)

    @staticmethod
    def bound(module):
        return (6 / module.weight[0].numel()) ** 0.5

    def fill(self, twin):
        for module in twin.modules():
            if getattr(module, "weight", None) is not None:
                bound = self.bound(module)
                with torch.no_grad():
                    module.weight.copy_(self.draw(module.weight.shape, bound))
                    module.bias.copy_(self.draw(module.bias.shape, bound / 4))

    def clear_of_zero(self, twin, run):
        """Draws biases again, channel by channel, until no ReLU sees a value within MARGIN of zero."""
        for name in list(run().preactivations):
            module = twin.get_submodule(name)
            for _ in range(1000):
                seen = run().preactivations[name].detach()
                near = (seen.abs() < MARGIN).transpose(0, 1).flatten(1).any(1)
                if not near.any():
                    break
                with torch.no_grad():
                    again = self.draw(module.bias.shape, self.bound(module) / 4)
                    module.bias[near] = again[near]
            else:
                raise RuntimeError(f"{name}: no bias keeps its outputs away from zero")


def draws_for(twin, images):
    """The random numbers of one pass, and the tensors that record them."""
    c, n = twin.configuration, len(images)
    draws, recorded = Draws(), {}
    if twin.kind == "denoising-autoencoder":
        noise = philox.normal(SEED, STREAMS["noise"], n, images[0].numel())
        noise = noise.astype(np.float32).reshape(images.shape)
        draws.noise, recorded["noise"] = torch.tensor(noise.astype(np.float64)), noise
    if twin.variational:
        # Draw k of a sample begins at element 4 k ceil(latent / 4).
        many, width = c.importance_samples, -(-c.latent // 4) * 4
        epsilon = philox.normal(SEED, STREAMS["epsilon"], n, max(many, 1) * width).astype(np.float32)
        epsilon = epsilon.reshape(n, max(many, 1), width)[:, :, : c.latent].swapaxes(0, 1)
        epsilon = epsilon if many else epsilon[0]
        draws.epsilon, recorded["epsilon"] = torch.tensor(epsilon.astype(np.float64)), epsilon
    if c.dropout > 0:
        for i, (name, seen) in enumerate(twin(images).preactivations.items()):
            u = philox.uniform(SEED, STREAMS["dropout"] + 1000 * i, n, seen[0].numel())
            keep = (u < 1 - c.dropout).reshape(seen.shape)
            draws.keep[name], recorded[f"keep.{name}"] = torch.tensor(keep).double(), keep.astype(np.uint8)
    return draws, recorded


def optimizer(settings, parameters):
    """PyTorch's optimizer for our settings."""
    s = dict(settings)
    kind, lr = s.pop("kind"), s.pop("learning-rate")
    names = {"weight-decay": "weight_decay"}
    s = {names.get(k, k): v for k, v in s.items()}
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    return {**kinds, "rmsprop": torch.optim.RMSprop}[kind](parameters, lr=lr, **s)


def copy_as(twin, draws, dtype):
    """A copy of a model and its draws in another precision."""
    model = Twin(twin.kind, twin.configuration).to(dtype)
    model.load_state_dict(twin.state_dict())
    cast = lambda t: t if t is None else t.to(dtype)
    return model, Draws(cast(draws.noise), cast(draws.epsilon), {k: cast(v) for k, v in draws.keep.items()})


def train(twin, images, labels, draws, settings, dtype=torch.float64, trainable=""):
    """Ten steps on one batch: the loss before each, and the parameters after the last."""
    model, given = copy_as(twin, draws, dtype)
    for name, p in model.named_parameters():
        p.requires_grad_(name.startswith(tuple(trainable.split(","))))
    update = optimizer(settings, [p for p in model.parameters() if p.requires_grad])
    losses = []
    for _ in range(STEPS):
        update.zero_grad()
        loss = model.loss(model(images.to(dtype), given), labels)
        loss.backward()
        update.step()
        losses.append(loss.item())
    return losses, {n: p.detach() for n, p in model.named_parameters() if p.requires_grad}


def single_precision_error(twin, images, labels, draws):
    """Largest ||a - b|| / ||b|| of PyTorch's own binary32 gradients: how hard a case is."""
    model, given = copy_as(twin, draws, torch.float32)
    model.loss(model(images.float(), given), labels).backward()
    pairs = zip(model.parameters(), twin.parameters())
    return max(((a.grad.double() - b.grad).norm() / b.grad.norm()).item() for a, b in pairs)


def model_file(model, changes, parts, batch=BATCH, first=0):
    """Tensors and metadata of one model's golden; `first` chooses other initial weights."""
    twin = Twin(model, Configuration.default(model, **changes)).double()
    twin.train()
    stroke = images_of(twin.configuration.image, batch)
    images, labels = unit(stroke), torch.arange(batch) * 7 % 10 % twin.configuration.classes
    initialiser = Initialiser(1000 * MODELS.index(model) + first)
    initialiser.fill(twin)
    if twin.configuration.importance_samples:
        with torch.no_grad():
            twin.encoder.logvar.bias.sub_(4).copy_(twin.encoder.logvar.bias.float().double())
    # Which values are dropped does not depend on the parameters, so the masks may be drawn first.
    dropout, twin.encoder.dropout = twin.configuration.dropout, 0.0
    if hasattr(twin, "decoder"):
        twin.decoder.dropout = 0.0
    draws, recorded = draws_for(twin, images)
    for half in (twin.encoder, getattr(twin, "decoder", twin.encoder)):
        half.dropout = dropout
    initialiser.clear_of_zero(twin, lambda: twin(images, draws))

    state = twin(images, draws)
    loss = twin.loss(state, labels)
    loss.backward()
    error = single_precision_error(twin, images, labels, draws)
    assert error < 3e-6, f"{model}: binary32 gradients are {error:.2g} away, choose another seed"
    closest = min(v.abs().min().item() for v in state.preactivations.values())
    metadata = {
        "format": "facsimile-golden-1",
        "model": model,
        "batch": str(batch),
        **twin.configuration.metadata(),
        "loss": repr(loss.item()),
        "closest-preactivation": f"{closest:.3g}",
        "float32-gradient-error": f"{error:.2g}",
        "draws": json.dumps({"seed": SEED, **STREAMS}),
        **{f"loss.{k}": repr(v.item()) for k, v in twin.terms(state, labels).items()},
    }
    tensors = {"images": stroke, "labels": labels.numpy().astype(np.uint8), **recorded}
    tensors |= {f"initial.{n}": p for n, p in twin.named_parameters()}
    if "gradients" in parts:
        tensors |= {f"gradient.{n}": p.grad for n, p in twin.named_parameters()}
        tensors |= {"output": state.output[:batch], "code": state.code}
        if state.logvar is not None:
            tensors["logvar"] = state.logvar
    if "steps" in parts:
        runs = {k: (v, "") for k, v in OPTIMIZERS.items()}
        if model == "classifier":
            runs["adam-last-2"] = (OPTIMIZERS["adam"], "encoder.fc2,head")
        if twin.variational:  # The loss is a sum over pixels: steps of 1e-2 would leave the valley.
            runs["sgd"] = ({**OPTIMIZERS["sgd"], "learning-rate": 1e-4}, "")
        for name, (settings, trainable) in runs.items():
            losses, after = train(twin, images, labels, draws, settings, trainable=trainable)
            single = train(twin, images, labels, draws, settings, torch.float32, trainable)[1]
            apart = max((after[n] - single[n].double()).abs().max().item() for n in after)
            assert apart < 4e-6, f"{model} {name}: binary32 ends {apart:.2g} away, choose another seed"
            tensors |= {f"{name}.{n}": p for n, p in after.items()}
            tensors[f"{name}.losses"] = torch.tensor(losses)
            metadata[name] = json.dumps({**settings, "steps": STEPS, "float32-apart": float(f"{apart:.2g}")})
        if "gradients" not in parts:  # The initial weights are in the sibling file.
            tensors = {n: t for n, t in tensors.items() if not n.startswith("initial.")}
    return tensors, metadata


# kind, N, (C, H, W), outputs, kernel, stride, padding, output padding
CONVOLUTIONS = [
    ("conv2d", 1, (1, 5, 5), 1, 3, 1, 1, 0),
    ("conv2d", 2, (3, 7, 6), 5, 3, 2, 1, 0),
    ("conv2d", 18, (2, 7, 7), 4, 3, 2, 0, 0),
    ("conv2d", 3, (7, 4, 4), 6, 1, 1, 0, 0),
    ("conv2d", 5, (4, 9, 8), 3, 5, 3, 2, 0),
    ("conv2d", 17, (1, 8, 8), 7, 4, 2, 1, 0),
    ("conv2d", 4, (5, 5, 5), 2, 5, 1, 4, 0),
    ("conv2d", 16, (6, 6, 7), 1, 2, 3, 1, 0),
    ("conv2d", 7, (2, 6, 5), 3, 1, 3, 0, 0),
    ("conv_transpose2d", 1, (1, 3, 3), 1, 3, 1, 1, 0),
    ("conv_transpose2d", 2, (5, 4, 3), 3, 3, 2, 1, 1),
    ("conv_transpose2d", 18, (4, 3, 3), 2, 3, 2, 0, 0),
    ("conv_transpose2d", 3, (6, 4, 4), 7, 1, 1, 0, 0),
    ("conv_transpose2d", 5, (3, 3, 4), 4, 5, 3, 2, 2),
    ("conv_transpose2d", 17, (7, 4, 4), 1, 4, 2, 1, 0),
    ("conv_transpose2d", 4, (2, 5, 5), 5, 5, 1, 4, 0),
    ("conv_transpose2d", 16, (1, 3, 4), 6, 2, 3, 1, 1),
    ("conv_transpose2d", 7, (3, 3, 2), 2, 1, 3, 0, 2),
]
LINEARS = [(1, 1, 1), (5, 7, 3), (18, 33, 10), (17, 5, 21)]


def gradients(output, weighting, **inputs):
    """Tensors of a case: inputs, output, what came back from `weighting` (the output's gradient)."""
    found = torch.autograd.grad(output, list(inputs.values()), weighting)
    result = {**inputs, "output": output, "output_gradient": weighting}
    return result | {f"{n}_gradient": g for n, g in zip(inputs, found)}


def operation_file():
    """Convolutions, linear layers, activations and losses on small shapes."""
    tensors, cases, stream = {}, {}, [0]

    def leaf(*shape):
        stream[0] += 1
        return values(stream[0], shape).requires_grad_()

    def add(name, description, found):
        cases[name] = json.dumps(description)
        tensors.update({f"{name}.{n}": t for n, t in found.items()})

    for i, (kind, n, (c, h, w), k, kernel, stride, padding, extra) in enumerate(CONVOLUTIONS):
        down = kind == "conv2d"
        x, b = leaf(n, c, h, w), leaf(k)
        weight = leaf(*((k, c) if down else (c, k)), kernel, kernel)
        if down:
            y = F.conv2d(x, weight, b, stride, padding)
        else:
            y = F.conv_transpose2d(x, weight, b, stride, padding, extra)
        about = {"op": kind, "kernel": kernel, "stride": stride, "padding": padding, "output_padding": extra}
        back = leaf(*y.shape).detach()
        add(f"{kind}-{i:02}", about, gradients(y, back, input=x, weight=weight, bias=b))
    for i, (n, inputs, outputs) in enumerate(LINEARS):
        x, weight, b = leaf(n, inputs), leaf(outputs, inputs), leaf(outputs)
        y = F.linear(x, weight, b)
        found = gradients(y, leaf(*y.shape).detach(), input=x, weight=weight, bias=b)
        add(f"linear-{i:02}", {"op": "linear"}, found)
    functions = {"relu": F.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "softplus": F.softplus}
    for kind, function in functions.items():
        x = (leaf(3, 2, 5, 7).detach() * 3).float().double()
        x[x.abs() < 1e-3] = 0.5
        x.requires_grad_()
        y = function(x)
        add(f"activation-{kind}", {"op": kind}, gradients(y, leaf(*y.shape).detach(), input=x))
    one = torch.ones((), dtype=torch.float64)
    for i, shape in enumerate([(1, 1, 3, 5), (9, 1, 7, 6), (18, 2, 4, 4)]):
        y, logits, target = leaf(*shape), leaf(*shape), torch.sigmoid(leaf(*shape).detach())
        target = target.float().double()
        n = shape[0]
        found = gradients(F.mse_loss(y, target), one, input=y) | {"target": target}
        add(f"mse-{i:02}", {"op": "mse", "reduction": "mean over all values"}, found)
        loss = F.binary_cross_entropy_with_logits(logits, target, reduction="sum") / n
        found = gradients(loss, one, input=logits) | {"target": target}
        add(f"bce-{i:02}", {"op": "bce_with_logits", "reduction": "sum, mean over images"}, found)
    for i, (n, classes) in enumerate([(1, 10), (18, 10), (7, 3)]):
        logits, labels = leaf(n, classes), torch.arange(n) * 3 % classes
        found = gradients(F.cross_entropy(logits, labels), one, input=logits)
        found |= {"labels": labels.to(torch.uint8), "softmax": F.softmax(logits, 1)}
        add(f"cross_entropy-{i:02}", {"op": "cross_entropy", "reduction": "mean over images"}, found)
    for i, (n, latent) in enumerate([(1, 2), (18, 5)]):
        mu, logvar, epsilon = leaf(n, latent), leaf(n, latent), leaf(n, latent).detach()
        kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / n
        add(
            f"kl-{i:02}",
            {"op": "kl", "reduction": "sum, mean over images"},
            gradients(kl, one, mu=mu, logvar=logvar),
        )
        z = mu + epsilon * torch.exp(0.5 * logvar)
        found = gradients(z, leaf(n, latent).detach(), mu=mu, logvar=logvar) | {"epsilon": epsilon}
        add(f"reparameterize-{i:02}", {"op": "reparameterize"}, found)
    return tensors, {"format": "facsimile-golden-1", **cases}


RULES = {
    "sgd": {"kind": "sgd", "learning-rate": 0.1},
    "sgd-l2": {"kind": "sgd", "learning-rate": 0.1, "weight-decay": 0.01},
    "momentum": {"kind": "sgd", "learning-rate": 0.1, "weight-decay": 0.01, "momentum": 0.9},
    "nesterov": {"kind": "sgd", "learning-rate": 0.1, "momentum": 0.9, "nesterov": True},
    "rmsprop": {"kind": "rmsprop", "learning-rate": 0.01, "alpha": 0.99, "eps": 1e-8},
    "adam": {"kind": "adam", "learning-rate": 0.001},
    "adam-l2": {"kind": "adam", "learning-rate": 0.01, "weight-decay": 0.1},
    "adamw": {"kind": "adamw", "learning-rate": 0.01, "weight-decay": 0.1},
}


def optimizer_file():
    """Every optimizer fed with the same ten gradients, and clipping by norm."""
    count = 37
    start, fed = values(5001, (count,)), values(5002, (STEPS, count))
    tensors, metadata = {"initial": start, "gradients": fed}, {"format": "facsimile-golden-1"}
    for name, settings in RULES.items():
        p = start.clone().requires_grad_()
        update, after = optimizer(settings, [p]), []
        for gradient in fed:
            p.grad = gradient.clone()
            update.step()
            after.append(p.detach().clone())
        tensors[f"{name}.parameters"] = torch.stack(after)
        metadata[name] = json.dumps(settings)
    for limit in (0.5, 100.0):
        parts = [values(5003, (3, 1500)), values(5004, (7,))]
        leaves = [torch.zeros_like(p).requires_grad_() for p in parts]
        for leaf, part in zip(leaves, parts):
            leaf.grad = part.clone()
        norm = torch.nn.utils.clip_grad_norm_(leaves, limit)
        name = f"clip-{limit:g}"
        metadata[name] = json.dumps({"op": "clip by norm", "limit": limit, "norm": norm.item()})
        tensors |= {"clip.gradient0": parts[0], "clip.gradient1": parts[1]}
        tensors |= {f"{name}.clipped{i}": leaf.grad for i, leaf in enumerate(leaves)}
    return tensors, metadata


def random_file():
    """Philox's words (bytes of little-endian uint32) and the draws made of them."""
    seed, stream, epoch, samples, elements = 0x0123456789ABCDEF, 7, 3, [0, 1, 59_999, 2**31], 21
    arguments = (seed, stream, samples, elements, epoch)
    words = philox.words(*arguments)
    tensors = {
        "words": words.view(np.uint8).reshape(len(samples), elements * 4),
        "uniform": philox.uniform(*arguments),
        "normal": philox.normal(*arguments),
    }
    about = {"seed": str(seed), "stream": str(stream), "epoch": str(epoch), "samples": json.dumps(samples)}
    return tensors, {"format": "facsimile-golden-1", **about}


def sorted_header(data):
    """The same file with the header's keys in order: the library's order differs from run to run."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def save(path, tensors, metadata):
    """Bytes stay bytes; everything else is rounded from double to binary32."""
    stored = {}
    for name, tensor in tensors.items():
        array = tensor.detach().numpy() if isinstance(tensor, torch.Tensor) else tensor
        array = array if array.dtype == np.uint8 else array.astype(np.float32)
        stored[name] = np.ascontiguousarray(array)
    data = serialise(stored, {**metadata, "torch": torch.__version__.split("+")[0]})
    path.write_bytes(sorted_header(data))
    size = path.stat().st_size
    assert size < 500_000, f"{path.name} is {size} bytes"
    print(f"{path.name}: {len(stored)} tensors, {size} bytes")


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=root / "Tests" / "Goldens")
    parser.add_argument("--only", default="", help="only files whose name holds this")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    files = {name: (lambda c=case: model_file(*c)) for name, case in MODEL_CASES.items()}
    files |= {"operations": operation_file, "optimizers": optimizer_file, "philox": random_file}
    for name, make in files.items():
        if arguments.only in name:
            save(arguments.out / f"{name}.safetensors", *make())


if __name__ == "__main__":
    main()
