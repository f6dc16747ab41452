"""What blocks say when they are spoken, named or read as plain text."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from desktop_chat.core.i18n import ntr, tr
from desktop_chat.core.messages import Message, Role
from desktop_chat.markdown.blocks import (
    Block,
    CodeBlock,
    Footnote,
    Gap,
    ImageBlock,
    ListItem,
    MathBlock,
    Quote,
    RuleBlock,
    Spans,
    Style,
    TableRow,
    TextBlock,
)
from desktop_chat.ui.transcript.files.mentions import shown_files
from desktop_chat.ui.transcript.frames import alert_title
from desktop_chat.ui.transcript.words import clock_time

Languages: TypeAlias = Callable[[str], str]
"""The word behind a fence -> the name of the language as people write it."""
_FIRST_WORDS: Final = 80


def said(spans: Spans) -> str:
    """Return the text of spans: LaTeX for a formula, the label in brackets for a footnote."""
    if len(spans) == 1 and not spans[0].style & Style.FOOTNOTE:
        return spans[0].text
    return "".join(
        [f"[{span.text}]" if span.style & Style.FOOTNOTE else span.text for span in spans]
    )


def code_name(block: CodeBlock, languages: Languages) -> str:
    """Return ``Code, Python, 12 lines``."""
    count = len(block.lines)
    if not block.language:
        words = ntr("Code, {count} line", "Code, {count} lines", count)
        return words.format(count=f"{count:,}")
    words = ntr("Code, {language}, {count} line", "Code, {language}, {count} lines", count)
    return words.format(language=languages(block.language), count=f"{count:,}")


def table_name(rows: int, columns: int) -> str:
    """Return ``Table, 4 rows, 3 columns``.

    Args:
        rows: with the head.
        columns: of each row.
    """
    first = ntr("Table, {rows} row", "Table, {rows} rows", rows).format(rows=f"{rows:,}")
    second = ntr("{columns} column", "{columns} columns", columns).format(columns=columns)
    return tr("{rows}, {columns}").format(rows=first, columns=second)


def image_name(alt: str) -> str:
    """Return the alternative text, or that it is an image."""
    return alt or tr("Image without a description")


def quote_name(quote: Quote) -> str:
    """Return the kind of an alert, or that it is a quote."""
    return alert_title(quote.alert) if quote.alert else tr("Quote")


def footnote_name(label: str) -> str:
    """Return what a footnote is called."""
    return tr("Footnote {label}").format(label=label)


def mark_of(block: Block) -> str:
    """Return the marker of the list item that a block begins, with a space; or ""."""
    marks = []
    for container in block.containers:
        if isinstance(container, ListItem) and container.first:
            if container.ordered:
                marks.append(f"{container.number}. ")
            elif container.task is None:
                marks.append("• ")
            if container.task is not None:
                marks.append(tr("Done: ") if container.task else tr("To do: "))
    return "".join(marks)


def continues(block: Block, before: Block | None) -> bool:
    """Tell whether a block is the next line of the paragraph before it."""
    return (
        isinstance(block, TextBlock)
        and isinstance(before, TextBlock)
        and block.gap is Gap.NONE
        and not block.heading
        and not before.heading
        and not mark_of(block)
        and len(block.containers) == len(before.containers)
    )


def joint(block: Block, before: Block) -> str:
    """Return what stands between two lines of a paragraph: nothing where a long one was cut."""
    return "" if 0 < before.end == block.start else "\n"


def plain_lines(
    blocks: Sequence[Block], languages: Languages, *, code: bool = True, indent: bool = False
) -> Iterator[str]:
    """Yield blocks as lines of plain text, as they are read aloud or character by character.

    Args:
        blocks: in order.
        languages: the names of languages.
        code: False gives the name of a code block in place of its lines.
        indent: let the lines of a list within a list begin with spaces.
    """
    before: Block | None = None
    for block in blocks:
        if before is not None and block.gap is Gap.PARAGRAPH:
            yield ""
        yield from _opening(block)
        lead = "  " * (_depth(block) - 1) if indent else ""
        yield from (lead + line for line in _lines(block, languages, code=code))
        before = block


def _depth(block: Block) -> int:
    """Return in how many lists a block stands."""
    return sum(isinstance(container, ListItem) for container in block.containers)


def _opening(block: Block) -> Iterator[str]:
    """Yield what is said of the containers that a block begins."""
    for container in block.containers:
        if isinstance(container, Footnote) and container.first:
            yield footnote_name(container.label)


def _lines(block: Block, languages: Languages, *, code: bool) -> Iterator[str]:
    if isinstance(block, TextBlock):
        yield mark_of(block) + said(block.spans)
    elif isinstance(block, CodeBlock):
        yield mark_of(block) + code_name(block, languages)
        if code:
            yield from block.lines
    elif isinstance(block, MathBlock):
        yield mark_of(block) + block.text
    elif isinstance(block, ImageBlock):
        yield mark_of(block) + image_name(block.alt)
    elif isinstance(block, TableRow):
        yield mark_of(block) + ", ".join(said(cell) for cell in block.cells)
    else:
        assert isinstance(block, RuleBlock)


def speaker(message: Message) -> str:
    """Return who wrote a message."""
    if message.role is Role.USER:
        return tr("You")
    return message.model or message.service_name or tr("Answer")


def first_words(text: str) -> str:
    """Return the beginning of a text in one line."""
    line = " ".join(text[: 4 * _FIRST_WORDS].split())
    if len(line) <= _FIRST_WORDS:
        return line if len(text) <= 4 * _FIRST_WORDS else f"{line}…"
    cut = line.rfind(" ", _FIRST_WORDS // 2, _FIRST_WORDS)
    return f"{line[: cut if cut > 0 else _FIRST_WORDS]}…"


def message_name(message: Message, text: str) -> str:
    """Return ``deepseek-v4-pro, 14:03: first words…``.

    Args:
        message: whose.
        text: of it, as far as it has arrived.
    """
    words = first_words(text) or first_words(", ".join(f.name for f in shown_files(message)))
    if not words:
        name = tr("{who}, {time}")
        return name.format(who=speaker(message), time=clock_time(message.created_at))
    return tr("{who}, {time}: {words}").format(
        who=speaker(message), time=clock_time(message.created_at), words=words
    )
