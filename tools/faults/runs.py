"""Runs of the program, and the files that they must leave."""

import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import struct
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("FACSIMILE_BINARY", str(ROOT / ".build/release/facsimile"))
SECONDS = 120
TIMINGS = {"seconds", "images_per_second", "sessions", "manifest_sha256", "record_sha256", "device"}
COMMON = ["--data", "../data", "--device", "cpu", "--threads", "1"]
SMALL = ["filters=4,4", "hidden=16", "schedule=constant", "warm-up=0"]


class Wrong(Exception):
    """Something that must not happen."""


def make_images(folder, train, test):
    """IDX files of a few bright rectangles."""
    folder.mkdir()
    draw = random.Random(3)
    for name, count in (("train", train), ("t10k", test)):
        images = bytearray()
        for _ in range(count):
            picture = bytearray(784)
            top, left, height, width = (draw.randint(3, 12) for _ in range(4))
            for y in range(top, top + height):
                picture[28 * y + left:28 * y + left + width] = bytes([draw.randint(100, 255)]) * width
            images += picture
        (folder / f"{name}-images-idx3-ubyte").write_bytes(struct.pack(">4I", 0x803, count, 28, 28) + images)
        labels = bytes(number % 10 for number in range(count))
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 0x801, count) + labels)


def sha256(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def untimed(value):
    """Without what differs from run to run."""
    if isinstance(value, dict):
        return {key: untimed(entry) for key, entry in value.items() if key not in TIMINGS}
    return [untimed(entry) for entry in value] if isinstance(value, list) else value


def facsimile(words, place, environment=None):
    """Runs the program; (status, output, errors). Raises if it hangs, crashes, or fails in other than one line."""
    try:
        done = subprocess.run(
            [PROGRAM, *words], cwd=place, env={**os.environ, **(environment or {})}, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise Wrong(f"no end after {SECONDS} s") from None
    return judged(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def judged(status, output, errors):
    lines = [line for line in errors.splitlines() if line.startswith("error:")]
    crash = any(word in errors for word in ("Fatal error", "Backtrac", "crashed", "Stack dump", "Exclusivity"))
    if crash or status < 0 and -status not in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        raise Wrong(f"crashed ({status}): {errors[-600:]}")
    # A verdict of `verify` is output, not an error.
    is_verdict = status in (1, 2) and output.startswith("{") and "verdict" in json.loads(output)
    if status > 0 and status != 130 and len(lines) != 1 and not is_verdict:
        raise Wrong(f"status {status} with {len(lines)} lines of error: {errors[-600:]}")
    if status == 0 and lines:
        raise Wrong(f"status 0 in spite of '{lines[0]}'")
    return status, output, errors


def difference(found, expected, path=""):
    """The first place where two values differ, in one line."""
    if isinstance(found, dict) and isinstance(expected, dict) and found.keys() == expected.keys():
        pairs = [(found[key], expected[key], f"{path}.{key}") for key in found]
    elif isinstance(found, (list, tuple)) and isinstance(expected, (list, tuple)) and len(found) == len(expected):
        pairs = [(*pair, f"{path}[{place}]") for place, pair in enumerate(zip(found, expected))]
    else:
        return f"{path or 'all'} is {str(found)[:200]} in place of {str(expected)[:200]}"
    return next(difference(*pair) for pair in pairs if pair[0] != pair[1])


def run_facts(place):
    """Everything in a finished run that must not depend on interruptions."""
    run = place / "run"
    files = [run / name for name in ("config.yaml", "best.safetensors", "checkpoint.safetensors")]
    files += sorted(run.glob("images/*")) + sorted(run.glob("checkpoints/*"))
    manifest = untimed(json.loads((run / "manifest.json").read_text()))
    manifest["dataset"].pop("source")
    rows = [[cell for place, cell in enumerate(line.split(",")) if place not in (4, 5)]
            for line in (run / "metrics.csv").read_text().splitlines()]
    temporary = [file.name for file in run.rglob(".facsimile-*")]
    return manifest, rows, {str(file.relative_to(run)): sha256(file) for file in files}, temporary


def search_facts(place):
    database = sqlite3.connect(f"file:{place}/trials.sqlite?mode=ro", uri=True)
    try:
        if database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise Wrong("the storage is damaged")
        return database.execute(
            "SELECT number, configuration, state, rung, epochs, validation_loss, best_epoch, state_sha256 FROM trial").fetchall()
    finally:
        database.close()


def folds_facts(place):
    record = untimed(json.loads((place / "folds/cross-validation.json").read_text()))
    names = sorted(file.name for file in (place / "folds").iterdir() if file.name != ".lock")
    return record, names, [sha256(file) for file in sorted((place / "folds").glob("*.safetensors"))]


class Case:
    """A command, how it is repeated after a fault, and what it must leave."""

    def __init__(self, name, words, facts, begin=None):
        self.name, self.words, self.facts, self.begin = name, words, facts, begin

    def prepare(self, place, work):
        """Makes a folder to start in."""
        place.mkdir()
        shutil.copy(work / "space.yaml", place)
        if self.begin:
            begun = work / f"begun-{self.name}"
            if not begun.exists():
                begun.mkdir()
                if facsimile(self.begin, begun)[0] != 0:
                    raise Wrong("cannot begin")
            shutil.copytree(begun / "run", place / "run")

    def again(self, place):
        """The command to repeat: a run is resumed once it exists."""
        if self.facts is run_facts and (place / "run/config.yaml").exists():
            return ["train", "--resume", "run", *COMMON, "--epochs", "2"]
        return self.words


def cases():
    train = ["train", "conv-autoencoder", *COMMON, "--out", "run", "--set", *SMALL, "keep-checkpoints=all"]
    return [
        Case("train", [*train, "--epochs", "2"], run_facts),
        Case("resume", ["train", "--resume", "run", *COMMON, "--epochs", "2"], run_facts, [*train, "--epochs", "1"]),
        Case("search", ["search", "space.yaml", *COMMON, "--storage", "trials.sqlite"], search_facts),
        Case("cross-validate",
             ["cross-validate", "conv-autoencoder", *COMMON, "--folds", "2", "--epochs", "1", "--out", "folds", "--set", *SMALL],
             folds_facts),
    ]


SPACE = f"""model: conv-autoencoder
epochs: 1
fixed: {{filters: "4,4", hidden: 16}}
space: {{latent: [2, 3, 4]}}
"""
