"""Runs of the program that test a mutant."""

import json
import subprocess

# Seconds until a mutant whose loop does not end is stopped.
LIMIT = 600


def parity(program, what, environment, limit=LIMIT):
    """Runs `facsimile parity`, the CPU backend against OpenCL: (same, noticed or refused; by what)."""
    command = [str(program), "parity", "--device", "cpu", "--device", "opencl", "--json", *what]
    try:
        run = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", timeout=limit)
    except subprocess.TimeoutExpired:
        return "noticed", f"no end after {limit} s"
    if run.returncode == 0:
        return "same", ""
    if run.returncode > 0 and run.stdout.lstrip().startswith("{"):
        report = json.loads(run.stdout)
        if report["mismatches"]:
            first = report["mismatches"][0]
            return "noticed", f"{first['operation']}, {first['buffer']}[{first['index']}]"
    if "clBuildProgram" in run.stderr:
        return "refused", run.stderr
    lines = [line for line in run.stderr.splitlines() if line.startswith("error:")] or run.stderr.splitlines()
    return "noticed", (lines[-1] if lines else "no word")[:160] if run.returncode > 0 else f"signal {-run.returncode}"
