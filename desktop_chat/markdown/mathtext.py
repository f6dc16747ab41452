r"""Display math: ``$$..$$`` and ``\[..\]`` at the beginning of a line."""

import re
from typing import Final

MAX_LINES: Final = 200
"""Lines of a formula; a longer one is taken for a mark that nobody closed."""

_CLOSERS: Final = {"$$": "$$", "\\[": "\\]"}
_PUNCTUATION: Final = re.compile(r"[\s.,;:!?。，；：！？、]*")
_FORMULA_MARK: Final = re.compile(r"[\\^_={}<>+*/&]|\b[a-zA-Z]\b")
_SURE_MARK: Final = re.compile(r"[\\^_=]")
_HALF_CLOSER: Final = re.compile(r"(?<!\\)[$\\]$")
_FAR: Final = re.compile(r"[\u3040-\u9fff\uac00-\ud7ff]")


def display_math(word: str, *, hopeful: bool) -> tuple[str, str, bool] | None:
    r"""Return what a line says that begins with ``$$`` or ``\[``.

    Args:
        word: the line, from the mark on.
        hopeful: whether the line is incomplete.

    Returns:
        The closer, the formula's text so far and whether it is closed; None when it is text.
    """
    closer = _CLOSERS[word[:2]]
    body = word[2:]
    at = body.find(closer)
    if at >= 0:
        inner = body[:at].strip()
        if not inner or not _PUNCTUATION.fullmatch(body, at + 2):
            return None
        if closer == "\\]" and inner.isdigit():
            return None
        return closer, inner, True
    if body.startswith("$"):
        return None
    mark = _FORMULA_MARK if closer == "$$" else _SURE_MARK
    if body.strip() and not mark.search(body) and not hopeful:
        return None
    if "\\" not in body and _FAR.search(body):
        return None
    return closer, half_closed(body) if hopeful else body, False


def half_closed(text: str) -> str:
    """Return the text of an incomplete line without what may be half of a closer."""
    return _HALF_CLOSER.sub("", text)


def find_end(text: str, start: int, closer: str) -> tuple[int, int] | None:
    """Return where a closer stands in a line of an open formula.

    Returns:
        Its index, and the index after it and the punctuation that follows it; None without one.
    """
    at = text.find(closer, start)
    if at < 0:
        return None
    rest = _PUNCTUATION.match(text, at + len(closer))
    return at, rest.end() if rest else at + len(closer)
