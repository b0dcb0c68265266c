"""Mutants of the CPU's formulas and loops: all of them in one build of a copy, behind a number read from the environment."""

import functools
import os
import re
import shutil
import subprocess

from . import places, runs, switch

FOLDERS = ["Numerics", "CPUKernels", "CPUConvolutions", "CPUBackend/Operations"]
# Files that do not compute: the processor's mode and peak, the spelling of numbers.
OTHERS = {"ArithmeticMode.swift", "Peak.swift", "Spelling.swift"}
# Suites that detect what parity and the tests of numbers do not: oracles, golden hashes, orders of summation.
SUITES = "CPUConvolutionsTests|OracleTests|StateHashTests|SummationOrderTests"

HEADER = """// The mutant that is to run; 0: none.
extern int facsimile_mutant_number;
static inline int facsimile_mutant(void) { return facsimile_mutant_number; }
"""
SOURCE = """#include <stdlib.h>
int facsimile_mutant_number;
__attribute__((constructor)) static void look(void) {
  const char *number = getenv("FACSIMILE_MUTANT");
  facsimile_mutant_number = number ? atoi(number) : 0;
}
"""


class CPU:
    """A copy of the package with its mutants, on which it runs parity and the tests."""

    def __init__(self, root, work, options):
        self.root, self.work, self.options = root, work, options
        files = [path for folder in FOLDERS for path in sorted((root / "Sources" / folder).glob("*.swift"))]
        self.texts = {str(path.relative_to(root)): path.read_text() for path in files if path.name not in OTHERS}
        self.copy = root / ".build/mutate/package"
        self.build = ["swift", "build", "--package-path", self.copy, "--scratch-path", self.copy.parent / "build", *options]

    def chosen(self, number, random):
        """Mutants that compile: builds the program and the tests with all of them, leaving out those of lines with errors."""
        self.lay_out()
        together = dict(enumerate(places.drawn(self.texts, number, random), 1))
        wrong = {None}
        while wrong:
            numbers = {}
            for file, text in self.texts.items():
                mutants = [(number, mutant) for number, mutant in together.items() if mutant.file == file]
                text, numbers[file] = switch.switched(text, mutants, "facsimile_mutant() == {}")
                self.write(file, ("import CSystem; " if numbers[file] else "") + text)
            together = {number: together[number] for lines in numbers.values() for number in lines.values()}
            wrong = self.wrong("facsimile", numbers) or self.wrong("FacsimilePackageTests", numbers)
            together = {number: mutant for number, mutant in together.items() if number not in wrong}
        self.numbers = {None: 0, **{mutant: number for number, mutant in together.items()}}
        answer, why = self.verdict(None)
        if answer != "survives":
            raise SystemExit(f"error: without a mutant, the copy does not pass: {why}")
        return list(together.values())

    def wrong(self, product, numbers):
        """Builds a product; the numbers in whose lines the compiler found errors."""
        run = subprocess.run([*self.build, "--product", product], capture_output=True, text=True, errors="replace")
        found = re.findall(r"(Sources/[\w/]+\.swift):(\d+):\d+: error", run.stdout + run.stderr)
        wrong = {numbers.get(file.replace("512", ""), {}).get(int(line)) for file, line in found} - {None}
        if run.returncode and not wrong:
            raise SystemExit(f"error: the copy with mutants does not build:\n{(run.stdout + run.stderr)[-3000:]}")
        return wrong

    def write(self, file, text):
        path = self.copy / file
        if not path.exists() or path.read_text() != text:
            path.write_text(text)

    def lay_out(self):
        """Makes the copy: sources, kernels, the tests to run, and the number's place."""
        for folder in ("Sources", "Kernels", "Tests"):
            shutil.copytree(self.root / folder, self.copy / folder, symlinks=True, dirs_exist_ok=True)
        manifest = (self.root / "Package.swift").read_text()
        wanted = "NumericsTests|CPUConvolutionsTests|OracleTests|ParityTests"
        manifest = re.sub(
            rf'    \.testTarget\(\s*name: "(?!(?:{wanted})")\w+"(?:[^()]|\([^()]*\))*\),\n', "", manifest)
        self.write("Package.swift", manifest)
        if (self.root / "Package.resolved").exists():
            shutil.copy(self.root / "Package.resolved", self.copy)
        self.write("Sources/CSystem/include/mutant.h", HEADER)
        self.write("Sources/CSystem/mutant.c", SOURCE)

    def verdict(self, mutant):
        """The verdict of parity, or else of the tests, on the mutant: (noticed or survives; by what)."""
        environment = {
            **os.environ, "FACSIMILE_MUTANT": str(self.numbers[mutant]), "FACSIMILE_KERNEL_CACHE": str(self.work / "kernels")}
        operations = ["--operation", *self.operations()]
        for what in ([*operations, "--every", "5"], operations, "NumericsTests", ["--model", "all"], SUITES):
            if isinstance(what, str):
                test = ["swift", "test", *self.build[2:], "--skip-build", "--filter", what]
                run = subprocess.run(test, env=environment, capture_output=True, text=True, errors="replace")
                found = re.search(r"Test (.*) recorded an issue", run.stdout + run.stderr)
                answer, why = "noticed" if run.returncode else "same", f"test {found[1] if found else 'crashed'}"
            else:
                answer, why = runs.parity(self.program(), what, environment, limit=200)
            if answer != "same":
                return "noticed", why
        return "survives", "parity and tests"

    @functools.lru_cache(1)
    def program(self):
        run = subprocess.run([*self.build, "--show-bin-path"], capture_output=True, text=True, check=True)
        return f"{run.stdout.strip()}/facsimile"

    @functools.lru_cache(1)
    def operations(self):
        text = (self.root / "Sources/Programs/Operation.swift").read_text()
        lines = re.findall(r"case (.*)", re.search(r"enum Kind[^{]*\{(.*?)\n  }", text, re.S)[1])
        return [re.sub(r'.*"(\w+)".*', r"\1", word.strip()) for line in lines for word in line.split(",")]
