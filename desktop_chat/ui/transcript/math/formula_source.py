"""LaTeX as it is handed to the one who draws it: cleaned, bounded, and closed while it grows.

What is taken away has no picture (labels, comments) or is drawn elsewhere (tags); what is renamed
has another name in the converter. Anything that could define, fetch or repeat is refused.
"""

import re
from typing import Final, NamedTuple

from desktop_chat.ui.transcript.text.marks import find_hidden

LONGEST: Final = 4000
"""A formula of more characters is shown as its source."""
DEEPEST: Final = 40
"""So many braces may stand within each other."""

_REFUSED: Final = re.compile(
    r"\\(?:[gex]?def|let|(?:re|provide)?newcommand|renewcommand|providecommand"
    r"|DeclareMathOperator|(?:re)?newenvironment|require|href|url|includegraphics|input|include"
    r"|write|read|catcode|csname|class|style|cssId|data|html\w*|unicode|verb|mathchoice)(?![a-zA-Z])"
)
_BLANKS: Final = re.compile("[\u200b\u2060\ufeff\u00ad]")
_TAG: Final = re.compile(r"\\tag(\*?)\s*\{([^{}$\\]*)\}")
_EMPTY: Final = re.compile(
    r"\\(?:label|ref|eqref)\s*\{[^{}]*\}|\\(?:nonumber|notag|nolimits(?=\s*\{)|displaybreak"
    r"|allowbreak|nobreak)(?![a-zA-Z])"
)
_PERCENT: Final = re.compile(r"(?<!\\)((?:\\\\)*)%")
_LINE_SPACE: Final = re.compile(
    r"\\\\\s*(?:\*\s*)?\[\s*-?[\d.]*\s*\\?[a-z]+\s*\]|\\\\\*|\\newline\b"
)
_ALIGN_COUNT: Final = re.compile(r"\\begin\{(alignedat|alignat\*?)\}\s*\{\s*\d+\s*\}")
_PLACED: Final = re.compile(r"\\begin\{(array|aligned|gathered|split)\}\s*\[[tbc]\]")
_ENVIRONMENT: Final = re.compile(r"\\(begin|end)\s*\{\s*([a-zA-Z]+\*?)\s*\}")
_TEXT: Final = re.compile(r"\\(?:text(?:bf|it|md|normal|rm|sf|tt|up)?|mbox|hbox|fbox|emph)\s*\{")
_TEXT_ESCAPE: Final = re.compile(r"\\([%_&#$ ])|~")
_OPERATOR: Final = re.compile(r"\\operatorname\s*\*?\s*\{([^{}]*[^{}a-zA-Z\s*][^{}]*)\}")
_NAMED: Final = re.compile(
    # Possessive: blanks that two parts could take would be tried in every share between them.
    r"\\mathop\s*+\{\s*+\\(?:mathrm|text|rm|operatorname)\s*+(?:\{([a-zA-Z\s]++)\}\s*+|([a-zA-Z\s]++))\}"
    r"\s*+(?:\\limits(?![a-zA-Z]))?"
)
_ATOM: Final = re.compile(r"\\math(?:op|bin|rel|ord|open|close|punct|inner)(?![a-zA-Z])")
_BARS: Final = re.compile(r"\\[lr]?([vV]ert)(?![a-zA-Z])")
_NOT_EQUAL: Final = re.compile(r"\\not\s*=")
_SPACE_STAR: Final = re.compile(r"\\hspace\s*\*")
_HALF_COMMAND: Final = re.compile(r"\\(?:(?:begin|end)\s*\{?[a-zA-Z*]*|[a-zA-Z]*)$")
_HALF_SCRIPT: Final = re.compile(r"[\^_&\s]+$")
_OPENERS: Final = re.compile(
    r"\\(?P<env>begin|end)\s*\{\s*(?P<name>[a-zA-Z]+\*?)\s*\}|\\(?P<fence>left|right)(?![a-zA-Z])"
    r"|\\.|(?P<brace>[{}])",
    re.DOTALL,
)

_NAMES: Final = {
    "align": "align*",
    "align*": "align*",
    "aligned": "align*",
    "alignat": "align*",
    "alignat*": "align*",
    "alignedat": "align*",
    "flalign": "align*",
    "flalign*": "align*",
    "split": "align*",
    "eqnarray": "align*",
    "eqnarray*": "align*",
    "gather": "displaylines",
    "gather*": "displaylines",
    "gathered": "displaylines",
    "multline": "displaylines",
    "multline*": "displaylines",
    "cases": "cases",
    "dcases": "cases",
    "array": "array",
    "darray": "array",
    "subarray": "array",
    "equation": "",
    "equation*": "",
    "displaymath": "",
    "math": "",
    "smallmatrix": "smallmatrix",
    **{f"{kind}matrix{star}": f"{kind}matrix{star}" for kind in "pbBvV" for star in ("", "*")},
    "matrix": "matrix",
    "matrix*": "matrix*",
}


class Prepared(NamedTuple):
    """A formula that may be drawn.

    Attributes:
        latex: what the converter knows.
        tag: what stands at the right edge, with its parentheses, or "".
    """

    latex: str
    tag: str = ""


def prepare(latex: str) -> Prepared | None:
    """Return a formula as the converter wants it, or None where its source has to be shown.

    Args:
        latex: without delimiters.
    """
    if len(latex) > LONGEST or "\\" * 40 in latex:
        return None
    latex = _BLANKS.sub("", latex).strip()
    if not latex or find_hidden(latex.replace("\r", " ")) or _REFUSED.search(latex):
        return None
    tags = _TAG.findall(latex)
    if len(tags) > 1:
        return None
    tag = (tags[0][1] if tags[0][0] else f"({tags[0][1]})") if tags else ""
    latex = _PERCENT.sub(r"\1\\%", latex)
    latex = _EMPTY.sub("", _TAG.sub("", latex))
    latex = _LINE_SPACE.sub(r"\\\\", latex)
    latex = _ALIGN_COUNT.sub(r"\\begin{\1}", latex)
    latex = _PLACED.sub(r"\\begin{\1}", latex)
    latex = _OPERATOR.sub(r"\\mathrm{\1}", latex)
    latex = _NAMED.sub(lambda name: f"\\operatorname*{{{(name[1] or name[2]).strip()}}}", latex)
    latex = _ATOM.sub("", latex)
    latex = _BARS.sub(lambda bar: "\\|" if bar[1].startswith("V") else "|", latex)
    latex = _NOT_EQUAL.sub(r"\\ne ", latex)
    latex = _SPACE_STAR.sub(r"\\hspace", latex)
    plain = _plain_text(latex)
    named = None if plain is None else _environments(plain)
    if named is None or not named.strip() or not _shallow(named):
        return None
    return Prepared(_rows(named), tag)


def _closing(text: str, start: int) -> int:
    """Return where the brace group that starts before ``start`` ends, or -1."""
    depth = 1
    for at in range(start, len(text)):
        if text[at] == "{" and text[at - 1] != "\\":
            depth += 1
        elif text[at] == "}" and text[at - 1] != "\\":
            depth -= 1
            if not depth:
                return at
    return -1


def _plain_text(latex: str) -> str | None:
    """Return a formula whose texts are free of braces, escapes and formulas of their own."""
    parts: list[str] = []
    at = 0
    while (found := _TEXT.search(latex, at)) is not None:
        end = _closing(latex, found.end())
        if end < 0:
            return None
        parts.append(latex[at : found.start()])
        for number, piece in enumerate(latex[found.end() : end].split("$")):
            if number % 2:
                parts.append(f"{{{piece}}}")
                continue
            text = _TEXT_ESCAPE.sub(lambda escape: escape[1] or " ", piece)
            if "\\" in text or "{" in text or "}" in text:
                return None
            if text:
                parts.append(f"{found[0]}{text}}}")
        at = end + 1
    parts.append(latex[at:])
    return "".join(parts)


def _environments(latex: str) -> str | None:
    """Return a formula whose environments have the converter's names, or None."""
    stack: list[str] = []
    failed = False

    def rename(found: re.Match[str]) -> str:
        nonlocal failed
        name = found[2]
        if name not in _NAMES:
            failed = True
            return ""
        if found[1] == "begin":
            stack.append(name)
        elif not stack or stack.pop() != name:
            failed = True
        new = _NAMES[name]
        return f"\\{found[1]}{{{new}}}" if new else ""

    named = _ENVIRONMENT.sub(rename, latex)
    return None if failed or stack else named


def _shallow(latex: str) -> bool:
    """Tell whether braces are balanced and not too deep."""
    depth = 0
    before = ""
    for character in latex:
        if before == "\\":
            before = ""
            continue
        before = character
        if character == "{":
            depth += 1
            if depth > DEEPEST:
                return False
        elif character == "}":
            depth -= 1
            if depth < 0:
                return False
    return depth == 0


def _rows(latex: str) -> str:
    """Return a formula of several lines in an environment that sets them."""
    depth = 0
    lines = cells = False
    for found in re.finditer(r"\\begin|\\end|\\\\|\\.|[{}&]", latex, re.DOTALL):
        mark = found[0]
        if mark in ("{", "\\begin"):
            depth += 1
        elif mark in ("}", "\\end"):
            depth -= 1
        elif depth == 0:
            lines = lines or mark == "\\\\"
            cells = cells or mark == "&"
        if mark in ("\\begin", "\\end"):
            # Their names stand in braces, which come in pairs.
            continue
    if cells:
        return f"\\begin{{align*}}{latex}\\end{{align*}}"
    return f"\\begin{{displaylines}}{latex}\\end{{displaylines}}" if lines else latex


def close(latex: str) -> list[str]:
    """Return what an unfinished formula may look like when what is open is closed.

    Args:
        latex: the part of it that has arrived.

    Returns:
        Attempts, the likeliest first; none when nothing of it can be drawn.
    """
    if len(latex) > LONGEST:
        return []
    latex = _HALF_SCRIPT.sub("", _HALF_COMMAND.sub("", latex))
    stack: list[str] = []
    for found in _OPENERS.finditer(latex):
        if found["env"] == "begin":
            stack.append(f"\\end{{{found['name']}}}")
        elif found["fence"] == "left":
            stack.append("\\right.")
        elif found["brace"] == "{":
            stack.append("}")
        elif (found["env"] or found["fence"] or found["brace"]) and stack:
            stack.pop()
    if latex.endswith("\\left"):
        latex += "."
    closers = stack[::-1]
    if not latex or len(closers) > DEEPEST:
        return []
    first, rest = "".join(closers[:1]), "".join(closers[1:])
    # The second argument of a fraction may not have begun.
    return [latex + first + rest, latex + first + "{}" + rest]
