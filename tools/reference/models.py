"""The models of Facsimile in PyTorch: the same names and layouts of parameters, the same losses.

Sizes are settable as in the command line: `image`, `classes`, `filters` (a stage each), `latent`, `hidden`,
`activation`, `dropout`, `noise`, `kl_weight`, `importance_samples` (0: the plain loss). Randomness can be handed in (`Draws`), so that a test can give
both sides the same numbers. Images are [N, C, H, W] in [0, 1], MNIST's [N, 1, 28, 28] by default.
"""

import math
from dataclasses import dataclass, field, fields

import torch
import torch.nn.functional as F
from torch import nn

MODELS = ["conv-autoencoder", "denoising-autoencoder", "classifier", "vae", "conv-vae"]
# ReLU's kink, and leaky ReLU's, lies at zero: see `Pass.preactivations`.
ACTIVATIONS = {
    "relu": F.relu,
    "leaky-relu": lambda x: F.leaky_relu(x, 0.01),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": F.softplus,
}


@dataclass
class Configuration:
    """The settings that determine the shape and the loss of a model."""

    latent: int
    image: tuple = (1, 28, 28)  # channels, height, width
    classes: int = 10
    filters: tuple = (8, 16, 32)
    hidden: tuple = (64,)
    activation: str = "relu"
    dropout: float = 0.0
    noise: float = 0.0
    kl_weight: float = 1.0
    importance_samples: int = 0  # above 0: the importance-weighted loss over so many samples of an image

    @staticmethod
    def default(model, **changes):
        values = {"latent": 2 if model in ("vae", "conv-vae") else 10}
        if model == "vae":
            values["hidden"] = (512, 256)
        if model == "denoising-autoencoder":
            values["noise"] = 0.5
        return Configuration(**{**values, **changes})

    def metadata(self):
        """Strings for a safetensors header: `filters` -> "8,16,32", `image` -> "1x28x28"; only what differs from
        MNIST's shape, its ten classes, ReLU and the plain loss is named."""
        unnamed = ("image", "classes", "activation", "importance_samples")
        named = [f for f in fields(self) if f.name not in unnamed]
        named += [f for f in fields(self) if f not in named and getattr(self, f.name) != f.default]

        def text(name, value):
            between = "x" if name == "image" else ","
            return between.join(map(str, value)) if isinstance(value, tuple) else str(value)

        return {f.name.replace("_", "-"): text(f.name, getattr(self, f.name)) for f in named}

    @staticmethod
    def from_pairs(model, pairs):
        """`["latent=4", "filters=4,8,8"]` -> a configuration; an unknown key raises ValueError."""
        changes = {}
        kinds = {"image": tuple, "filters": tuple, "hidden": tuple}
        kinds |= {"latent": int, "classes": int, "activation": str, "importance_samples": int}
        allowed = [f.name.replace("_", "-") for f in fields(Configuration)]
        for pair in pairs:
            key, _, value = pair.partition("=")
            if key not in allowed or not value:
                raise ValueError(f"'{pair}': expected key=value with a key of {', '.join(allowed)}")
            name = key.replace("-", "_")
            kind = kinds.get(name, float)
            changes[name] = tuple(map(int, value.replace("x", ",").split(","))) if kind is tuple else kind(value)
        return Configuration.default(model, **changes)


@dataclass
class Draws:
    """Random numbers handed in instead of drawn: None means draw (training) or leave out (evaluation)."""

    noise: torch.Tensor | None = None  # [N, C, H, W], normal(0, 1)
    epsilon: torch.Tensor | None = None  # [N, latent] or [samples, N, latent], normal(0, 1)
    keep: dict = field(default_factory=dict)  # layer name -> 0/1, of the shape of the layer's output


@dataclass
class Pass:
    """One pass through a model: its outputs, and what the loss needs."""

    target: torch.Tensor
    output: torch.Tensor = None  # sigmoid's output, logits of pixels (VAEs) or of classes
    code: torch.Tensor = None  # encoder.fc2's output, or mu
    logvar: torch.Tensor = None
    z: torch.Tensor = None  # samples [samples, N, latent], with their epsilon
    epsilon: torch.Tensor = None
    preactivations: dict = field(default_factory=dict)  # what every activation saw, by layer


class Stage(nn.Module):
    """Half a model: layers called by name, with activation and dropout after them."""

    def __init__(self, prefix, c):
        super().__init__()
        self.prefix, self.dropout, self.activation = prefix, c.dropout, ACTIVATIONS[c.activation]

    def hidden(self, name, x, state, draws):
        """activation(layer(x)), then dropout: keep where u < 1 - p, scale 1 / (1 - p)."""
        x = getattr(self, name)(x)
        path = f"{self.prefix}.{name}"
        state.preactivations[path] = x
        x = self.activation(x)
        if path in draws.keep:
            return x * draws.keep[path] / (1 - self.dropout)
        return F.dropout(x, self.dropout, self.training) if self.dropout > 0 else x


def maps(c):
    """Sizes (height, width) of the maps from the image down to the smallest, and the padding of each stage."""
    sizes, paddings = [c.image[1:]], []
    for _ in c.filters:
        big = sizes[-1]
        paddings.append(0 if all(n % 2 == 1 and n >= 3 for n in big) else 1)
        sizes.append(tuple((n + 2 * paddings[-1] - 3) // 2 + 1 for n in big))
    return sizes, paddings


class ConvEncoder(Stage):
    """[N, C, H, W] -> [N, latent], or mu and logvar where `variational`."""

    def __init__(self, c, variational):
        super().__init__("encoder", c)
        (sizes, paddings), channels = maps(c), [c.image[0], *c.filters]
        self.stages = len(c.filters)
        for i, padding in enumerate(paddings):
            setattr(self, f"conv{i + 1}", nn.Conv2d(channels[i], channels[i + 1], 3, 2, padding))
        widths = [channels[-1] * sizes[-1][0] * sizes[-1][1], *c.hidden]
        add_linears(self, widths)
        self.depth = len(c.hidden)
        add_heads(self, widths[-1], c.latent, variational, f"fc{self.depth + 1}")

    def forward(self, x, state, draws):
        for i in range(self.stages):
            x = self.hidden(f"conv{i + 1}", x, state, draws)
        x = x.flatten(1)
        for i in range(self.depth):
            x = self.hidden(f"fc{i + 1}", x, state, draws)
        return encode(self, x, state)


class ConvDecoder(Stage):
    """[N, latent] -> [N, C, H, W], before any sigmoid."""

    def __init__(self, c):
        super().__init__("decoder", c)
        (sizes, paddings), channels = maps(c), [c.image[0], *c.filters]
        self.smallest, self.depth = (channels[-1], *sizes[-1]), len(c.hidden) + 1
        self.stages = len(c.filters)
        add_linears(self, [c.latent, *reversed(c.hidden), channels[-1] * sizes[-1][0] * sizes[-1][1]])
        for place, i in enumerate(reversed(range(self.stages))):
            # An even side has one pixel more than 2(h - 1) - 2p + 3, independently for each side.
            extra = tuple(1 - n % 2 for n in sizes[i])
            layer = nn.ConvTranspose2d(channels[i + 1], channels[i], 3, 2, paddings[i], output_padding=extra)
            setattr(self, f"convt{place + 1}", layer)

    def forward(self, z, state, draws):
        for i in range(self.depth):
            z = self.hidden(f"fc{i + 1}", z, state, draws)
        x = z.reshape(-1, *self.smallest)
        for i in range(self.stages - 1):
            x = self.hidden(f"convt{i + 1}", x, state, draws)
        return getattr(self, f"convt{self.stages}")(x)


class LinearEncoder(Stage):
    """[N, C, H, W] -> mu, logvar [N, latent]."""

    def __init__(self, c):
        super().__init__("encoder", c)
        self.depth = len(c.hidden)
        add_linears(self, [math.prod(c.image), *c.hidden])
        add_heads(self, c.hidden[-1], c.latent, True, "")

    def forward(self, x, state, draws):
        x = x.flatten(1)
        for i in range(self.depth):
            x = self.hidden(f"fc{i + 1}", x, state, draws)
        return encode(self, x, state)


class LinearDecoder(Stage):
    """[N, latent] -> [N, C, H, W], before any sigmoid."""

    def __init__(self, c):
        super().__init__("decoder", c)
        self.depth, self.image = len(c.hidden), c.image
        add_linears(self, [c.latent, *reversed(c.hidden), math.prod(c.image)])

    def forward(self, z, state, draws):
        for i in range(self.depth):
            z = self.hidden(f"fc{i + 1}", z, state, draws)
        return getattr(self, f"fc{self.depth + 1}")(z).reshape(-1, *self.image)


def add_linears(module, widths):
    for i, (before, after) in enumerate(zip(widths, widths[1:])):
        setattr(module, f"fc{i + 1}", nn.Linear(before, after))


def add_heads(module, width, latent, variational, code):
    module.code_name = code
    for name in ["mu", "logvar"] if variational else [code]:
        setattr(module, name, nn.Linear(width, latent))


def encode(module, x, state):
    """The last layer of an encoder, without activation."""
    if hasattr(module, "mu"):
        state.code, state.logvar = module.mu(x), module.logvar(x)
    else:
        state.code = getattr(module, module.code_name)(x)
    return state.code


class Twin(nn.Module):
    """A model of Facsimile: `forward` gives a `Pass`, `loss` one number."""

    def __init__(self, model, configuration=None):
        super().__init__()
        if model not in MODELS:
            raise ValueError(f"unknown model '{model}', expected one of {', '.join(MODELS)}")
        c = configuration or Configuration.default(model)
        self.kind, self.configuration = model, c
        self.variational = model in ("vae", "conv-vae")
        if model == "vae":
            self.encoder, self.decoder = LinearEncoder(c), LinearDecoder(c)
        else:
            self.encoder = ConvEncoder(c, self.variational)
            if model == "classifier":
                self.head = nn.Linear(c.latent, c.classes)
            else:
                self.decoder = ConvDecoder(c)

    def forward(self, images, draws=None):
        """images [N, C, H, W] in [0, 1] -> a `Pass`; in evaluation mode nothing is drawn (z = mu)."""
        draws, state = draws or Draws(), Pass(target=images)
        x = images
        if self.kind == "denoising-autoencoder":
            noise = draws.noise
            if noise is None and self.training:
                noise = torch.randn_like(x)
            if noise is not None:
                x = x + self.configuration.noise * noise
        z = self.encoder(x, state, draws)
        if self.variational:
            epsilon, samples = draws.epsilon, self.configuration.importance_samples
            if epsilon is None and (self.training or samples):
                epsilon = torch.randn(*([samples] if samples else []), *z.shape, dtype=z.dtype, device=z.device)
            if epsilon is not None:
                z = z + epsilon * torch.exp(0.5 * state.logvar)
            if samples:
                # The decoder sees all samples of all images as one batch, sample by sample.
                state.z, state.epsilon, z = z, epsilon, z.flatten(0, 1)
        if self.kind == "classifier":
            state.output = self.head(z)
        else:
            logits = self.decoder(z, state, draws)
            state.output = logits if self.variational else torch.sigmoid(logits)
        return state

    def terms(self, state, labels=None):
        """The loss's terms before weighting, by name."""
        if self.kind == "classifier":
            return {"cross-entropy": F.cross_entropy(state.output, labels)}
        if not self.variational:
            return {"mse": F.mse_loss(state.output, state.target)}
        n = len(state.target)
        if self.configuration.importance_samples:
            bce, kl = self.samples(state)
            return {"bce": bce.mean(), "kl": kl.mean()}
        bce = F.binary_cross_entropy_with_logits(state.output, state.target, reduction="sum") / n
        kl = -0.5 * (1 + state.logvar - state.code**2 - state.logvar.exp()).sum() / n
        return {"bce": bce, "kl": kl}

    def samples(self, state):
        """Cross-entropy and log q(z | x) - log p(z) of every sample, each [samples, N]."""
        target = state.target.expand(len(state.z), *state.target.shape)
        logits = state.output.reshape(target.shape)
        bce = F.binary_cross_entropy_with_logits(logits, target, reduction="none").flatten(2).sum(2)
        return bce, 0.5 * (state.z**2 - state.epsilon**2 - state.logvar).sum(2)

    def loss(self, state, labels=None):
        if self.configuration.importance_samples:
            bce, kl = self.samples(state)
            return (math.log(len(bce)) - torch.logsumexp(-(bce + kl), 0)).mean()
        terms = self.terms(state, labels)
        if "kl" in terms:
            return terms["bce"] + self.configuration.kl_weight * terms["kl"]
        return next(iter(terms.values()))


def configuration_of(model, weights, metadata=None):
    """The configuration that fits the shapes of exported `weights` (name -> tensor)."""
    shape = lambda name: tuple(weights[name].shape)
    metadata = metadata or {}

    def found(layer):
        """How many of `layer`1, `layer`2, … there are."""
        return next(i for i in range(len(weights) + 1) if f"{layer}{i + 1}.weight" not in weights)

    count = found("encoder.fc")
    widths = [shape(f"encoder.fc{i + 1}.weight")[0] for i in range(count)]
    variational = model in ("vae", "conv-vae")
    changes = {
        "latent": shape("encoder.mu.weight")[0] if variational else widths[-1],
        "hidden": tuple(widths if variational else widths[:-1]),
    }
    if model != "vae":
        changes["filters"] = tuple(shape(f"encoder.conv{i + 1}.weight")[0] for i in range(found("encoder.conv")))
    if model == "classifier":
        changes["classes"] = shape("head.weight")[0]
    # Tensors do not determine the size of images, nor the activation of a layer.
    if "image" in metadata:
        changes["image"] = tuple(map(int, metadata["image"].split("x")))
    if "activation" in metadata:
        changes["activation"] = metadata["activation"]
    for name in ("dropout", "noise", "kl_weight"):
        key = name.replace("_", "-")
        if key in metadata:
            changes[name] = float(metadata[key])
    return Configuration.default(model, **changes)
