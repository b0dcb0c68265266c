"""Training: the split, the batches, a step forward and backward in parts, the update and the hash."""

import hashlib
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
            u = draws.uniform(seed, draws.INITIALISATION, [0], int(np.prod(shape)), layer=index)[0]
            bound = F(1 / np.sqrt(np.float64(fan_in)))
            self.parameters[name] = fma(u, bound + bound, -bound).reshape(shape)
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
        parts = [
            self.part(SimpleNamespace(epoch=epoch, samples=batch[i : i + part_size], size=part_size), scales)
            for i in range(0, len(batch), part_size)
        ]
        gradients = {n: close(tree(np.stack([g[n] for g, _ in parts]))) for n in self.parameters}
        if s["clip-norm"] > 0:
            coefficient = optimizers.clip_coefficient(gradients.values(), s["clip-norm"])
            gradients = {n: g * coefficient for n, g in gradients.items()}
        rate, number = optimizers.learning_rate(s, epoch, step, steps), (epoch - 1) * steps + step + 1
        for name, g in gradients.items():
            self.parameters[name] = optimizers.update(s, self.parameters[name], g, self.state, name, rate, number)
        sums = {n: tree(np.array([m[n] for _, m in parts], F)) for n in parts[0][1]}
        return {n: v if n == "accuracy" else v * F(1 / divisor) for n, v in sums.items()}

    def part(self, rows, scales):
        """Gradients, and sums of losses, of one part of a batch.

        rows: for each row of the arrays its image (index in the data set), the image's place in the part, and which
        sample of the posterior it is.
        """
        count = len(rows.samples)
        rows.places, rows.draws = np.arange(count), np.zeros(count, np.int64)
        x, target = self.inputs(rows)
        passed, posterior = [], None
        for index, layer in enumerate(self.layers):
            before, y = rows, x
            if layer.kind == "posterior":
                posterior = self.posterior(layer, x, rows)
                rows, y = posterior.rows, posterior.z
            else:
                y = formulas.ACTIVATIONS[layer.activation](self.forward(layer, x))
            u = self.uniform(draws.DROPOUT, rows, y, index) if layer.dropout > 0 else None
            result = y if u is None else formulas.dropout(y, u, layer.dropout)
            passed.append((layer, before.places, x, y, u, result))
            x = result
        losses, gradient = self.losses(rows, x, target, posterior, scales)
        gradients = {}
        for layer, places, x, y, u, result in reversed(passed):
            if layer is not self.layers[-1]:
                gradient = formulas.through(layer, gradient, y, u, result)
            if layer.kind == "posterior":
                gradient, found = self.below_posterior(layer, x, gradient, posterior, scales)
            else:
                gradient, found = self.below(layer, x, gradient, places)
            gradients.update(zip((name for name, _, _ in layer.parameters()), found))
        return gradients, {name: sum_images(values, np.arange(count)) for name, values in losses.items()}

    def uniform(self, stream, rows, x, layer=0, seed=None, epoch=None):
        seed, epoch = self.s["seed"] if seed is None else seed, rows.epoch if epoch is None else epoch
        u = draws.uniform(seed, stream, rows.samples, x[0].size, epoch=epoch, layer=layer, draws=rows.draws)
        return u.reshape(x.shape)

    def normal(self, stream, rows, x):
        n = draws.normal(self.s["seed"], stream, rows.samples, x[0].size, epoch=rows.epoch, draws=rows.draws)
        return n.reshape(-1, *x.shape[1:])

    def inputs(self, rows):
        """What goes into the first layer, and the images as they are to be reconstructed."""
        target = self.pixels[rows.samples].astype(F) / F(255)
        if self.s["binarise"] == "dynamic":
            target = np.where(self.uniform(draws.BINARISATION, rows, target) < target, F(1), F(0))
        elif self.s["binarise"] == "fixed":
            u = self.uniform(draws.FIXED_BINARISATION, rows, target, seed=0, epoch=0)
            target = np.where(u < target, F(1), F(0))
        x = target
        if self.s["noise"] > 0:
            x = fma(self.normal(draws.NOISE, rows, x), F(self.s["noise"]), x)
        return x.reshape(len(x), *self.layers[0].inputs), target.reshape(len(x), -1)

    def module(self, layer, index=0):
        name = layer.modules()[index][0]
        return self.parameters[name + ".weight"], self.parameters[name + ".bias"]

    def forward(self, layer, x):
        if layer.kind in ("flatten", "unflatten"):
            return x.reshape(len(x), *layer.outputs)
        if layer.kind == "linear":
            return layers.linear(x, *self.module(layer))
        slide = layers.slide_up if layer.kind == "convt" else layers.slide_down
        return slide(x, *self.module(layer), layer.outputs[1:], layer.padding)

    def below(self, layer, x, gradient, places):
        """The gradient of a layer's input (None for the first layer's), and those of its parameters."""
        if layer.kind in ("flatten", "unflatten"):
            return gradient.reshape(x.shape), []
        is_first, weight = layer is self.layers[0], self.module(layer)[0]
        if layer.kind == "linear":
            found = layers.linear_gradients(x, gradient, places)
            return None if is_first else layers.linear_below(gradient, weight), found
        is_up = layer.kind == "convt"
        slide = layers.slide_down if is_up else layers.slide_up
        found = layers.convolution_gradients(x, gradient, places, layer.padding, is_up)
        return None if is_first else slide(gradient, weight, None, x.shape[2:], layer.padding), found

    def posterior(self, layer, x, rows):
        """Moments [images, latent] and samples: sample 0 of all images, then sample 1, each from a new block on."""
        mean, log_variance = (layers.linear(x, *self.module(layer, i)) for i in (0, 1))
        count = self.s["importance-samples"] if self.s["loss"] == "iwae" else 1
        draw = np.repeat(np.arange(count), len(x))
        places = np.tile(rows.places, count) + draw * whole(rows.size, BLOCK)
        sampled = SimpleNamespace(
            epoch=rows.epoch, samples=np.tile(rows.samples, count), places=places, draws=draw)  # fmt: skip
        noise = self.normal(draws.REPARAMETERIZATION, sampled, mean)
        deep = np.tile(log_variance, (count, 1))
        z = formulas.sample(np.tile(mean, (count, 1)), deep, noise)
        return SimpleNamespace(
            mean=mean, log_variance=log_variance, deep=deep, noise=noise, z=z, rows=sampled, count=count,
            places=rows.places)  # fmt: skip

    def below_posterior(self, layer, x, gradient, q, scales):
        if self.s["loss"] == "iwae":
            g, z, noise = (t.reshape(q.count, *q.mean.shape) for t in (gradient, q.z, q.noise))
            mean, log_variance = formulas.importance_gradients(
                g, z, q.log_variance, noise, q.weights.T, scales.kl_gradient)  # fmt: skip
        else:
            mean, log_variance = formulas.posterior_gradients(
                gradient, q.mean, q.log_variance, q.noise, scales.kl_gradient)  # fmt: skip
        found = [t for g in (mean, log_variance) for t in layers.linear_gradients(x, g, q.places)]
        below = layers.linear_below(mean, self.module(layer, 0)[0])
        return layers.linear_below(log_variance, self.module(layer, 1)[0], below), found

    def losses(self, rows, x, target, q, scales):
        """Losses by name, one for each image, and the gradient before the last activation. q: the posterior."""
        if self.s["loss"] == "cross-entropy":
            loss, gradient, correct = formulas.cross_entropy(x, self.labels[rows.samples], scales.gradient)
            return {"loss": loss, "accuracy": correct.astype(F)}, gradient
        is_squared = self.s["loss"] == "mean-squared-error"
        function = formulas.squared_error if is_squared else formulas.binary_cross_entropy
        target = np.tile(target, (q.count if q else 1, 1))
        loss, gradient = function(x.reshape(target.shape), target, scales.gradient)
        if q is None:
            return {"loss": loss}, gradient.reshape(x.shape)
        if self.s["loss"] != "iwae":
            kl = formulas.divergence(q.mean, q.log_variance)
            total = fma(kl, scales.kl, loss)
        else:
            kl = formulas.sampled_divergence(q.z, q.deep, q.noise)
            total, loss, kl = (t.reshape(q.count, -1).T for t in (fma(kl, scales.kl, loss), loss, kl))
            total, q.weights = formulas.importance(total)
            gradient = gradient * q.weights.T.reshape(-1, 1)
            loss, kl = (formulas.chain((t,), np.add) / F(q.count) for t in (loss, kl))
        return {"loss": total, "reconstruction": loss, "kl_divergence": kl}, gradient.reshape(x.shape)
