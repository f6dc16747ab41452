"""Taking a whole table away: every form at once, or one of them."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from PySide6.QtCore import QMimeData

from desktop_chat.core.i18n import tr
from desktop_chat.markdown.blocks import TableRow
from desktop_chat.markdown.table_text import cells_of, to_csv, to_tsv
from desktop_chat.markdown.to_html import to_html
from desktop_chat.markdown.to_markdown import to_markdown
from desktop_chat.ui.transcript.deeds import Deeds

T = TypeVar("T")
_AT_ONCE: Final = 100
"""A table of more rows is written beside the UI thread."""


class _Forms(NamedTuple):
    text: str
    html: str


def copy_table(rows: Sequence[TableRow], deeds: Deeds) -> None:
    """Put a table on the clipboard: as text for spreadsheets, and as HTML for documents."""

    def put(forms: _Forms | None) -> None:
        if forms is not None:
            data = QMimeData()
            data.setText(forms.text)
            data.setHtml(forms.html)
            deeds.copy_data(data)

    _write(rows, _both, put, deeds)


def ask_form(rows: Sequence[TableRow], deeds: Deeds) -> None:
    """Let one form be chosen."""
    rows = tuple(rows)

    def copy(write: Callable[[Sequence[TableRow]], str]) -> Callable[[], None]:
        return lambda: _write(rows, write, lambda text: _copy_text(text, deeds), deeds)

    deeds.menu(
        (
            (tr("Copy for a spreadsheet"), "table", lambda: copy_table(rows, deeds)),
            (tr("Copy as CSV"), "copy", copy(_csv)),
            (tr("Copy as Markdown"), "copy", copy(to_markdown)),
            (tr("Save as CSV"), "download-simple", lambda: _save(rows, deeds)),
        )
    )


def _save(rows: Sequence[TableRow], deeds: Deeds) -> None:
    def save(text: str | None) -> None:
        if text is not None:
            # With the mark by which spreadsheets on Windows know UTF-8.
            deeds.save(tr("Save table"), "table.csv", text.encode("utf-8-sig"))

    _write(rows, _csv, save, deeds)


def _copy_text(text: str | None, deeds: Deeds) -> None:
    if text is not None:
        deeds.copy(text)


def _csv(rows: Sequence[TableRow]) -> str:
    return to_csv(cells_of(rows))


def _both(rows: Sequence[TableRow]) -> _Forms:
    return _Forms(to_tsv(cells_of(rows)), to_html(rows))


def _write(
    rows: Sequence[TableRow],
    write: Callable[[Sequence[TableRow]], T],
    done: Callable[[T | None], None],
    deeds: Deeds,
) -> None:
    if len(rows) <= _AT_ONCE:
        done(write(rows))
        return
    rows = tuple(rows)
    deeds.worker.start(lambda: write(rows), done)
