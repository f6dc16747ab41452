"""Questions asked over the window. They are opened, never executed: the loop goes on."""

from PySide6.QtCore import QEvent, QMargins, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from desktop_chat.core.i18n import tr
from desktop_chat.ui.controls.buttons import Button
from desktop_chat.ui.controls.compositor import composited
from desktop_chat.ui.controls.fields import Field
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.controls.paint import paint_box
from desktop_chat.ui.controls.shadow import MARGINS, paint_shadow
from desktop_chat.ui.theme import RADIUS_POPUP, Theme


class Dialog(QDialog):
    """A panel with a title, a sentence, and two buttons. It deletes itself when done; use
    ``open``, ``accepted`` and ``rejected``.

    Args:
        theme: colours and fonts.
        parent: the window it belongs to.
        title: the question in a few words.
        text: what it means, or "".
        confirm: the verb of the button that does it.
        danger: what it does destroys something.
        width: of the panel, in pixels.
    """

    def __init__(
        self,
        theme: Theme,
        parent: QWidget,
        title: str,
        text: str = "",
        confirm: str = "",
        *,
        danger: bool = False,
        width: int = 400,
    ) -> None:
        super().__init__(parent.window(), Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._translucent = composited()
        self._margins = MARGINS if self._translucent else QMargins(0, 0, 0, 0)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground, self._translucent)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        panel = QWidget(self)
        panel.setFixedWidth(width)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(self._margins)
        outer.addWidget(panel)
        column = QVBoxLayout(panel)
        column.setContentsMargins(20, 18, 20, 20)
        column.setSpacing(8)
        self._heading = Label(theme, title, pixels=15, bold=True, wrap=True)
        column.addWidget(self._heading)
        self._words = Label(theme, text, ink="text2", wrap=True)
        self._words.setVisible(bool(text))
        column.addWidget(self._words)
        self.body = QVBoxLayout()
        self.body.setSpacing(6)
        column.addLayout(self.body)
        row = self.buttons = QHBoxLayout()
        row.setContentsMargins(0, 8, 0, 0)
        row.setSpacing(8)
        row.addStretch()
        self.cancel_button = Button(theme, tr("Cancel"), kind="quiet")
        self.cancel_button.clicked.connect(self.reject)
        self.confirm_button = Button(theme, confirm, kind="danger" if danger else "primary")
        self.confirm_button.clicked.connect(self.accept)
        row.addWidget(self.cancel_button)
        row.addWidget(self.confirm_button)
        column.addLayout(row)
        theme.changed.connect(self.update)

    def showEvent(self, event: QShowEvent) -> None:
        """Open in the middle of the window, the confirming button under Enter."""
        super().showEvent(event)
        self.refit()
        self._focus_first()

    def refit(self) -> None:
        """Take the size of the content, in the middle of the window."""
        self.adjustSize()
        # On its own Qt takes two thirds of the screen at most, and lays the rest one over another.
        layout = self.layout()
        if layout is not None and layout.hasHeightForWidth():
            self.resize(self.width(), layout.totalHeightForWidth(self.width()))
        parent = self.parentWidget()
        if parent is not None:
            middle = parent.mapToGlobal(QPoint(parent.width() // 2, parent.height() * 2 // 5))
            place = QRect(QPoint(0, 0), self.size())
            place.moveCenter(middle)
            self.move(place.topLeft())

    def _focus_first(self) -> None:
        self.confirm_button.setFocus(Qt.FocusReason.TabFocusReason)

    def changeEvent(self, event: QEvent) -> None:
        """Speak the language in use."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.cancel_button.setText(tr("Cancel"))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the shadow and the panel."""
        t = self.theme.tokens
        painter = QPainter(self)
        panel = QRectF(self.rect().marginsRemoved(self._margins))
        if self._translucent:
            paint_shadow(painter, panel, self.theme.dark)
            paint_box(painter, panel, RADIUS_POPUP, t.raised, t.line2)
        else:
            paint_box(painter, panel, 0, t.raised, t.line2)
        painter.end()


class TextDialog(Dialog):
    """A dialog that asks for one line, such as a new name.

    Args:
        theme: colours and fonts.
        parent: the window it belongs to.
        title: what is asked.
        name: what the line holds, for a screen reader.
        text: what it holds at first.
        confirm: the verb of the button that does it.
    """

    submitted = Signal(str)
    """The line without surrounding white space; never empty."""

    def __init__(
        self, theme: Theme, parent: QWidget, title: str, name: str, text: str, confirm: str
    ) -> None:
        super().__init__(theme, parent, title, confirm=confirm)
        self.field = Field(theme, name)
        self.field.setText(text)
        self.field.setMaxLength(200)
        self.field.textChanged.connect(self._judge)
        self.field.returnPressed.connect(self.accept)
        self.body.addWidget(self.field)
        self.accepted.connect(self._submit)
        self._judge(text)

    def _judge(self, text: str) -> None:
        self.confirm_button.setEnabled(bool(text.strip()))

    def accept(self) -> None:
        """Close and hand over, unless there is nothing to hand over."""
        if self.field.text().strip():
            super().accept()

    def _submit(self) -> None:
        self.submitted.emit(self.field.text().strip())

    def _focus_first(self) -> None:
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.field.selectAll()


def ask(
    parent: QWidget, theme: Theme, title: str, text: str, confirm: str, danger: bool = False
) -> Dialog:
    """Open a question; connect to ``accepted``."""
    dialog = Dialog(theme, parent, title, text, confirm, danger=danger)
    dialog.open()
    return dialog


def ask_text(
    parent: QWidget, theme: Theme, title: str, name: str, text: str, confirm: str
) -> TextDialog:
    """Open a question for one line; connect to ``submitted``."""
    dialog = TextDialog(theme, parent, title, name, text, confirm)
    dialog.open()
    return dialog
