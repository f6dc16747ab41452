"""Addresses: which may be opened, and where one ends that stands bare in the text."""

import re
from typing import Final

ALLOWED_SCHEMES: Final = ("http", "https", "mailto")
"""Only these become links; anything else stays text."""

_SCHEME: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_RUN: Final = re.compile(
    r"[^\s<>\"`|\\^{}\[\]\u2018-\u201f\u3000-\u303f\uff00-\uff20\uff3b-\uffef]+"
)
_HOST: Final = re.compile(r"[a-zA-Z0-9]")
_FAR: Final = re.compile(r"[\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003fffd]")
_JOINS: Final = "/=-_%#&+?"
_TRAILING: Final = "?!.,:;*_~'"
_LOOSE: Final = re.compile(
    r"(?<![\w@./-])(?:(?P<www>www\.[a-zA-Z0-9])|"
    r"(?P<mail>[a-zA-Z0-9][a-zA-Z0-9._%+-]{0,63}@[a-zA-Z0-9][a-zA-Z0-9-]{0,62}"
    r"(?:\.[a-zA-Z0-9][a-zA-Z0-9-]{0,62}){1,8}(?![\w-])(?<!-)))",
    re.ASCII,
)


def is_openable(href: str) -> bool:
    """Tell whether an address has one of the schemes that may be opened."""
    match = _SCHEME.match(href)
    return match is not None and match.group(1).lower() in ALLOWED_SCHEMES


def address_end(text: str, start: int, limit: int) -> int:
    """Return where a bare address ends.

    It stops at a space, at CJK punctuation, and at a CJK letter unless that begins a part of the
    path (``/wiki/中文`` is whole, ``/path查看`` ends before 查); then trailing punctuation and
    closing parentheses without an opening one are given back.

    Args:
        text: what it stands in.
        start: index of its host.
        limit: where to stop at the latest.

    Returns:
        The index after its last character; ``start`` when there is no address.
    """
    run = _RUN.match(text, start, limit)
    if run is None or not _HOST.match(text, start):
        return start
    end = run.end()
    slash = text.find("/", start, end)
    for match in _FAR.finditer(text, start, end):
        at = match.start()
        if slash < 0 or at < slash or not (text[at - 1] in _JOINS or _FAR.match(text[at - 1])):
            end = at
            break
    depth = text.count(")", start, end) - text.count("(", start, end)
    while end > start:
        if text[end - 1] == ")" and depth > 0:
            depth -= 1
        elif text[end - 1] not in _TRAILING:
            break
        end -= 1
    return end


def loose_addresses(text: str) -> list[tuple[int, int, str]]:
    """Return ``(start, end, href)`` of ``www.`` addresses and mail addresses in plain text."""
    if "www." not in text and "@" not in text:
        return []
    found: list[tuple[int, int, str]] = []
    at = 0
    while match := _LOOSE.search(text, at):
        start, at = match.span()
        if match.group("www"):
            at = address_end(text, start, len(text))
            found.append((start, at, f"https://{text[start:at]}"))
        else:
            found.append((start, at, f"mailto:{match.group('mail')}"))
    return found
