"""Mutants of the CPU's formulas and loops: all of them in one build of a copy, behind a number read from the environment."""

import os
import re
import shutil
import subprocess

from . import places, runs

FOLDERS = ["Numerics", "CPUKernels", "CPUConvolutions", "CPUBackend/Operations"]
# What is not computed with: the processor's mode and peak, the spelling of numbers.
OTHERS = {"ArithmeticMode.swift", "Peak.swift", "Spelling.swift"}
# What objects where parity does not: functions over their inputs, random numbers, oracles, golden hashes.
SUITES = "NumericsTests|CPUConvolutionsTests|OracleTests|StateHashTests|SummationOrderTests"

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
# Where an expression ends that no bracket ends.
LEFT = re.compile(r"(?:^|[\n;{]|(?<![=!<>+\-*/%&|^.~])=(?!=)|\b(?:return|in|while|if|guard|where|else|case|try)\b)", re.M)
RIGHT = re.compile(r"[\n;{},]|\belse\b|\bwhere\b")


def expression(code, start, end):
    """The range of the smallest expression with code[start:end] in it; nil where that is not known."""
    depth, left = 0, start
    while left > 0 and (depth or code[left - 1] not in "([{"):
        depth += (code[left - 1] in ")]}") - (code[left - 1] in "([{")
        left -= 1
    within = code[left - 1 : left]
    # What is inside brackets within is passed over.
    flat, depth = list(code), 0
    right = left
    while right < len(code) and (depth or code[right] not in ")]}"):
        opens, closes = code[right] in "([{", code[right] in ")]}"
        depth -= closes
        if depth and not opens or opens and depth:
            flat[right] = "_"
        depth += opens
        right += 1
    flat = "".join(flat)
    if within in ("(", "["):
        if "," in flat[start:end]:
            return None
        left = max(left, flat.rfind(",", left, start) + 1)
        comma = flat.find(",", end, right)
        right = right if comma < 0 else comma
        label = re.match(r"\s*\w+:\s", flat[left:start])
        left += label.end() if label else 0
    else:
        left = max((match.end() + left for match in LEFT.finditer(flat[left:start])), default=left)
        match = RIGHT.search(flat, end)
        right = min(right, match.start()) if match else right
        # An expression of several lines, or the left side of an assignment.
        following = code[right + 1 :].lstrip()[:1] if code[right : right + 1] == "\n" else ""
        if following and following in "+-*/%&|<>?:.=" or re.search(r"(?<![=!<>+\-*/%&|^])=(?!=)", flat[start:right]):
            return None
    words = code[left:right].strip()
    left += len(code[left:right]) - len(code[left:right].lstrip())
    right = left + len(words)
    if not words or words[0] in "+-*/%&|<>?:=." and not re.match(r"-[\w(]|\.[a-z]", words) or words[-1] in "+-*/=<>&|?:,":
        return None
    return (left, right) if left <= start and end <= right else None


def switched(text, mutants):
    """The text with each mutant (number, mutant) behind its number, and the numbers that are in it by line."""
    code, done, taken = places.blanked(text), [], []
    for number, mutant in mutants:
        found = expression(code, mutant.start, mutant.end)
        if not found or '"' in text[slice(*found)] or any(found[0] < b and a < found[1] for a, b in taken):
            continue
        taken.append(found)
        old, new = code[slice(*found)], code[found[0] : mutant.start] + mutant.new + code[mutant.end : found[1]]
        lines = old.count("\n")
        old, new = " ".join(old.split()), " ".join(new.split())
        done.append((found, f"(facsimile_mutant() == {number} ? ({new}) : ({old}))" + "\n" * lines, number, lines))
    by_line = {}
    for (start, end), words, number, lines in sorted(done, reverse=True):
        text = text[:start] + words + text[end:]
        # The import is the first line.
        first = text.count("\n", 0, start) + 2
        by_line.update({line: number for line in range(first, first + lines + 1)})
    return "import CSystem\n" + text, by_line


class CPU:
    """A copy of the package with its mutants, and what asks parity and the tests about them."""

    def __init__(self, root, work, options):
        self.root, self.work, self.options = root, work, options
        files = [path for folder in FOLDERS for path in sorted((root / "Sources" / folder).glob("*.swift"))]
        self.texts = {str(path.relative_to(root)): path.read_text() for path in files if path.name not in OTHERS}
        self.copy = root / ".build/mutate/package"
        self.build = ["swift", "build", "--package-path", self.copy, "--scratch-path", self.copy.parent / "build", *options]

    def chosen(self, number, random):
        """Mutants that compile: builds the program with all of them, leaving out those of lines with errors."""
        several = list(enumerate(places.drawn(self.texts, 2 * number, random), 1))
        by_file, chosen = {}, {}
        for number_of, mutant in several:
            if len(chosen) < number:
                _, found = switched(self.texts[mutant.file], [*by_file.get(mutant.file, []), (number_of, mutant)])
                if number_of in found.values():
                    by_file.setdefault(mutant.file, []).append((number_of, mutant))
                    chosen[number_of] = mutant
        self.lay_out()
        while True:
            lines = {}
            for file, text in self.texts.items():
                mutants = [one for one in by_file.get(file, []) if one[0] in chosen]
                text, lines[file] = switched(text, mutants) if mutants else (text, {})
                self.write(file, text)
            log = ""
            for product in ("facsimile", "FacsimilePackageTests"):
                run = subprocess.run([*self.build, "--product", product], capture_output=True, text=True, errors="replace")
                log += run.stdout + run.stderr
                if run.returncode:
                    break
            else:
                break
            wrong = set()
            for file, line in re.findall(r"package/(Sources/[\w/]+\.swift):(\d+):\d+: error", log):
                wrong.add(lines.get(file.replace("CPUConvolutions512", "CPUConvolutions"), {}).get(int(line)))
            wrong.discard(None)
            if not wrong:
                raise SystemExit(f"error: the copy with mutants does not build:\n{log[-3000:]}")
            for number_of in wrong:
                del chosen[number_of]
        self.numbers = {None: 0, **{mutant: number_of for number_of, mutant in chosen.items()}}
        answer = self.verdict(None)
        if answer[0] != "survives":
            raise SystemExit(f"error: without a mutant, the copy does not pass: {answer[1]}")
        return list(chosen.values())

    def write(self, file, text):
        path = self.copy / file
        if not path.exists() or path.read_text() != text:
            path.write_text(text)

    def lay_out(self):
        """The copy: sources, kernels, the tests that are asked, and the number's place."""
        for folder in ("Sources", "Kernels", "Tests"):
            shutil.copytree(self.root / folder, self.copy / folder, symlinks=True, dirs_exist_ok=True)
        manifest = (self.root / "Package.swift").read_text()
        wanted = "NumericsTests|CPUConvolutionsTests|OracleTests|ParityTests"
        manifest = re.sub(
            rf'    \.testTarget\(\s*name: "(?!(?:{wanted})")\w+"(?:[^()]|\([^()]*\))*\),\n', "", manifest)
        self.write("Package.swift", manifest)
        shutil.copy(self.root / "Package.resolved", self.copy) if (self.root / "Package.resolved").exists() else None
        self.write("Sources/CSystem/include/mutant.h", HEADER)
        self.write("Sources/CSystem/mutant.c", SOURCE)

    def verdict(self, mutant):
        """What parity, or else the tests, say of the mutant: (noticed or survives; by what)."""
        environment = {
            **os.environ, "FACSIMILE_MUTANT": str(self.numbers[mutant]), "FACSIMILE_KERNEL_CACHE": str(self.work / "kernels")}
        folder = subprocess.run([*self.build, "--show-bin-path"], capture_output=True, text=True, check=True).stdout.strip()
        for what in (["--model", "none"], ["--model", "all"], ["--functions", "--every", "61"]):
            if what == ["--model", "none"]:
                what = ["--operation", *self.operations()]
            answer, why = runs.parity(f"{folder}/facsimile", what, environment)
            if answer != "same":
                return "noticed", why
        test = ["swift", "test", *self.build[2:], "--skip-build", "--filter", SUITES]
        run = subprocess.run(test, env=environment, capture_output=True, text=True, errors="replace")
        if run.returncode:
            found = re.search(r'Test "?(.*?)"? .*recorded an issue|failed', run.stdout + run.stderr)
            return "noticed", f"tests: {found[1] if found and found[1] else 'failed'}"
        return "survives", "parity and tests"

    def operations(self):
        text = (self.root / "Sources/Programs/Operation.swift").read_text()
        cases = re.search(r"enum Kind[^{]*\{(.*?)\n    }|enum Kind[^{]*\{(.*?)\n  }", text, re.S)
        lines = re.findall(r"case (.*)", cases[1] or cases[2])
        return [re.sub(r'.*"(\w+)".*', r"\1", word.strip()) for line in lines for word in line.split(",")]
