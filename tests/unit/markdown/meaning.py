"""What a text means, in a form in which published HTML and our blocks can be compared.

A meaning is a list of leaves in reading order: the containers that a leaf stands in, its kind, and
its text in runs of one style. Line breaks of both kinds are the same, as in a chat; tight and loose
lists are the same; an address that may not be opened is text, as the room shows it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final

from desktop_chat.markdown.addresses import is_openable
from desktop_chat.markdown.blocks import (
    Block,
    CodeBlock,
    Container,
    Gap,
    ImageBlock,
    ListItem,
    Quote,
    RuleBlock,
    Spans,
    Style,
    TableRow,
    TextBlock,
)
from desktop_chat.markdown.inline import readable

Run = tuple[str, int, str]
Leaf = tuple[tuple[str, ...], str, Any]

_STYLES: Final = {
    "strong": Style.BOLD,
    "em": Style.ITALIC,
    "del": Style.STRIKE,
    "s": Style.STRIKE,
    "code": Style.CODE,
}
_VOID: Final = {"br", "hr", "img", "input"}


@dataclass
class _Node:
    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    children: list["_Node | str"] = field(default_factory=list)


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = _Node("")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = _Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in _VOID:
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = _Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)

    def handle_endtag(self, tag: str) -> None:
        names = [node.tag for node in self._open]
        if tag in names:
            del self._open[len(names) - 1 - names[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)

    def handle_comment(self, data: str) -> None:
        self._open[-1].children.append(_Node("!comment"))


def _tidy(runs: Iterable[Run]) -> list[Run]:
    """Join runs of one style, and leave one space or line feed where there is white space."""
    joined: list[Run] = []
    for text, style, href in runs:
        if not style & Style.CODE:
            text = re.sub(r"[ \t]*\n[ \t\n]*", "\n", re.sub(r"[ \t]+", " ", text))
        if joined and joined[-1][1:] == (style, href) and not style & Style.IMAGE:
            joined[-1] = (joined[-1][0] + text, style, href)
        elif text or style & Style.IMAGE:
            joined.append((text, style, href))
    for index, (text, style, href) in enumerate(joined):
        if not style & (Style.CODE | Style.IMAGE):
            text = re.sub(r"[ \t]*\n[ \t\n]*", "\n", text)
            text = text.lstrip() if index == 0 else text
            text = text.rstrip() if index == len(joined) - 1 else text
            joined[index] = (text, style, href)
    return [run for run in joined if run[0] or run[1] & Style.IMAGE]


def _inline(nodes: Sequence[_Node | str], style: int = 0, href: str = "") -> list[Run]:
    runs: list[Run] = []
    for node in nodes:
        if isinstance(node, str):
            runs.append((node, style, href))
        elif node.tag == "br":
            runs.append(("\n", style, href))
        elif node.tag == "img":
            source = node.attrs.get("src", "")
            runs.append((node.attrs.get("alt", ""), style & ~Style.LINK | Style.IMAGE, source))
        elif node.tag == "a":
            runs += _link(node, style)
        elif node.tag in _STYLES:
            runs += _inline(node.children, style | _STYLES[node.tag], href)
        else:
            runs.append((f"<{node.tag}>", style, href))
            runs += _inline(node.children, style, href)
    return runs


def _link(node: _Node, style: int) -> list[Run]:
    target = node.attrs.get("href", "")
    if is_openable(target):
        inside = _inline(node.children, style | Style.LINK, target)
        return inside or [(target, style | Style.LINK, target)]
    inside = _inline(node.children, style)
    label = "".join(run[0] for run in inside)
    shown = readable(target)
    if not target or target.startswith("#") or shown == label or readable(label) == shown:
        return inside
    return [*inside, (f" ({shown})" if label else shown, style, "")]


def _is_title(node: _Node | str) -> bool:
    return isinstance(node, _Node) and "title" in node.attrs.get("class", "")


def _align(cell: _Node) -> str:
    return cell.attrs.get("align", "") or cell.attrs.get("style", "").rpartition(":")[2]


def _task(item: _Node) -> str:
    """Take the check box out of an item; return its mark."""
    inside: list[_Node | str] = item.children
    for part in inside:
        if isinstance(part, _Node) and part.tag == "p":
            inside = part.children
            break
    for part in inside[:2]:
        if isinstance(part, _Node) and part.tag == "input":
            inside.remove(part)
            return "x" if "checked" in part.attrs else "o"
    return ""


class _Reader:
    """Walks a tree and writes leaves."""

    def __init__(self) -> None:
        self.leaves: list[Leaf] = []

    def blocks(self, nodes: Sequence[_Node | str], path: list[list[Any]]) -> None:
        loose: list[_Node | str] = []
        for node in nodes:
            if isinstance(node, str) or node.tag in {"a", "br", "img", *_STYLES}:
                loose.append(node)
                continue
            self._loose(loose, path)
            loose = []
            self._block(node, path)
        self._loose(loose, path)

    def _loose(self, nodes: Sequence[_Node | str], path: list[list[Any]]) -> None:
        runs = _tidy(_inline(nodes))
        if runs:
            self._leaf(path, "text", runs)

    def _leaf(self, path: list[list[Any]], kind: str, content: Any) -> None:
        marks = []
        for mark in path:
            marks.append(f"{mark[0]}!" if mark[1] else mark[0])
            mark[1] = False
        self.leaves.append((tuple(marks), kind, content))

    def _block(self, node: _Node, path: list[list[Any]]) -> None:
        if node.tag == "blockquote":
            self.blocks(node.children, [*path, [">", False]])
        elif node.tag == "div" and "markdown-alert" in node.attrs.get("class", ""):
            kind = node.attrs["class"].rpartition("-")[2]
            rest = [part for part in node.children if not _is_title(part)]
            self.blocks(rest, [*path, [f">{kind}", False]])
        elif node.tag in ("ul", "ol"):
            number = int(node.attrs.get("start", "1"))
            for item in node.children:
                if isinstance(item, _Node):
                    mark = [("-" if node.tag == "ul" else f"{number}.") + _task(item), True]
                    self.blocks(item.children, [*path, mark])
                    if mark[1]:
                        self._leaf([*path, mark], "text", [])
                    number += 1
        elif node.tag == "p":
            self._leaf(path, "text", _tidy(_inline(node.children)))
        elif re.fullmatch("h[1-6]", node.tag):
            self._leaf(path, node.tag, _tidy(_inline(node.children)))
        elif node.tag == "pre":
            self._code(node, path)
        elif node.tag == "hr":
            self._leaf(path, "rule", None)
        elif node.tag == "table":
            self._table(node, path)
        else:
            self._leaf(path, node.tag, "raw")
            self.blocks(node.children, path)

    def _code(self, node: _Node, path: list[list[Any]]) -> None:
        inside = [child for child in node.children if isinstance(child, _Node)]
        text = "".join(
            child for part in inside for child in part.children if isinstance(child, str)
        )
        language = inside[0].attrs.get("class", "").removeprefix("language-") if inside else ""
        self._leaf(path, "code", (language.lower(), text.removesuffix("\n")))

    def _table(self, node: _Node, path: list[list[Any]]) -> None:
        for part in node.children:
            for row in part.children if isinstance(part, _Node) else ():
                if isinstance(row, _Node):
                    cells = [cell for cell in row.children if isinstance(cell, _Node)]
                    aligns = [_align(cell) for cell in cells]
                    texts = [_tidy(_inline(cell.children)) for cell in cells]
                    self._leaf(path, "row", list(zip(aligns, texts, strict=True)))


def of_html(html: str) -> list[Leaf]:
    """Return the meaning of published HTML."""
    tree = _Tree()
    tree.feed(html)
    tree.close()
    reader = _Reader()
    reader.blocks(tree.root.children, [])
    return reader.leaves


def _runs(spans: Spans) -> list[Run]:
    return [(span.text, int(span.style), span.href) for span in spans]


def _path(containers: Sequence[Container]) -> tuple[str, ...]:
    marks = []
    for item in containers:
        if isinstance(item, Quote):
            marks.append(f">{item.alert}")
        elif isinstance(item, ListItem):
            mark = f"{item.number}." if item.ordered else "-"
            mark += {None: "", True: "x", False: "o"}[item.task]
            marks.append(f"{mark}!" if item.first else mark)
        else:
            marks.append(type(item).__name__)
    return tuple(marks)


def of_blocks(blocks: Sequence[Block]) -> list[Leaf]:
    """Return the meaning of our blocks."""
    leaves: list[Leaf] = []
    for block in blocks:
        path = _path(block.containers)
        if isinstance(block, TextBlock):
            kind = f"h{block.heading}" if block.heading else "text"
            runs = _runs(block.spans)
            if block.gap == Gap.NONE and leaves and leaves[-1][1] == "text":
                before = leaves.pop()
                runs = [*before[2], ("\n", 0, ""), *runs]
                path = before[0]
            leaves.append((path, kind, _tidy(runs)))
        elif isinstance(block, CodeBlock):
            leaves.append((path, "code", (block.language, "\n".join(block.lines))))
        elif isinstance(block, RuleBlock):
            leaves.append((path, "rule", None))
        elif isinstance(block, ImageBlock):
            leaves.append((path, "text", [(block.alt, int(Style.IMAGE), block.href)]))
        elif isinstance(block, TableRow):
            cells = [_tidy(_runs(cell)) for cell in block.cells]
            aligns = [align.value for align in block.table.aligns]
            leaves.append((path, "row", list(zip(aligns, cells, strict=True))))
        else:
            leaves.append((path, "math", block.text))
    return leaves
