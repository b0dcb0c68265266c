"""Appendix C: the models' layers, parameters and recipes."""

import dataclasses

from .layers import KERNEL, STRIDE

BASE = {
    "latent": 10, "filters": [8, 16, 32], "hidden": [64], "activation": "relu", "dropout": 0, "noise": 0,
    "binarise": "none", "loss": "binary-cross-entropy", "importance-samples": 5, "kl-weight": 1, "kl-warm-up": 0,
    "optimizer": "adam", "learning-rate": 0.003, "momentum": 0.9, "alpha": 0.99, "beta1": 0.9, "beta2": 0.999,
    "epsilon": 1e-8, "weight-decay": 0, "clip-norm": 0, "schedule": "cosine", "schedule-epochs": 10,
    "schedule-factor": 0.1, "minimum-learning-rate": 0, "warm-up": 1, "epochs": 20, "batch-size": 64, "seed": 1,
    "shards": 1, "validation": 0.1,
}  # fmt: skip
AUTOENCODER = {"loss": "mean-squared-error", "beta2": 0.97, "weight-decay": 3e-6, "epochs": 30, "batch-size": 32}
RECIPES = {
    "conv-autoencoder": AUTOENCODER,
    "denoising-autoencoder": {**AUTOENCODER, "noise": 0.5},
    "classifier": {"loss": "cross-entropy", "weight-decay": 1e-4, "dropout": 0.1, "batch-size": 128},
    "vae": {"latent": 2, "hidden": [512, 256], "learning-rate": 0.002},
    "conv-vae": {"latent": 2, "learning-rate": 0.004, "activation": "leaky-relu", "kl-warm-up": 5},
}


@dataclasses.dataclass
class Layer:
    kind: str
    name: str
    inputs: tuple
    outputs: tuple
    activation: str = "identity"
    dropout: float = 0
    padding: int = 0

    def modules(self):
        """(name, weight's shape) of each module."""
        i, o = self.inputs[0], self.outputs[0]
        if self.kind in ("conv", "convt"):
            small, big = (i, o) if self.kind == "convt" else (o, i)
            return [(self.name, (small, big, KERNEL, KERNEL))]
        names = {"linear": [self.name], "posterior": [self.name + ".mu", self.name + ".logvar"]}
        return [(name, (o, i)) for name in names.get(self.kind, [])]

    def parameters(self):
        """(name, shape, fan-in), weight before bias."""
        for name, shape in self.modules():
            fan_in = shape[1] * (KERNEL * KERNEL if len(shape) == 4 else 1)
            yield name + ".weight", shape, fan_in
            yield name + ".bias", (self.outputs[0],), fan_in


def layers(model, s, image, classes):
    """The layers of a model for images of a shape (channels, height, width)."""
    found = []

    def add(kind, name, outputs, activation="identity", dropout=0, padding=0):
        found.append(Layer(kind, name, found[-1].outputs if found else image, outputs, activation, dropout, padding))

    def hidden(side, widths):
        for number, width in enumerate(widths, 1):
            add("linear", f"{side}.fc{number}", (width,), s["activation"], s["dropout"])

    values = image[0] * image[1] * image[2]
    maps, paddings = [image], []
    if model == "vae":
        image = (values,)
    else:
        for number, channels in enumerate(s["filters"], 1):
            sides = maps[-1][1:]
            padding = 0 if all(n % 2 == 1 and n >= 3 for n in sides) else 1
            maps.append((channels, *((n + 2 * padding - KERNEL) // STRIDE + 1 for n in sides)))
            paddings.append(padding)
            add("conv", f"encoder.conv{number}", maps[-1], s["activation"], s["dropout"], padding)
        smallest = maps[-1][0] * maps[-1][1] * maps[-1][2]
        add("flatten", "encoder.flatten", (smallest,))
    hidden("encoder", s["hidden"])
    if model in ("vae", "conv-vae"):
        add("posterior", "encoder", (s["latent"],))
    else:
        add("linear", f"encoder.fc{len(s['hidden']) + 1}", (s["latent"],))
    if model == "classifier":
        add("linear", "head", (classes,))
        return found
    if model == "vae":
        hidden("decoder", s["hidden"][::-1])
        add("linear", f"decoder.fc{len(s['hidden']) + 1}", (values,))
        return found
    hidden("decoder", [*s["hidden"][::-1], smallest])
    add("unflatten", "decoder.unflatten", maps[-1])
    for index in reversed(range(len(paddings))):
        last = "sigmoid" if s["loss"] == "mean-squared-error" else "identity"
        activation, dropout = (s["activation"], s["dropout"]) if index else (last, 0)
        add("convt", f"decoder.convt{len(paddings) - index}", maps[index], activation, dropout, paddings[index])
    return found
