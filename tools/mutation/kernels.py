"""Mutants of kernels: changed on their way to the OpenCL library, many in one program, without a build of our own."""

import functools
import itertools
import os
import pathlib
import re
import subprocess

from . import places, runs, switch

# How the kernels are compiled, each with the settings for it: vectors of images, one image per work-item, the kernels'
# own division and square root, and the functions by themselves.
FORMS = {
    "vectors": (("LANES=16",), {}),
    "lanes": (("LANES=1",), {"MUTATE_GPU": "1"}),
    "own": (("LANES=16", "OWN_DIVISION", "OWN_SQUARE_ROOT"), {"FACSIMILE_PROBE_FAIL": "division,squareRoot"}),
    "functions": (("LANES=16", "ELEMENTARY_APPLY"), {}),
}
# Operations whose kernels have other names; one for the kernel that only models use.
OPERATIONS = {
    "backward_weights": ["linear_backward_weight"],
    "clip_norm_partial": ["clip_norm"], "clip_norm_total": ["clip_norm"], "flatten": ["flatten", "unflatten"],
    "dropout_apply": ["dropout_forward", "dropout_backward"],
}  # fmt: skip
# Where replace.c stores the number of the mutant to run; the kernels of a CPU device can read it there.
NUMBER = "#define MUTANT (*(__global const volatile int *)0x200000000ul)\n"


@functools.lru_cache(None)
def lines_seen(text, form):
    """Numbers of the lines that the preprocessor lets through."""
    lines = [line if re.match(r"#(if|el|end)", line) else str(i) for i, line in enumerate(text.splitlines(), 1)]
    command = ["cc", "-E", "-P", "-w", "-x", "c", *(f"-D{word}" for word in FORMS[form][0]), "-"]
    run = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    return frozenset(map(int, run.stdout.split()))


def forms_of(mutant, text):
    """The ways of compiling that see the line: the first two, else the first that does."""
    seen = [form for form in FORMS if mutant.line in lines_seen(text, form)]
    return [form for form in seen if form in ("vectors", "lanes")] or seen[:1]


class Reach:
    """Which operations use what is defined in a line."""

    def __init__(self, texts):
        self.definitions = {}  # name: [(file, first line, last line, identifiers within)]; vectors and lanes may share a name
        kernels = []
        start = re.compile(r"(?m)^(?:static inline|__kernel)\b[^(;{]*?\b(\w+)\(|^#define (\w+)|^[A-Z_]+\((\w+),|^typedef struct")
        for file, text in texts.items():
            code = places.blanked(text)
            found = list(start.finditer(code))
            for match, following in zip(found, [*found[1:], None]):
                body = code[match.start() : following.start() if following else len(code)]
                first = code.count("\n", 0, match.start()) + 1
                name = match[1] or match[2] or match[3] or f"{file}:{first}"
                kernels += [name] * (match[0].startswith("__kernel") and not name.startswith(("probe_", "elementary_")))
                place = (file, first, first + body.count("\n"), set(re.findall(r"\w+", body)))
                self.definitions.setdefault(name, []).append(place)
        self.operations = {}  # operation: names that it uses
        for name in kernels:
            reached, waiting = set(), [name]
            while waiting:
                word = waiting.pop()
                if word in self.definitions and word not in reached:
                    reached.add(word)
                    waiting += itertools.chain(*(part[3] for part in self.definitions[word]))
            for operation in OPERATIONS.get(name, ["update" if name.startswith("update_") else name]):
                self.operations[operation] = self.operations.get(operation, set()) | reached

    def of(self, mutant):
        """The operations that the line can be part of, those that use least first; all if it belongs to none.

        A line that only the probe uses shows in any operation."""
        if mutant.file == "Kernels/probe.cl":
            return ["sum_per_image"]
        names = [
            name for name, parts in self.definitions.items()
            if any(file == mutant.file and first <= mutant.line <= last for file, first, last, _ in parts)]
        using = [operation for operation, reached in self.operations.items() if reached.intersection(names)]
        return sorted(using or self.operations, key=lambda operation: (len(self.operations[operation]), operation))


class Kernels:
    """The kernels of a checkout, on whose mutants it runs parity."""

    def __init__(self, root, work, program):
        self.texts = {f"Kernels/{path.name}": path.read_text() for path in sorted((root / "Kernels").glob("*.cl"))}
        self.all_texts = self.texts
        self.root, self.program, self.work = root, program, work
        self.reach = Reach(self.texts)
        (work / "pocl").mkdir()
        self.library = work / "libreplace.so"
        source = pathlib.Path(__file__).with_name("replace.c")
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", self.library, source, "-ldl"], check=True)

    def chosen(self, number, random):
        """Mutants that the compiler sees, as many as possible in one program, behind their numbers."""
        several = places.drawn(self.texts, 2 * number, random)
        self.forms = {mutant: forms_of(mutant, self.texts[mutant.file]) for mutant in several}
        chosen = list(itertools.islice((mutant for mutant in several if self.forms[mutant]), number))
        together = dict(enumerate(chosen, 1))
        while True:
            numbers = self.write(together)
            together = {number: together[number] for lines in numbers.values() for number in lines.values()}
            wrong = {word for form in FORMS for word in self.wrong(form, numbers)}
            if not wrong:
                break
            for number in wrong:
                del together[number]
        self.numbers = {mutant: number for number, mutant in together.items()}
        return chosen

    def write(self, together):
        """Writes the files with their mutants, and returns the numbers in the lines of each."""
        numbers = {}
        for file, text in self.all_texts.items():
            mutants = [(number, mutant) for number, mutant in together.items() if mutant.file == file]
            text, numbers[file] = switch.switched(text, mutants, "MUTANT == {}")
            head = NUMBER if file == "Kernels/arithmetic.cl" else ""
            (self.work / pathlib.Path(file).name).write_text(f'{head}#line 1 "{file}"\n{text}')
        return numbers

    def wrong(self, form, numbers):
        """Numbers in whose lines the compiler found errors, which are compiled by themselves later."""
        what = ["--functions", "--every", "4096"] if form == "functions" else ["--operation", "sum_per_image"]
        answer, why = runs.parity(self.program, what, self.environment(form))
        wrong = {numbers.get(file, {}).get(int(line)) for file, line in re.findall(r"error: (Kernels/\w+\.cl):(\d+):", why)}
        wrong.discard(None)
        if answer != "same" and not wrong:
            # An error in a macro is reported where the macro is used.
            within = {file: places.macro_lines(text) for file, text in self.all_texts.items()}
            wrong = {number for file, lines in numbers.items() for line, number in lines.items() if line in within[file]}
        if answer != "same" and not wrong:
            raise SystemExit(f"error: without a mutant, parity does not pass as {form}: {why[-2000:]}")
        return wrong

    def environment(self, form, changed=None):
        """Variables that make the program compile the files in the work folder, or else only one changed file."""
        if changed:
            names = ([str(self.root / changed.file)], [str(self.work / f"{id(changed)}.cl")])
        else:
            names = ([str(self.root / file) for file in self.all_texts],
                     [str(self.work / pathlib.Path(file).name) for file in self.all_texts])  # fmt: skip
        return {
            **os.environ, "LD_PRELOAD": str(self.library), "MUTATE_OLD": ":".join(names[0]), "MUTATE_NEW": ":".join(names[1]),
            "FACSIMILE_KERNEL_CACHE": "off", "POCL_CACHE_DIR": str(self.work / "pocl"), **FORMS[form][1]}

    def verdict(self, mutant):
        """The verdict of parity on the mutant: (noticed, refused or survives; by what)."""
        number = self.numbers.get(mutant)
        if not number:
            text = self.texts[mutant.file]
            changed = text[: mutant.start] + mutant.new + text[mutant.end :]
            (self.work / f"{id(mutant)}.cl").write_text(changed)
        for form in self.forms[mutant]:
            environment = {**self.environment(form, None if number else mutant), "MUTATE_NUMBER": str(number or 0)}
            for what in self.questions(mutant, form):
                answer, why = runs.parity(self.program, what, environment)
                if answer != "same":
                    return answer, f"{form}: {why}"
        return "survives", " and ".join(self.forms[mutant])

    def questions(self, mutant, form):
        """Arguments of parity, from the shortest run to the longest."""
        operations = self.reach.of(mutant)
        if form != "functions":
            yield ["--operation", operations[0], "--every", "3"]
            yield ["--operation", *operations[:4]]
            if operations[4:]:
                yield ["--operation", *operations[4:]]
        if form == "lanes":
            # Only models have steps of several operations in one launch.
            yield ["--operation", operations[0], "--model", "conv-vae"]
        if mutant.file in ("Kernels/elementary.cl", "Kernels/division.cl"):
            yield ["--functions", "--every", "61"]
