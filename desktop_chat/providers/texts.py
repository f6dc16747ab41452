"""What may be kept and shown of text that a service sends: whole characters, no page, no stack.

A page for people may carry the user's address, and a stack trace the insides of a server; both say
what happened in one line, and that line is what is left of them.
"""

import re
from typing import Final

MOST: Final = 64 * 1024
"""Characters that are looked at."""

_PAGE: Final = re.compile(r"<!doctype html|<html|<head[ >]|<body[ >]", re.IGNORECASE)
_TITLE: Final = re.compile(r"<title[^>]{0,200}>([^<]{1,1000})</title", re.IGNORECASE)
_ADDRESS: Final = re.compile(
    r"\b\d{1,3}(\.\d{1,3}){3}\b|\b[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){3,7}"
)
_MAX_TITLE: Final = 120

_PYTHON: Final = "Traceback (most recent call last)"
_FRAME: Final = re.compile(
    r"^[ \t]*(?:at [\w<$/*]|File \"[^\"\n]{1,500}\", line \d|from [^\s:]{1,500}:\d"
    r"|\.{3} \d+ (?:more|common frames)|#\d+ \S|goroutine \d+ \[|\d+: \S|\S{1,500}\.go:\d)",
    re.MULTILINE,
)
"""A line of a stack: JavaScript, Java and .NET (``at``), Python, Ruby, PHP, Go, Rust."""
_CAUSE: Final = re.compile(r"^[ \t]*Caused by: (.{1,2000})$", re.MULTILINE)
_HEADING: Final = re.compile(r"(?:stack ?trace|stack backtrace|traceback)\b.{0,40}", re.IGNORECASE)
_BETWEEN: Final = ("During handling of", "The above exception")


def whole(text: str) -> str:
    """Return text that can be stored: surrogate pairs joined, lone halves as U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def is_html(text: str) -> bool:
    """Tell whether text is a page for people."""
    head = text[:1024].lstrip("\ufeff \t\r\n").lower()
    return head.startswith(("<!doctype html", "<html", "<head", "<body")) or "<html" in head


def page_title(text: str) -> str:
    """Return the title of a page without addresses, or ""."""
    found = _TITLE.search(text[:MOST])
    return _ADDRESS.sub("…", " ".join(found[1].split()))[:_MAX_TITLE] if found else ""


def in_short(text: str) -> str:
    """Return text as it may be shown: a page in it by its title, a stack trace by the line that
    says what happened. All other text stays as it is.
    """
    text = text[:MOST]
    if page := _PAGE.search(text):
        text = f"{text[: page.start()].strip()} {page_title(text[page.start() :])}".strip()
    return _without_stack(text)


def _without_stack(text: str) -> str:
    if "\\n" in text and "\n" not in text:
        lines = text.replace("\\n", "\n").replace("\\t", "\t")
    else:
        lines = text
    if _PYTHON in lines:
        return _of_python(lines.rpartition(_PYTHON)[2])
    frames = _FRAME.finditer(lines)
    first = next(frames, None)
    if first is None or next(frames, None) is None:
        return text
    if causes := _CAUSE.findall(lines):
        return str(causes[-1]).strip()
    before = [line.strip() for line in lines[: first.start()].split("\n")]
    return next((line for line in reversed(before) if line and not _HEADING.fullmatch(line)), "")


def _of_python(after: str) -> str:
    """Return the line that names the exception: the first that is not indented.

    Args:
        after: what follows the heading of the last traceback.
    """
    lines = [line for line in after.split("\n")[1:] if line.strip()]
    for line in lines:
        if not line.startswith((" ", "\t")) and not line.startswith(_BETWEEN):
            return line.strip()
    last = lines[-1].strip(" |+-\t") if lines else ""
    return "" if last.startswith(("File ", "^")) else last
