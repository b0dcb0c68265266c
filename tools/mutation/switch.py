"""Many mutants in one text, each behind its number: `(number == 17 ? changed : original)`."""

import re

from . import places

ASSIGNMENT = r"(?<![=!<>+\-*/%&|^~.])=(?!=)"
# Delimiters of an expression without brackets around it, in C and in Swift.
LEFT = re.compile(rf"^|[\n;,{{\\]|{ASSIGNMENT}|\b(?:return|in|while|if|guard|where|else|case|try)\b")
RIGHT = re.compile(r"[\n;{},\\]|\belse\b|\bwhere\b")


def flattened(code, left):
    """The text after `left` up to the end of its bracket, with the contents of inner brackets replaced by `_`."""
    flat, depth = [], 0
    for character in code[left:]:
        if depth == 0 and character in ")]}":
            break
        depth -= character in ")]}"
        flat.append("_" if depth else character)
        depth += character in "([{"
    return "".join(flat)


def expression(code, start, end):
    """The range of the smallest expression that code[start:end] is in; None if that is unknown."""
    depth, left = 0, start
    while left > 0 and (depth or code[left - 1] not in "([{"):
        depth += (code[left - 1] in ")]}") - (code[left - 1] in "([{")
        left -= 1
    flat = " " * left + flattened(code, left)
    if code[left - 1 : left] in ("(", "["):
        if re.search(r"[,;]", flat[start:end]):
            # Exchanged arguments: the whole call.
            call = re.search(r"[\w.]+$", code[: left - 1])
            return expression(code, call.start(), len(flat) + 1) if call and ";" not in flat[start:end] else None
        before = re.compile(rf"[,;]|{ASSIGNMENT}").finditer(flat, left, start)
        left = max((match.end() for match in before), default=left)
        after = re.compile(r"[,;]").search(flat, end)
        label = re.match(r"\s*\w+:\s", flat[left:start])
        left += label.end() if label else 0
    else:
        left = max((match.end() for match in LEFT.finditer(flat, left, start)), default=left)
        after = RIGHT.search(flat, end)
    right = after.start() if after else len(flat)
    # An expression of several lines, or the left side of an assignment.
    following = code[right + 1 :].lstrip()[:1] if code[right : right + 1] == "\n" else ""
    if following and following in "+-*/%&|<>?:.=" or re.search(ASSIGNMENT, flat[start:right]):
        return None
    words = code[left:right].strip()
    left += len(code[left:right]) - len(code[left:right].lstrip())
    right = left + len(words)
    if not words or re.search(r"[\\#]", words) or left > start or end > right or words[-1] in "+-*/=<>&|?:,":
        return None
    return None if words[0] in "+-*/%&|<>?:=." and not re.match(r"-[\w(]|\.[a-z]", words) else (left, right)


def switched(text, mutants, condition):
    """The text with each (number, mutant) that can be inserted, and which number is in which line.

    `condition` is the condition for a number in the text's language, with {} for the number."""
    code, done = places.blanked(text), []
    for number, mutant in mutants:
        found = expression(code, mutant.start, mutant.end)
        if found and '"' not in text[slice(*found)] and all(found[1] <= a or b <= found[0] for (a, b), _, _ in done):
            changed = code[found[0] : mutant.start] + mutant.new + code[mutant.end : found[1]]
            done.append((found, number, changed))
    numbers = {}
    for (start, end), number, changed in sorted(done, reverse=True):
        old, first = code[start:end], text.count("\n", 0, start) + 1
        both = [" ".join(words.split()) for words in (changed, old)]
        # Keeps the number of lines.
        text = f"{text[:start]}({condition.format(number)} ? ({both[0]}) : ({both[1]}))" + "\n" * old.count("\n") + text[end:]
        numbers.update({line: number for line in range(first, first + old.count("\n") + 1)})
    return text, numbers
