"""The end of a text that still grows, shown as what it will most likely be.

A mark that is only half there (``**bo``, an open code span, half a link) is shown closed, and a
mark at the very end that may mean anything is held back. When no more comes, none of this
applies: then the text means what CommonMark says.
"""

import re
from typing import Final

from desktop_chat.markdown.blocks import Bound, Span, Spans, Style
from desktop_chat.markdown.inline import (
    MAX_BRACKETS,
    MAX_MARKS,
    Inline,
    References,
    count_marks,
    parse_inline,
)
from desktop_chat.markdown.inline_rules import Open

NEAR: Final = 300
"""An open code span, formula, bracket or link is believed in for this many characters."""

_MAX_OPEN: Final = 12
"""So many constructs at most are believed to be open at once, the last ones."""

_STEP: Final = 80
"""Characters after which ``Tail`` looks for a border."""

_DOLLARS: Final = 100
"""A formula in dollar signs may have this many characters without looking like one."""

_BORDER: Final = re.compile(r"[。！？；，、：\s]")
_ANY_BORDER: Final = re.compile(r"[。！？；，、：\s]|[\u4e00-\u9fff](?=[\u4e00-\u9fff])")
_LAST_MARK: Final = re.compile(r"(?:[*_~`]+|\\[(\[]?|!?\[|(?<![!-')-~])\$+)$")
_HALF_ADDRESS: Final = re.compile(r"<(?=https?://[^\s<>]*$)")
_LITERAL_BRACKET: Final = re.compile(r"\[(?:[\s\d^]|$)")
_HALF_FOOTNOTE: Final = re.compile(r"\[\^[^\s\[\]\\`<>]{0,40}$")


class Tail:
    """Parses a text again and again while it grows; what is settled in it is parsed once.

    A long line would cost more with every piece that comes. So, where nothing is open, the spans
    up to a sentence's end or a space are kept, and only what follows is parsed anew.
    """

    def __init__(self) -> None:
        self._settled = ""
        self._spans: Spans = ()
        self._marks = 0
        self._brackets = 0
        self._try_at = _STEP

    def _begin_anew(self) -> None:
        self._settled, self._spans = "", ()
        self._marks = self._brackets = 0
        self._try_at = _STEP

    def parse(self, text: str, references: References) -> Inline:
        """Return what a text becomes that begins like the one before, or another one."""
        if not text.startswith(self._settled):
            self._begin_anew()
        rest = text[len(self._settled) :]
        while len(rest) > self._try_at:
            left = self._settle(rest, references)
            if left == rest:
                break
            rest = left
        if self._marks > MAX_MARKS or self._brackets > MAX_BRACKETS:
            return Inline((Span(text.strip(" \t\n")),), bound=Bound.MARKS)
        tail = parse_tail(rest, references, before=self._settled[-1:])
        return Inline(_joined(self._spans, tail))

    def _settle(self, rest: str, references: References) -> str:
        """Move the border on to where nothing is open; return what is then left."""
        before = self._settled[-1:]
        cut = _border(rest, self._try_at)
        while cut:
            head = rest[:cut].rstrip()
            result = parse_inline(head, references, before=before)
            opened = _still_open(result, head) if len(head) < cut else result.opened
            if opened:
                cut = _border(rest, opened[0].pos)
                if 4 * cut > self._try_at:
                    continue
                break
            if not head or _may_pay(result.spans, head):
                break
            space = rest[len(head) : cut]
            added = (*result.spans, Span(space)) if space else result.spans
            self._spans = _joined(self._spans, added)
            self._settled += rest[:cut]
            self._marks += count_marks(head)
            self._brackets += head.count("[")
            self._try_at = _STEP
            return rest[cut:]
        self._try_at *= 2
        return rest


def _still_open(result: Inline, head: str) -> list[Open]:
    """Return what is open behind a text that white space follows, so that no target begins."""
    return [
        item
        for item in result.opened
        if item.kind not in ("link", "image") or "](" in head[item.pos :]
    ]


def _border(text: str, limit: int) -> int:
    """Return the last place up to a limit where a text may be cut, or 0."""
    pattern = _BORDER if "/" in text[:limit] else _ANY_BORDER
    return max((match.end() for match in pattern.finditer(text, 0, limit)), default=0)


def _may_pay(spans: Spans, text: str) -> bool:
    """Tell whether a dollar sign near the end stands in the text, which another may follow."""
    if "$" not in text[-_DOLLARS:]:
        return False
    return any(not span.style & Style.MATH and "$" in span.text[-_DOLLARS:] for span in spans)


def _joined(first: Spans, second: Spans) -> Spans:
    """Return spans one after the other; neighbours of one style are one span."""
    if first and second:
        left, right = first[-1], second[0]
        whole = left.style & (Style.MATH | Style.IMAGE | Style.FOOTNOTE)
        if not whole and (left.style, left.href) == (right.style, right.href):
            middle = Span(left.text + right.text, left.style, left.href)
            return (*first[:-1], middle, *second[1:])
    return first + second


def parse_tail(text: str, references: References, *, cell: bool = False, before: str = "") -> Spans:
    """Parse the text of a leaf that still grows at its end. Arguments as of ``parse_inline``."""
    text = _HALF_ADDRESS.sub("", text.rstrip(" \t\n") if before else text.strip(" \t\n"))
    text = _HALF_FOOTNOTE.sub("", _LAST_MARK.sub("", text))
    result = parse_inline(text, references, cell=cell, before=before)
    closed = _close(text, result)
    if closed == text:
        return result.spans
    return parse_inline(closed, references, cell=cell, before=before).spans


def _close(text: str, result: Inline) -> str:
    """Return the text with what is open in it ended, as far as that is plausible."""
    closers = ""
    bracket: Open | None = None
    for item in _believable(text, result):
        if item.kind in ("link", "image"):
            text = text[: item.pos] + item.closer
            break
        if item.kind == "bracket":
            bracket = item
            continue
        verbatim = item.kind in ("code", "math")
        if verbatim and not text[item.pos + len(item.closer) :].strip():
            text = text[: item.pos]
            break
        closers = item.closer + closers
        if verbatim:
            break
    if bracket is not None:
        text = text[: bracket.pos] + text[bracket.pos + 1 :]
    if not closers:
        return text
    kept = text.rstrip()
    between = " " if kept.endswith("`") and closers.startswith("`") else ""
    return kept + between + closers + text[len(kept) :]


def _believable(text: str, result: Inline) -> list[Open]:
    found = []
    for item in result.opened[-_MAX_OPEN:]:
        near = len(text) - item.pos <= NEAR
        literal = item.kind == "bracket" and _LITERAL_BRACKET.match(text, item.pos)
        if item.kind == "emphasis" or (near and not literal):
            found.append(item)
    return found
