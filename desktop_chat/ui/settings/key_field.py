"""A field for what is kept secret."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from desktop_chat.core.i18n import tr
from desktop_chat.ui.controls.buttons import IconButton
from desktop_chat.ui.controls.fields import Field
from desktop_chat.ui.theme import Theme


class KeyField(Field):
    """A field that hides what is typed, with an eye to show it.

    Args:
        theme: colours and fonts.
        name: what it holds, for a screen reader.
        parent: or None.
    """

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, name, mono=True, parent=parent)
        self.eye = IconButton(theme, "eye", tr("Show the key"), parent=self)
        self.eye.setCheckable(True)
        self.eye.toggled.connect(self._show)
        self.setTextMargins(9, 0, 34, 0)
        self.hide_text()

    def forget(self) -> None:
        """Empty it for good: what ``clear`` takes away can be brought back by undo."""
        self.setText("")
        self.hide_text()

    def hide_text(self) -> None:
        """Hide what is typed."""
        self.eye.setChecked(False)
        self._show(False)

    def _show(self, shown: bool) -> None:
        mode = QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password
        self.setEchoMode(mode)
        # Shown it is still a key: an input method must not learn it. Qt takes the hints away.
        hints = Qt.InputMethodHint
        self.setInputMethodHints(
            self.inputMethodHints()
            | hints.ImhSensitiveData
            | hints.ImhNoPredictiveText
            | hints.ImhNoAutoUppercase
        )
        self.eye.set_icon("eye-slash" if shown else "eye")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the eye at the right."""
        super().resizeEvent(event)
        self.eye.setGeometry(QRect(self.width() - 31, 2, 28, 28))

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.eye.set_name(tr("Show the key"))
