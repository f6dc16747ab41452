"""The text of one leaf becomes spans."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.parser_inline import ParserInline
from markdown_it.token import Token

from desktop_chat.markdown.addresses import is_openable, loose_addresses
from desktop_chat.markdown.blocks import Bound, Span, Spans, Style
from desktop_chat.markdown.inline_rules import Open, State, make_parser

MAX_MARKS: Final = 1000
"""Marks in one piece of text; with more it is shown as it is, for it is no prose."""

MAX_BRACKETS: Final = 200
"""The same for brackets alone, which cost the most."""

References: TypeAlias = dict[str, dict[str, str]]
"""What the inline parser wants to know of a link definition, by its normalised label."""

_MARK: Final = re.compile(r"[\\`*_~$\[\]!<&\n@]|://|www\.")
_BOLD, _ITALIC, _STRIKE, _CODE, _MATH, _LINK, _IMAGE, _FOOTNOTE = (
    int(style)
    for style in (
        Style.BOLD,
        Style.ITALIC,
        Style.STRIKE,
        Style.CODE,
        Style.MATH,
        Style.LINK,
        Style.IMAGE,
        Style.FOOTNOTE,
    )
)
_TAGS: Final = {"strong": _BOLD, "em": _ITALIC, "s": _STRIKE}
_ALL: Final = tuple(Style(bits) for bits in range(2 * _FOOTNOTE))  # arithmetic on flags is slow


_DEFINITION: Final = re.compile(
    r"\[(?!\^)([^\[\]]{1,200})\]:[ \t]*(?:<([^<>]*)>|([^\s<]\S*))"
    r"(?:[ \t]+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?[ \t]*"
)


@dataclass(frozen=True, slots=True)
class Inline:
    """What a text became.

    Attributes:
        spans: what is shown.
        opened: constructs that had begun and were not closed, in order.
        bound: why the text is shown as it is written, or ``Bound.NONE``.
    """

    spans: Spans
    opened: Sequence[Open] = ()
    bound: Bound = Bound.NONE


_CLOSERS: Final = {
    "emphasis": r"(?<=\S)[*_~]",
    "code": "`",
    "math": r"[$\\]",
    "bracket": r"\]",
}


def closer_of(opened: Sequence[Open]) -> re.Pattern[str] | None:
    """Return what a following line needs to have to close anything of what is open.

    Returns:
        A pattern to search for in the line; None when no line could close anything.
    """
    kinds = sorted({item.kind for item in opened} & _CLOSERS.keys())
    return re.compile("|".join(_CLOSERS[kind] for kind in kinds)) if kinds else None


@cache
def _parser() -> tuple[MarkdownIt, ParserInline]:
    return make_parser()


def readable(href: str) -> str:
    """Return an address as people read it: its percent signs decoded where that is safe."""
    return _parser()[0].normalizeLinkText(href)


def parse_inline(
    text: str, references: References, *, cell: bool = False, before: str = ""
) -> Inline:
    """Parse the text of a leaf.

    Args:
        text: without the marks of its containers; line feeds are line breaks.
        references: link definitions seen so far.
        cell: whether it is a table's cell, where ``<br>`` breaks the line.
        before: the character before the text, when this is the rest of a longer one.
    """
    text = text.rstrip(" \t\n") if before else text.strip(" \t\n")
    if not _MARK.search(text):
        return Inline((Span(text),) if text else ())
    if has_too_many_marks(text):
        return Inline((Span(text),), bound=Bound.MARKS)
    md, parser = _parser()
    env = {"references": references, "cell": cell}
    state = State(text, md, env, [], before)
    parser.tokenize(state)
    for rule in parser.ruler2.getRules(""):
        rule(state)
    return Inline(_Builder().build(state.tokens), state.unmatched())


def has_too_many_marks(text: str) -> bool:
    """Tell whether a text has so many marks that it is shown as it is."""
    if len(text) <= MAX_BRACKETS:
        return False
    if text.count("[") > MAX_BRACKETS:
        return True
    return len(text) > MAX_MARKS and count_marks(text) > MAX_MARKS


def count_marks(text: str) -> int:
    """Return how many marks there are in a text."""
    return len(_MARK.findall(text))


def define(line: str, references: References) -> None:
    """Take note of a link definition, if a line is one with an address that may be opened.

    The first one for a label counts.
    """
    if line.startswith("[") and (match := _DEFINITION.fullmatch(line)) and match.group(1).strip():
        href = match.group(2) or match.group(3) or ""
        href = _parser()[0].normalizeLink(href)
        if is_openable(href):
            references.setdefault(normalizeReference(match.group(1)), {"href": href, "title": ""})


class _Builder:
    """Turns tokens into spans; neighbours of one style are joined."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._parts: list[str] = []
        self._style = 0
        self._href = ""

    def build(self, tokens: Sequence[Token]) -> Spans:
        """Return the spans of a leaf's tokens."""
        styles = [0]
        link: _Link | None = None
        for token in tokens:
            kind, style = token.type, styles[-1]
            if kind == "link_open":
                link = _Link(token)
                styles.append(style | _LINK if link.openable else style)
            elif kind == "link_close" and link is not None:
                self._add(link.remainder(), style | (_LINK if link.openable else 0), link.href)
                link = None
                styles.pop()
            elif token.nesting > 0:
                styles.append(style | _TAGS[token.tag])
            elif token.nesting < 0:
                styles.pop()
            elif link is None:
                self._leaf(token, style, "")
            else:
                link.label += token.content
                self._leaf(token, style, link.href)
        self._flush()
        return tuple(self._spans)

    def _leaf(self, token: Token, style: int, href: str) -> None:
        kind = token.type
        if kind == "math_inline":
            self._add(token.content, style | _MATH, href, whole=True)
        elif kind == "code_inline":
            self._add(token.content, style | _CODE, href)
        elif kind == "footnote_ref":
            self._add(token.content, style | _FOOTNOTE, f"#{token.content}", whole=True)
        elif kind == "image":
            source = str(token.attrs.get("src", ""))
            self._add(_plain(token), style & ~_LINK | _IMAGE, source, whole=True)
        elif kind in ("softbreak", "hardbreak"):
            self._add("\n", style, href)
        elif style & _LINK:
            self._add(token.content, style, href)
        else:
            self._text(token.content, style)

    def _text(self, text: str, style: int) -> None:
        at = 0
        for start, end, address in loose_addresses(text):
            self._add(text[at:start], style)
            self._add(text[start:end], style | _LINK, address)
            at = end
        self._add(text[at:], style)

    def _add(self, text: str, style: int, href: str = "", *, whole: bool = False) -> None:
        if not text and not whole:
            return
        if not style & (_LINK | _IMAGE | _FOOTNOTE):
            href = ""
        if whole or style != self._style or href != self._href:
            self._flush()
            self._style, self._href = style, href
        if whole:
            self._spans.append(Span(text, _ALL[style], href))
        else:
            self._parts.append(text)

    def _flush(self) -> None:
        if self._parts:
            self._spans.append(Span("".join(self._parts), _ALL[self._style], self._href))
            self._parts = []


class _Link:
    """A link whose label is being read."""

    def __init__(self, token: Token) -> None:
        self.href = str(token.attrs.get("href", ""))
        self.openable = is_openable(self.href)
        self.label = ""
        self._bare = token.markup == "autolink"

    def remainder(self) -> str:
        """Return what follows the label: the address where it would be lost."""
        if self.openable:
            return "" if self.label else self.href
        if self._bare or not self.href or self.href.startswith("#"):
            return ""
        return f" ({readable(self.href)})" if self.label else readable(self.href)


def _plain(token: Token) -> str:
    """Return an image's alternative text without marks."""
    parts = []
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif child.type == "image":
            parts.append(_plain(child))
        else:
            parts.append(child.content)
    return "".join(parts)
