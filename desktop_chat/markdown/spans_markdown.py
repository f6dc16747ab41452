"""Spans as Markdown: as few marks as possible, checked by parsing what was written."""

import re
from collections.abc import Callable, Sequence
from itertools import chain, product
from typing import Final, NamedTuple, TypeAlias

from desktop_chat.markdown.blocks import Block, Span, Spans, Style, TableRow, TextBlock
from desktop_chat.markdown.nesting import Paragraph, nest
from desktop_chat.markdown.stream import parse

_ORDER: Final = (Style.LINK, Style.BOLD, Style.STRIKE, Style.ITALIC)
_WHOLE: Final = Style.MATH | Style.IMAGE | Style.FOOTNOTE
_SPACED: Final = re.compile(r"(\s+)")
_TICKS: Final = re.compile("`+")
# A backslash before an opening bracket begins a formula.
_SPECIAL: Final = re.compile(r"[\\`*_\]<$~&]|!(?=\[)|:(?=//)")
_BRACKET: Final = re.compile(r"[\[\]]")
_LINE_MARK: Final = re.compile(r"(?m)^([ \t]*)([#>+=|:-])")
_LINE_NUMBER: Final = re.compile(r"(?m)^([ \t]*[0-9]{1,9})([.)])")
_PLAIN: Final = re.compile(r"(?!\s*[0-9]{1,9}\))[^\\`*_\[\]<>$~&#+=|:@.\-\n\t]*")
_PLAIN_HREF: Final = re.compile(r"[^\s()<>\\]+")
_CHECKED: Final = 20_000
"""A longer text is written as it comes, without a look at what it means."""

Reader: TypeAlias = Callable[[Sequence[Block]], Spans | None]
"""Finds the spans again in what was parsed; None when it is something else."""


class _Variant(NamedTuple):
    """One way of writing marks.

    Attributes:
        escape: 1 when whatever may mean something gets a backslash, 2 when brackets are
            entities besides.
        bare: whether an address that is its own label stands without brackets.
        italic: the mark of emphasis.
        dollar: whether formulas stand between dollar signs.
    """

    escape: int
    bare: bool
    italic: str
    dollar: bool


def paragraph_markdown(spans: Spans) -> str:
    """Return the text of a paragraph, one or more lines."""
    return _best(spans, lambda text: text, _paragraph)


def heading_markdown(level: int, spans: Spans) -> str:
    """Return the line of a heading."""
    marks = "#" * level
    return _best(_one_line(spans), lambda text: f"{marks} {text}".rstrip(), _heading)


def cell_markdown(spans: Spans) -> str:
    """Return the text of a table's cell."""
    written = _best(spans, lambda text: f"| {_in_cell(text)} |\n| --- |", _cell)
    return written.split("\n", 1)[0][1:-1].strip()


def _one_line(spans: Spans) -> Spans:
    return tuple(Span(span.text.replace("\n", " "), span.style, span.href) for span in spans)


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>")


# Reading back


def _paragraph(blocks: Sequence[Block]) -> Spans | None:
    nodes = nest(blocks)
    if len(nodes) != 1 or not isinstance(nodes[0], Paragraph):
        return None
    node = nodes[0]
    return None if node.heading or node.term else node.spans


def _heading(blocks: Sequence[Block]) -> Spans | None:
    if len(blocks) != 1 or not isinstance(blocks[0], TextBlock) or not blocks[0].heading:
        return None
    return blocks[0].spans


def _cell(blocks: Sequence[Block]) -> Spans | None:
    if len(blocks) != 1 or not isinstance(blocks[0], TableRow) or len(blocks[0].cells) != 1:
        return None
    return blocks[0].cells[0]


def form(spans: Spans) -> list[tuple[str, int, str]]:
    """Return what spans say: text, style, address. The style of a space does not count."""
    said: list[tuple[str, int, str]] = []
    for span in spans:
        if span.style & _WHOLE:
            said.append((span.text, int(span.style), span.href))
            continue
        pieces = (span.text,) if span.style & Style.CODE else _SPACED.split(span.text)
        for piece in pieces:
            if piece and (span.style & Style.CODE or not piece.isspace()):
                _add(said, piece, int(span.style), span.href)
            elif piece:
                _add(said, "\n" if "\n" in piece else " ", 0, "")
    while said and not said[0][0].strip() and not said[0][1]:
        del said[0]
    while said and not said[-1][0].strip() and not said[-1][1]:
        del said[-1]
    return said


def _add(said: list[tuple[str, int, str]], text: str, style: int, href: str) -> None:
    if not said or said[-1][1:] != (style, href) or style & _WHOLE:
        said.append((text, style, href))
        return
    last = said[-1][0]
    if text.isspace() and last.isspace():
        said[-1] = ("\n" if "\n" in last + text else " ", style, href)
    else:
        said[-1] = (last + text, style, href)


# Writing


def _best(spans: Spans, dress: Callable[[str], str], read: Reader) -> str:
    """Return the first way of writing that is read as what was meant; the safest if none is."""
    text = "".join([span.text for span in spans])
    if _PLAIN.fullmatch(text) and not any(span.style for span in spans):
        return dress(text.strip())
    wanted = form(spans)
    tried: set[str] = set()
    safest = ""
    for variant in _variants(spans):
        text = dress(_write(spans, variant, Style.NONE).strip())
        if variant.escape == 2:
            safest = safest or text
        if text in tried:
            continue
        tried.add(text)
        if len(text) > _CHECKED:
            return text
        found = read(parse(text))
        if found is not None and form(found) == wanted:
            return text
    return safest


def _variants(spans: Spans) -> list[_Variant]:
    styles = Style.NONE
    for span in spans:
        styles |= span.style
    return [
        _Variant(escape, bare, italic, dollar)
        for escape, bare, italic, dollar in product(
            (0, 1, 2),
            (True, False) if styles & Style.LINK else (False,),
            "*_" if styles & Style.ITALIC else "*",
            (True, False) if styles & Style.MATH else (True,),
        )
    ]


def _write(spans: Spans, variant: _Variant, done: Style) -> str:
    """Write spans inside marks that are written already."""
    out: list[str] = []
    at = 0
    while at < len(spans):
        mark, end = _longest(spans, at, done)
        if mark is Style.NONE:
            out.append(_leaf(spans[at], variant))
            at += 1
            continue
        inner = _write(spans[at:end], variant, done | mark)
        out.append(_marked(mark, inner, spans[at:end], variant))
        at = end
    text = "".join(out)
    return text if not variant.escape or done else _escape_lines(text)


def _longest(spans: Spans, at: int, done: Style) -> tuple[Style, int]:
    """Return the style that goes on the longest from a span, and where it ends."""
    best, best_end = Style.NONE, at
    for style in _ORDER:
        if not spans[at].style & style or style & done:
            continue
        end = at + 1
        while end < len(spans) and spans[end].style & style:
            if style is Style.LINK and spans[end].href != spans[at].href:
                break
            end += 1
        if end > best_end:
            best, best_end = style, end
    return best, best_end


def _marked(mark: Style, inner: str, spans: Spans, variant: _Variant) -> str:
    core = inner.strip()
    if not core:
        return inner
    lead = inner[: len(inner) - len(inner.lstrip())]
    trail = inner[len(inner.rstrip()) :]
    if mark is Style.LINK:
        core = _link(core, spans, variant)
    else:
        signs = {Style.BOLD: "**", Style.STRIKE: "~~"}.get(mark, variant.italic)
        core = f"{signs}{core}{signs}"
    return f"{lead}{core}{trail}"


def _link(label: str, spans: Spans, variant: _Variant) -> str:
    href = spans[0].href
    if variant.bare and len(spans) == 1 and not spans[0].style & Style.CODE:
        text = spans[0].text.strip()
        if text == href or href.partition(":")[2].lstrip("/") == text or "://" in text:
            return text
    return f"[{label}]({_target(href)})"


def _target(href: str) -> str:
    if _PLAIN_HREF.fullmatch(href):
        return href
    safe = href.replace("\\", "%5C").replace("<", "%3C").replace(">", "%3E").replace("\n", "%0A")
    return f"<{safe}>" if safe else ""


def _leaf(span: Span, variant: _Variant) -> str:
    style, text = span.style, span.text
    if style & Style.FOOTNOTE:
        return f"[^{text}]"
    if style & Style.IMAGE:
        return f"![{_SPECIAL.sub(_backslash, text)}]({_target(span.href)})"
    if style & Style.MATH:
        return f"${text}$" if variant.dollar and "$" not in text else f"\\({text}\\)"
    if style & Style.CODE:
        return code_markdown(text)
    if variant.escape == 2:
        parts = [_SPECIAL.sub(_backslash, part) for part in _BRACKET.split(text)]
        signs = [f"&#{ord(sign)};" for sign in _BRACKET.findall(text)]
        return "".join(chain.from_iterable(zip(parts, [*signs, ""], strict=True)))
    return _SPECIAL.sub(_backslash, text) if variant.escape else text


def _backslash(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


def _escape_lines(text: str) -> str:
    text = _LINE_MARK.sub(r"\1\\\2", text)
    return _LINE_NUMBER.sub(r"\1\\\2", text)


def code_markdown(text: str) -> str:
    """Return inline code between as many backticks as it needs."""
    runs = {len(run) for run in _TICKS.findall(text)}
    ticks = "`"
    while len(ticks) in runs:
        ticks += "`"
    spaced = text[:1] == "`" or text[-1:] == "`"
    spaced = spaced or (text[:1] == " " == text[-1:] and bool(text.strip()))
    return f"{ticks} {text} {ticks}" if spaced else f"{ticks}{text}{ticks}"
