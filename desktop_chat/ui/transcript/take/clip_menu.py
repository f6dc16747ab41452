"""The menu over the transcript's text: what can be taken away from here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence

from desktop_chat.core.i18n import tr
from desktop_chat.ui.controls.popup import Menu
from desktop_chat.ui.transcript.answer import AnswerBody
from desktop_chat.ui.transcript.take.clip_forms import Form

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas


def open_menu(canvas: TranscriptCanvas, point: QPoint, at: QPoint) -> None:
    """Open the menu for what lies under a point.

    Args:
        canvas: what was pressed.
        point: of the viewport.
        at: the same point of the screen.
    """
    pointer, clips = canvas.pointer, canvas.clips
    index = pointer.find.item_at(point)
    if index < 0:
        return
    menu = _menu(canvas)
    if not pointer.selection.empty:
        menu.add(tr("Copy"), "copy", _key(QKeySequence.StandardKey.Copy), slot=clips.copy)
        _more(menu, tr("Copy as"), lambda: open_forms(canvas, at, clips.copy))
    message_id = canvas.column.items[index].id
    menu.add(tr("Copy message"), "copy", slot=lambda: canvas.copy_wanted.emit(message_id))
    if pointer.selection.empty:

        def copy_message(form: Form) -> bool:
            return clips.copy_message(message_id, form)

        _more(menu, tr("Copy message as"), lambda: open_forms(canvas, at, copy_message))
    _add_thing(menu, canvas, point)
    body = canvas.column.items[index].body
    if isinstance(body, AnswerBody) and body.message.text and not body.live and canvas.paints():
        words = tr("Make a picture of this")
        menu.add(words, "image", slot=lambda: canvas.picture_wanted.emit(message_id))
    menu.add_separator()
    menu.add(
        tr("Select all"),
        "selection-all",
        _key(QKeySequence.StandardKey.SelectAll),
        slot=pointer.select_all,
    )
    menu.open_at(at)


def _add_thing(menu: Menu, canvas: TranscriptCanvas, point: QPoint) -> None:
    """Add what can be done with the link or the formula under the pointer."""
    find, clips = canvas.pointer.find, canvas.clips
    href = find.link(point)
    if href:
        clipboard = QGuiApplication.clipboard()
        menu.add(tr("Copy link"), "link", slot=lambda: clipboard.setText(href))
    latex = find.formula(point)
    if latex:
        menu.add(tr("Copy LaTeX"), "copy", slot=lambda: clips.copy_formula(latex))
        menu.add(
            tr("Copy as MathML"), "copy", slot=lambda: clips.copy_formula(latex, as_mathml=True)
        )


def open_forms(canvas: TranscriptCanvas, at: QPoint, copy: Callable[[Form], bool]) -> None:
    """Let one form be chosen."""
    menu = _menu(canvas)
    for form, text in (
        (Form.MARKDOWN, tr("Markdown")),
        (Form.RICH, tr("Rich text")),
        (Form.PLAIN, tr("Plain text")),
    ):
        menu.add(text, slot=_taken(copy, form))
    menu.open_at(at)


def _taken(copy: Callable[[Form], bool], form: Form) -> Callable[[], bool]:
    return lambda: copy(form)


def _menu(canvas: TranscriptCanvas) -> Menu:
    menu = Menu(canvas.theme, canvas)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu


def _more(menu: Menu, text: str, slot: Callable[[], object]) -> None:
    """Add a row that opens another menu in place of this one."""
    menu.add(text, "copy", "›", slot=slot)


def _key(key: QKeySequence.StandardKey) -> str:
    """Return a key as this system writes it, without plus signs."""
    text = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
    return text.replace("+", " ")
