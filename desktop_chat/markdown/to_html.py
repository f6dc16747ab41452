"""Blocks as HTML that pastes well into documents and mails: every style stands in its element."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Final, TypeAlias

from desktop_chat.markdown.addresses import is_openable
from desktop_chat.markdown.blocks import (
    Align,
    Block,
    CodeBlock,
    Definition,
    Footnote,
    ImageBlock,
    ListItem,
    MathBlock,
    Quote,
    RuleBlock,
    Span,
    Spans,
    Style,
)
from desktop_chat.markdown.mathml import mathml
from desktop_chat.markdown.nesting import Group, Node, Paragraph, Rows, nest, siblings

Highlight: TypeAlias = Callable[[str, Sequence[str]], Iterable[tuple[str, str]]]
"""Cuts code (its language and its lines) into runs of text and their colour, ``#rrggbb`` or "".

The runs together are the lines, joined by line feeds.
"""

_MONO: Final = "font-family:Consolas,Menlo,'JetBrains Mono','Noto Sans Mono',monospace"
_CODE: Final = f"{_MONO};background-color:#f3f5f5"
_PRE: Final = (
    f"{_MONO};font-size:10pt;background-color:#f6f8f8;border:1px solid #e2e7e8;"
    "padding:8px 12px;white-space:pre-wrap"
)
_TABLE: Final = "border-collapse:collapse"
_CELL: Final = "border:1px solid #c6cfd1;padding:4px 10px"
_QUOTE: Final = "margin:0 0 0 4px;padding-left:12px;border-left:3px solid #c6cfd1"
_TAGS: Final = ((Style.BOLD, "strong"), (Style.ITALIC, "em"), (Style.STRIKE, "s"))
_CHECKS: Final = {True: "☑ ", False: "☐ ", None: ""}


def to_html(
    blocks: Iterable[Block],
    *,
    highlight: Highlight | None = None,
    alerts: Mapping[str, str] | None = None,
) -> str:
    """Return blocks as HTML, a part of a page without its head.

    Nothing in it runs or is fetched: links are http, https or mailto, only images that are in the
    text itself (``data:``) are shown, and everything else is escaped.

    Args:
        blocks: what is written.
        highlight: colours code; without it code is plain.
        alerts: the titles of alerts by their kind; without one the kind itself.
    """
    return _Writer(highlight, alerts or {}).nodes(nest(blocks))


def spans_to_html(spans: Spans) -> str:
    """Return the text of one paragraph as HTML, without an element around it."""
    return "".join([_span(span) for span in spans])


def plain_to_html(text: str) -> str:
    """Return plain text as paragraphs that keep its lines and spaces."""
    parts = []
    for paragraph in text.strip("\n").split("\n\n"):
        lines = [_spaced(line) for line in paragraph.strip("\n").split("\n")]
        parts.append(f"<p>{'<br>'.join(lines)}</p>")
    return "\n".join(parts)


def _spaced(line: str) -> str:
    """Escape a line; spaces that HTML would lose become others that it keeps."""
    line = line.expandtabs(4)
    core = line.lstrip(" ")
    return "&nbsp;" * (len(line) - len(core)) + escape(core).replace("  ", " &nbsp;")


def _span(span: Span) -> str:
    style = span.style
    if style & Style.MATH:
        core = mathml(span.text, block=False) or _code(span.text)
    elif style & Style.IMAGE:
        return image_html(span.text, span.href)
    elif style & Style.FOOTNOTE:
        core = f"<sup>[{escape(span.text)}]</sup>"
    elif style & Style.CODE:
        core = _code(span.text)
    else:
        core = escape(span.text).replace("\n", "<br>")
    for bit, tag in _TAGS:
        if style & bit:
            core = f"<{tag}>{core}</{tag}>"
    if style & Style.LINK and is_openable(span.href):
        core = f'<a href="{escape(span.href)}">{core}</a>'
    return core


def _code(text: str) -> str:
    return f'<code style="{_CODE}">{_spaced(text.replace(chr(10), " "))}</code>'


def image_html(alt: str, href: str) -> str:
    """Return an image that is in the text itself; of one elsewhere, a link to it."""
    if href.lower().startswith("data:image/") and not href.lower().startswith("data:image/svg"):
        return f'<img src="{escape(href)}" alt="{escape(alt)}">'
    words = escape(alt or href)
    return f'<a href="{escape(href)}">{words}</a>' if is_openable(href) else words


class _Writer:
    def __init__(self, highlight: Highlight | None, alerts: Mapping[str, str]) -> None:
        self._highlight = highlight
        self._alerts = alerts

    def nodes(self, nodes: Sequence[Node]) -> str:
        """Return nodes that stand beside each other."""
        written = "\n".join(self._run(run) for run in siblings(nodes))
        # Terms and their meanings stand in one list.
        return written.replace("</dl>\n<dl>", "\n")

    def _run(self, run: Sequence[Node]) -> str:
        first = run[0]
        if isinstance(first, Group):
            container = first.container
            groups = [node for node in run if isinstance(node, Group)]
            if isinstance(container, ListItem):
                return self._list(container, groups)
            return "\n".join(self._group(group) for group in groups)
        return self._leaf(first)

    def _list(self, first: ListItem, groups: Sequence[Group]) -> str:
        tag = "ol" if first.ordered else "ul"
        start = f' start="{first.number}"' if first.ordered and first.number != 1 else ""
        items = []
        for group in groups:
            item = group.container
            check = _CHECKS[item.task] if isinstance(item, ListItem) else ""
            items.append(f"<li>{self._inside(group, check)}</li>")
        return f"<{tag}{start}>\n" + "\n".join(items) + f"\n</{tag}>"

    def _inside(self, group: Group, lead: str) -> str:
        """Return what stands in an item: its first paragraph needs no element of its own."""
        nodes = group.nodes
        if nodes and isinstance(nodes[0], Paragraph) and not nodes[0].heading:
            rest = self.nodes(nodes[1:])
            return f"{lead}{spans_to_html(nodes[0].spans)}" + (f"\n{rest}" if rest else "")
        return lead + self.nodes(nodes)

    def _group(self, group: Group) -> str:
        container = group.container
        if isinstance(container, Quote):
            title = self._alerts.get(container.alert, container.alert.capitalize())
            head = f"<p><strong>{escape(title)}</strong></p>\n" if container.alert else ""
            return f'<blockquote style="{_QUOTE}">\n{head}{self.nodes(group.nodes)}\n</blockquote>'
        if isinstance(container, Definition):
            return f"<dl><dd>{self._inside(group, '')}</dd></dl>"
        label = f"[{escape(container.label)}] " if isinstance(container, Footnote) else ""
        return f"<div>{self._inside(group, f'<sup>{label}</sup>')}</div>"

    def _leaf(self, node: Node) -> str:
        if isinstance(node, Paragraph):
            text = spans_to_html(node.spans)
            if node.term:
                return f"<dl><dt><strong>{text}</strong></dt></dl>"
            return (
                f"<h{node.heading}>{text}</h{node.heading}>" if node.heading else f"<p>{text}</p>"
            )
        if isinstance(node, Rows):
            return _table(node)
        if isinstance(node, CodeBlock):
            return self.code(node.language, node.lines)
        if isinstance(node, MathBlock):
            return f"<p>{mathml(node.text, block=True) or _latex(node.text)}</p>"
        if isinstance(node, ImageBlock):
            return f"<p>{image_html(node.alt, node.href)}</p>"
        return "<hr>" if isinstance(node, RuleBlock) else ""

    def code(self, language: str, lines: Sequence[str]) -> str:
        """Return a code block."""
        runs = self._highlight(language, lines) if self._highlight else [("\n".join(lines), "")]
        inner = "".join([_coloured(text, colour) for text, colour in runs])
        return f'<pre style="{_PRE}"><code style="{_MONO}">{inner}</code></pre>'


def _coloured(text: str, colour: str) -> str:
    return f'<span style="color:{colour}">{escape(text)}</span>' if colour else escape(text)


def _latex(text: str) -> str:
    return f'<code style="{_CODE}">{escape(text)}</code>'


def _table(node: Rows) -> str:
    rows = []
    for row in node.rows:
        tag = "td" if row.index else "th"
        ground = "" if row.index else ";background-color:#f6f8f8"
        cells = []
        for align, cell in zip(node.aligns, row.cells, strict=True):
            style = f"{_CELL};text-align:{_align(align)}{ground}"
            cells.append(f'<{tag} style="{style}">{spans_to_html(cell)}</{tag}>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    body = "\n".join(rows)
    return f'<table border="1" cellspacing="0" cellpadding="6" style="{_TABLE}">\n{body}\n</table>'


def _align(align: Align) -> str:
    return align.value or "left"
