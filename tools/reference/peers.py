"""The models of `models.py` in JAX and in tinygrad, for bench_pytorch.py: the same layers, losses and Adam, started from the
same weights. Before anything is timed, the loss of a batch must be PyTorch's.
"""

import importlib.util
import math

import torch

from models import Twin, maps


class Network:
    """A model over arrays of another library, whose functions `ops` has; `p` maps PyTorch's names to parameters."""

    def __init__(self, twin, ops):
        self.kind, self.c, self.variational, self.ops = twin.kind, twin.configuration, twin.variational, ops

    def linear(self, p, name, x):
        return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]

    def encode(self, p, x):
        """The code, and log σ² where variational."""
        if self.kind != "vae":
            for i, padding in enumerate(maps(self.c)[1]):
                name = f"encoder.conv{i + 1}"
                x = self.ops.relu(self.ops.conv(x, p[f"{name}.weight"], p[f"{name}.bias"], padding))
        x = x.reshape(len(x), -1)
        for i in range(len(self.c.hidden)):
            x = self.ops.relu(self.linear(p, f"encoder.fc{i + 1}", x))
        if self.variational:
            return self.linear(p, "encoder.mu", x), self.linear(p, "encoder.logvar", x)
        return self.linear(p, f"encoder.fc{len(self.c.hidden) + 1}", x), None

    def decode(self, p, z):
        """Pixels before any sigmoid."""
        depth = len(self.c.hidden)
        for i in range(depth):
            z = self.ops.relu(self.linear(p, f"decoder.fc{i + 1}", z))
        z = self.linear(p, f"decoder.fc{depth + 1}", z)
        if self.kind == "vae":
            return z.reshape(-1, *self.c.image)
        sizes, paddings = maps(self.c)
        x = self.ops.relu(z).reshape(-1, self.c.filters[-1], *sizes[-1])
        for place, i in enumerate(reversed(range(len(paddings)))):
            name, extra = f"decoder.convt{place + 1}", tuple(1 - n % 2 for n in sizes[i])
            x = self.ops.conv_transpose(x, p[f"{name}.weight"], p[f"{name}.bias"], paddings[i], extra)
            x = self.ops.relu(x) if i > 0 else x
        return x

    def output(self, p, x, draw=None):
        """What PyTorch's `Pass.output` is, then μ and log σ²; `draw(shape)` gives normal numbers, None leaves them out."""
        if draw and self.kind == "denoising-autoencoder":
            x = x + self.c.noise * draw(x.shape)
        code, logvar = self.encode(p, x)
        if self.kind == "classifier":
            return self.linear(p, "head", code), code, logvar
        z = code if logvar is None or not draw else code + draw(code.shape) * self.ops.exp(0.5 * logvar)
        pixels = self.decode(p, z)
        return (pixels if self.variational else self.ops.sigmoid(pixels)), code, logvar

    def loss(self, p, x, labels, draw=None):
        output, code, logvar = self.output(p, x, draw)
        if self.kind == "classifier":
            highest = output.max(1)[:, None]
            logs = output - highest - self.ops.log(self.ops.exp(output - highest).sum(1))[:, None]
            return -(logs * labels).sum() / len(x)
        if not self.variational:
            return ((output - x) ** 2).mean()
        tail = self.ops.log(1 + self.ops.exp(-self.ops.absolute(output)))
        entropy = (self.ops.relu(output) - output * x + tail).sum() / len(x)
        return entropy - self.c.kl_weight * 0.5 * (1 + logvar - code**2 - self.ops.exp(logvar)).sum() / len(x)


class PeerRunner:
    """Takes steps as `bench_pytorch.Runner` does: with `train`, `forward` and `wait`."""

    def step_of(self, phase):
        """The function that takes one step, and waits for it: these libraries go on before it is done."""
        step = getattr(self, phase)

        def waited(i):
            step(i)
            self.wait()

        return waited


class JAXRunner(PeerRunner):
    """A training step and a forward pass, each compiled as one function."""

    def __init__(self, twin, images, labels):
        import jax
        import jax.numpy as jnp
        from jax import lax

        order = ("NCHW", "OIHW", "NCHW")

        class Ops:
            relu, sigmoid, exp, log, absolute = jax.nn.relu, jax.nn.sigmoid, jnp.exp, jnp.log, jnp.abs

            def conv(x, weight, bias, padding):
                around = [(padding, padding)] * 2
                return lax.conv_general_dilated(x, weight, (2, 2), around, dimension_numbers=order) + bias[:, None, None]

            def conv_transpose(x, weight, bias, padding, extra):
                around = [(2 - padding, 2 - padding + more) for more in extra]
                kernel = weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
                x = lax.conv_general_dilated(x, kernel, (1, 1), around, lhs_dilation=(2, 2), dimension_numbers=order)
                return x + bias[:, None, None]

        network = Network(twin, Ops)

        def step(state, x, labels):
            p, m, v, t, key = state
            key, first, second = jax.random.split(key, 3)
            draws = iter((first, second))
            draw = lambda shape: jax.random.normal(next(draws), shape)
            loss, g = jax.value_and_grad(lambda p: network.loss(p, x, labels, draw))(p)
            t = t + 1
            m = {n: 0.9 * m[n] + 0.1 * g[n] for n in p}
            v = {n: 0.999 * v[n] + 0.001 * g[n] ** 2 for n in p}
            rate, root = 1e-3 / (1 - 0.9**t), jnp.sqrt(1 - 0.999**t)
            return ({n: p[n] - rate * m[n] / (jnp.sqrt(v[n]) / root + 1e-8) for n in p}, m, v, t, key), loss

        p = {name: jnp.asarray(value.detach().numpy()) for name, value in twin.named_parameters()}
        nothing = {name: jnp.zeros_like(value) for name, value in p.items()}
        self.state = (p, nothing, dict(nothing), jnp.float32(0), jax.random.key(1))
        self.batches, self.labels = [jnp.asarray(x.numpy()) for x in images], jnp.asarray(labels.numpy())
        self.step, self.network_output = jax.jit(step), jax.jit(lambda p, x: network.output(p, x)[0])
        self.first_loss = float(jax.jit(network.loss)(p, self.batches[0], self.labels))

    def train(self, i):
        self.state, self.last = self.step(self.state, self.batches[i % 8], self.labels)

    def forward(self, i):
        self.last = self.network_output(self.state[0], self.batches[i % 8])

    def wait(self):
        self.last.block_until_ready()


class TinygradRunner(PeerRunner):
    """A training step and a forward pass, each recorded by TinyJit, on `device`."""

    def __init__(self, twin, images, labels, device):
        from tinygrad import Context, Device, Tensor, TinyJit, nn

        class Ops:
            relu, sigmoid, exp, log, absolute = Tensor.relu, Tensor.sigmoid, Tensor.exp, Tensor.log, Tensor.abs

            def conv(x, weight, bias, padding):
                return x.conv2d(weight, bias, stride=2, padding=padding)

            def conv_transpose(x, weight, bias, padding, extra):
                return x.conv_transpose2d(weight, bias, stride=2, padding=padding, output_padding=extra)

        network, self.device = Network(twin, Ops), Device[device]
        place = lambda value: Tensor(value.detach().numpy(), device=device).realize()
        p = {name: place(value) for name, value in twin.named_parameters()}
        optimizer = nn.optim.Adam(list(p.values()), lr=1e-3)
        self.batches, self.labels = [place(x) for x in images], place(labels)
        draw = lambda shape: Tensor.randn(*shape, device=device)

        @TinyJit
        def step(x):
            with Context(TRAINING=1):
                optimizer.zero_grad()
                loss = network.loss(p, x, self.labels, draw)
                loss.backward()
                return loss.realize(*optimizer.schedule_step())

        self.step = step
        self.network_output = TinyJit(lambda x: network.output(p, x)[0].realize())
        self.first_loss = network.loss(p, self.batches[0], self.labels).item()

    def train(self, i):
        self.step(self.batches[i % 8])

    def forward(self, i):
        self.network_output(self.batches[i % 8])

    def wait(self):
        self.device.synchronize()


PEERS = {
    "JAX, compiled": JAXRunner,
    "tinygrad, CPU": lambda *rest: TinygradRunner(*rest, "CPU"),
    "tinygrad, OpenCL": lambda *rest: TinygradRunner(*rest, "CL"),
}


def peer(name, model, batch, configuration):
    """A runner of the model.

    Raises ValueError where its loss is not PyTorch's, and what its library raises.
    """
    torch.manual_seed(1)
    twin = Twin(model, configuration).eval()
    images = [torch.rand(batch, *twin.configuration.image) for _ in range(8)]
    labels = torch.arange(batch) % twin.configuration.classes
    one_hot = torch.nn.functional.one_hot(labels, twin.configuration.classes).float()
    runner = PEERS[name](twin, images, one_hot)
    expected = twin.loss(twin(images[0]), labels).item()
    if not math.isclose(runner.first_loss, expected, rel_tol=1e-5):
        raise ValueError(f"a loss of {runner.first_loss} where PyTorch's is {expected}")
    return runner


def installed():
    """The names of the peers whose library is there."""
    libraries = {name: "jax" if name.startswith("JAX") else "tinygrad" for name in PEERS}
    return [name for name, library in libraries.items() if importlib.util.find_spec(library)]
