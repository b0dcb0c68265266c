"""Copies of finished runs, searches and cross-validations, each damaged in one place."""

import collections
import concurrent.futures
import json
import random
import shutil

from .runs import COMMON, SMALL, Wrong, cases, difference, facsimile, folds_facts, run_facts, sha256, untimed

SIGNED = {"manifest.json", "config.yaml", "metrics.csv", "checkpoint.safetensors", "best.safetensors"}
CHANGEABLE = ("epochs:", "patience:", "keep-checkpoints:")


def damaged(run, older, draw):
    """Damages one file below a folder, or two; returns what was done. `older`: the folder as it was before, if it was."""
    files = sorted(file for file in run.rglob("*") if file.is_file() and file.name != ".lock")
    changed = [file for file in files if (older / file.relative_to(run)).exists()
               and (older / file.relative_to(run)).read_bytes() != file.read_bytes()]
    kind = draw.choice(["flip", "cut off", "deleted"] + ["exchanged"] * (len(files) > 1) + ["put back"] * bool(changed))
    file = draw.choice(changed if kind == "put back" else files)
    name, contents = file.relative_to(run), bytearray(file.read_bytes())
    place = draw.randrange(len(contents))
    if kind == "flip":
        contents[place] ^= 1 << draw.randrange(8)
        file.write_bytes(contents)
    elif kind == "cut off":
        file.write_bytes(contents[:place])
    elif kind == "deleted":
        file.unlink()
    elif kind == "put back":
        shutil.copy(older / name, file)
    else:
        other = draw.choice([found for found in files if found != file])
        file.write_bytes(other.read_bytes())
        other.write_bytes(contents)
        return f"{name} exchanged with {other.relative_to(run)}"
    return f"{name} {kind}" + (f" at byte {place}" if kind in ("flip", "cut off") else "")


def settings(run):
    """The settings in config.yaml that may be changed by hand; None if there is no text."""
    try:
        lines = (run / "config.yaml").read_text().splitlines()
    except (OSError, ValueError):
        return None
    return [line.split("#")[0].strip() for line in lines if line.startswith(CHANGEABLE)]


def figures(place):
    """The results of each read-only command for a run: None if it refuses."""
    key = str(place.parent / "key.pub")
    commands = {
        "evaluate": ["evaluate", "run", *COMMON, "--json"],
        "verify --signature-only": ["verify", "run", "--trusted", key, "--signature-only", "--json"],
        "verify": ["verify", "run", *COMMON, "--json"],
        "report": ["report", "run", *COMMON],
    }
    answers = {}
    for name, words in commands.items():
        status, output, _ = facsimile(words, place)
        if status == 0 and name == "report":
            output = sha256(place / "run/report.html")
        elif status == 0 and name == "evaluate":
            output = {key: value for key, value in json.loads(output).items() if key != "run"}
        answers[name] = output if status == 0 else None
    return answers


def with_damage(work, number, seed, expected):
    """One damaged copy: what was done to it, and how many of the commands refused it.

    `expected`: the figures and facts of the undamaged run, and its report without a signature.
    """
    place = work / f"damage-{number}"
    draw = random.Random(f"{seed} {number}")
    what = "nothing yet"
    try:
        shutil.copytree(work / "whole", place)
        run, whole = place / "run", work / "whole/run"
        what = damaged(run, work / "older/run", draw)
        is_signed_changed = any(
            not (run / name).exists() or (run / name).read_bytes() != (whole / name).read_bytes() for name in SIGNED)
        is_edited = settings(run) != settings(whole)
        answers = figures(place)
        for name, answer in answers.items():
            # A report shows the existing pictures of epochs, which no hash covers.
            if name == "report" and "images/" in what:
                continue
            is_unsigned = name == "report" and not (run / "receipt.dsse.json").exists()
            straight = expected[2] if is_unsigned else expected[0][name]
            if answer is not None and answer != straight:
                raise Wrong(f"{name}: {difference(answer, straight)}")
        if is_signed_changed and answers["verify --signature-only"]:
            raise Wrong("the signature is accepted")
        status, _, _ = facsimile(["train", "--resume", "run", *COMMON], place)
        # Some settings may be changed by hand; then the run continues with them.
        if status == 0 and not is_edited:
            found = run_facts(place)
            # Pictures and kept checkpoints of earlier epochs are not rewritten.
            for facts in (found, expected[1]):
                facts[2].update({name: "" for name in facts[2] if "/" in name})
            names = set(expected[1][2]) - {name for name in expected[1][2] if "/" in name}
            if found[:2] != expected[1][:2] or any(found[2][name] != expected[1][2][name] for name in names):
                raise Wrong(f"resumes to other results: {difference(found, expected[1])}")
        return what, sum(answer is None for answer in answers.values()) + (status != 0), None
    except (Wrong, OSError, ValueError, KeyError) as error:
        return what, 0, error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def table(case, place):
    """What a finished search or cross-validation prints when it is repeated; None if it refuses."""
    status, output, _ = facsimile([*case.words, "--json"], place)
    return untimed(json.loads(output.replace(str(place), ""))) if status == 0 else None


def with_damaged_table(work, case, number, seed, expected):
    """As `with_damage`, for the files of a search or a cross-validation."""
    place = work / f"damage-{number}"
    what = "nothing yet"
    try:
        shutil.copytree(work / f"whole-{case.name}", place)
        (place / "space.yaml").unlink()
        part = place / "folds" if case.facts is folds_facts else place
        what = f"{case.name}: " + damaged(part, work / "nothing", random.Random(f"{seed} {number}"))
        shutil.copy(work / "space.yaml", place)
        answer = table(case, place)
        if answer is not None and answer != expected:
            raise Wrong(difference(answer, expected))
        return what, answer is None, None
    except (Wrong, OSError, ValueError, KeyError) as error:
        return what, 0, error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def check_damage(work, arguments):
    whole, older = work / "whole", work / "older"
    whole.mkdir()
    train = ["train", "conv-autoencoder", *COMMON, "--out", "run", "--set", *SMALL, "keep-checkpoints=all"]
    facsimile([*train, "--epochs", "2"], whole)
    shutil.copytree(whole, older)
    facsimile(["train", "--resume", "run", *COMMON, "--epochs", "3"], whole)
    facsimile(["sign", "--new-key", str(work / "key")], whole)
    facsimile(["sign", "run", "--key", str(work / "key")], whole)
    facsimile(["sign", "run", "--key", str(work / "key")], older)
    place = work / "undamaged"
    shutil.copytree(whole, place)
    signed, facts = figures(place), run_facts(place)
    if None in signed.values():
        raise Wrong(f"the undamaged run is refused: {signed}")
    (place / "run/receipt.dsse.json").unlink()
    expected = signed, facts, figures(place)["report"]
    tables = []
    for case in cases()[2:]:
        place = work / f"whole-{case.name}"
        case.prepare(place, work)
        facsimile(case.words, place)
        tables.append((case, table(case, place)))
    wrong, refusals = 0, collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as executor:
        copies = []
        for number in range(arguments.damage):
            case, straight = tables[number // 4 % len(tables)]
            copies.append(
                executor.submit(with_damaged_table, work, case, number, arguments.seed, straight) if number % 4 == 3
                else executor.submit(with_damage, work, number, arguments.seed, expected))
        for number, item in enumerate(copies):
            what, refused, error = item.result()
            refusals["refused by some command" if refused else "without effect"] += error is None
            if error:
                wrong += 1
                print(f"wrong: copy {number}, {what}: {error}", flush=True)
    text = ", ".join(f"{count} {name}" for name, count in sorted(refusals.items()))
    print(f"damage: {arguments.damage} copies: {text}, {wrong} wrong", flush=True)
    return wrong
