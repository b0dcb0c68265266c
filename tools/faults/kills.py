"""Signals at random moments."""

import collections
import random
import shutil
import signal
import subprocess
import time

from .runs import COMMON, PROGRAM, SECONDS, Wrong, difference, facsimile, judged, run_facts

MODELS = ["conv-autoencoder", "denoising-autoencoder", "classifier", "vae", "conv-vae"]


def kill_words(model, place):
    if (place / "run/config.yaml").exists():
        return ["train", "--resume", "run", *COMMON]
    sizes = "hidden=128" if model == "vae" else "filters=8,8"
    return ["train", model, *COMMON, "--out", "run", "--epochs", "12", "--batch-size", "16",
            "--set", sizes, "keep-checkpoints=3", "validation=0.2"]


def check_kills(work, arguments):
    """Signals at random moments until enough have hit; each run ends as an undisturbed one."""
    draw = random.Random(arguments.seed)
    straight, wrong, hits, runs = {}, 0, collections.Counter(), 0
    for model in MODELS:
        place = work / f"straight-{model}"
        place.mkdir()
        began = time.monotonic()
        facsimile(kill_words(model, place), place)
        straight[model] = (run_facts(place), time.monotonic() - began)
    while sum(hits.values()) < arguments.kills:
        model = MODELS[runs % len(MODELS)]
        expected, seconds = straight[model]
        place = work / f"run-{runs}"
        place.mkdir()
        runs += 1
        try:
            while True:
                process = subprocess.Popen(
                    [PROGRAM, *kill_words(model, place)], cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                number = draw.choice([signal.SIGKILL] * 3 + [signal.SIGTERM, signal.SIGINT])
                try:
                    output, errors = process.communicate(timeout=draw.uniform(0, 1.1 * seconds))
                    is_hit = False
                except subprocess.TimeoutExpired:
                    process.send_signal(number)
                    try:
                        output, errors = process.communicate(timeout=SECONDS)
                    except subprocess.TimeoutExpired:
                        process.kill()
                        raise Wrong(f"does not end after {number.name}") from None
                    is_hit = process.returncode != 0
                status, _, _ = judged(process.returncode, output.decode(), errors.decode())
                if is_hit and status not in (-number, 130):
                    raise Wrong(f"status {status} after {number.name}: {errors.decode()[-300:]}")
                hits[number.name] += is_hit
                if not is_hit:
                    break
            if status != 0:
                raise Wrong(f"cannot be resumed: {errors.decode()[-400:]}")
            if run_facts(place) != expected:
                raise Wrong(f"other results: {difference(run_facts(place), expected)}")
            shutil.rmtree(place)
        except (Wrong, OSError, ValueError, KeyError) as error:
            wrong += 1
            print(f"wrong: {model}, {place.name}: {error}", flush=True)
    text = ", ".join(f"{count} {name}" for name, count in sorted(hits.items()))
    print(f"kills: {text} in {runs} runs of {len(MODELS)} models, {wrong} wrong", flush=True)
    return wrong
