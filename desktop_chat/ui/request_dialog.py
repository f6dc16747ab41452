"""What went over the wire for one answer: request, reply, events; and what can be made of it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QRect, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from desktop_chat.chat.session import ChatSession
from desktop_chat.chat.snippets import Form, forms, snippet
from desktop_chat.chat.trace_lines import trace_lines
from desktop_chat.chat.trace_text import (
    Exchange,
    Row,
    exchanges,
    raw_text,
    reply_text,
    request_text,
    told_text,
)
from desktop_chat.core.errors import ChatError
from desktop_chat.core.i18n import tr
from desktop_chat.core.services import Service
from desktop_chat.core.trace import Trace, TraceNote, TraceRequest
from desktop_chat.ui.controls.buttons import Button, Segmented, plain_tip
from desktop_chat.ui.controls.fields import SelectField
from desktop_chat.ui.controls.labels import ElidedLabel, Label
from desktop_chat.ui.controls.paint import paint_box
from desktop_chat.ui.controls.popup import Menu
from desktop_chat.ui.controls.scrollbar import ScrollBar
from desktop_chat.ui.neighbours import Neighbours
from desktop_chat.ui.request_table import EventModel, EventTable
from desktop_chat.ui.theme import RADIUS_CODE, Theme
from desktop_chat.ui.transcript.write import explain_write, write_whole

_SIZE: Final = (880, 640)
_LEAST: Final = (520, 400)
_LOOK_MS: Final = 250
_REQUEST, _REPLY, _EVENTS = "request", "reply", "events"


class _Pane(QWidget):
    """A ground with rounded corners for one widget."""

    def __init__(self, theme: Theme, inside: QWidget, margins: tuple[int, int, int, int]) -> None:
        super().__init__()
        self._theme = theme
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*margins)
        layout.addWidget(inside)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the ground."""
        t = self._theme.tokens
        painter = QPainter(self)
        paint_box(painter, QRect(self.rect()), RADIUS_CODE, t.canvas, t.line)
        painter.end()


class TextPane(_Pane):
    """Text of the wire, to read, select and copy.

    Args:
        theme: colours and fonts.
        name: what it holds, for a screen reader.
    """

    def __init__(self, theme: Theme, name: str) -> None:
        self._text = ""
        self.edit = QPlainTextEdit()
        super().__init__(theme, self.edit, (9, 7, 3, 5))
        self.edit.setReadOnly(True)
        self.edit.setTabChangesFocus(True)
        self.edit.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.edit.setAccessibleName(name)
        self.edit.setFrameShape(QFrame.Shape.NoFrame)
        self.edit.setFont(theme.font(12, mono=True))
        self.edit.viewport().setAutoFillBackground(False)
        self.edit.setVerticalScrollBar(ScrollBar(theme))
        self.edit.setHorizontalScrollBar(ScrollBar(theme, Qt.Orientation.Horizontal))

    def show_text(self, text: str) -> None:
        """Show another text, unless it is the same; the reader's place stays."""
        if text != self._text:
            self._text = text
            bar = self.edit.verticalScrollBar()
            place = bar.value()
            self.edit.setPlainText(text)
            bar.setValue(place)


class RequestDialog(QDialog):
    """Shows a trace, or a request that was built anew. Open it with ``open``; it deletes itself.

    Args:
        near: what the window is built upon.
        parent: the window it belongs to.
        trace: what went over the wire, or None.
        rebuilt: what would be sent now, where nothing of the answer's own request is left.
    """

    def __init__(
        self,
        near: Neighbours,
        parent: QWidget,
        trace: Trace | None,
        rebuilt: TraceRequest | None = None,
    ) -> None:
        super().__init__(parent.window())
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Request"))
        self.setAccessibleName(tr("Request"))
        self.resize(*_SIZE)
        self.setMinimumSize(*_LEAST)
        self._near = near
        self._theme = theme = near.theme
        self._trace = trace
        self._exchanges: list[Exchange] = [] if rebuilt is None else [Exchange(rebuilt)]
        self._chosen = -1
        self._menu: Menu | None = None
        self._gone = False
        self.tabs = Segmented(
            theme,
            (
                (_REQUEST, tr("Request"), ""),
                (_REPLY, tr("Reply"), ""),
                (_EVENTS, tr("Events"), ""),
            ),
        )
        self.attempts = SelectField(theme, tr("Attempt"))
        self.request_pane = TextPane(theme, tr("Request"))
        self.reply_pane = TextPane(theme, tr("Reply"))
        self.model = EventModel(theme, trace or Trace())
        self.table = EventTable(theme, self.model)
        self.raw_pane = TextPane(theme, tr("On the wire"))
        self.told_pane = TextPane(theme, tr("Decoded"))
        self.note = Label(theme, pixels=12, ink="text2", wrap=True)
        self.said = ElidedLabel(theme, pixels=12, ink="text2")
        self.copy_button = Button(theme, tr("Copy as"), small=True, icon="copy")
        self.save_button = Button(theme, tr("Save trace"), small=True, icon="download-simple")
        self.close_button = Button(theme, tr("Close"), small=True)
        self._pages = QStackedWidget()
        self._lay_out()
        self._connect()
        self._look_again = QTimer(self, interval=_LOOK_MS)
        self._look_again.timeout.connect(self._look)
        self.tabs.set_value(_REQUEST)
        self._look()
        if rebuilt is not None:
            self._show_rebuilt()
        elif not _ended(trace):
            self._look_again.start()
        self.tabs.button(_REQUEST).setFocus(Qt.FocusReason.OtherFocusReason)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.tabs)
        top.addWidget(self.attempts, 1)
        top.addStretch(1)
        top.addWidget(self.copy_button)
        top.addWidget(self.save_button)
        below = QSplitter(Qt.Orientation.Horizontal)
        below.addWidget(self.raw_pane)
        below.addWidget(self.told_pane)
        events = QSplitter(Qt.Orientation.Vertical)
        events.addWidget(_Pane(self._theme, self.table, (3, 3, 1, 3)))
        events.addWidget(below)
        events.setStretchFactor(0, 3)
        events.setStretchFactor(1, 1)
        for splitter in (below, events):
            splitter.setHandleWidth(8)
            splitter.setChildrenCollapsible(False)
        for page in (self.request_pane, self.reply_pane, events):
            self._pages.addWidget(page)
        foot = QHBoxLayout()
        foot.addWidget(self.said, 1)
        foot.addWidget(self.close_button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 14, 16, 14)
        whole.setSpacing(10)
        whole.addLayout(top)
        whole.addWidget(self.note)
        whole.addWidget(self._pages, 1)
        whole.addLayout(foot)
        self.note.hide()

    def _connect(self) -> None:
        self.tabs.chosen.connect(self._show_page)
        self.attempts.chosen.connect(self._choose)
        self.table.picked.connect(self._show_row)
        self.copy_button.clicked.connect(self._offer)
        self.save_button.clicked.connect(self._ask_where)
        self.close_button.clicked.connect(self.accept)
        self._theme.changed.connect(self.update)

    def _show_rebuilt(self) -> None:
        self.note.setText(
            tr(
                "This is what would be sent now. What was really sent is kept in memory for the "
                "last answers only, until the program ends."
            )
        )
        self.note.show()
        for part in (_REPLY, _EVENTS):
            self.tabs.button(part).setEnabled(False)
        self.save_button.hide()

    def _look(self) -> None:
        """Show what has come since."""
        if self._trace is None:
            self._chosen = len(self._exchanges) - 1
        else:
            self.model.grow()
            followed = self._chosen == len(self._exchanges) - 1
            self._exchanges = exchanges(self._trace)
            if followed or self._chosen >= len(self._exchanges):
                self._chosen = len(self._exchanges) - 1
            if _ended(self._trace):
                self._look_again.stop()
        names = [(str(n), _title(n, item)) for n, item in enumerate(self._exchanges)]
        self.attempts.set_choices(names)
        self.attempts.setVisible(len(names) > 1)
        self._show_chosen()

    def _show_chosen(self) -> None:
        known = 0 <= self._chosen < len(self._exchanges)
        service = self._service()
        self.copy_button.setEnabled(known and bool(forms(self._request(), service)))
        if not known:
            self.request_pane.show_text(tr("Nothing was sent."))
            self.reply_pane.show_text(tr("There was no reply."))
            return
        self.attempts.set_value(str(self._chosen))
        # Only what is looked at: a long reply grows four times a second.
        if self.tabs.value() == _REPLY:
            self.reply_pane.show_text(reply_text(self._exchanges[self._chosen]))
        else:
            self.request_pane.show_text(request_text(self._request()))

    def _request(self) -> TraceRequest:
        return self._exchanges[self._chosen].request

    def _service(self) -> Service | None:
        if not 0 <= self._chosen < len(self._exchanges):
            return None
        return self._near.setup.service(self._request().service_id)

    def _choose(self, value: str) -> None:
        self._chosen = int(value)
        self._show_chosen()

    def _show_page(self, name: str) -> None:
        self._pages.setCurrentIndex((_REQUEST, _REPLY, _EVENTS).index(name))
        self._show_chosen()

    def _show_row(self, row: Row) -> None:
        self.raw_pane.show_text(raw_text(row))
        self.told_pane.show_text(told_text(row))

    # Copying and saving

    def _offer(self) -> None:
        names = {
            Form.CURL: tr("curl"),
            Form.HTTPX: tr("Python (httpx)"),
            Form.OPENAI: tr("Python (openai)"),
        }
        menu = self._menu = Menu(self._theme, self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for form in forms(self._request(), self._service()):
            menu.add(names[form], slot=self._copier(form, names[form]))
        menu.open_for(self.copy_button)

    def _copier(self, form: Form, name: str) -> Callable[[], None]:
        def copy() -> None:
            QGuiApplication.clipboard().setText(snippet(form, self._request(), self._service()))
            self._say(
                tr("Copied for {program}. The key is read from the environment.").format(
                    program=name
                )
            )

        return copy

    def _ask_where(self) -> None:
        dialog = QFileDialog(self, tr("Save trace"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile("trace.jsonl")
        dialog.fileSelected.connect(
            lambda path: self._near.bridge.start(self.save(Path(path)), "save trace")
        )
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    async def save(self, path: Path) -> None:
        """Write the trace as lines of JSON, and say how that went."""
        trace = self._trace
        if trace is None:
            return

        def write() -> OSError | None:
            try:
                lines = "".join(trace_lines(trace)).encode("utf-8", "replace")
                write_whole(path, lines, private=True)
            except OSError as error:
                return error
            return None

        error = await asyncio.to_thread(write)
        if error is None:
            self._say(tr("Saved as {name}.").format(name=path.name))
        else:
            self._say(" ".join(explain_write(path.name, error)))

    def done(self, result: int) -> None:
        """Close; what is being written goes on."""
        self._gone = True
        super().done(result)

    def _say(self, words: str) -> None:
        if self._gone:
            return
        self.said.setText(words)
        self.said.setAccessibleName(words)
        self.said.setToolTip(plain_tip(words))


def _ended(trace: Trace | None) -> bool:
    if trace is None:
        return True
    last = trace.records[-1] if trace.records else None
    return isinstance(last, TraceNote) and last.what in ("end", "error")


def _title(number: int, exchange: Exchange) -> str:
    status = str(exchange.reply.status) if exchange.reply is not None else "…"
    request = exchange.request
    host = request.url.partition("://")[2].partition("/")[0]
    return f"{number + 1}. {request.method} {host} · {status}"


async def show_request(
    near: Neighbours, parent: QWidget, session: ChatSession, message_id: str
) -> RequestDialog | None:
    """Open the dialog for an answer.

    Args:
        near: what the window is built upon.
        parent: a widget of the window.
        session: the conversation.
        message_id: the answer.

    Raises:
        ChatError: nothing of the request is left, and it could not be built anew.
    """
    trace = session.trace(message_id)
    rebuilt = None
    if trace is None or not trace.records:
        try:
            rebuilt = await session.rebuilt_request(message_id)
        except ChatError:
            if trace is None:
                raise
    dialog = RequestDialog(near, parent, trace if rebuilt is None else None, rebuilt)
    dialog.open()
    return dialog
