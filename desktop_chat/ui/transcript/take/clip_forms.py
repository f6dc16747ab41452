"""What is copied, as text in several forms. Nothing here is Qt's: it runs on any thread."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from desktop_chat.core.messages import Role
from desktop_chat.markdown.blocks import Block, CodeBlock, Gap, TableRow, TextBlock
from desktop_chat.markdown.spans_markdown import paragraph_markdown
from desktop_chat.markdown.stream import parse
from desktop_chat.markdown.to_html import Highlight, plain_to_html, to_html
from desktop_chat.markdown.to_markdown import to_markdown
from desktop_chat.markdown.to_text import to_text

PRIVATE_TYPE: Final = "application/x-desktop-chat+json"
PRIVATE_VERSION: Final = 1
RICH_LIMIT: Final = 400_000
"""More characters are copied as Markdown alone: HTML would take longer than a reader waits."""
TEXT_LIMIT: Final = 60_000_000
"""More characters are not copied at all."""


class Form(StrEnum):
    """The ways to copy."""

    ALL = "all"
    MARKDOWN = "markdown"
    RICH = "rich"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Passage:
    """What is copied of one message.

    Attributes:
        role: who speaks.
        source: the message as it was written, or what is selected of a question.
        plain: whether that is plain text and no Markdown.
        thinking: the thinking that is copied with it, or "".
        blocks: what is selected of an answer, when that is not all of it.
        cut: its first and last block as they were cut, by their numbers, when the blocks between
            them have to be parsed first; the last number may be beyond the end.
    """

    role: Role
    source: str = ""
    plain: bool = False
    thinking: str = ""
    blocks: tuple[Block, ...] | None = None
    cut: tuple[tuple[int, Block | None], tuple[int, Block | None]] | None = None

    @property
    def size(self) -> int:
        """About how many characters there are to convert."""
        blocks = self.blocks or ()
        return len(self.source) + len(self.thinking) + sum(map(_size, blocks))


def _size(block: Block) -> int:
    if isinstance(block, CodeBlock):
        return sum(map(len, block.lines))
    if isinstance(block, TextBlock):
        return sum(len(span.text) for span in block.spans)
    if isinstance(block, TableRow):
        return sum(len(span.text) for cell in block.cells for span in cell)
    return 200


@dataclass(frozen=True, slots=True)
class Words:
    """What a copy says in the language of the window.

    Attributes:
        names: of those who speak.
        alerts: titles by kind.
    """

    names: Mapping[Role, str]
    alerts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Forms:
    """A copy, ready for the clipboard, in UTF-8; an empty form is not put there.

    To make strings of Qt's out of megabytes would hold the window up.
    """

    text: bytes = b""
    html: bytes = b""
    private: bytes = b""


def convert(
    passages: Sequence[Passage], form: Form, words: Words, highlight: Highlight | None
) -> Forms:
    """Return passages in the wanted form.

    Args:
        passages: in reading order.
        form: which.
        words: names and titles.
        highlight: colours code.
    """
    named = len({passage.role for passage in passages}) > 1
    rich = sum(passage.size for passage in passages) <= RICH_LIMIT
    texts: list[bytes] = []
    pages: list[bytes] = []
    private: list[bytes] = []
    for passage in passages:
        name = f"{words.names.get(passage.role, '')}:" if named else ""
        if form is not Form.RICH:
            text = _plain(passage, words) if form is Form.PLAIN else _markdown(passage)
            title = name if form is Form.PLAIN or not name else f"**{name}**"
            texts.append(_encoded(f"{title}\n\n{text}" if title else text))
            if form is Form.ALL and rich:
                content = {"role": passage.role.value, "markdown": text}
                private.append(_encoded(json.dumps(content, ensure_ascii=False)))
        if form in (Form.ALL, Form.RICH) and rich:
            title = f"<p><strong>{name}</strong></p>\n" if name else ""
            pages.append(_encoded(title + _html(passage, words, highlight)))
    return Forms(b"\n\n".join(texts), page(pages), _private(private))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def page(parts: Sequence[bytes]) -> bytes:
    """Return parts of a page as one that says what it is encoded in."""
    return b'<meta charset="utf-8">\n' + b"\n".join(parts) if parts else b""


def _private(messages: Sequence[bytes]) -> bytes:
    if not messages:
        return b""
    return b'{"version": %d, "messages": [%b]}' % (PRIVATE_VERSION, b", ".join(messages))


# One passage


def _blocks(passage: Passage) -> tuple[Sequence[Block], bool]:
    """Return the blocks of an answer's passage, and whether they are text within one paragraph."""
    if passage.blocks is not None:
        return _bare(passage.blocks)
    blocks = parse(passage.source)
    if passage.cut is not None:
        (first, start), (last, end) = passage.cut
        chosen = blocks[first : last + 1]
        if start is not None and chosen:
            chosen[0] = start
        if end is not None and len(chosen) > 1 and last < len(blocks):
            chosen[-1] = end
        blocks = chosen
    return blocks, False


def _bare(blocks: tuple[Block, ...]) -> tuple[Sequence[Block], bool]:
    """Take text within one paragraph out of its containers: marks are no part of it."""
    texts = [block for block in blocks if isinstance(block, TextBlock)]
    if len(texts) < len(blocks) or any(block.gap != Gap.NONE for block in texts[1:]):
        return blocks, False
    return [replace(block, containers=(), heading=0, term=False) for block in texts], True


def _quoted(text: str) -> str:
    return "\n".join([f"> {line}".rstrip() for line in text.strip("\n").split("\n")])


def _markdown(passage: Passage) -> str:
    return _with_thinking(passage, _quoted(passage.thinking), _body_markdown(passage))


def _body_markdown(passage: Passage) -> str:
    if passage.blocks is None and passage.cut is None:
        return passage.source
    blocks, inside = _blocks(passage)
    if len(blocks) == 1 and not inside:
        return _single(blocks[0])
    text = to_markdown(blocks)
    if not inside:
        return text
    # Spaces at the ends mean nothing in Markdown; within a line they are what was selected.
    shown = to_text(blocks)
    lead = shown[: len(shown) - len(shown.lstrip(" "))]
    return lead + text + shown[len(shown.rstrip(" ")) :] if text else shown


def _single(block: Block) -> str:
    """Return what is selected within one block: a part of code is code, not a fence."""
    if isinstance(block, CodeBlock):
        return "\n".join(block.lines)
    if isinstance(block, TableRow):
        filled = [cell for cell in block.cells if cell]
        return "\t".join([paragraph_markdown(cell) for cell in filled])
    return to_markdown([block])


def _plain(passage: Passage, words: Words) -> str:
    body = passage.source
    if not passage.plain:
        body = to_text(_blocks(passage)[0], alerts=words.alerts)
    return _with_thinking(passage, passage.thinking.strip("\n"), body)


def _with_thinking(passage: Passage, thinking: str, body: str) -> str:
    if not passage.thinking:
        return body
    return f"{thinking}\n\n{body}" if body else thinking


def _html(passage: Passage, words: Words, highlight: Highlight | None) -> str:
    if passage.plain:
        return plain_to_html(passage.source)
    blocks, _inside = _blocks(passage)
    body = to_html(blocks, highlight=highlight, alerts=words.alerts)
    if passage.thinking:
        return f"<blockquote>{plain_to_html(passage.thinking)}</blockquote>\n{body}"
    return body
