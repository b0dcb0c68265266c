"""Training: the split, the batches, a step forward and backward in parts, the update and the hash."""

import hashlib
import math
from types import SimpleNamespace

import numpy as np

from . import draws, formulas, layers, models, optimizers
from .arithmetic import F, close, fma
from .order import BLOCK, sum_images, tree, whole


class Trainer:
    """A model at the beginning of a run; pixels [images, channels, height, width] of the whole training set."""

    def __init__(self, model, settings, pixels, labels):
        self.s, self.pixels, self.labels, seed = settings, pixels, labels, settings["seed"]
        self.layers = models.layers(model, settings, pixels.shape[1:], int(labels.max()) + 1)
        self.parameters = {}
        for index, (name, shape, fan_in) in enumerate(p for layer in self.layers for p in layer.parameters()):
            u = draws.uniform(seed, draws.INITIALISATION, draws.Rows(np.zeros(1)), shape, index)[0]
            bound = F(1 / math.sqrt(fan_in))
            self.parameters[name] = fma(u, bound + bound, -bound)
        kinds = optimizers.STATE[settings["optimizer"]]
        self.state = {kind: {n: np.zeros(p.shape, F) for n, p in self.parameters.items()} for kind in kinds}
        share, count = settings["validation"], len(pixels)
        held_out = optimizers.rounded(share * count) if share < 1 else int(share)
        self.train = draws.order(seed, draws.SPLIT, np.arange(count))[held_out:]

    def tensors(self):
        """(name, values) in state order: the parameters, then each of the optimizer's states of all of them."""
        yield from self.parameters.items()
        for kind, tensors in self.state.items():
            yield from ((f"optimizer.{kind}.{name}", values) for name, values in tensors.items())

    def sha256(self):
        """Of the tensors' little-endian values."""
        return hashlib.sha256(b"".join(values.astype("<f4").tobytes() for _, values in self.tensors())).hexdigest()

    def epoch(self, number):
        """Trains an epoch (from 1); returns its metrics, means over the images in double."""
        size = self.s["batch-size"]
        order = draws.order(self.s["seed"], draws.SHUFFLE, self.train, epoch=number)
        batches = [order[first : first + size] for first in range(0, len(order), size)]
        totals = {}
        for step, batch in enumerate(batches):
            for name, value in self.step(number, step, len(batches), batch).items():
                totals[name] = totals.get(name, 0.0) + float(value) * (1 if name == "accuracy" else len(batch))
        return {name: total / len(order) for name, total in totals.items()}

    def step(self, epoch, step, steps, batch):
        """One step of training; returns its metrics."""
        s, is_squared = self.s, self.s["loss"] == "mean-squared-error"
        part_size = -(-s["batch-size"] // s["shards"])
        divisor = len(batch) * (self.pixels[0].size if is_squared else 1)
        scale, weight = (2 if is_squared else 1) / divisor, optimizers.kl_weight(s, epoch, step, steps)
        scales = SimpleNamespace(gradient=F(scale), kl=F(weight), kl_gradient=F(weight * scale))
        firsts = range(0, len(batch), part_size)
        parts = [self.part(epoch, batch[i : i + part_size], part_size, scales) for i in firsts]
        gradients = {n: close(tree(np.stack([g[n] for g, _ in parts]))) for n in self.parameters}
        if s["clip-norm"] > 0:
            coefficient = optimizers.clip_coefficient(gradients.values(), s["clip-norm"])
            gradients = {n: g * coefficient for n, g in gradients.items()}
        rate, number = optimizers.learning_rate(s, epoch, step, steps), (epoch - 1) * steps + step + 1
        for name, g in gradients.items():
            self.parameters[name] = optimizers.update(s, self.parameters[name], g, self.state, name, rate, number)
        sums = {n: tree(np.array([m[n] for _, m in parts], F)) for n in parts[0][1]}
        return {n: v if n == "accuracy" else v * F(1 / divisor) for n, v in sums.items()}

    def part(self, epoch, samples, part_size, scales):
        """Gradients, and sums of losses, of one part of a batch."""
        rows = draws.Rows(samples, epoch, np.zeros(len(samples), np.int64), np.arange(len(samples)))
        x, target = self.inputs(rows)
        passed, q = [], None
        for index, layer in enumerate(self.layers):
            before = rows
            if layer.kind == "posterior":
                q = self.posterior(layer, x, rows, part_size)
                rows, y = q.rows, q.z
            else:
                y = formulas.ACTIVATIONS[layer.activation](self.forward(layer, x))
            u = draws.uniform(self.s["seed"], draws.DROPOUT, rows, y.shape[1:], index) if layer.dropout > 0 else None
            result = y if u is None else formulas.dropout(y, u, layer.dropout)
            passed.append((layer, before.places, x, y, u, result))
            x = result
        losses, gradient = self.losses(samples, x, target, q, scales)
        gradients = {}
        for layer, places, x, y, u, result in reversed(passed):
            if layer is not self.layers[-1]:
                gradient = formulas.through(layer, gradient, y, u, result)
            gradient, found = self.below(layer, x, gradient, places, q, scales)
            gradients.update(zip((name for name, _, _ in layer.parameters()), found))
        return gradients, {name: sum_images(values, np.arange(len(samples))) for name, values in losses.items()}

    def inputs(self, rows):
        """The input of the first layer, and the images to reconstruct."""
        x, seed, binarise = self.pixels[rows.samples].astype(F) / F(255), self.s["seed"], self.s["binarise"]
        if binarise != "none":
            source = (seed, draws.BINARISATION, rows)
            if binarise == "fixed":
                source = (0, draws.FIXED_BINARISATION, draws.Rows(rows.samples))
            x = np.where(draws.uniform(*source, x.shape[1:]) < x, F(1), F(0))
        target = x.reshape(len(x), -1)
        if self.s["noise"] > 0:
            x = fma(draws.normal(seed, draws.NOISE, rows, x.shape[1:]), F(self.s["noise"]), x)
        return x.reshape(len(x), *self.layers[0].inputs), target

    def module(self, layer, index=0):
        name = layer.modules()[index][0]
        return self.parameters[name + ".weight"], self.parameters[name + ".bias"]

    def forward(self, layer, x):
        if layer.kind in ("flatten", "unflatten"):
            return x.reshape(len(x), *layer.outputs)
        if layer.kind == "linear":
            return layers.linear(x, *self.module(layer))
        return layers.slide(x, *self.module(layer), layer.outputs[1:], layer.padding, layer.kind == "convt")

    def below(self, layer, x, gradient, places, q, scales):
        """The gradient of a layer's input x, and those of its parameters."""
        if layer.kind in ("flatten", "unflatten"):
            return gradient.reshape(x.shape), []
        if layer.kind in ("conv", "convt"):
            is_up = layer.kind == "convt"
            found = layers.convolution_gradients(x, gradient, places, layer.padding, is_up)
            if layer is self.layers[0]:
                return None, found
            start = np.zeros(layer.inputs[0], F)
            return layers.slide(gradient, self.module(layer)[0], start, x.shape[2:], layer.padding, not is_up), found
        of_modules = [gradient]
        if layer.kind == "posterior":
            function = formulas.importance_gradients if self.s["loss"] == "iwae" else formulas.posterior_gradients
            of_modules = function(gradient, q, scales.kl_gradient)
        below, found = np.zeros(x.shape, F), []
        for index, g in enumerate(of_modules):
            found += layers.linear_gradients(x, g, places)
            if layer is not self.layers[0]:
                below = layers.linear_below(g, self.module(layer, index)[0], below)
        return below, found

    def posterior(self, layer, x, rows, part_size):
        """Moments, and samples: sample 0 of all images, then sample 1, each starting at a new block."""
        mean, log_variance = (layers.linear(x, *self.module(layer, i)) for i in (0, 1))
        count = self.s["importance-samples"] if self.s["loss"] == "iwae" else 1
        draw = np.repeat(np.arange(count), len(x))
        places = np.tile(rows.places, count) + draw * whole(part_size, BLOCK)
        rows = draws.Rows(np.tile(rows.samples, count), rows.epoch, draw, places)
        mean, log_variance = (np.tile(t, (count, 1)) for t in (mean, log_variance))
        noise = draws.normal(self.s["seed"], draws.REPARAMETERIZATION, rows, mean.shape[1:])
        z = formulas.sample(mean, log_variance, noise)
        return SimpleNamespace(mean=mean, log_variance=log_variance, noise=noise, z=z, rows=rows, count=count)

    def losses(self, samples, x, target, q, scales):
        """Losses by name, one for each image, and the gradient before the last activation. q: the posterior."""
        if self.s["loss"] == "cross-entropy":
            loss, gradient, correct = formulas.cross_entropy(x, self.labels[samples], scales.gradient)
            return {"loss": loss, "accuracy": correct.astype(F)}, gradient
        is_squared = self.s["loss"] == "mean-squared-error"
        function = formulas.squared_error if is_squared else formulas.binary_cross_entropy
        target = np.tile(target, (q.count if q else 1, 1))
        loss, gradient = function(x.reshape(target.shape), target, scales.gradient)
        if q is None:
            return {"loss": loss}, gradient.reshape(x.shape)
        is_sampled = self.s["loss"] == "iwae"
        kl = formulas.sampled_divergence(q) if is_sampled else formulas.divergence(q.mean, q.log_variance)
        total = fma(kl, scales.kl, loss)
        if is_sampled:
            total, loss, kl = (t.reshape(q.count, -1).T for t in (total, loss, kl))
            total, q.weights = formulas.importance(total)
            gradient = gradient * q.weights.T.reshape(-1, 1)
            loss, kl = (formulas.chain((t,), np.add) / F(q.count) for t in (loss, kl))
        return {"loss": total, "reconstruction": loss, "kl_divergence": kl}, gradient.reshape(x.shape)
