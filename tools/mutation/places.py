"""Places of OpenCL C and Swift that can be changed, and the changes."""

import collections
import re

# The change of text[start:end] to `new`; `line` counts from 1. `old_lines` and `new_lines` are whole lines before and
# after, with blanks collapsed: a list of mutants identifies it by them.
Mutant = collections.namedtuple("Mutant", "file line start end new old_lines new_lines")


def blanked(text):
    """The text with comments and strings blanked out, of the same length."""
    return re.sub(r'//[^\n]*|"(?:[^"\\\n]|\\.)*"', lambda match: " " * len(match[0]), text)


def without_declarations(code, is_swift):
    """Code with declarations blanked out too: signatures, types, directives, imports."""
    if is_swift:
        patterns = [r"(?m)^.*\bfunc\b(?:[^{]|\{(?=\}))*?\{", r"(?m)^ *(import|@|#|case|init|package init|public init).*$"]
    else:
        patterns = [
            r"(?m)^(static inline|__kernel)\b[^{]*\{", r"typedef struct \{[^}]*\}", r"(?m)^#(?!define).*$",
            r"(?m)^#define \w+(\([^)]*\))?",
        ]
    for pattern in patterns:
        code = re.sub(pattern, lambda match: re.sub(r"[^\n]", " ", match[0]), code)
    return code


def macro_lines(text):
    """Numbers of the lines of OpenCL C that are in a macro."""
    lines = text.splitlines()
    return {i for i, line in enumerate(lines, 1) if line.startswith("#define") or i > 1 and lines[i - 2].endswith("\\")}


def arguments(code, opening):
    """The ranges of the arguments between the bracket at `opening` and its partner, and the partner's place."""
    ranges, depth, start = [], 0, opening + 1
    for place in range(opening, len(code)):
        if code[place] in "([{":
            depth += 1
        elif code[place] in ")]}":
            depth -= 1
        if depth == 0 or depth == 1 and code[place] == ",":
            ranges.append((start, place))
            start = place + 1
        if depth == 0:
            return ranges, place
    return [], None


def calls(code, text):
    """Changes of calls whose meaning is known: a rounding more, a term less, operands exchanged, an end left out."""
    for match in re.finditer(r"\b(fma|CHOOSE|choose|imin|imax|min|max|close\w*|closed)\(", code):
        places, end = arguments(code, match.end() - 1)
        if end is None:
            continue
        words = [text[a:b].strip() for a, b in places]
        news = []
        if match[1] == "fma" and len(words) == 3:
            a, b, c = words
            news = [f"(({a}) * ({b}) + ({c}))", f"({c})", f"fma({a}, {b}, -({c}))", f"fma({a}, {c}, {b})"]
        elif match[1] in ("CHOOSE", "choose") and len(words) == 3:
            news = [f"{match[1]}({words[0]}, {words[2]}, {words[1]})", f"({words[1]})", f"({words[2]})"]
        elif match[1] in ("imin", "imax", "min", "max") and len(words) == 2:
            other = match[1].replace("in", "ax") if "in" in match[1] else match[1].replace("ax", "in")
            news = [f"{other}({words[0]}, {words[1]})", f"({words[0]})", f"({words[1]})"]
        elif match[1].startswith("close") and len(words) == 1:
            # In Swift it is a member of Summation.
            start = match.start() - len("Summation.") * code[: match.start()].endswith("Summation.")
            yield start, end + 1, [f"({words[0]})"]
            continue
        yield match.start(), end + 1, news


SIMPLE = r"[\w.]+(?:\[[^\[\]]*\])?"
EXCHANGED = {
    "+": "-", "-": "+", "*": "+", "/": "*", "%": "/", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
    "&&": "||", "||": "&&", "&": "|", "|": "&", "^": "|", "<<": ">>", ">>": "<<", "+=": "-=", "-=": "+=", "*=": "+=",
    ".<": ".<=", ".>": ".>=", ".==": ".!=", "&+": "&-", "&-": "&+", "&*": "&+", "..<": "...",
}  # fmt: skip


def words(code):
    """Changes of operators, numbers, indices, operands and bounds."""
    operators = "|".join(re.escape(op) for op in sorted(EXCHANGED, key=len, reverse=True))
    for match in re.finditer(rf"(?<= )({operators})(?= )", code):
        yield match.start(), match.end(), [EXCHANGED[match[1]]]
    for match in re.finditer(r"(?<=\w)\.\.<(?=\w)", code):
        yield match.start(), match.end(), ["..."]
    for match in re.finditer(r"(?<![\w.\])] )(?<![\w.)\]])-(?=[\w(])", code):
        yield match.start(), match.end(), [""]
    for match in re.finditer(rf" [+-] {SIMPLE}(?![\w(\[])|(?<![\w)\]]){SIMPLE} [+-] (?=[\w(])", code):
        yield match.start(), match.end(), [" " if match[0][0] == " " else ""]
    for match in re.finditer(rf"(?<![\w.])({SIMPLE}) ([-/%]) ({SIMPLE})(?![\w(\[])", code):
        yield match.start(), match.end(), [f"{match[3]} {match[2]} {match[1]}"]
    for match in re.finditer(rf"(?<=\()({SIMPLE}), ({SIMPLE})(?=[,)])", code):
        yield match.start(), match.end(), [f"{match[2]}, {match[1]}"]
    for match in re.finditer(r"(?<![\w.])\d+(?=u?\b)(?![\w]*[.x]\w)", code):
        number = int(match[0])
        yield match.start(), match.end(), [str(number + 1)] + [str(number - 1)] * (number > 0)
    for match in re.finditer(r"\b0x[\da-f]*\.?[\da-f]*([\da-f])(?=[pu]|\b)", code):
        yield match.start(1), match.end(1), [f"{int(match[1], 16) ^ 2:x}"]
    for match in re.finditer(r"(?<![\w.])\d+\.\d+(?=f?\b)", code):
        value = float(match[0])
        yield match.start(), match.end(), [str(value * 1.25 if value else 1.0)]
    for match in re.finditer(r"(?<=[\w)])\[([^\[\],:]+)\]", code):
        before = re.search(r"\b(float4?|real|int|Taps) \w+$", code[max(0, match.start() - 40) : match.start()])
        if not before:
            yield match.start(1), match.end(1), [f"{match[1]} + 1", f"{match[1]} - 1"]
    for match in re.finditer(rf" (<|<=) {SIMPLE}(?=[;)\s])", code):
        yield match.end(), match.end(), [" + 1", " - 1"]


def mutants(file, text):
    """Every change of the file that is known, in order."""
    code = without_declarations(blanked(text), file.endswith(".swift"))
    found = []
    for start, end, news in [*calls(code, text), *words(code)]:
        first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
        for new in news:
            changed = text[first:start] + new + text[end:last]
            lines = [" ".join(words.split()) for words in (text[first:last], changed)]
            if lines[0] != lines[1]:
                found.append(Mutant(file, text.count("\n", 0, start) + 1, start, end, new, *lines))
    return sorted(set(found))


def drawn(files, number, random):
    """`number` of the changes of the files (name: text), drawn by `random`, at most one a line."""
    everything = [mutant for name in sorted(files) for mutant in mutants(name, files[name])]
    random.shuffle(everything)
    chosen, taken = [], set()
    for mutant in everything:
        if len(chosen) < number and (mutant.file, mutant.line) not in taken:
            taken.add((mutant.file, mutant.line))
            chosen.append(mutant)
    return chosen


def accepted(path):
    """The list of equivalent or undetectable mutants: {(file, line before): {line after or "*"}}.

    Blocks between empty lines: the file, "- " the line, "+ " the changed line ("+ *": any change), and the reason."""
    result = collections.defaultdict(set)
    for block in re.split(r"\n\s*\n", path.read_text()):
        lines = [line for line in block.strip().splitlines() if not line.startswith("#")]
        if not lines:
            continue
        old = [line[2:] for line in lines if line.startswith("- ")]
        new = [line[2:] for line in lines if line.startswith("+ ")]
        reason = [line for line in lines[1:] if line[:2] not in ("- ", "+ ")]
        if len(old) != 1 or not new or not reason:
            raise SystemExit(f"error: {path}: a block needs one line with '- ', lines with '+ ' and a reason: {lines}")
        file = path.parent.parent / lines[0]
        if not file.exists() or old[0] not in " ".join(file.read_text().split()):
            raise SystemExit(f"error: {path}: {lines[0]} has no line '{old[0]}' any more: remove the block, or mend it")
        result[lines[0], old[0]] |= set(new)
    return result
