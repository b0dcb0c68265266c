"""The models of Facsimile in PyTorch: the same names and layouts of parameters, the same losses.

Sizes are settable as in the command line: `filters` (three), `latent`, `hidden`, `dropout`, `noise`,
`kl_weight`. Randomness can be handed in (`Draws`), so that a test can give both sides the same numbers.
Images are [N, 1, 28, 28] in [0, 1].
"""

from dataclasses import dataclass, field, fields

import torch
import torch.nn.functional as F
from torch import nn

MODELS = ["conv-autoencoder", "denoising-autoencoder", "classifier", "vae", "conv-vae"]
SIDE, PIXELS, CLASSES = 28, 28 * 28, 10


@dataclass
class Configuration:
    """What decides the shape and the loss of a model."""

    latent: int
    filters: tuple = (8, 16, 32)
    hidden: tuple = (64,)
    dropout: float = 0.0
    noise: float = 0.0
    kl_weight: float = 1.0

    @staticmethod
    def default(model, **changes):
        values = {"latent": 2 if model in ("vae", "conv-vae") else 10}
        if model == "vae":
            values["hidden"] = (512, 256)
        if model == "denoising-autoencoder":
            values["noise"] = 0.5
        return Configuration(**{**values, **changes})

    def metadata(self):
        """Strings for a safetensors header: `filters` -> "8,16,32"."""
        text = lambda v: ",".join(map(str, v)) if isinstance(v, tuple) else str(v)
        return {f.name.replace("_", "-"): text(getattr(self, f.name)) for f in fields(self)}

    @staticmethod
    def from_pairs(model, pairs):
        """`["latent=4", "filters=4,8,8"]` -> a configuration; an unknown key raises ValueError."""
        changes = {}
        kinds = {"filters": tuple, "hidden": tuple, "latent": int}
        allowed = [f.name.replace("_", "-") for f in fields(Configuration)]
        for pair in pairs:
            key, _, value = pair.partition("=")
            if key not in allowed or not value:
                raise ValueError(f"'{pair}': expected key=value with a key of {', '.join(allowed)}")
            kind = kinds.get(key, float)
            name = key.replace("-", "_")
            changes[name] = tuple(map(int, value.split(","))) if kind is tuple else kind(value)
        return Configuration.default(model, **changes)


@dataclass
class Draws:
    """Random numbers handed in instead of drawn: None means draw (training) or leave out (evaluation)."""

    noise: torch.Tensor | None = None  # [N, 1, 28, 28], normal(0, 1)
    epsilon: torch.Tensor | None = None  # [N, latent], normal(0, 1)
    keep: dict = field(default_factory=dict)  # layer name -> 0/1, of the shape of the layer's output


@dataclass
class Pass:
    """One pass through a model: what it gives, and what the loss needs."""

    target: torch.Tensor
    output: torch.Tensor = None  # sigmoid's output, logits of pixels (VAEs) or of classes
    code: torch.Tensor = None  # encoder.fc2's output, or mu
    logvar: torch.Tensor = None
    preactivations: dict = field(default_factory=dict)  # what every ReLU saw, by layer


class Stage(nn.Module):
    """Half a model: layers called by name, with ReLU and dropout after them."""

    def __init__(self, prefix, dropout):
        super().__init__()
        self.prefix, self.dropout = prefix, dropout

    def hidden(self, name, x, state, draws):
        """relu(layer(x)), then dropout: keep where u < 1 - p, scale 1 / (1 - p)."""
        x = getattr(self, name)(x)
        path = f"{self.prefix}.{name}"
        state.preactivations[path] = x
        x = F.relu(x)
        if path in draws.keep:
            return x * draws.keep[path] / (1 - self.dropout)
        return F.dropout(x, self.dropout, self.training) if self.dropout > 0 else x


class ConvEncoder(Stage):
    """[N, 1, 28, 28] -> [N, latent], or mu and logvar where `variational`."""

    def __init__(self, c, variational):
        super().__init__("encoder", c.dropout)
        f, widths = c.filters, [c.filters[2] * 9, *c.hidden]
        self.conv1 = nn.Conv2d(1, f[0], 3, 2, 1)
        self.conv2 = nn.Conv2d(f[0], f[1], 3, 2, 1)
        self.conv3 = nn.Conv2d(f[1], f[2], 3, 2, 0)
        add_linears(self, widths)
        self.depth = len(c.hidden)
        add_heads(self, widths[-1], c.latent, variational, f"fc{self.depth + 1}")

    def forward(self, x, state, draws):
        for name in ["conv1", "conv2", "conv3"]:
            x = self.hidden(name, x, state, draws)
        x = x.flatten(1)
        for i in range(self.depth):
            x = self.hidden(f"fc{i + 1}", x, state, draws)
        return encode(self, x, state)


class ConvDecoder(Stage):
    """[N, latent] -> [N, 1, 28, 28], before any sigmoid."""

    def __init__(self, c):
        super().__init__("decoder", c.dropout)
        f = c.filters
        self.channels, self.depth = f[2], len(c.hidden) + 1
        add_linears(self, [c.latent, *reversed(c.hidden), f[2] * 9])
        self.convt1 = nn.ConvTranspose2d(f[2], f[1], 3, 2, 0)
        self.convt2 = nn.ConvTranspose2d(f[1], f[0], 3, 2, 1, output_padding=1)
        self.convt3 = nn.ConvTranspose2d(f[0], 1, 3, 2, 1, output_padding=1)

    def forward(self, z, state, draws):
        for i in range(self.depth):
            z = self.hidden(f"fc{i + 1}", z, state, draws)
        x = z.reshape(-1, self.channels, 3, 3)
        for name in ["convt1", "convt2"]:
            x = self.hidden(name, x, state, draws)
        return self.convt3(x)


class LinearEncoder(Stage):
    """[N, 1, 28, 28] -> mu, logvar [N, latent]."""

    def __init__(self, c):
        super().__init__("encoder", c.dropout)
        self.depth = len(c.hidden)
        add_linears(self, [PIXELS, *c.hidden])
        add_heads(self, c.hidden[-1], c.latent, True, "")

    def forward(self, x, state, draws):
        x = x.flatten(1)
        for i in range(self.depth):
            x = self.hidden(f"fc{i + 1}", x, state, draws)
        return encode(self, x, state)


class LinearDecoder(Stage):
    """[N, latent] -> [N, 1, 28, 28], before any sigmoid."""

    def __init__(self, c):
        super().__init__("decoder", c.dropout)
        self.depth = len(c.hidden)
        add_linears(self, [c.latent, *reversed(c.hidden), PIXELS])

    def forward(self, z, state, draws):
        for i in range(self.depth):
            z = self.hidden(f"fc{i + 1}", z, state, draws)
        return getattr(self, f"fc{self.depth + 1}")(z).reshape(-1, 1, SIDE, SIDE)


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
                self.head = nn.Linear(c.latent, CLASSES)
            else:
                self.decoder = ConvDecoder(c)

    def forward(self, images, draws=None):
        """images [N, 1, 28, 28] in [0, 1] -> a `Pass`; in evaluation mode nothing is drawn (z = mu)."""
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
            epsilon = draws.epsilon
            if epsilon is None and self.training:
                epsilon = torch.randn_like(z)
            if epsilon is not None:
                z = z + epsilon * torch.exp(0.5 * state.logvar)
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
        n = len(state.output)
        bce = F.binary_cross_entropy_with_logits(state.output, state.target, reduction="sum") / n
        kl = -0.5 * (1 + state.logvar - state.code**2 - state.logvar.exp()).sum() / n
        return {"bce": bce, "kl": kl}

    def loss(self, state, labels=None):
        terms = self.terms(state, labels)
        if "kl" in terms:
            return terms["bce"] + self.configuration.kl_weight * terms["kl"]
        return next(iter(terms.values()))


def configuration_of(model, weights, metadata=None):
    """The configuration that fits the shapes of exported `weights` (name -> tensor)."""
    shape = lambda name: tuple(weights[name].shape)
    metadata = metadata or {}
    count = 0
    while f"encoder.fc{count + 1}.weight" in weights:
        count += 1
    widths = [shape(f"encoder.fc{i + 1}.weight")[0] for i in range(count)]
    variational = model in ("vae", "conv-vae")
    changes = {
        "latent": shape("encoder.mu.weight")[0] if variational else widths[-1],
        "hidden": tuple(widths if variational else widths[:-1]),
    }
    if model != "vae":
        changes["filters"] = tuple(shape(f"encoder.conv{i}.weight")[0] for i in (1, 2, 3))
    for name in ("dropout", "noise", "kl_weight"):
        key = name.replace("_", "-")
        if key in metadata:
            changes[name] = float(metadata[key])
    return Configuration.default(model, **changes)
