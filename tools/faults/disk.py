"""Faults in the calls that change files."""

import collections
import concurrent.futures
import os
import random
import shutil
import sqlite3
import subprocess
import sys

from .runs import ROOT, Wrong, cases, difference, facsimile

FAULTS = ["eio", "enospc", "full", "short", "kill"]


def injected(place, library, **settings):
    return {"LD_PRELOAD": str(library), "FAULT_FOLDER": str(place)} | {f"FAULT_{name.upper()}": str(value)
                                                                    for name, value in settings.items()}


def with_fault(case, work, library, expected, number, fault):
    """Tries one fault: 'harmless', 'refused' or 'killed', each with the right results in the end."""
    place = work / f"{case.name}-{number}-{fault}"
    try:
        case.prepare(place, work)
        status, _, errors = facsimile(case.words, place, injected(place, library, at=number, action=fault))
        if status < 0 and fault != "kill":
            raise Wrong(f"ended by signal {-status}")
        if status == 0 and case.facts(place) != expected:
            raise Wrong("went through with other results")
        if status != 0:
            again, _, more = facsimile(case.again(place), place)
            if again != 0:
                raise Wrong(f"cannot be repeated: {more[-400:]} (after: {errors[-300:]})")
            if case.facts(place) != expected:
                raise Wrong(f"ends with other results when repeated: {difference(case.facts(place), expected)}")
        return "killed" if status < 0 else "refused" if status > 0 else "harmless"
    finally:
        shutil.rmtree(place, ignore_errors=True)


def try_faults(case, work, library, arguments, executor):
    """All faults of a case, or some; the number of wrong ones."""
    place, log = work / f"{case.name}-straight", work / f"{case.name}.log"
    case.prepare(place, work)
    facsimile(case.words, place, injected(place, library, log=log))
    expected = case.facts(place)
    calls = [line.split(" ", 2)[1] for line in log.read_text().splitlines()]
    writes = {"write", "pwrite", "pwrite64", "ftruncate", "ftruncate64"}
    tries = [(number, fault) for number, call in enumerate(calls, 1) for fault in FAULTS
             if fault not in ("short", "full") or call in writes]
    if not arguments.thorough:
        tries = sorted(random.Random(arguments.seed).sample(tries, min(50, len(tries))))
    outcomes, wrong = collections.Counter(), 0
    futures = {executor.submit(with_fault, case, work, library, expected, *pair): pair for pair in tries}
    for future in concurrent.futures.as_completed(futures):
        number, fault = futures[future]
        try:
            outcomes[future.result()] += 1
        except (Wrong, OSError, ValueError, KeyError, sqlite3.Error) as error:
            wrong += 1
            print(f"wrong: {case.name}: {fault} at call {number}, {calls[number - 1]}: {error}", flush=True)
    text = ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items()))
    print(f"{case.name}: {len(tries)} faults in {len(calls)} calls: {text}, {wrong} wrong", flush=True)
    return wrong


def check_faults(work, arguments):
    library = work / "libinject.so"
    compiler = os.environ.get("CC") or next((name for name in ("cc", "clang", "gcc") if shutil.which(name)), None)
    if not compiler:
        print("error: no C compiler", file=sys.stderr)
        sys.exit(3)
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, ROOT / "tools/faults/inject.c", "-ldl"], check=True)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as executor:
        return sum(try_faults(case, work, library, arguments, executor) for case in cases() if arguments.only in case.name)
