"""Trains a model in PyTorch with Facsimile's settings, to compare trajectories.

    python train_reference.py --model conv-autoencoder --data mnist --epochs 30 --batch-size 128 \\
        --weight-decay 1e-5
    python train_reference.py --config runs/vae-1/config.yaml

One line per epoch: the training loss and, on the test images, the loss and its terms (mean squared error;
negative ELBO, cross-entropy and KL; accuracy). Sizes are set as in the command line: --set latent=4.
"""

import argparse
import json
import math
import pathlib
import time
from dataclasses import fields

import torch
from safetensors.torch import load_file, save_file

import data
from models import MODELS, Configuration, Draws, Twin


def unit(images, index):
    """Bytes of the images at `index` -> [N, 1, 28, 28] in [0, 1]."""
    return images[index].float().div(255)[:, None]


def evaluate(twin, images, labels, seed, batch=500):
    """Mean loss and terms over all images; VAEs draw z once for each, denoisers get noisy images."""
    twin.eval()
    generator = torch.Generator().manual_seed(seed)
    c, sums, correct = twin.configuration, {}, 0
    with torch.no_grad():
        for index in torch.arange(len(images)).split(batch):
            x, draws = unit(images, index), Draws()
            if twin.variational:
                draws.epsilon = torch.randn(len(index), c.latent, generator=generator)
            if twin.kind == "denoising-autoencoder":
                draws.noise = torch.randn(x.shape, generator=generator)
            state = twin(x, draws)
            terms = {"loss": twin.loss(state, labels[index]), **twin.terms(state, labels[index])}
            for name, value in terms.items():
                sums[name] = sums.get(name, 0.0) + value.item() * len(index)
            if twin.kind == "classifier":
                correct += (state.output.argmax(1) == labels[index]).sum().item()
    twin.train()
    result = {name: value / len(images) for name, value in sums.items()}
    if twin.kind == "classifier":
        result["accuracy"] = correct / len(images)
    if twin.variational:
        result["negative-elbo"] = result["bce"] + result["kl"]
    return result


def rate(arguments, step, steps):
    """The learning rate of a step, as a share of the full one, as Facsimile's schedules have it: `steps` are an
    epoch's; after the warm-up half a cosine, epoch by epoch."""
    rising = round(arguments.warm_up * steps)
    if step < rising:
        return (step + 1) / rising
    if arguments.schedule == "constant":
        return 1.0
    warm = math.ceil(arguments.warm_up)
    share = max(step // steps - warm, 0) / max(arguments.epochs - warm, 1)
    return 0.5 * (1 + math.cos(math.pi * min(share, 1)))


def settings_of(path):
    """A run's config.yaml -> values of options; the sizes of the model are `--set`'s."""
    lines = (line.split("#")[0].partition(":") for line in pathlib.Path(path).read_text().splitlines())
    settings = {key.strip(): value.strip().strip("'\"") for key, _, value in lines if value}
    if settings["loss"] != "iwae":
        settings.pop("importance-samples", None)
    sizes = {f.name.replace("_", "-") for f in fields(Configuration)} & settings.keys()
    settings["set"] = [f"{key}={settings[key]}" for key in sorted(sizes)]
    return {key.replace("-", "_"): value for key, value in settings.items()}


def validation_images(text):
    """"6000", or "0.1" of MNIST's 60,000."""
    return int(float(text) * 60000) if "." in text else int(text)


def build(arguments):
    """The model, from scratch or with the encoder of `--from`, and the parameters that train."""
    torch.manual_seed(arguments.seed)
    twin = Twin(arguments.model, Configuration.from_pairs(arguments.model, arguments.set))
    if arguments.source:
        encoder = {n: t for n, t in load_file(arguments.source).items() if n.startswith("encoder.")}
        unknown = twin.load_state_dict(encoder, strict=False).unexpected_keys
        if unknown:
            raise SystemExit(f"error: {arguments.source} holds {unknown[0]}, which this model has not")
    if arguments.trainable == "last-2":
        for name, parameter in twin.named_parameters():
            parameter.requires_grad_(name.startswith((f"encoder.{twin.encoder.code_name}.", "head.")))
    return twin, [p for p in twin.parameters() if p.requires_grad]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", help="config.yaml of a run: its settings in place of the defaults below")
    parser.add_argument("--model", choices=MODELS, default=MODELS[0])
    parser.add_argument("--data", default="mnist", help="name or folder of a data set (default mnist)")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--optimizer", choices=["adam", "adamw", "sgd", "momentum", "rmsprop"], default="adam")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--beta1", type=float, default=0.9, help="of adam and adamw")
    parser.add_argument("--beta2", type=float, default=0.999, help="of adam and adamw")
    parser.add_argument("--weight-decay", type=float, default=0.0)
    parser.add_argument("--momentum", type=float, default=0.9, help="of momentum")
    parser.add_argument("--schedule", choices=["constant", "cosine"], default="constant")
    parser.add_argument("--warm-up", type=float, default=0.0, help="epochs until the full learning rate")
    parser.add_argument("--kl-warm-up", type=float, default=0.0, help="epochs over which the KL weight rises from 0")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--validation", type=validation_images, default=6000, help="images set aside")
    parser.add_argument("--limit", type=int, help="only the first N training images")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE")
    parser.add_argument("--from", dest="source", help="safetensors whose encoder to start from")
    parser.add_argument("--trainable", choices=["last-2", "all"], default="all")
    parser.add_argument("--save", help="write the weights here (safetensors)")
    parser.add_argument("--threads", type=int, help="threads of PyTorch")
    parser.add_argument("--json", action="store_true", help="one JSON object per epoch")
    if source := parser.parse_args().config:
        try:
            parser.set_defaults(**settings_of(source))
        except (OSError, KeyError) as problem:
            parser.error(f"{source} is no run's config.yaml: {problem}")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    try:
        train, test = (data.load(arguments.data, split) for split in ("train", "test"))
        twin, trained = build(arguments)
    except (ValueError, FileNotFoundError) as problem:
        raise SystemExit(f"error: {problem}")
    images, labels = (torch.tensor(a) for a in train)
    test_images, test_labels = torch.tensor(test[0]), torch.tensor(test[1]).long()
    labels = labels.long()
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(arguments.seed))
    chosen = order[arguments.validation :][: arguments.limit]

    settings = {"lr": arguments.learning_rate, "weight_decay": arguments.weight_decay}
    if arguments.optimizer in ("adam", "adamw"):
        settings["betas"] = (arguments.beta1, arguments.beta2)
    if arguments.optimizer == "momentum":
        settings["momentum"] = arguments.momentum
    kinds = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "momentum": "SGD", "rmsprop": "RMSprop"}
    update = getattr(torch.optim, kinds[arguments.optimizer])(trained, **settings)
    steps = -(-len(chosen) // arguments.batch_size)
    schedule = torch.optim.lr_scheduler.LambdaLR(update, lambda step: rate(arguments, step, steps))
    full_weight, rising, step = twin.configuration.kl_weight, round(arguments.kl_warm_up * steps), 0
    for epoch in range(1, arguments.epochs + 1):
        began, total = time.perf_counter(), torch.zeros(())
        for index in chosen[torch.randperm(len(chosen))].split(arguments.batch_size):
            update.zero_grad()
            twin.configuration.kl_weight = full_weight * (step / rising if step < rising else 1)
            step += 1
            loss = twin.loss(twin(unit(images, index)), labels[index])
            loss.backward()
            update.step()
            schedule.step()
            total += loss.detach() * len(index)
        row = {"epoch": epoch, "train": total.item() / len(chosen)}
        row["images_per_second"] = len(chosen) / (time.perf_counter() - began)
        twin.configuration.kl_weight = full_weight
        found = evaluate(twin, test_images, test_labels, arguments.seed)
        row |= {f"test {name}": value for name, value in found.items()}
        line = json.dumps(row) if arguments.json else " · ".join(f"{k} {v:.6g}" for k, v in row.items())
        print(line, flush=True)
    if arguments.save:
        save_file(
            {n: p.detach().contiguous() for n, p in twin.named_parameters()},
            arguments.save,
            {"model": arguments.model, **twin.configuration.metadata()},
        )


if __name__ == "__main__":
    main()
